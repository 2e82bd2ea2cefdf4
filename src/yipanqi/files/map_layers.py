"""Map layers as facts: geometry joined to the tables by identifier, or whole tables where no sheet has them."""

from pathlib import Path

import polars as pl

from yipanqi.files import gis
from yipanqi.files.headers import layout
from yipanqi.files.plain import plain
from yipanqi.files.rows import Rows, rows
from yipanqi.files.sheets import GEOMETRY, sheets, whole_table
from yipanqi.files.workbook import RawSheet
from yipanqi.kernel.findings import Finding, Severity

#: Tables that have geometry, and their keys.
KEYS = {"towns": "town_id", "zones": "zone_id", "sites": "site_id"}
#: How the WKB of a multipolygon with one part begins.
_ONE_PART = b"\x01\x06\x00\x00\x00\x01\x00\x00\x00"


def table_of(name: str) -> str | None:
    """The table a layer or file of that name belongs to."""
    for table in KEYS:
        if plain(name) in {table, table.rstrip("s")} | {n for s in sheets() if s.table == table for n in s.names()}:
            return table
    return None


def read(path: Path, have: set[str]) -> tuple[list[tuple[str, Rows]], tuple[Finding, ...]]:
    """The known layers of a file as rows with geometry, by table; ``have``: tables that sheets already give.

    A layer of such a table needs only the identifier; its other attributes fill what the sheet leaves empty. Findings:
    those of ``gis.read_layer``, ``layer.unknown``, ``layer.no_key``.
    """
    layers = gis.read_layers(path)
    found: list[tuple[str, Rows]] = []
    findings: list[Finding] = []
    for name, frame, problems in layers:
        table = table_of(name) or (table_of(path.stem) if len(layers) == 1 else None)
        if table is None:
            whole = [p for p in problems if p.row is None and p.blocks]
            findings += whole or [Finding("layer.unknown", Severity.NOTE, file=path.name, table=name)]
            continue
        findings += problems
        layer = _rows(path.name, name, table, frame, fills=table in have)
        if frame.height and not any(s.field.column == KEYS[table] for s in layer.origin.sources):
            findings.append(Finding("layer.no_key", file=path.name, table=name))
        elif frame.height:
            found.append((table, layer))
    return found, tuple(findings)


def _rows(file: str, name: str, table: str, frame: pl.DataFrame, *, fills: bool) -> Rows:
    """The layer as a sheet whose header is its attributes' names, read like any other, geometry put beside.

    A multipolygon of one part is given as that polygon: writers of layers make multipolygons of polygons.
    """
    attributes = [c for c in frame.columns if c not in ("row", GEOMETRY)]
    texts = frame.select("row", *(pl.col(a).cast(pl.String).alias(f"c{i}") for i, a in enumerate(attributes, start=1)))
    header = pl.DataFrame([{"row": 0} | {f"c{i}": a for i, a in enumerate(attributes, start=1)}], schema=texts.schema)
    raw = RawSheet(file, name, pl.concat([header, texts]), (), ())
    sheet = whole_table(table)
    found = rows(raw, sheet, layout(raw, sheet, {}), fills=fills)
    shapes = pl.Series(GEOMETRY, [_single(wkb) for wkb in frame[GEOMETRY]], dtype=pl.Binary)
    places = frame.select("row", shapes)
    data = found.data.drop(GEOMETRY).join(places, on="row", how="left", maintain_order="left")
    return Rows(found.origin, data.select(found.data.columns), found.findings)


def _single(wkb: bytes | None) -> bytes | None:
    return wkb[len(_ONE_PART) :] if wkb is not None and wkb.startswith(_ONE_PART) else wkb


def fill(table: str, given: pl.DataFrame, layer: Rows) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """The table's rows with what the layer knows about them put where they say nothing.

    Findings: ``layer.unmatched`` for features no row names, ``layer.twice`` for identifiers that several features bear.
    """
    key = KEYS[table]
    features = layer.data.filter(~pl.col("bad") & pl.col(key).is_not_null())
    first = features.unique(key, keep="first", maintain_order=True)
    strange = first.filter(~pl.col(key).is_in(given[key].drop_nulls().implode()))
    again = features.filter(~pl.col("row").is_in(first["row"].implode()))
    origin, header = layer.origin, layer.origin.header(key)
    findings = tuple(
        Finding(rule, Severity.WARN, file=origin.file, table=origin.sheet, row=row, column=header, value=value)
        for rule, frame in (("layer.unmatched", strange), ("layer.twice", again))
        for row, value in frame.select("row", key).iter_rows()
    )
    columns = [c for c in given.columns if c not in (key, "row", "bad")]
    joined = given.join(first.select(key, *columns), on=key, how="left", maintain_order="left", suffix=":layer")
    filled = joined.with_columns(pl.coalesce(c, f"{c}:layer").alias(c) for c in columns)
    return filled.select(given.columns), findings
