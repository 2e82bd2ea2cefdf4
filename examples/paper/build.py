"""Write the paper's case file: the workbook, its map layers, and the basis of every value.

    python examples/paper/build.py

The bytes are the same on every run; a test builds them again and compares.
"""

import csv
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import case  # noqa: E402

from yipanqi.files.gis import write_geojson  # noqa: E402
from yipanqi.files.template import write_dataset  # noqa: E402


def build(folder: Path) -> None:
    """The case file in ``folder``: paper.xlsx, towns, zones and sites as GeoJSON, and sources/values.csv."""
    facts = case.facts()
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    write_dataset(folder / "paper.xlsx", facts)
    for name, key in (("towns", "town_id"), ("zones", "zone_id"), ("sites", "site_id")):
        write_geojson(folder / f"{name}.geojson", getattr(facts, name).select(key, "geometry_wkb").sort(key))
    with (folder / "sources" / "values.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(
            file, ("table", "row", "column", "value", "basis", "clause", "quote"), lineterminator="\n"
        )
        writer.writeheader()
        writer.writerows(case.sources())


if __name__ == "__main__":
    build(HERE)
