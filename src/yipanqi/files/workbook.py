"""Opening a user's workbook or CSV: in a limited child process, every failure a finding that names the file.

What comes back is text, sheet by sheet; ``files.rows`` gives it meaning.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from yipanqi.files.cells import FIELD, ROW, Cells
from yipanqi.files.gate import FormulaError, Refused
from yipanqi.kernel.executor import Exhausted, apart
from yipanqi.kernel.findings import Finding

CPU_S = 10.0
MEMORY_BYTES = 1 << 30
WALL_S = 30.0
SUFFIXES = (".xlsx", ".xlsm", ".csv")


@dataclass(frozen=True)
class RawSheet:
    """One sheet as text: columns ``row`` (Int64, as the program counts) and ``c1`` … ``cN``; blank rows left out."""

    file: str
    name: str
    data: pl.DataFrame
    merged: tuple[tuple[int, int, int, int], ...]
    errors: tuple[FormulaError, ...]

    @property
    def columns(self) -> list[str]:
        """The names of the text columns."""
        return self.data.columns[1:]


@dataclass(frozen=True)
class Book:
    """The sheets of one file, and why it was not opened if it was not."""

    file: str
    sheets: tuple[RawSheet, ...] = ()
    findings: tuple[Finding, ...] = ()


def open_book(path: Path) -> Book:
    """The sheets of a workbook or CSV as text; a file that cannot or must not be opened gives a blocking finding.

    Findings: ``workbook.missing``, ``.unknown_kind``, ``.empty``, ``.encrypted``, ``.old_format``, ``.damaged``,
    ``.wrong_extension``, ``.too_large``, ``.sheet_too_large``, ``.declarations``, ``.encoding``, ``.exhausted``.
    """
    name = path.name
    if not path.is_file():
        return Book(name, findings=(Finding("workbook.missing", file=name),))
    if path.suffix.lower() not in SUFFIXES:
        return Book(name, findings=(Finding("workbook.unknown_kind", params={"extension": path.suffix}, file=name),))
    try:
        cells = apart("yipanqi.files.cells:read", str(path), cpu_s=CPU_S, memory_bytes=MEMORY_BYTES, wall_s=WALL_S)
    except Refused as refused:
        return Book(name, findings=(Finding(refused.rule, params=refused.params, file=name, table=refused.table),))
    except Exhausted as exhausted:
        reason = {"reason": str(exhausted.reason)}
        return Book(name, findings=(Finding("workbook.exhausted", params=reason, file=name),))
    return Book(name, tuple(_sheet(name, sheet) for sheet in cells))


def _sheet(file: str, cells: Cells) -> RawSheet:
    names = ["row", *(f"c{i}" for i in range(1, cells.width + 1))]
    schema = pl.Schema({name: pl.Int64 if name == "row" else pl.String for name in names})
    data = (
        pl.read_csv(
            cells.text.encode(), has_header=False, separator=FIELD, eol_char=ROW, quote_char=None, schema=schema
        )
        if cells.text
        else pl.DataFrame(schema=schema)
    )
    return RawSheet(file, cells.name, data, cells.merged, cells.errors)
