"""The upload gate: is this the kind of file it says it is, and small enough to open? Counted before it is expanded.

A 4.7 KB workbook whose two cells are A1 and XFD1048576 takes a reader gigabytes; so the parts of the archive are
counted first: entries, expanded bytes, the rectangle the cells span. Standard library only, and numpy for large sheets:
it runs in the child.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

MAX_BYTES = 20 * 2**20
MAX_ENTRIES = 1_000
MAX_EXPANDED = 200 * 2**20
MAX_ROWS = 200_000
MAX_CELLS = 5_000_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CHUNK = 1 << 20
_ROW = re.compile(rb"<(?:\w+:)?row\b")
#: How programs write a cell, and every way XML lets one be written.
_USUAL_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)"')
_ANY_CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^>]*?\s?\br\s*=\s*[\"']([A-Za-z]+)(\d+)[\"'])?")
_UNUSUAL = (b":c", b"<c\t", b"<c\n", b"<c\r")
#: From this size on a piece's addresses are read as arrays; below it the import would cost more.
_MANY = 1 << 18
_LETTERS, _DIGITS = 4, 8
_ERROR = re.compile(
    rb"<(?:\w+:)?c\s([^>]*\bt=\"e\"[^>]*)>(?:<(?:\w+:)?f\b[^>]*?(?:/>|>[^<]*</(?:\w+:)?f>))?<(?:\w+:)?v>([^<]*)<"
)
_REFERENCE = re.compile(rb"\br=\"([A-Z]+)(\d+)\"")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class Refused(Exception):  # noqa: N818 - a verdict on a file, not a mistake of ours
    """The file is not opened; ``rule`` is the finding's rule, ``params`` its parameters."""

    def __init__(self, rule: str, params: Mapping[str, str | int] | None = None, table: str | None = None) -> None:
        super().__init__(rule, params, table)
        self.rule, self.params, self.table = rule, dict(params or {}), table


@dataclass(frozen=True)
class FormulaError:
    """A cell whose formula failed: row and column as the program counts them (from 1), and the error's text."""

    row: int
    column: int
    text: str


def survey(path: Path) -> Mapping[str, tuple[FormulaError, ...]]:
    """The sheets of a workbook that passes the gate, by name, each with its failed formulas.

    Raises:
        Refused: wrong kind of file, encrypted, damaged, or larger than the limits.
    """
    _kind(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _count(archive)
    except (zipfile.BadZipFile, ElementTree.ParseError, EOFError, KeyError, NotImplementedError, ValueError) as error:
        raise Refused("workbook.damaged") from error


def _kind(path: Path) -> None:
    size = path.stat().st_size
    if size == 0:
        raise Refused("workbook.empty")
    if size > MAX_BYTES:
        raise Refused("workbook.too_large", {"limit": "20 MiB"})
    head = path.read_bytes()
    if head.startswith(_OLE):
        secret = "EncryptedPackage".encode("utf-16-le") in head
        raise Refused("workbook.encrypted" if secret else "workbook.old_format")
    if not head.startswith(b"PK\x03\x04"):
        raise Refused("workbook.wrong_extension", {"extension": path.suffix})


def _count(archive: zipfile.ZipFile) -> Mapping[str, tuple[FormulaError, ...]]:
    """Every part is counted, whatever its name: readers find sheets in more ways than one."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Refused("workbook.too_large", {"limit": f"{MAX_ENTRIES:,} entries"})
    if any(e.flag_bits & 1 for e in entries):
        raise Refused("workbook.encrypted")
    if "xl/workbook.xml" not in archive.namelist():
        raise Refused("workbook.wrong_extension", {"extension": Path(archive.filename or "").suffix})
    names = _sheet_names(archive)
    found: dict[str, tuple[FormulaError, ...]] = dict.fromkeys(names.values(), ())
    expanded = cells = 0
    for entry in entries:
        count = _Count()
        with archive.open(entry) as part:
            for piece in _rows(part):
                expanded += len(piece)
                if expanded > MAX_EXPANDED:
                    raise Refused("workbook.too_large", {"limit": "200 MiB"})
                _no_declarations(piece)
                count.add(piece)
        cells += count.rows * count.columns
        if count.rows > MAX_ROWS or cells > MAX_CELLS:
            size = {"rows": count.rows, "columns": count.columns}
            raise Refused("workbook.sheet_too_large", size, names.get(entry.filename))
        if entry.filename in names:
            found[names[entry.filename]] = tuple(count.errors)
    return found


def _no_declarations(text: bytes) -> None:
    """No document type, so no entity can expand or reach outside; UTF-16 would hide it from this look."""
    declared = b"<!" in text and (b"<!DOCTYPE" in text or b"<!ENTITY" in text)
    if declared or text[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Refused("workbook.declarations")


def _rows(part: IO[bytes]) -> Iterator[bytes]:
    """The part in pieces that end where a row ends, so that nothing the count looks for is cut in two."""
    rest = b""
    while chunk := part.read(_CHUNK):
        cut = chunk.rfind(b"row>") + 4
        if cut < 4 and len(rest) < 16 * _CHUNK:
            rest += chunk
            continue
        cut = max(cut, 0) if cut >= 4 else len(chunk)
        yield rest + chunk[:cut]
        rest = chunk[cut:]
    if rest:
        yield rest


class _Count:
    """The rectangle the cells of one sheet span, and its failed formulas; cells without an address are counted."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self.errors: list[FormulaError] = []

    def add(self, piece: bytes) -> None:
        corner = _corner(piece) if len(piece) >= _MANY else None
        if corner is None:
            self._add_each(piece)
        else:
            self.rows, self.columns = max(self.rows, corner[0]), max(self.columns, corner[1])
        for attributes, text in _ERROR.findall(piece) if b't="e"' in piece else ():
            if place := _REFERENCE.search(attributes):
                self.errors.append(FormulaError(int(place[2]), _number(place[1]), text.decode("utf-8", "replace")))

    def _add_each(self, piece: bytes) -> None:
        places = _places(piece)
        self.rows = max(self.rows, *(int(row) for row in {row for _, row in places if row}), 0)
        self.columns = max(self.columns, *(_number(name) for name in {name for name, _ in places if name}), 0)
        if (b"", b"") in places:
            lines = _ROW.split(piece)
            self.rows += len(lines) - 1
            self.columns = max(self.columns, *(len(_ANY_CELL.findall(line)) for line in lines))


def _corner(piece: bytes) -> tuple[int, int] | None:
    """The largest row and column of all cells' addresses; None where a cell is not written as programs write it."""
    import numpy as np

    signs = np.frombuffer(piece + bytes(_LETTERS + _DIGITS + 8), np.uint8)
    at = np.flatnonzero(signs == ord("<"))
    at = at[signs[at + 1] == ord("c")]
    spaced = np.isin(signs[at + 2], (9, 10, 13)).any()
    prefixed = (signs[np.flatnonzero(signs == ord(":")) + 1] == ord("c")).any()
    if spaced or prefixed:
        return None
    at = at[signs[at + 2] == ord(" ")]
    usual = np.ones(at.size, dtype=bool)
    for place, wanted in enumerate(b'r="', 3):
        usual &= signs[at + place] == wanted
    at, column, row = at + 6, np.zeros(at.size, np.int64), np.zeros(at.size, np.int64)
    for _ in range(_LETTERS):
        sign = signs[at].astype(np.int64)
        more = (sign >= ord("A")) & (sign <= ord("Z"))
        column = np.where(more, column * 26 + sign - 64, column)
        at += more
    for _ in range(_DIGITS):
        sign = signs[at].astype(np.int64)
        more = (sign >= ord("0")) & (sign <= ord("9"))
        row = np.where(more, row * 10 + sign - 48, row)
        at += more
    usual &= (column > 0) & (row > 0) & (signs[at] == ord('"'))
    if not usual.all():
        return None
    return int(row.max(initial=0)), int(column.max(initial=0))


def _places(piece: bytes) -> list[tuple[bytes, bytes]]:
    """Letters and digits of every cell's address, both empty for a cell without one."""
    usual: list[tuple[bytes, bytes]] = _USUAL_CELL.findall(piece)
    if len(usual) == piece.count(b"<c ") and not any(sign in piece for sign in _UNUSUAL):
        return usual
    return _ANY_CELL.findall(piece)


def _number(letters: bytes) -> int:
    """A column's number from its letters: A → 1, XFD → 16384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _sheet_names(archive: zipfile.ZipFile) -> Mapping[str, str]:
    """The archive's sheet parts and the names the program shows for them."""
    if archive.getinfo("xl/workbook.xml").file_size > _CHUNK * 4:
        raise Refused("workbook.too_large", {"limit": "4 MiB"})
    links = archive.read("xl/_rels/workbook.xml.rels")
    book = archive.read("xl/workbook.xml")
    for text in (links, book):
        _no_declarations(text)
    targets = {r.get("Id"): (r.get("Target") or "") for r in ElementTree.fromstring(links)}
    return {
        _part(targets.get(sheet.get(_RELATION)) or ""): sheet.get("name") or ""
        for sheet in ElementTree.fromstring(book).iter()
        if sheet.tag.endswith("}sheet")
    }


def _part(target: str) -> str:
    return target[1:] if target.startswith("/") else f"xl/{target.removeprefix('./')}"
