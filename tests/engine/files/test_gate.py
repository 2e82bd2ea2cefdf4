"""Files that are not what they say, or are traps: refused by name, quickly, and never opened in this process."""

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from yipanqi.files import gate
from yipanqi.files.workbook import open_book
from yipanqi.policy.wording import sentence


def small() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "土地"
    sheet.append(["资源编号", "用地面积（亩）"])
    sheet.append(["001", 60])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The small workbook with one part rewritten."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(small())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == part else data)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def far_cell(quote: bytes) -> bytes:
    cell = b'<row r="9"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'.replace(b'"', quote)
    return changed(SHEET, lambda xml: xml.replace(b"</sheetData>", cell))


def many_rows() -> bytes:
    rows = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (i, i) for i in range(10, 200_020))
    return changed(SHEET, lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))


def swollen() -> bytes:
    return changed("docProps/core.xml", lambda xml: xml + b" " * (gate.MAX_EXPANDED + 1))


def many_entries() -> bytes:
    out = io.BytesIO(small())
    with zipfile.ZipFile(out, "a") as archive:
        for i in range(gate.MAX_ENTRIES):
            archive.writestr(f"xl/media/{i}", b"")
    return out.getvalue()


def declared() -> bytes:
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    return changed("xl/workbook.xml", lambda xml: entity + xml)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504

TRAPS: list[tuple[str, Callable[[], bytes], str]] = [
    ("空.xlsx", lambda: b"", "workbook.empty"),
    ("空.csv", lambda: b"", "workbook.empty"),
    ("加密.xlsx", lambda: OLE + "EncryptedPackage".encode("utf-16-le"), "workbook.encrypted"),
    ("旧版.xlsx", lambda: OLE, "workbook.old_format"),
    ("其实是文本.xlsx", "资源编号,面积\n1,2\n".encode, "workbook.wrong_extension"),
    ("其实是表格.csv", small, "workbook.wrong_extension"),
    ("压缩包.xlsx", lambda: changed("xl/workbook.xml", lambda xml: xml).replace(b"xl/workbook", b"xl/w0rkbook"),
     "workbook.wrong_extension"),
    ("截断.xlsx", lambda: small()[:-200], "workbook.damaged"),
    ("远角.xlsx", lambda: far_cell(b'"'), "workbook.sheet_too_large"),
    ("远角单引号.xlsx", lambda: far_cell(b"'"), "workbook.sheet_too_large"),
    ("太多行.xlsx", many_rows, "workbook.sheet_too_large"),
    ("膨胀.xlsx", swollen, "workbook.too_large"),
    ("太多部件.xlsx", many_entries, "workbook.too_large"),
    ("实体.xlsx", declared, "workbook.declarations"),
    ("乱码.csv", lambda: b"\xff\xfe\x00\x00\x81", "workbook.encoding"),
    ("图片.png", lambda: b"\x89PNG", "workbook.unknown_kind"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "make", "rule"), TRAPS, ids=[name for name, _, _ in TRAPS])
def test_a_trap_is_refused_by_name_inside_ten_seconds(
    tmp_path: Path, name: str, make: Callable[[], bytes], rule: str
) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    start = time.monotonic()
    book = open_book(path)
    assert time.monotonic() - start < 10
    assert [f.rule for f in book.findings] == [rule]
    assert book.sheets == ()
    assert sentence(book.findings[0]).startswith(name)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    assert [f.rule for f in open_book(tmp_path / "没有.xlsx").findings] == ["workbook.missing"]


def test_a_workbook_of_one_repeated_long_string_runs_out_of_memory_not_of_machine(tmp_path: Path) -> None:
    start = io.BytesIO()
    with xlsxwriter.Workbook(start) as book:
        book.add_worksheet("土地").write_string(0, 0, "x" * 32_000)
    cells = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (i, i) for i in range(10, 100_010))
    out = io.BytesIO()
    with zipfile.ZipFile(start) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</sheetData>", cells + b"</sheetData>"))
    (tmp_path / "长.xlsx").write_bytes(out.getvalue())
    assert [f.rule for f in open_book(tmp_path / "长.xlsx").findings] == ["workbook.exhausted"]


def test_cells_without_an_address_are_counted_row_by_row(tmp_path: Path) -> None:
    rows = b"".join(b"<row><c><v>1</v></c><c><v>2</v></c></row>" for _ in range(3_000))
    data = changed(SHEET, lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))
    (tmp_path / "无地址.xlsx").write_bytes(data)
    assert open_book(tmp_path / "无地址.xlsx").findings == ()


def test_text_comes_in_one_shape(tmp_path: Path) -> None:
    (tmp_path / "好.xlsx").write_bytes(small())
    (sheet,) = open_book(tmp_path / "好.xlsx").sheets
    assert sheet.data.rows() == [(1, "资源编号", "用地面积（亩）"), (2, "001", "60")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_keeps_its_leading_zeros_in_every_chinese_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "土地.csv").write_bytes("资源编号,名称\n\n007,䶮镇地块\n".encode(encoding))
    (sheet,) = open_book(tmp_path / "土地.csv").sheets
    assert sheet.data.rows() == [(1, "资源编号", "名称"), (3, "007", "䶮镇地块")]


ADDRESSES = st.lists(
    st.tuples(st.from_regex(r"[A-Z]{1,6}", fullmatch=True), st.integers(0, 10**10)).map(lambda a: f"{a[0]}{a[1]}"),
    max_size=5,
)
SPELLINGS = ('<c r="{}"><v>1</v></c>', '<c r="{}" s="1" t="s"/>', '<c s="1" r="{}"/>', "<c r='{}'/>",
             "<c ><v>2</v></c>", '<x:c r="{}"/>', '<c\tr="{}"/>', '<cols><col min="1"/></cols>',
             '<c r="a1"/>')  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(SPELLINGS[:2]) | st.sampled_from(SPELLINGS), ADDRESSES), max_size=5))
def test_addresses_read_as_arrays_are_those_read_one_by_one(cells: list[tuple[str, list[str]]]) -> None:
    piece = "".join(spelling.format(place) for spelling, places in cells for place in places).encode()
    corner = gate._corner(piece)
    count = gate._Count()
    count._add_each(piece)
    assert corner is None or corner == (count.rows, count.columns)
    if all(spelling in SPELLINGS[:2] for spelling, _ in cells) and not any(
        len(p.rstrip("0123456789")) > 4 or not 0 < int(p.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) < 10**8
        for _, places in cells for p in places
    ):  # fmt: skip
        assert corner is not None
