"""Writing the official workbook: the empty form officers fill in, or the same form filled with a district's facts.

Sheets, headers, units, drop-downs and the instruction sheet 填表说明 come from ``files.sheets``; reading the workbook
back gives the same facts. The bytes depend on nothing but the arguments.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from yipanqi.allocation.board import TABLES, Facts
from yipanqi.files.gis import write_gpkg
from yipanqi.files.plain import plain
from yipanqi.files.rows import EXAMPLE
from yipanqi.files.sheet_rows import Block, fill
from yipanqi.files.sheets import GEOMETRY, Field, Sheet, meanings, sheets, words
from yipanqi.files.values import NONE, exact
from yipanqi.kernel import tables
from yipanqi.policy.wording import label, say

_CREATED = datetime(2000, 1, 1)
_LAST_ROW = 20_000
_FONT = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
_OPTIONS = "_选项"


def template(path: Path, *, language: str = "zh", district: str = "") -> None:
    """Write the empty official form: cover, instructions, one sheet per kind of fact with a marked example row."""
    _write(path, language, {}, Cover(None, district, False))


def write_dataset(path: Path, facts: Facts, *, language: str = "zh") -> None:
    """Write the facts as the official workbook, or into a folder together with their geometry.

    ``path`` ends in ``.xlsx``: the workbook alone, without geometry. Otherwise it is a folder, made if need be, with
    ``dataset.xlsx`` and ``layers.gpkg`` (layers towns, zones, sites by identifier). Columns the form does not show but
    a row fills are added at the right, so nothing is lost. Reading back gives the same facts; areas in mu exactly where
    they are whole square centimetres or came from a decimal number of mu.
    """
    frames = {name: getattr(facts, name).sort(tables.keys(schema)) for name, schema in TABLES.items()}
    cover = Cover(facts.as_of, facts.district, facts.synthetic)
    if path.suffix.lower() == ".xlsx":
        _write(path, language, frames, cover)
        return
    path.mkdir(parents=True, exist_ok=True)
    _write(path / "dataset.xlsx", language, frames, cover)
    shapes = {
        name: frames[name].select(tables.keys(TABLES[name])[0], GEOMETRY).drop_nulls()
        for name in ("towns", "zones", "sites")
    }
    layers = {name: frame for name, frame in shapes.items() if frame.height}
    if layers:
        write_gpkg(path / "layers.gpkg", layers, facts.as_of)


def write_tables(path: Path, frames: Mapping[str, pl.DataFrame], cover: "Cover", *, language: str = "zh") -> None:
    """Write some tables as the official workbook: its cover and instructions, and the sheets of these tables only."""
    kept = {name: frame.sort(tables.keys(TABLES[name])) for name, frame in frames.items()}
    _write(path, language, kept, cover, only=set(kept))


@dataclass(frozen=True)
class Cover:
    """What the cover states: the day the facts are true, the district, whether they are made up."""

    as_of: date | None
    district: str
    synthetic: bool


def _write(
    path: Path, language: str, frames: Mapping[str, pl.DataFrame], cover: Cover, only: set[str] | None = None
) -> None:
    import xlsxwriter

    made, blocks = io.BytesIO(), {}
    with xlsxwriter.Workbook(made, {"default_date_format": "yyyy-mm-dd", "strings_to_urls": False,
                                    "strings_to_formulas": False, "in_memory": True}) as book:  # fmt: skip
        book.set_properties({"title": say("workbook.title", language), "created": _CREATED, "author": "yipanqi"})
        styles = _styles(book)
        _cover(book, styles, language, cover)
        _instructions(book, styles, language)
        lists = _options(book, language)
        for sheet in [s for s in sheets() if only is None or s.table in only]:
            data = frames.get(sheet.table)
            rows = None if data is None else _of_sheet(data, sheet)
            block = Block(_sheet(book, (sheet, language), rows, styles, lists))
            blocks[len(book.worksheets())] = block
    fill(made.getvalue(), path, blocks)


def _styles(book: Any) -> dict[str, Any]:
    def style(**more: Any) -> Any:
        return book.add_format({**_FONT, **more})

    head = {"bold": True, "border": 1, "text_wrap": True, "align": "center", "font_color": "#FFFFFF"}
    return {
        "required": style(**head, bg_color="#1D5FBF"),
        "optional": style(**head, bg_color="#7A8CA3"),
        "example": style(italic=True, font_color="#808080", bg_color="#F2F2F2"),
        "text": style(num_format="@"),
        "number": style(num_format="General"),
        "date": style(num_format="yyyy-mm-dd"),
        "instant": style(num_format="yyyy-mm-dd hh:mm:ss"),
        "title": style(bold=True, font_size=16),
        "label": style(bold=True),
        "wrap": style(text_wrap=True, border=1),
    }


def _cover(book: Any, styles: Mapping[str, Any], language: str, cover: Cover) -> None:
    page = book.add_worksheet(say("workbook.cover", language))
    page.set_column(0, 0, 18)
    page.set_column(1, 1, 40, styles["text"])
    page.write_string(0, 0, say("workbook.title", language), styles["title"])
    page.write_string(2, 0, say("workbook.as_of", language), styles["label"])
    if cover.as_of is not None:
        page.write_datetime(2, 1, cover.as_of, styles["date"])
    page.write_string(3, 0, say("workbook.district", language), styles["label"])
    page.write_string(3, 1, cover.district, styles["text"])
    page.write_string(4, 0, say("workbook.synthetic", language), styles["label"])
    page.write_string(4, 1, label("yes_no", str(cover.synthetic).lower(), language), styles["text"])
    page.write_string(6, 0, say("workbook.cover_note", language), styles["text"])


def _instructions(book: Any, styles: Mapping[str, Any], language: str) -> None:
    page = book.add_worksheet(say("workbook.instructions", language))
    page.freeze_panes(1, 0)
    for column, (part, width) in enumerate(
        (("sheet", 12), ("column", 26), ("required", 8), ("unit", 14), ("meaning", 46), ("example", 34), ("words", 60))
    ):
        page.set_column(column, column, width)
        page.write_string(0, column, say(f"workbook.instructions.{part}", language), styles["required"])
    number = 1
    for sheet in sheets():
        for field in sheet.shown:
            for column, text in enumerate(_instruction(sheet, field, language)):
                page.write_string(number, column, text, styles["wrap"])
            number += 1


def _instruction(sheet: Sheet, field: Field, language: str) -> tuple[str, ...]:
    """One line of 填表说明: sheet, column, required, unit, meaning, example, allowed words."""
    header = field.header(language)
    unit = field.unit if field.unit is not None else next(iter(field.units), "")
    meaning = field.meaning if language == "zh" else TABLES[sheet.table].columns()[field.column].description or ""
    if field.blank is not None:
        word = label(field.codes[0], field.blank, language) if field.codes else field.blank
        meaning = " ".join(part for part in (meaning, say("workbook.blank", language, word=word)) if part)
    if isinstance(field.dtype, pl.List):
        meaning = " ".join(part for part in (meaning, say("workbook.several", language)) if part)
    required = label("yes_no", str(field.required).lower(), language)
    allowed = words(field, language)
    return sheet.titles[language], header, required, unit, meaning, field.example, "、".join(allowed)


def _options(book: Any, language: str) -> dict[tuple[str, ...], str]:
    """The hidden sheet behind the drop-downs: label sets → the range their words stand in."""
    page = book.add_worksheet(_OPTIONS)
    page.hide()
    found: dict[tuple[str, ...], str] = {}
    for sheet in sheets():
        for field in sheet.known:
            if field.codes and field.codes not in found:
                column = len(found)
                allowed = words(field, language)
                page.write_column(0, column, allowed)
                letter = chr(65 + column) if column < 26 else f"A{chr(39 + column)}"
                found[field.codes] = f"={_OPTIONS}!${letter}$1:${letter}${len(allowed)}"
    return found


def _of_sheet(data: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    for column, value in sheet.fixed.items():
        data = data.filter(pl.col(column) == value)
    return data


def _sheet(
    book: Any,
    form: tuple[Sheet, str],
    rows: pl.DataFrame | None,
    styles: Mapping[str, Any],
    lists: Mapping[tuple[str, ...], str],
) -> list[pl.Series]:
    """The sheet with its header, and its example where there are no rows; the columns to be filled in."""
    sheet, language = form
    page = book.add_worksheet(sheet.titles[language])
    page.freeze_panes(1, 2)
    page.set_row(0, 32)
    fields = [*sheet.shown, *_added(sheet, rows)]
    for column, field in enumerate(fields):
        header = field.header(language)
        page.set_column(column, column, max(10, min(28, 2 * len(header) + 2)), styles[_style(field)])
        page.write_string(0, column, header, styles["required" if field.required else "optional"])
        if field.codes and not isinstance(field.dtype, pl.List):
            strictness = "warning" if field.open else "stop"
            rule = {"validate": "list", "source": lists[field.codes], "error_type": strictness}
            page.data_validation(1, column, _LAST_ROW, column, rule)
    if rows is None:
        for column, text in enumerate(_example(fields)):
            page.write_string(1, column, f"{EXAMPLE[0]}-{text}" if column == 0 else text, styles["example"])
        return []
    return [_cells(rows, field, language) for field in fields]


def _example(fields: list[Field]) -> list[str]:
    """One row filled rightly: of a column shown in parts only the part that goes with the row's kind."""
    kinds = {f.column: meanings(f.codes).get(plain(f.example)) for f in fields if f.codes}
    return [f.example if f.when is None or kinds[f.when[0]] in f.when[1] else "" for f in fields]


def _added(sheet: Sheet, rows: pl.DataFrame | None) -> list[Field]:
    """Columns the form does not show but some row fills."""
    if rows is None:
        return []
    shown = {f.column for f in sheet.shown}
    return [f for f in sheet.known if f.column not in shown and rows[f.column].null_count() < rows.height]


def _style(field: Field) -> str:
    if field.dtype == pl.Date:
        return "date"
    if isinstance(field.dtype, pl.Datetime):
        return "instant"
    return "number" if field.dtype in (pl.Float64, pl.Int64) and not field.codes else "text"


def _cells(rows: pl.DataFrame, field: Field, language: str) -> pl.Series:
    """A column as it shall stand in the sheet."""
    values = rows[field.column]
    if field.when is not None:
        values = values.zip_with(rows[field.when[0]].is_in(list(field.when[1])), pl.Series([None], dtype=values.dtype))
    if isinstance(field.dtype, pl.List):
        values = values.cast(field.dtype)  # sorting makes a list of nulls of a column that is all null
        parts = values.explode() if field.codes else values
        named = values.list.eval(pl.element().replace(_words(parts, field, language))) if field.codes else values
        return named.list.join("、").replace("", NONE[language])
    if field.codes:
        return values.cast(pl.String).replace(_words(values, field, language))
    return _numbers(values, field) if field.dtype == pl.Float64 else values


def _words(values: pl.Series, field: Field, language: str) -> dict[str, str]:
    """The word of every code that stands in a column."""
    codes = values.drop_nulls().cast(pl.String).unique().sort()
    return {code: _word(code, field, language) for code in codes}


def _word(code: str, field: Field, language: str) -> str:
    for group in field.codes:
        try:
            return label(group, code, language)
        except KeyError:
            continue
    return code


def _numbers(values: pl.Series, field: Field) -> pl.Series:
    """The values in the header's unit; of the neighbouring floats the one that reads back as the value itself."""
    factors = {plain(name): factor for name, factor in field.units.items()}
    factor = factors[plain(field.unit)] if field.unit else 1.0
    if factor == 1.0:
        return values
    first = values / factor
    best = first.round(10)
    beside = (pl.Series(np.nextafter(first.to_numpy(), to)).fill_nan(None) for to in (np.inf, -np.inf))
    for candidate in (first, *beside):
        wrong = (exact(best, factor) != values).fill_null(False)
        best = candidate.zip_with(wrong & (exact(candidate, factor) == values).fill_null(False), best)
    return best
