"""A site can be given from the day the last of its conditions is met; what is not stated is not assumed."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cast
from yipanqi.inventory.availability import available
from yipanqi.inventory.sites import Site
from yipanqi.kernel import tables

D = date


def answer(row: dict) -> tuple[date | None, str | None]:
    return available(tables.frame(Site, [row])).select("available_on", "waits_for").row(0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"utilities_on": D(2027, 5, 1)}, (D(2027, 5, 1), "utilities")),
        ({"cleared_on": D(2027, 5, 1), "quota_on": D(2027, 5, 1)}, (D(2027, 5, 1), "clearing")),
        ({"plan_on": D(2028, 1, 1)}, (D(2028, 1, 1), "plan")),
        ({"utilities_on": None}, (None, "utilities")),
        ({"quota_on": None}, (None, "quota")),
        ({"plan_on": None, "quota_on": None}, (None, "plan")),
        ({"state": "low_efficiency", "quota_on": None}, (D(2026, 1, 1), "clearing")),
        ({"state": "low_efficiency", "quota_on": None, "cleared_on": None}, (D(2026, 1, 1), "utilities")),
        ({"state": "low_efficiency", "quota_on": D(2029, 1, 1)}, (D(2029, 1, 1), "quota")),
        ({"state": "clearing", "cleared_on": None}, (None, "clearing")),
        ({"state": "occupied", "cleared_on": None, "quota_on": None}, (None, "clearing")),
    ],
)
def test_land_waits_for_the_last_of_its_conditions(changes: dict, expected: tuple) -> None:
    assert answer(cast.site("X", "T1", **changes)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (D(2026, 5, 1), "clearing")),
        ({"cleared_on": D(2026, 9, 1)}, (D(2026, 9, 1), "clearing")),
        ({"utilities_on": D(2026, 11, 1)}, (D(2026, 11, 1), "utilities")),
        ({"fact_on": None}, (None, "clearing")),
        ({"state": "clearing"}, (None, "clearing")),
        ({"state": "occupied"}, (None, "clearing")),
        ({"state": "clearing", "cleared_on": D(2026, 12, 31)}, (D(2026, 12, 31), "clearing")),
        ({"state": "low_efficiency", "utilities_on": D(2020, 1, 1)}, (D(2026, 5, 1), "clearing")),
    ],
)
@pytest.mark.parametrize("kind", ["plant", "office"])
def test_a_standing_building_waits_for_its_tenant_to_leave(changes: dict, expected: tuple, kind: str) -> None:
    bare = {"site_kind": kind, "cleared_on": None, "utilities_on": None, "plan_on": None, "quota_on": None}
    assert answer(cast.plant("X", "T3", **(bare | changes))) == expected


DATES = st.none() | st.dates(D(2020, 1, 1), D(2030, 1, 1))
STATES = st.sampled_from(["available", "idle", "low_efficiency", "reserved", "occupied", "clearing", "reduction"])


@given(
    st.lists(st.tuples(st.sampled_from(["land", "plant"]), STATES, DATES, DATES, DATES, DATES), min_size=1, max_size=8)
)
def test_an_available_day_is_never_before_a_stated_one(rows: list[tuple]) -> None:
    names = ("site_kind", "state", "cleared_on", "utilities_on", "plan_on", "quota_on")
    sites = [cast.site(f"X{i}", "T1", **dict(zip(names, row, strict=True))) for i, row in enumerate(rows)]
    found = available(tables.frame(Site, sites))
    assert found["site_id"].to_list() == [s["site_id"] for s in sites]
    for line in found.iter_rows(named=True):
        stated = [line[n] for n in names[2:] if line[n] is not None]
        assert line["available_on"] is None or line["available_on"] >= max(stated, default=D.min)
        assert line["available_on"] is not None or line["waits_for"] is not None


def test_the_empty_inventory_stays_empty() -> None:
    found = available(tables.empty(Site))
    assert (found.height, found.schema["available_on"], found.schema["waits_for"]) == (0, pl.Date, pl.String)
