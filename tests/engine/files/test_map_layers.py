"""Map layers beside a workbook: joined by identifier, filling what the sheet leaves empty, faults named."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import cast
from yipanqi.allocation.board import TABLES, Facts
from yipanqi.files import gis
from yipanqi.files.dataset import load
from yipanqi.files.template import write_dataset
from yipanqi.kernel import geometry, tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small district: a workbook without its layers."""
    write_dataset(tmp_path / "data", cast.facts())
    (tmp_path / "data" / "layers.gpkg").unlink()
    return tmp_path / "data"


def shapes(facts: Facts, table: str, key: str) -> pl.DataFrame:
    return getattr(facts, table).select(key, "geometry_wkb").drop_nulls()  # type: ignore[no-any-return]


def test_zones_without_a_layer_are_kept_out_and_the_rest_comes_in(folder: Path) -> None:
    loaded = load(folder)
    assert {f.rule for f in loaded.findings} == {"schema.nullability"}
    assert (loaded.counts["zones"].kept, loaded.counts["sites"].kept) == (0, 12)


def test_layers_named_in_chinese_and_split_over_files_are_joined(folder: Path) -> None:
    facts = cast.facts()
    gis.write_geojson(folder / "规划图斑.geojson", shapes(facts, "zones", "zone_id"))
    gis.write_gpkg(folder / "a.gpkg", {"土地": shapes(facts, "sites", "site_id")}, facts.as_of)
    gis.write_geojson(folder / "镇街.geojson", shapes(facts, "towns", "town_id").rename({"town_id": "镇街编号"}))
    loaded = load(folder)
    assert loaded.findings == ()
    assert loaded.facts is not None
    expected, actual = facts.sorted().sites, loaded.facts.sorted().sites
    assert expected["geometry_wkb"].is_null().to_list() == actual["geometry_wkb"].is_null().to_list()
    areas = geometry.areas_m2([w for w in actual["geometry_wkb"] if w], 4549)
    assert all(abs(a - 40_000) < 1_000 for a in areas)


def test_a_table_may_stand_in_a_layer_alone(folder: Path) -> None:
    facts = cast.facts()
    write_dataset(folder / "dataset.xlsx", cast.facts(zones=tables.empty(TABLES["zones"])))
    gis.write_gpkg(folder / "zones.gpkg", {"zones": facts.zones}, facts.as_of)
    whole = load(folder)
    assert whole.counts["zones"].kept == 4
    names = ("zone_id", "zone_kind", "value")
    assert whole.tables["zones"].select(names).rows() == facts.zones.sort("zone_id").select(names).rows()


def test_attributes_fill_only_what_the_sheet_leaves_empty(folder: Path) -> None:
    facts = cast.facts(sites=cast.facts().sites.with_columns(holder=pl.lit(None, pl.String)))
    write_dataset(folder / "dataset.xlsx", facts)
    given = shapes(facts, "sites", "site_id").with_columns(holder=pl.lit("某村合作社"), name=pl.lit("别名"))
    gis.write_gpkg(folder / "sites.gpkg", {"sites": given}, facts.as_of)
    sites = load(folder).tables["sites"].filter(pl.col("geometry_wkb").is_not_null())
    assert set(sites["holder"]) == {"某村合作社"}
    assert "别名" not in sites["name"].to_list()


def test_strange_and_repeated_features_are_named_and_unused(folder: Path) -> None:
    facts = cast.facts()
    some = shapes(facts, "sites", "site_id")
    odd = some.head(1).with_columns(site_id=pl.lit("不存在"))
    gis.write_gpkg(folder / "sites.gpkg", {"sites": pl.concat([some, odd, some.head(1)])}, facts.as_of)
    found = {(f.rule, f.value, f.blocks) for f in load(folder).findings if f.rule.startswith("layer")}
    assert found == {("layer.unmatched", "不存在", False), ("layer.twice", some["site_id"][0], False)}


def test_layers_without_a_name_or_an_identifier_are_said_to_be(folder: Path) -> None:
    facts = cast.facts()
    some = shapes(facts, "sites", "site_id")
    gis.write_gpkg(folder / "x.gpkg", {"sites": some.rename({"site_id": "fid_"}), "水系": some}, facts.as_of)
    found = {(f.rule, f.table, f.blocks) for f in load(folder).findings if f.rule.startswith("layer")}
    assert found == {("layer.no_key", "sites", True), ("layer.unknown", "水系", False)}


def test_a_self_crossing_polygon_is_named_with_its_row(folder: Path) -> None:
    facts = cast.facts()
    bow = geometry.from_wkt("POLYGON((121.2 31.3,121.21 31.31,121.21 31.3,121.2 31.31,121.2 31.3))")
    bad = pl.DataFrame({"site_id": ["N1"], "geometry_wkb": [bow]})
    gis.write_geojson(folder / "sites.geojson", pl.concat([shapes(facts, "sites", "site_id"), bad]))
    found = [f for f in load(folder).findings if f.rule.startswith("geometry")]
    assert [(f.file, f.table, f.blocks, f.row is not None) for f in found] == [("sites.geojson", "sites", True, True)]


def test_the_row_order_of_sheets_and_layers_does_not_matter(tmp_path: Path) -> None:
    facts = cast.facts()
    write_dataset(tmp_path / "a", facts)
    write_dataset(tmp_path / "b", replace(facts, sites=facts.sites.reverse(), zones=facts.zones.reverse()))
    assert (tmp_path / "a" / "layers.gpkg").read_bytes() == (tmp_path / "b" / "layers.gpkg").read_bytes()
