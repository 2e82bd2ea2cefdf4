"""Many rows into a workbook at once: columns become the XML of rows, so that a cell costs no Python object.

The workbook's writer makes everything but these rows; ``fill`` copies its parts and puts the rows where they belong.
The bytes depend on nothing but the arguments.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from yipanqi.files.headers import letters

#: Rows made at a time: what lies in memory as XML.
_ROWS = 8_192
#: The longest text a cell may hold; a longer one is left out, as the workbook's writer does.
_LONGEST = 32_767
_STRINGS = "xl/sharedStrings.xml"
_RARE = r"[\x00-\x08\x0B-\x1F]|_x[0-9A-Fa-f]{4}_"
_COLUMN = re.compile(r'<col min="(\d+)" max="(\d+)"[^>]*? style="(\d+)"')
_UNIQUE = re.compile(r' count="(\d+)" uniqueCount="(\d+)"')


@dataclass(frozen=True)
class Block:
    """Rows below a sheet's header: one series a column, of texts, numbers, days or moments; null: nothing stands."""

    columns: Sequence[pl.Series]

    @property
    def height(self) -> int:
        """How many rows there are."""
        return self.columns[0].len() if self.columns else 0


def fill(book: bytes, path: Path, blocks: Mapping[int, Block]) -> None:
    """Write the workbook with the blocks in its sheets, by their number from 1; cells have their column's style."""
    texts = _Texts()
    with zipfile.ZipFile(io.BytesIO(book)) as source:
        texts.take(source.read(_STRINGS).decode())
        sheets = {f"xl/worksheets/sheet{number}.xml": block for number, block in blocks.items() if block.height}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
            for info in [i for i in source.infolist() if i.filename != _STRINGS] + [source.getinfo(_STRINGS)]:
                entry = zipfile.ZipInfo(info.filename, info.date_time)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, info.external_attr
                with target.open(entry, "w") as part:
                    for piece in _pieces(source.read(info.filename), sheets.get(info.filename), texts):
                        part.write(piece)


def _pieces(xml: bytes, block: Block | None, texts: "_Texts") -> Iterator[bytes]:
    """A part of the workbook, with the rows of its block."""
    if xml.endswith(b"</sst>"):
        yield from texts.pieces()
    elif block is None:
        yield xml
    else:
        head, _, tail = xml.partition(b"</sheetData>")
        yield _dimensioned(head.decode(), block).encode()
        yield from _rows(block, _styles(head.decode(), len(block.columns)), texts)
        yield b"</sheetData>" + tail


def _dimensioned(head: str, block: Block) -> str:
    corner = f"{letters(len(block.columns))}{block.height + 1}"
    return re.sub(r'<dimension ref="[^"]*"/>', f'<dimension ref="A1:{corner}"/>', head, count=1)


def _styles(head: str, width: int) -> list[str]:
    """The style of each column, as the sheet declares it."""
    found: dict[int, str] = {}
    for first, last, style in _COLUMN.findall(head):
        found |= dict.fromkeys(range(int(first), int(last) + 1), style)
    return [found[column] for column in range(1, width + 1)]


def _rows(block: Block, styles: Sequence[str], texts: "_Texts") -> Iterator[bytes]:
    coded = [texts.numbers(c) if c.dtype == pl.String else _numbers(c) for c in block.columns]
    kinds = ['" t="s"><v>' if c.dtype == pl.String else '"><v>' for c in block.columns]
    data = pl.DataFrame([c.alias(f"c{i}") for i, c in enumerate(coded, 1)])
    row = pl.col("row")
    cells = [
        pl.concat_str(
            pl.lit(f'<c r="{letters(i)}'), row, pl.lit(f'" s="{style}{kind}'), pl.col(f"c{i}"), pl.lit("</v></c>")
        ).fill_null("")
        for i, (style, kind) in enumerate(zip(styles, kinds, strict=True), 1)
    ]
    line = pl.concat_str(pl.lit('<row r="'), row, pl.lit('">'), *cells, pl.lit("</row>"))
    numbered = data.with_columns(row=pl.int_range(2, pl.len() + 2).cast(pl.String))
    for piece in numbered.iter_slices(_ROWS):
        yield piece.select(line.str.join("")).item().encode()


def _numbers(values: pl.Series) -> pl.Series:
    """Numbers as text that reads back as the same number; days and moments as the program counts them."""
    if values.dtype == pl.Date:
        return _serial(values).cast(pl.String)
    if isinstance(values.dtype, pl.Datetime):
        moment = values.dt.cast_time_unit("us")
        day = moment.dt.truncate("1d")
        part = (moment - day).dt.total_microseconds() / 86_400_000_000
        return (_serial(day.dt.date()) + part).cast(pl.String)
    return values.cast(pl.String).str.strip_suffix(".0")


def _serial(days: pl.Series) -> pl.Series:
    """Days since the last of 1899; the program believes in a 29 February 1900."""
    count = days.cast(pl.Int32).cast(pl.Int64) + 25_568
    return count + (count > 59).cast(pl.Int64)


class _Texts:
    """The workbook's table of texts: those that stand in it, and those of the columns, each column's once."""

    def __init__(self) -> None:
        self._head, self._old = "", ""
        self._used = self._unique = 0
        self._new: list[pl.Series] = []

    def take(self, xml: str) -> None:
        """The texts the workbook has already."""
        found = _UNIQUE.search(xml)
        if found is None:
            raise ValueError("a table of texts without its size")
        self._used, self._unique = int(found[1]), int(found[2])
        self._head, self._old = xml[: found.start()], xml[found.end() :].removesuffix("</sst>")

    def numbers(self, values: pl.Series) -> pl.Series:
        """The number of each text in the table, as text."""
        kept = values.set(values.str.len_chars() > _LONGEST, None)
        distinct = kept.drop_nulls().unique(maintain_order=True)
        number = pl.int_range(self._unique, self._unique + distinct.len(), eager=True).cast(pl.String)
        lookup = pl.DataFrame({"text": distinct, "number": number})
        self._used += kept.len() - kept.null_count()
        self._unique += distinct.len()
        self._new.append(distinct)
        return kept.to_frame("text").join(lookup, on="text", how="left", maintain_order="left")["number"]

    def pieces(self) -> Iterator[bytes]:
        yield f'{self._head} count="{self._used}" uniqueCount="{self._unique}"{self._old}'.encode()
        for distinct in self._new:
            for piece in distinct.to_frame("text").iter_slices(_ROWS):
                yield (piece.select(_ITEM.str.join("")).item() or "").encode()
        yield b"</sst>"


def _spelled(text: str) -> str:
    """Control characters, and what looks like the spelling of one, as the program spells them."""
    text = re.sub(r"(_x[0-9A-Fa-f]{4}_)", r"_x005F\1", text)
    return re.sub(r"[\x00-\x08\x0B-\x1F]", lambda found: f"_x{ord(found[0]):04X}_", text)


_TEXT = pl.col("text")
_SPELLED = (
    pl.when(_TEXT.str.contains(_RARE)).then(_TEXT.map_elements(_spelled, return_dtype=pl.String)).otherwise(_TEXT)
)
_SPACE = pl.when(_TEXT.str.contains(r"^\s|\s$")).then(pl.lit(' xml:space="preserve"')).otherwise(pl.lit(""))
_ESCAPED = _SPELLED.str.replace_all("&", "&amp;", literal=True).str.replace_all("<", "&lt;", literal=True)
_ITEM = pl.concat_str(
    pl.lit("<si><t"), _SPACE, pl.lit(">"), _ESCAPED.str.replace_all(">", "&gt;", literal=True), pl.lit("</t></si>")
)
