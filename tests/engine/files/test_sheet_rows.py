"""Rows put into a workbook at once say what rows written cell by cell say."""

import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from yipanqi.files import cells
from yipanqi.files.sheet_rows import Block, fill

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1e\x1f￾￿"), max_size=12)
ROWS = st.lists(
    st.tuples(
        st.none() | TEXT | st.sampled_from(["<a & b>", " x ", "_x0041_", "a\nb", "JD-T-001"]),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
        st.none() | st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)).map(lambda d: d.replace(microsecond=0)),
    ),
    min_size=1,
    max_size=6,
)
SCHEMA = {"text": pl.String, "number": pl.Float64, "day": pl.Date, "moment": pl.Datetime("us")}


def book(rows: list[tuple[Any, ...]] | None) -> bytes:
    """A sheet with a header; its rows written cell by cell, or left to be filled in."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False}) as new:
        page = new.add_worksheet("表")
        styles = [new.add_format({"num_format": f}) for f in ("@", "0.0###", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss")]
        for column, style in enumerate(styles):
            page.set_column(column, column, 12, style)
            page.write_string(0, column, f"列{column}", style)
        for number, row in enumerate(rows or (), 1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(number, column, value, styles[column])
                elif value is not None:
                    page.write(number, column, value, styles[column])
    return made.getvalue()


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_a_filled_workbook_reads_as_one_written_cell_by_cell(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "a.xlsx").write_bytes(book([(t, None, d, m) for t, _, d, m in rows]))
    data = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    fill(book(None), folder / "b.xlsx", {1: Block(data.with_columns(number=pl.lit(None, pl.Float64)).get_columns())})
    assert cells.read(str(folder / "a.xlsx")) == cells.read(str(folder / "b.xlsx"))
    fill(book(None), folder / "c.xlsx", {1: Block(data.get_columns())})
    numbers = [row[1] for row in openpyxl.load_workbook(folder / "c.xlsx")["表"].iter_rows(min_row=2, values_only=True)]
    assert [row[1] for row in rows][: len(numbers)] == numbers


def test_the_same_rows_give_the_same_bytes_whatever_their_number(tmp_path: Path) -> None:
    data = pl.DataFrame({"text": [f"地块{i % 7}" for i in range(20_000)], "number": [i / 8 for i in range(20_000)]})
    for name in ("a.xlsx", "b.xlsx"):
        fill(book(None), tmp_path / name, {1: Block(data.get_columns())})
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    read = openpyxl.load_workbook(tmp_path / "a.xlsx")["表"].iter_rows(min_row=2, values_only=True)
    assert data.rows() == [row[:2] for row in read]
