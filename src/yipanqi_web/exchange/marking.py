"""The user's own workbook with a reason beside each bad cell. Runs in the limited child: openpyxl expands freely.

Layout, formulas and widths stay. Each bad cell is coloured and bears its reason as a comment; a column at the right of
the sheet gathers the reasons of the row; a sheet at the end lists them all.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yipanqi.files.gate import survey

_HEADER_ROWS = 20
_FILL = {"block": "F8D7DA", "warn": "FFF3CD", "note": "E2ECF9"}


@dataclass(frozen=True)
class Mark:
    """One reason: where it belongs (sheet, row, header; null: no such place), how bad, and the sentence."""

    sheet: str | None
    row: int | None
    header: str | None
    severity: str
    text: str


@dataclass(frozen=True)
class Work:
    """What to mark: the file, where the copy goes, the reasons, their column's title, the summary's name and heads.

    ``source`` null: there is no workbook to mark, and the copy is the summary alone.
    """

    source: str | None
    target: str
    marks: tuple[Mark, ...]
    column: str
    summary: str
    heads: tuple[str, ...]
    words: dict[str, str]


def mark(work: Work) -> None:
    """Write the copy.

    Raises:
        Refused: the workbook does not pass the gate.
    """
    from openpyxl import Workbook, load_workbook

    if work.source is None:
        book = Workbook()
        for page in list(book.worksheets):
            book.remove(page)
    else:
        survey(Path(work.source))
        with Path(work.source).open("rb") as file:
            book = load_workbook(file)
    by_sheet: dict[str, list[Mark]] = {}
    for one in work.marks:
        by_sheet.setdefault((one.sheet or "").strip(), []).append(one)
    for page in book.worksheets:
        if found := by_sheet.get(page.title.strip()):
            _sheet(page, found, work)
    _summary(book, work)
    book.save(work.target)


def _sheet(page: Any, marks: list[Mark], work: Work) -> None:
    from openpyxl.comments import Comment

    head, places = _header(page, {_plain(m.header) for m in marks if m.header})
    column = places.pop(_plain(work.column), None) or page.max_column + 1
    for row in range(1, page.max_row + 1):
        page.cell(row, column).value = None
    _text(page.cell(head, column), work.column)
    page.column_dimensions[page.cell(head, column).column_letter].width = 60
    rows: dict[int, list[Mark]] = {}
    cells: dict[tuple[int, int], list[Mark]] = {}
    for one in marks:
        row = one.row or head
        rows.setdefault(row, []).append(one)
        if one.header and _plain(one.header) in places:
            cells.setdefault((row, places[_plain(one.header)]), []).append(one)
    for row, found in rows.items():
        cell = page.cell(row, column)
        said = "；".join(dict.fromkeys(m.text for m in found))
        _text(cell, f"{work.column}：{said}" if row == head else said)
        cell.fill = _fill(found)
    for (row, at), found in cells.items():
        cell = page.cell(row, at)
        cell.fill = _fill(found)
        if type(cell).__name__ != "MergedCell":
            cell.comment = Comment("\n".join(dict.fromkeys(m.text for m in found)), work.column, height=120, width=320)


def _header(page: Any, wanted: set[str]) -> tuple[int, dict[str, int]]:
    """The row among the first whose cells bear most of the headers, and the column of each header."""
    best: tuple[int, int, dict[str, int]] = (-1, 1, {})
    for number in range(1, min(_HEADER_ROWS, page.max_row) + 1):
        row = page[number]
        cells = {_plain(c.value): c.column for c in reversed(row) if isinstance(c.value, str)}
        # Where no header is asked for, the fullest of the first rows is taken for it.
        score = len(wanted & cells.keys()) * 1000 + len(cells)
        best = max(best, (score, -number, cells), key=lambda b: b[:2])
    return max(1, -best[1]), best[2]


def _summary(book: Any, work: Work) -> None:
    from openpyxl.styles import Font

    if work.summary in book.sheetnames:
        book.remove(book[work.summary])
    page = book.create_sheet(work.summary)
    for column, (head, width) in enumerate(zip(work.heads, (10, 20, 8, 20, 90), strict=True), start=1):
        _text(page.cell(1, column), head)
        page.cell(1, column).font = Font(bold=True)
        page.column_dimensions[page.cell(1, column).column_letter].width = width
    for number, one in enumerate(work.marks, start=2):
        where = (work.words[one.severity], one.sheet or "", str(one.row or ""), one.header or "", one.text)
        for column, text in enumerate(where, start=1):
            _text(page.cell(number, column), text)
        page.cell(number, 1).fill = _fill([one])
    page.freeze_panes = "A2"


def _text(cell: Any, text: str) -> None:
    """Text that stays text, whatever it begins with."""
    if type(cell).__name__ != "MergedCell":
        cell.value = "".join(c for c in text if c >= " " or c in "\n\t")[:32_000]
        cell.data_type = "s"


def _fill(marks: list[Mark]) -> Any:
    from openpyxl.styles import PatternFill

    worst = min((m.severity for m in marks), key=list(_FILL).index)
    return PatternFill("solid", fgColor=_FILL[worst])


def _plain(text: Any) -> str:
    return " ".join(str(text).split())
