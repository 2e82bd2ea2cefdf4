"""The rows of one sheet in the columns and types of its table; what a cell does not say clearly is a finding."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import polars as pl

from yipanqi.allocation.board import TABLES
from yipanqi.files.headers import Layout, Source, reference
from yipanqi.files.sheets import Sheet
from yipanqi.files.values import Reading, column
from yipanqi.files.workbook import RawSheet
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Finding, Severity

#: A row whose key starts so shows how to fill the sheet and is no fact.
EXAMPLE = ("示例", "Example")


@dataclass(frozen=True, eq=False)
class Origin:
    """The sheet rows came from: its text below the header, and the columns that were understood."""

    file: str
    sheet: str
    sources: tuple[Source, ...]
    body: pl.DataFrame

    def cell(self, row: int, column: str | None) -> tuple[str, str | None, float] | None:
        """Header, text and unit factor of a row's cell for a column of the table; of its parts the one filled."""
        place = self.body["row"].search_sorted(row)
        cells = [(s.header, self.body[s.column][place], s.factor) for s in self.sources if s.field.column == column]
        return next((c for c in cells if c[1] is not None), cells[0] if cells else None)

    def header(self, column: str) -> str:
        """The header a column of the table was read from; the column's own name if it was not."""
        return next((s.header for s in self.sources if s.field.column == column), column)


@dataclass(frozen=True)
class Rows:
    """The rows of one sheet: the table's columns, ``row`` (as the program counts), ``bad`` (a cell blocks it)."""

    origin: Origin
    data: pl.DataFrame
    findings: tuple[Finding, ...]


def rows(raw: RawSheet, sheet: Sheet, layout: Layout, *, fills: bool = False) -> Rows:
    """The rows below the header, read by the layout.

    Empty where the header was not understood or a required column is missing or refused: then one finding says so
    (``sheet.column_missing``) and no row comes in. ``fills``: the rows only add to those of another sheet, so no
    column is required.
    """
    lost = [] if fills else _lost(sheet, layout)
    refused = any(s.field.required and not s.usable for s in layout.sources)
    merged = any(f.rule == "header.merged" for f in layout.findings)
    findings = [f.at(file=raw.file, table=raw.name) for f in lost]
    if layout.row is None or lost or refused or merged:
        nothing = _frame(sheet, tables.empty(TABLES[sheet.table]), pl.Series("row", [], pl.Int64), set())
        return Rows(Origin(raw.file, raw.name, layout.sources, raw.data), nothing, (*layout.findings, *findings))
    body, skipped = _body(raw, sheet, layout)
    cells = _Cells(raw, body)
    values = _values(body, layout, cells)
    complete = _complete(sheet, values, body.height, cells)
    cells.formula_errors(raw, layout)
    cells.merged(raw, layout)
    data = _frame(sheet, complete, body["row"], cells.blocked)
    found = (*layout.findings, *cells.findings, *skipped)
    return Rows(Origin(raw.file, raw.name, layout.sources, body), data, found)


def _lost(sheet: Sheet, layout: Layout) -> list[Finding]:
    """Required columns the sheet does not have; not those whose unit was refused, which have their finding."""
    if layout.row is None:
        return []
    there = {s.field.column for s in layout.sources} | set(sheet.fixed)
    missing = {f.column: f for f in sheet.known if f.required and f.column not in there}
    return [Finding("sheet.column_missing", row=layout.row, column=f.header()) for f in missing.values()]


def _body(raw: RawSheet, sheet: Sheet, layout: Layout) -> tuple[pl.DataFrame, list[Finding]]:
    """The rows below the header with a value in a known column, without examples."""
    names = [s.column for s in layout.sources]
    body = raw.data.filter((pl.col("row") > layout.row) & pl.any_horizontal(pl.col(names).is_not_null()))
    keys = [s.column for s in layout.sources if s.field.column in tables.keys(TABLES[sheet.table])]
    example = pl.any_horizontal(pl.lit(False), *(pl.col(k).str.starts_with(e) for k in keys for e in EXAMPLE))
    shown = body.filter(example.fill_null(False))
    first = shown["row"].head(1)  # one note says it for the whole sheet
    notes = [Finding("row.example", Severity.NOTE, file=raw.file, table=raw.name, row=row) for row in first]
    return body.filter(~example.fill_null(False)), notes


def _values(body: pl.DataFrame, layout: Layout, cells: "_Cells") -> dict[str, list[tuple[Source, pl.Series]]]:
    """Column of the table → what each of its sources says."""
    found: dict[str, list[tuple[Source, pl.Series]]] = {}
    for source in layout.sources:
        texts = body[source.column] if source.usable else pl.Series([None] * body.height, dtype=pl.String)
        values, problems = column(texts, source)
        cells.read(texts, source, problems)
        found.setdefault(source.field.column, []).append((source, values))
    return found


def _complete(
    sheet: Sheet, values: dict[str, list[tuple[Source, pl.Series]]], height: int, cells: "_Cells"
) -> pl.DataFrame:
    """One series for each column of the schema: parts joined, blanks given their stated meaning, the rest null."""
    found: dict[str, pl.Series] = {}
    schema = tables.empty(TABLES[sheet.table]).schema
    for name, dtype in schema.items():
        given = [(s, v) for s, v in values.get(name, ()) if s.field.when is None]
        if name in sheet.fixed:
            found[name] = pl.Series(name, [sheet.fixed[name]] * height, dtype=dtype)
        elif given:
            found[name] = given[0][1]
        else:
            found[name] = pl.Series(name, [None] * height, dtype=dtype)
        blank = next((f.blank for f in sheet.known if f.column == name and f.blank is not None), None)
        if blank is not None:
            found[name] = _filled(found[name], blank, values.get(name), cells)
    for name, parts in values.items():
        divided = [(s, v) for s, v in parts if s.field.when is not None]
        if divided:
            found[name] = _joined(found[name], divided, found, cells)
    return pl.DataFrame({name: found[name] for name in schema})


def _filled(
    series: pl.Series, blank: str, sources: list[tuple[Source, pl.Series]] | None, cells: "_Cells"
) -> pl.Series:
    """The series with empty cells as the form says an empty cell is meant; a cell not understood stays null."""
    wrong = _among(cells.body["row"], cells.blocked) if sources else None
    empty = series.is_null() if wrong is None else series.is_null() & ~wrong
    value = blank == "true" if series.dtype == pl.Boolean else int(blank) if series.dtype == pl.Int64 else blank
    return pl.select(pl.when(empty).then(pl.lit(value, dtype=series.dtype)).otherwise(series)).to_series()


def _joined(
    whole: pl.Series, parts: list[tuple[Source, pl.Series]], found: dict[str, pl.Series], cells: "_Cells"
) -> pl.Series:
    """One column from its parts; a part filled in a row it is not meant for blocks the row."""
    for source, values in parts:
        other, codes = source.field.when or ("", ())
        fits = found[other].is_in(list(codes)).fill_null(True)
        cells.add(values.is_not_null() & ~fits, source, Finding("cell.wrong_part"))
    return reduce(lambda a, b: a.zip_with(a.is_not_null(), b), [whole, *(v for _, v in parts)])


def _frame(sheet: Sheet, data: pl.DataFrame, numbers: pl.Series, blocked: set[int]) -> pl.DataFrame:
    return data.with_columns(numbers.alias("row"), _among(numbers, blocked).alias("bad"))


def _among(numbers: pl.Series, blocked: set[int]) -> pl.Series:
    return numbers.is_in(pl.Series(sorted(blocked), dtype=pl.Int64).implode())


class _Cells:
    """The findings of one sheet's cells, and the rows they block."""

    def __init__(self, raw: RawSheet, body: pl.DataFrame) -> None:
        self.file, self.sheet, self.body = raw.file, raw.name, body
        self.findings: list[Finding] = []
        self.blocked: set[int] = set()

    def read(self, texts: pl.Series, source: Source, problems: Mapping[str, Reading]) -> None:
        """A finding for every cell whose text reads as one of the problems."""
        if not problems:
            return
        said = pl.Series(list(problems), dtype=pl.String)
        for row, text in self.body.filter(texts.is_in(said.implode())).select("row", source.column).iter_rows():
            reading = problems[text]
            self._add(Finding(reading.rule or "", reading.severity, reading.params), row, source.header, text)

    def add(self, where: pl.Series, source: Source, finding: Finding) -> None:
        """The finding for every row where the mask holds."""
        for row, text in self.body.filter(where.fill_null(False)).select("row", source.column).iter_rows():
            self._add(finding, row, source.header, text)

    def _add(self, what: Finding, row: int, header: str, text: str | None) -> None:
        self.findings.append(Finding(what.rule, what.severity, what.params, self.file, self.sheet, row, header, text))
        if what.blocks:
            self.blocked.add(row)

    def formula_errors(self, raw: RawSheet, layout: Layout) -> None:
        """Cells whose formula failed: the reader leaves them empty, which would pass for not stated."""
        by_column = {s.column: s.header for s in layout.sources}
        there = set(self.body["row"])
        for error in raw.errors:
            header = by_column.get(f"c{error.column}")
            if header is not None and error.row in there:
                self._add(Finding("cell.formula_error"), error.row, header, error.text)

    def merged(self, raw: RawSheet, layout: Layout) -> None:
        """Merged cells below the header: only the first of them holds the value."""
        there = set(self.body["row"])
        for top, left, bottom, right in raw.merged:
            covered = [s for s in layout.sources if left <= int(s.column[1:]) <= right]
            for row in sorted(there & set(range(top, bottom + 1))) if covered else ():
                params = {"range": reference(top, left, bottom, right)}
                self._add(Finding("cell.merged", params=params), row, covered[0].header, None)
