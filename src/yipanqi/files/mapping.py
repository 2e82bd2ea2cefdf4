"""Mapping files: what the columns of a foreign table are, in which units, and what it leaves unsaid.

A mapping is YAML::

    as_of: 2026-06-30            # optional: the day the data are true
    rates: {美元: 7.1}            # yuan for one unit of the currency
    tables:
      - table: sites             # a table of the board
        source: 地块一览表         # name of the sheet, or of the CSV file without its suffix; * and ? allowed
        header_row: 3            # optional: as the program counts
        constants: {site_kind: land, state: 可供}
        columns:
          site_id: 电子监管号
          area_m2: {header: 面积, unit: 公顷}
          use_class: {header: 用途, values: {工业用地: M1}, otherwise: other}

``values`` replaces texts before they are read; ``otherwise`` replaces every text it does not name. A sheet no table
names is read as the official form.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import polars as pl
from pydantic import field_validator

from yipanqi.allocation.board import TABLES
from yipanqi.files.headers import Layout, Source, factor_of, unit_missing
from yipanqi.files.plain import plain
from yipanqi.files.sheets import Field, fields
from yipanqi.files.workbook import RawSheet
from yipanqi.kernel.findings import Finding
from yipanqi.policy.rulebook import RulebookError, Strict, parse, read

#: What stands for a header where a constant of the mapping file is read.
CONSTANT = "mapping: {}"


class MappedColumn(Strict):
    """One column: its header in the foreign table, its unit, and what its texts mean."""

    header: str
    unit: str | None = None
    values: Mapping[str, str] = {}
    otherwise: str | None = None


class MappedTable(Strict):
    """One foreign sheet or CSV that feeds one table of the board."""

    table: str
    source: str = "*"
    header_row: int | None = None
    constants: Mapping[str, str | int | float | bool | date] = {}
    columns: Mapping[str, str | MappedColumn]

    @field_validator("table")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in TABLES:
            raise ValueError(f"no table {name}; there are {', '.join(TABLES)}")
        return name


class MappingFile(Strict):
    """A mapping file."""

    as_of: date | None = None
    rates: Mapping[str, float] = {}
    tables: tuple[MappedTable, ...] = ()

    def table(self, sheet: str) -> MappedTable | None:
        """The first entry whose ``source`` fits the sheet's name."""
        return next((t for t in self.tables if fnmatchcase(sheet, t.source)), None)


def mapping(path: Path) -> tuple[MappingFile | None, tuple[Finding, ...]]:
    """The mapping file, or findings ``mapping.invalid`` for every place that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
        found = read(MappingFile, parse("mapping", {"mapping": text}), "mapping")
    except OSError:
        return None, (Finding("workbook.missing", file=path.name),)
    except RulebookError as error:
        wrong = [(f.params.get("problem"), f.column, f.value) for f in error.findings]
    else:
        wrong = [(f"no column {c} in {t.table}", "tables", c) for t in found.tables for c in _unknown(t)]
        if not wrong:
            return found, ()
    return None, tuple(
        Finding("mapping.invalid", params={"problem": problem}, file=path.name, column=column, value=value)
        for problem, column, value in wrong
    )


def _unknown(table: MappedTable) -> list[str]:
    return sorted({*table.columns, *table.constants} - {f.id for f in fields(table.table)})


def mapped(raw: RawSheet, entry: MappedTable, rates: Mapping[str, float]) -> tuple[RawSheet, Layout]:
    """The sheet with its texts replaced and its constants added as columns, and how its columns feed the table.

    Findings: ``mapping.column_missing``, and those of units in ``headers.layout``.
    """
    columns = {c: m if isinstance(m, MappedColumn) else MappedColumn(header=m) for c, m in entry.columns.items()}
    row, places = _places(raw, entry, [m.header for m in columns.values()])
    if row is None:
        return raw, Layout(None, (), (Finding("header.missing", file=raw.file, table=raw.name),))
    by_id = {f.id: f for f in fields(entry.table)}
    data, sources, problems = raw.data, [], []
    for column, how in columns.items():
        place = places.get(plain(how.header))
        if place is None:
            problems.append(Finding("mapping.column_missing", column=how.header, value=how.header))
            continue
        factor, problem = _factor(how, by_id[column], rates)
        problems += [problem] if problem else []
        data = _replaced(data, place, row, how)
        sources.append(Source(place, how.header, by_id[column], factor, usable=problem is None))
    for number, (column, value) in enumerate(entry.constants.items(), start=len(raw.columns) + 1):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        data = data.with_columns(pl.lit(text, dtype=pl.String).alias(f"c{number}"))
        sources.append(Source(f"c{number}", CONSTANT.format(column), by_id[column]))
    found = tuple(p.at(file=raw.file, table=raw.name, row=row) for p in problems)
    return RawSheet(raw.file, raw.name, data, raw.merged, raw.errors), Layout(row, tuple(sources), found)


def _places(raw: RawSheet, entry: MappedTable, headers: Iterable[str]) -> tuple[int | None, dict[str, str]]:
    """The header row, and plain header → text column."""
    wanted = {plain(h) for h in headers}
    best: tuple[int, int | None, dict[str, str]] = (0, None, {})
    for line in raw.data.head(20).iter_rows(named=True):
        cells = {plain(text): name for name, text in reversed(line.items()) if name != "row" and text}
        hits = len(wanted & set(cells))
        if hits > best[0] and entry.header_row in (None, line["row"]):
            best = (hits, line["row"], cells)
    return best[1], best[2]


def _factor(how: MappedColumn, field: Field, rates: Mapping[str, float]) -> tuple[float, Finding | None]:
    if how.unit is not None:
        return factor_of(how.unit, field, rates, how.header)
    return 1.0, unit_missing(field, how.header)


def _replaced(data: pl.DataFrame, place: str, row: int, how: MappedColumn) -> pl.DataFrame:
    if not how.values and how.otherwise is None:
        return data
    text = pl.col(place)
    otherwise = text if how.otherwise is None else pl.lit(how.otherwise)
    new = text.replace_strict(dict(how.values), default=otherwise) if how.values else otherwise
    return data.with_columns(pl.when((pl.col("row") > row) & text.is_not_null()).then(new).otherwise(text).alias(place))
