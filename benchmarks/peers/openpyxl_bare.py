"""openpyxl as its documentation recommends for big files: read-only and write-only mode, values only, no checking."""

from collections.abc import Iterable, Sequence
from pathlib import Path


def read(path: Path) -> dict[str, int]:
    """Every cell of every sheet as a Python value; the rows seen of each sheet."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    counts = {sheet.title: sum(1 for _ in sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
    book.close()
    return counts


def values(path: Path, title: str) -> list[tuple[object, ...]]:
    """The rows of one sheet, header included."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True)
    found = list(book[title].iter_rows(values_only=True))
    book.close()
    return found


def write(path: Path, rows: Iterable[Sequence[object]], title: str) -> None:
    """One sheet of rows, without styles, drop-downs or checks."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(title)
    for row in rows:
        page.append(row)
    book.save(path)
