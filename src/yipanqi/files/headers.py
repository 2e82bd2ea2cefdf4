"""Which columns of a user's sheet are which: the header row found, titles matched, units understood or refused."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from yipanqi.files.plain import plain, split_unit
from yipanqi.files.sheets import Field, Sheet
from yipanqi.files.workbook import RawSheet
from yipanqi.kernel.findings import Finding, Severity
from yipanqi.kernel.units import FOREIGN_MONEY, STATED

#: A header stands within the first rows; above it there may be titles and remarks.
_SEARCHED = 20


@dataclass(frozen=True)
class Source:
    """One text column that feeds a field: its header as written and the factor from its unit to the stored one.

    ``usable`` is false where the unit was refused: its cells count as neither filled nor empty.
    """

    column: str
    header: str
    field: Field
    factor: float = 1.0
    usable: bool = True


@dataclass(frozen=True)
class Layout:
    """The header row of a sheet (as the program counts), the columns understood, and what was not."""

    row: int | None
    sources: tuple[Source, ...]
    findings: tuple[Finding, ...]


def layout(raw: RawSheet, sheet: Sheet, rates: Mapping[str, float]) -> Layout:
    """How the sheet's columns feed the fields of its table. ``rates``: 元 for one unit of a foreign currency.

    Findings: ``header.missing`` (no row looks like a header), ``header.merged``, ``header.twice``, ``header.unknown``
    (a note: the column is not used), ``header.unit_unknown``, ``header.unit_missing``, ``header.rate_missing``.
    """
    best, cells = _header_row(raw, sheet)
    if best is None:
        return Layout(None, (), (Finding("header.missing", file=raw.file, table=raw.name),))
    found, problems = [], list(_merged(raw, best, cells))
    taken: dict[str, str] = {}
    for column, header in cells.items():
        field = _field(header, sheet)
        if field is None:
            problems.append(Finding("header.unknown", Severity.NOTE, column=header))
        elif field.id in taken:
            problems.append(Finding("header.twice", params={"first": taken[field.id]}, column=header))
        else:
            taken[field.id] = header
            factor, problem = _factor(header, field, rates)
            problems += [problem] if problem else []
            found.append(Source(column, header, field, factor, usable=problem is None))
    return Layout(best, tuple(found), tuple(p.at(file=raw.file, table=raw.name, row=best) for p in problems))


def _header_row(raw: RawSheet, sheet: Sheet) -> tuple[int | None, dict[str, str]]:
    """The row in which most cells name a known column, and its cells; at least two, or all of a short row."""
    best: tuple[int, int, dict[str, str]] | None = None
    for line in raw.data.head(_SEARCHED).iter_rows(named=True):
        cells = {name: " ".join(text.split()) for name, text in line.items() if name != "row" and text}
        known = sum(_field(text, sheet) is not None for text in cells.values())
        if known >= min(2, len(cells)) and known and (best is None or known > best[0]):
            best = (known, line["row"], cells)
    return (None, {}) if best is None else (best[1], best[2])


def _field(header: str, sheet: Sheet) -> Field | None:
    """The field a header names: as a whole, or without its unit; of several of one name the one with that unit."""
    whole = plain(header)
    name, unit = split_unit(whole)
    for wanted in (whole, name):
        named = sheet.by_name.get(wanted, ())
        fitting = [f for f in named if unit is None or f.when is None or unit in _plain_units(f.units)]
        if fitting or named:
            return (fitting or named)[0]
    return None


def _factor(header: str, field: Field, rates: Mapping[str, float]) -> tuple[float, Finding | None]:
    """The factor from the header's unit to the stored one, or why there is none."""
    if field.dtype != pl.Float64:
        return 1.0, None
    whole = plain(header)
    if whole == field.column:  # the schema's own name carries its unit
        return 1.0, None
    unit = None if whole in field.names() else split_unit(whole)[1]
    if unit is not None:
        return factor_of(unit, field, rates, header)
    return 1.0, unit_missing(field, header)


def unit_missing(field: Field, header: str) -> Finding | None:
    """A blocking finding for a column nobody may guess the unit of; none for the rest, which are as stored."""
    if field.dtype == pl.Float64 and (field.column.endswith(STATED) or field.when is not None):
        return Finding("header.unit_missing", params={"expected": _expected(field)}, column=header)
    return None


def factor_of(unit: str, field: Field, rates: Mapping[str, float], header: str) -> tuple[float, Finding | None]:
    """The factor from a stated unit to the stored one; a blocking finding for a unit that is not understood."""
    factors = _plain_units(field.units)
    if plain(unit) in factors:
        return factors[plain(unit)], None
    foreign = _plain_units(FOREIGN_MONEY).get(plain(unit)) if field.column.endswith("_wan") else None
    if foreign is None:
        params = {"unit": unit, "expected": _expected(field)}
        return 1.0, Finding("header.unit_unknown", params=params, column=header, value=unit)
    rate = next((r for currency, r in rates.items() if plain(unit).endswith(plain(currency))), None)
    if rate is None:
        return 1.0, Finding("header.rate_missing", params={"unit": unit}, column=header, value=unit)
    return foreign * rate, None


def _plain_units(units: Mapping[str, float]) -> dict[str, float]:
    return {plain(name): factor for name, factor in units.items()}


def _expected(field: Field) -> str:
    return "、".join(list(field.units)[:6]) or "—"


def _merged(raw: RawSheet, row: int, cells: Iterable[str]) -> Iterable[Finding]:
    """A merged header leaves columns without a title, so which title is whose would be a guess."""
    first = {c: raw.data.filter(raw.data["row"] == row)[c].item() for c in cells}
    for top, left, bottom, right in raw.merged:
        if top <= row <= bottom:
            title = first.get(f"c{left}") or ""
            yield Finding("header.merged", params={"range": reference(top, left, bottom, right)}, column=title)


def reference(top: int, left: int, bottom: int, right: int) -> str:
    """A range as the program writes it.

    >>> reference(1, 1, 2, 28)
    'A1:AB2'
    """
    return f"{letters(left)}{top}:{letters(right)}{bottom}"


def letters(column: int) -> str:
    """A column's letters from its number (from 1).

    >>> letters(28), letters(16384)
    ('AB', 'XFD')
    """
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found
