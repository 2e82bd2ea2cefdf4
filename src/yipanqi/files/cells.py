"""The cells of an untrusted workbook or CSV as text, read in a limited child that imports nothing but its reader.

Every cell becomes text in one shape: whole numbers without a decimal point (an identifier typed as a number keeps its
digits), dates as ``YYYY-MM-DD`` or ``YYYY-MM-DD HH:MM:SS``, logical values as ``true`` and ``false``.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from yipanqi.files.gate import MAX_BYTES, MAX_CELLS, MAX_ROWS, FormulaError, Refused, survey

#: What separates fields and rows of ``Cells.text``; characters no XML and no sane CSV may hold.
FIELD, ROW = "\x1f", "\x1e"
_NO_SEPARATORS = str.maketrans({FIELD: " ", ROW: " "})


@dataclass(frozen=True)
class Cells:
    """The cells of one sheet: rows that are not blank, each led by its number; see ``FIELD`` and ``ROW``."""

    name: str
    width: int
    text: str
    #: Merged ranges as (first row, first column, last row, last column), counted from 1.
    merged: tuple[tuple[int, int, int, int], ...] = ()
    errors: tuple[FormulaError, ...] = ()


def read(path: str) -> tuple[Cells, ...]:
    """The sheets of a workbook, or the one table of a CSV.

    Raises:
        Refused: see ``gate.survey``; or a text file in neither UTF-8 nor GB 18030.
    """
    file = Path(path)
    return (_csv(file),) if file.suffix.lower() == ".csv" else tuple(_sheets(file))


def _sheets(file: Path) -> Iterator[Cells]:
    from python_calamine import CalamineError, CalamineWorkbook

    errors = survey(file)
    try:
        with CalamineWorkbook.from_path(str(file)) as book:
            for name in book.sheet_names:
                if name in errors:
                    yield _sheet(name, book.get_sheet_by_name(name), errors[name])
    except CalamineError as error:
        raise Refused("workbook.damaged") from error


def _sheet(name: str, sheet: Any, errors: tuple[FormulaError, ...]) -> Cells:
    left = sheet.start[1] if sheet.start else 0
    before = [""] * left
    # Most cells are text: not calling for them saves a third.
    rows = (before + [v.strip() if type(v) is str else _text(v) for v in row] for row in sheet.iter_rows())
    width, text = _joined(rows)
    merged = tuple((a + 1, b + 1, c + 1, d + 1) for (a, b), (c, d) in sheet.merged_cell_ranges or ())
    return Cells(name, width, text, merged, errors)


def _joined(rows: Iterable[list[str]]) -> tuple[int, str]:
    """The widest row, and the rows that are not blank as text, each led by its number (from 1)."""
    lines, width = [], 0
    for number, row in enumerate(rows, start=1):
        if any(row):
            width = max(width, len(row))
            lines.append(f"{number}{FIELD}{_line(row)}")
    return width, ROW.join(lines)


def _line(row: list[str]) -> str:
    line = FIELD.join(row)
    if ROW in line or line.count(FIELD) != len(row) - 1:
        return FIELD.join(field.translate(_NO_SEPARATORS) for field in row)
    return line


def _of_float(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _of_datetime(value: datetime) -> str:
    whole = value.time() == datetime.min.time()
    return value.date().isoformat() if whole else value.isoformat(sep=" ", timespec="seconds")


_TEXT: dict[type, Callable[[Any], str]] = {
    str: str.strip,
    float: _of_float,
    bool: lambda value: "true" if value else "false",
    datetime: _of_datetime,
    date: date.isoformat,
}


def _text(value: Any) -> str:
    return _TEXT.get(type(value), str)(value)


def _csv(file: Path) -> Cells:
    data = file.read_bytes()
    if not data:
        raise Refused("workbook.empty")
    if len(data) > MAX_BYTES:
        raise Refused("workbook.too_large", {"limit": "20 MiB"})
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Refused("workbook.wrong_extension", {"extension": file.suffix})
    rows = [[_text(field) for field in row] for row in _records(_decoded(data))]
    columns = max((len(row) for row in rows), default=0)
    if len(rows) > MAX_ROWS or len(rows) * columns > MAX_CELLS:
        raise Refused("workbook.sheet_too_large", {"rows": len(rows), "columns": columns}, file.stem)
    width, text = _joined(rows)
    return Cells(file.stem, width, text)


def _records(text: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(io.StringIO(text))
    except csv.Error as error:
        raise Refused("workbook.damaged") from error


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Refused("workbook.encoding")
