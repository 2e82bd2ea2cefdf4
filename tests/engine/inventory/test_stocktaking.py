"""Facts have a life and an age."""

from datetime import date

import pytest

import cast
from yipanqi.inventory.sites import FactState, Site
from yipanqi.inventory.stocktaking import RELIABLE, TRANSITIONS, fresh, to_recheck
from yipanqi.kernel import tables
from yipanqi.policy.parameters import version
from yipanqi.policy.rulebook import load

BOOK = load("jiading")
AS_OF = date(2026, 6, 30)


def sites(*rows: dict) -> object:
    return tables.frame(Site, list(rows))


def test_the_rulebook_grants_days_by_kind_and_calls_them_assumed() -> None:
    found = fresh(
        sites(cast.site("L", "T1"), cast.plant("P", "T3"), cast.plant("O", "T3", site_kind="office")), BOOK, AS_OF
    )
    expected = [date(2027, 5, 1), date(2026, 10, 28), date(2026, 10, 28)]
    assert found["valid_until"].to_list() == expected
    assert version(BOOK, "inventory.valid_land_days", AS_OF).basis == "assumed"


@pytest.mark.parametrize(
    ("changes", "stale"),
    [
        ({"valid_until": date(2026, 6, 30)}, False),
        ({"valid_until": date(2026, 6, 29)}, True),
        ({"fact_on": date(2025, 6, 30)}, False),
        ({"fact_on": date(2025, 6, 29)}, True),
        ({"fact_on": None}, True),
        ({"fact_on": None, "valid_until": date(2026, 12, 31)}, False),
    ],
)
def test_the_last_day_is_valid_and_an_undated_fact_is_stale(changes: dict, stale: bool) -> None:
    assert fresh(sites(cast.site("L", "T1", **changes)), BOOK, AS_OF)["stale"].to_list() == [stale]


def test_the_list_to_recheck_begins_with_what_nobody_can_date() -> None:
    rows = [
        cast.site("A", "T1", valid_until=date(2026, 6, 20)),
        cast.site("B", "T1"),
        cast.site("C", "T1", fact_on=None),
        cast.site("D", "T1", valid_until=date(2026, 1, 1)),
        cast.site("E", "T1", valid_until=date(2026, 6, 20)),
    ]
    found = to_recheck(sites(*rows), BOOK, AS_OF)
    assert found.select("site_id", "overdue_days").rows() == [("C", None), ("D", 180), ("A", 10), ("E", 10)]
    assert to_recheck(sites(*rows[::-1]), BOOK, AS_OF).equals(found)


def test_every_fact_can_reach_use_and_fall_back_to_the_survey() -> None:
    assert set(TRANSITIONS) == set(FactState)
    path = [FactState.SURVEYED]
    while path[-1] is not FactState.IN_USE:
        path.append(TRANSITIONS[path[-1]][0])
    assert path == list(FactState)
    assert all(FactState.SURVEYED in TRANSITIONS[state] for state in FactState if state is not FactState.SURVEYED)
    assert tuple(FactState)[-2:] == RELIABLE


def test_no_state_is_skipped_on_the_way_up() -> None:
    order = list(FactState)
    jumps = [(a, b) for a, nexts in TRANSITIONS.items() for b in nexts if order.index(b) > order.index(a) + 1]
    assert jumps == []
