"""The plan as a workbook: what an officer reads, prints and filters, and that no text in it ever runs."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook, load_workbook

import cast
from yipanqi.allocation.board import Plan, PlayOptions, play
from yipanqi.files import plan_book
from yipanqi.policy.rulebook import load


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The small district, played."""
    return play(cast.facts(), load("jiading"), PlayOptions())


def book(plan: Plan, folder: Path) -> Workbook:
    """The workbook of a plan, read back."""
    plan_book.write(plan, folder / "plan.xlsx")
    return load_workbook(folder / "plan.xlsx")


def test_the_same_plan_gives_the_same_bytes(plan: Plan, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        plan_book.write(plan, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_wide_sheets_are_printed_on_a3_and_every_page_says_what_it_is(plan: Plan, tmp_path: Path) -> None:
    sheets = book(plan, tmp_path)
    assert (sheets["推荐方案"].page_setup.paperSize, sheets["未落位"].page_setup.paperSize) == (8, 9)
    assert {s.oddFooter.left.text for s in sheets} == {"不构成供地承诺，以公开出让结果为准。"}
    assert {s.page_setup.orientation for s in sheets} == {"landscape"}


def test_a_verdict_keeps_its_colour_when_the_rows_are_sorted(plan: Plan, tmp_path: Path) -> None:
    sheet = book(plan, tmp_path)["准入评审"]
    column = next(c.column_letter for c in sheet[4] if c.value == "预审结论")
    ruled = {str(r.sqref): [rule.formula[0] for rule in r.rules] for r in sheet.conditional_formatting}
    assert ruled == {f"{column}5:{column}{4 + plan.in_play.height}": ['"准入"', '"提请一事一议"', '"不予准入"']}


def test_a_nearest_miss_is_one_line_with_all_that_would_have_to_change(plan: Plan, tmp_path: Path) -> None:
    sheet = book(plan, tmp_path)["未落位"]
    told = {row[0].value: row[-1].value or "" for row in sheet.iter_rows(min_row=5)}
    ranks = dict(plan.schemes.misses.group_by("project_id").agg(pl.col("miss_rank").n_unique()).iter_rows())
    assert ranks
    assert {k: len(told[k].split("\n")) for k in ranks} == ranks


def test_a_text_that_looks_like_a_formula_or_a_link_stays_text(plan: Plan, tmp_path: Path) -> None:
    for text in ('=HYPERLINK("x")', "http://example.org", "+1"):
        hostile = replace(plan, in_play=plan.in_play.with_columns(name=pl.lit(text)))
        cell = book(hostile, tmp_path)["准入评审"]["B5"]
        assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)
