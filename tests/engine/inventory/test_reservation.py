"""A hold keeps one whole unit for one project for a while, and gives no right to land."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cast
from yipanqi.inventory.reservation import NO_RIGHT, HoldEnd, ended, hold_faults, live
from yipanqi.inventory.sites import Hold, Site
from yipanqi.kernel import tables
from yipanqi.policy.rulebook import load
from yipanqi.policy.wording import label, render, sentence

BOOK = load("jiading")
AS_OF = date(2026, 6, 30)
SOON = AS_OF + timedelta(days=30)
SITES = tables.frame(
    Site,
    [
        cast.site("L", "T1"),
        cast.site("USED", "T1", state="occupied"),
        cast.site("LESS", "T1", state="reduction"),
        cast.plant("HALL", "T3"),
        cast.plant("UNIT", "T3", parent_site_id="HALL"),
    ],
)


def holds(*rows: tuple[str, str, date]) -> pl.DataFrame:
    schema = {"site_id": pl.String, "project_id": pl.String, "held_until": pl.Date}
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("L", "A", SOON), ("UNIT", "B", AS_OF)], []),
        ([("NONE", "A", SOON)], ["inventory.hold_unknown_site"]),
        ([("HALL", "A", SOON)], ["inventory.hold_not_whole"]),
        ([("USED", "A", SOON)], ["inventory.hold_state"]),
        ([("LESS", "A", SOON)], ["inventory.hold_state"]),
        ([("L", "A", AS_OF + timedelta(days=90))], []),
        ([("L", "A", AS_OF + timedelta(days=91))], ["inventory.hold_too_long"]),
        ([("L", "A", AS_OF - timedelta(days=1))], ["inventory.hold_expired"]),
        ([("L", "A", SOON), ("L", "B", SOON)], ["inventory.hold_twice"] * 2),
        ([("L", "A", SOON), ("L", "B", AS_OF - timedelta(days=1))], ["inventory.hold_expired"]),
    ],
)
def test_a_wrong_hold_is_told(rows: list, expected: list[str]) -> None:
    found = hold_faults(holds(*rows), SITES, BOOK, AS_OF)
    assert [f.rule for f in found] == expected
    assert found == hold_faults(holds(*rows[::-1]), SITES.reverse(), BOOK, AS_OF)
    assert [f.rule for f in found if sentence(f) == sentence(f, "en")] == []


def test_the_last_day_of_a_hold_is_live() -> None:
    days = holds(("L", "A", AS_OF), ("UNIT", "B", AS_OF - timedelta(days=1)))
    assert live(days, AS_OF)["site_id"].to_list() == ["L"]
    assert live(days, AS_OF).columns == Hold.column_names()
    assert live(tables.empty(Hold), AS_OF).height == 0


def test_the_strongest_reason_ends_a_hold() -> None:
    past = AS_OF - timedelta(days=1)
    rows = [("S1", "A", past), ("S2", "A", past), ("S3", "B", past), ("S4", "C", past), ("S5", "C", SOON)]
    found = ended(holds(*rows), AS_OF, left={"B", "A"}, winners={"S1": "A", "S2": "an outside bidder"})
    assert found["ended_by"].to_list() == [*(end.value for end in HoldEnd), None]


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.dates(date(2026, 6, 1), date(2026, 7, 30))), max_size=6))
def test_a_hold_is_live_or_has_ended(rows: list) -> None:
    some = holds(*((f"S{i}", project, until) for i, (project, until) in enumerate(rows)))
    assert live(some, AS_OF).height + ended(some, AS_OF)["ended_by"].drop_nulls().len() == some.height


def test_a_hold_says_in_words_that_it_gives_no_right() -> None:
    assert "不构成供地承诺，以公开出让结果为准" in render(NO_RIGHT)
    assert [label("hold_end", end.value) for end in HoldEnd if label("hold_end", end.value, "en") == ""] == []
