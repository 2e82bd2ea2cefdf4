"""A district's data set → ``Facts``: a workbook, a CSV with a mapping file, or a folder of workbooks and map layers.

Nothing is half-imported: a row with a blocking finding is kept out whole, and everything else is still checked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from yipanqi.allocation.board import TABLES, Facts
from yipanqi.files import map_layers
from yipanqi.files.checks import Draft, check
from yipanqi.files.gis import SUFFIXES as LAYER_SUFFIXES
from yipanqi.files.headers import layout
from yipanqi.files.mapping import MappingFile, mapped
from yipanqi.files.mapping import mapping as read_mapping
from yipanqi.files.plain import plain
from yipanqi.files.rows import Origin, Rows, rows
from yipanqi.files.sheets import meanings, sheets, whole_table
from yipanqi.files.values import day
from yipanqi.files.workbook import SUFFIXES as BOOK_SUFFIXES
from yipanqi.files.workbook import RawSheet, open_book
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Finding, Severity, in_order
from yipanqi.policy.wording import LANGUAGES, label, say

#: Tables without which there is no board.
REQUIRED = ("towns", "sites", "projects", "demands")
#: Findings of one kind in one column that are listed; the rest is counted.
LISTED = 100


@dataclass(frozen=True)
class Count:
    """Rows found in a table, and rows let in."""

    read: int
    kept: int


@dataclass(frozen=True)
class Loaded:
    """What a data set holds: the facts, everything wrong with it, and what was read and kept.

    ``facts`` is null where no board can be played: the date or a required table is missing. ``tables`` holds the rows
    let in of every table the data have, also then; ``places`` the sheet and row each of them came from, in their
    order; ``as_of`` the day the facts are true, where one is known.
    """

    facts: Facts | None
    findings: tuple[Finding, ...]
    counts: Mapping[str, Count]
    tables: Mapping[str, pl.DataFrame]
    places: Mapping[str, tuple[tuple[Origin, int], ...]] = field(default_factory=dict)
    as_of: date | None = None

    @property
    def blocked(self) -> bool:
        """Whether something must be mended."""
        return any(finding.blocks for finding in self.findings)


@dataclass
class _Intake:
    """What has been read so far."""

    mapping: MappingFile
    rows: dict[str, list[Rows]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    cover: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    def add(self, table: str, found: Rows) -> None:
        self.rows.setdefault(table, []).append(found)
        self.findings += found.findings


def load(
    path: Path,
    *,
    mapping: Path | None = None,
    as_of: date | None = None,
    known: Mapping[str, pl.DataFrame] | None = None,
    listed: int = LISTED,
) -> Loaded:
    """The facts of a district from ``path``, and every finding in the order of files, sheets and rows.

    ``path``: a workbook, a CSV, or a folder of them with GeoPackage, GeoJSON or Shapefile layers named towns, zones,
    sites or by their Chinese names, joined by identifier. ``mapping`` describes foreign tables (``files.mapping``).
    The day the facts are true is the cover's 数据日期, else the mapping's, else ``as_of``. ``known``: rows that stand
    elsewhere (table → its key, of towns also the name), which the data may refer to. ``listed``: findings of one kind
    in one column that are listed.

    Findings: ``dataset.as_of_missing``, ``dataset.partial`` (with a mapping: only some tables), ``workbook.*``,
    ``header.*``, ``sheet.*``, ``cell.*``, ``schema.*``, ``reference.*``, ``layer.*``, ``gis.*``, ``geometry.*``.
    """
    described, problems = (MappingFile(), ()) if mapping is None else read_mapping(mapping)
    intake = _Intake(described or MappingFile(), findings=list(problems))
    if described is not None:
        _read(path, intake)
    drafts, found = _drafts(intake)
    checked, wrong = check(drafts, known or {})
    intake.findings += [*found, *wrong]
    good = {name: _good(draft) for name, draft in checked.items()}
    kept = {name: rows_.select(TABLES[name].column_names()) for name, rows_ in good.items()}
    places = {name: tuple(checked[name].places[row - 1] for row in rows_["row"]) for name, rows_ in good.items()}
    counts = {name: Count(draft.data.height, kept[name].height) for name, draft in checked.items()}
    facts, missing = _facts(intake, kept, as_of)
    intake.findings += [f.at(file=path.name) for f in missing]
    return Loaded(facts, _listed(intake.findings, listed), counts, kept, places, _as_of(intake, as_of)[0])


def _read(path: Path, intake: _Intake) -> None:
    books, layers = _files(path)
    if not books and not layers:
        nothing = [Finding("workbook.nothing", file=path.name)]
        intake.findings += nothing if path.is_dir() else open_book(path).findings or nothing
    for book in map(open_book, books):
        intake.findings += book.findings
        for raw in book.sheets:
            _take(raw, intake)
    have = {table for table, parts in intake.rows.items() if any(part.data.height for part in parts)}
    for layer in layers:
        found, problems = map_layers.read(layer, have)
        intake.findings += problems
        for table, part in found:
            intake.add(table, part)


def _files(path: Path) -> tuple[list[Path], list[Path]]:
    """The workbooks and CSV files, and the map layers, of a file or folder, by name."""
    entries = sorted(path.iterdir()) if path.is_dir() and path.suffix != ".gdb" else [path]
    shown = [p for p in entries if not p.name.startswith((".", "~$"))]
    books = [p for p in shown if p.suffix.lower() in BOOK_SUFFIXES and p.is_file()]
    return books, [p for p in shown if p.suffix.lower() in LAYER_SUFFIXES and p.exists()]


def _take(raw: RawSheet, intake: _Intake) -> None:
    """One sheet: the cover, a table of the form, a table the mapping describes, or something to pass over."""
    entry = intake.mapping.table(raw.name)
    if entry is not None:
        mended, how = mapped(raw, entry, intake.mapping.rates)
        intake.add(entry.table, rows(mended, whole_table(entry.table), how))
        return
    if plain(raw.name) in _named("workbook.cover"):
        intake.cover |= _pairs(raw)
        return
    sheet = next((s for s in sheets() if plain(raw.name) in s.names()), None)
    if sheet is not None and (raw.data.height or sheet.required):
        first = intake.seen.setdefault(f"{raw.file}/{sheet.id}", raw.name)
        if first != raw.name:
            intake.findings.append(
                Finding("workbook.sheet_twice", params={"first": first}, file=raw.file, table=raw.name)
            )
            return
        intake.add(sheet.table, rows(raw, sheet, layout(raw, sheet, intake.mapping.rates)))
    elif sheet is None and not (raw.name.startswith("_") or plain(raw.name) in _named("workbook.instructions")):
        _strange(raw, intake)


def _strange(raw: RawSheet, intake: _Intake) -> None:
    if raw.file.lower().endswith(".csv"):
        intake.findings.append(Finding("mapping.needed", file=raw.file))
    elif raw.data.height:
        intake.findings.append(Finding("workbook.sheet_unknown", Severity.NOTE, file=raw.file, table=raw.name))


def _named(message: str) -> set[str]:
    return {plain(say(message, lang)) for lang in LANGUAGES}


def _pairs(raw: RawSheet) -> dict[str, str]:
    """The cover's entries: what stands in one column → what stands in the next."""
    cells = [[text for text in row if text] for row in raw.data.drop("row").iter_rows()]
    return {plain(row[0]): row[1] for row in cells if len(row) > 1}


def _entry(intake: _Intake, message: str) -> str | None:
    return next((intake.cover[name] for name in sorted(_named(message)) if name in intake.cover), None)


def _as_of(intake: _Intake, given: date | None) -> tuple[date | None, tuple[Finding, ...]]:
    """The day the facts are true, or why it is not known."""
    text = _entry(intake, "workbook.as_of")
    stated = day(text) if text else None
    if text and stated is None:
        return None, (Finding("dataset.as_of_unreadable", value=text),)
    found = stated or intake.mapping.as_of or given
    return found, () if found else (Finding("dataset.as_of_missing"),)


def _drafts(intake: _Intake) -> tuple[dict[str, Draft], list[Finding]]:
    """One draft for each table, of all the sheets and layers that feed it."""
    drafts: dict[str, Draft] = {}
    findings: list[Finding] = []
    for table, parts in intake.rows.items():
        own, fills = _split(parts)
        data = pl.concat([part.data for part in own])
        places = tuple((part.origin, row) for part in own for row in part.data["row"])
        data = data.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row"))
        for layer in fills:
            data, found = map_layers.fill(table, data, layer)
            findings += found
        drafts[table] = Draft(table, data, places)
    return drafts, findings


def _split(parts: list[Rows]) -> tuple[list[Rows], list[Rows]]:
    """What a table consists of, and what only adds to it: layers add to sheets, unless the sheets are empty."""
    layers = [p for p in parts if p.origin.file.lower().endswith(LAYER_SUFFIXES)]
    sheets_ = [p for p in parts if p not in layers]
    filled = any(p.data.height for p in sheets_) or not layers
    return (sheets_, layers) if filled else (layers, [])


def _good(draft: Draft) -> pl.DataFrame:
    """The rows let in, in the order of their keys."""
    return draft.data.filter(~pl.col("bad")).drop("bad").sort(tables.keys(TABLES[draft.table]))


def _facts(intake: _Intake, kept: Mapping[str, pl.DataFrame], given: date | None) -> tuple[Facts | None, list[Finding]]:
    """The facts, or what is missing for a board. Tables alone, described by a mapping file, may just be checked."""
    missing = [name for name in REQUIRED if name not in kept]
    if missing and intake.mapping.tables:
        names = "、".join(label("table", name) for name in missing)
        return None, [Finding("dataset.partial", Severity.NOTE, {"missing": names})]
    if missing and not (intake.rows or intake.cover):
        return None, []  # nothing could be opened, and the findings say why
    as_of, dated = _as_of(intake, given)
    titles = {s.table: s.titles["zh"] for s in reversed(sheets()) if s.table in missing}
    findings = [*dated, *(Finding("workbook.sheet_missing", table=title) for title in titles.values())]
    if as_of is None or missing:
        return None, findings
    synthetic = meanings(("yes_no",)).get(plain(_entry(intake, "workbook.synthetic") or "")) == "true"
    district = _entry(intake, "workbook.district") or ""
    return Facts(as_of=as_of, district=district, synthetic=synthetic, **kept), findings


def _listed(findings: Iterable[Finding], most: int) -> tuple[Finding, ...]:
    """The findings in order, of each kind in each column only the first ``most`` and the number of the others."""
    kinds: dict[tuple[str | None, ...], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.file, finding.table, finding.column, finding.rule), []).append(finding)
    out: list[Finding] = []
    for (file, table, column, rule), alike in kinds.items():
        distinct = _by_row(alike)
        out += distinct[:most]
        if len(distinct) > most:
            more = {"count": len(distinct) - most, "rule": rule}
            out.append(Finding("rest.not_shown", Severity.NOTE, more, file=file, table=table, column=column))
    return in_order(out)


def _by_row(alike: list[Finding]) -> Sequence[Finding]:
    """Findings of one kind in one column, each once, in order: mostly one a row, so that rows say it all."""
    if len({finding.row or 0 for finding in alike}) < len(alike):
        return in_order(alike)
    return sorted(alike, key=lambda finding: finding.row or 0)
