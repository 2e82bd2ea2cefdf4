"""Rows of districts and their sums: in whatever order they come, and nothing from what was not played."""

from typing import Any

import cast
from yipanqi.allocation.board import PlayOptions, play
from yipanqi.allocation.fleet import FleetState, blocking, played, table, totals
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.kernel.findings import Finding, Severity
from yipanqi.policy.rulebook import load


def row(district: str, **figures: Any) -> dict[str, Any]:
    names = ("projects_count", "settled_count", "unstated_count", "investment_wan", "tax_wan", "value_wan",
             "gain_low_wan", "gain_high_wan")  # fmt: skip
    return {"district": district, "scenario": "plan", "state": "played", "blocking_count": 0,
            **dict.fromkeys(names, 0), **figures}  # fmt: skip


UNREAD = {"district": "C", "scenario": "plan", "state": FleetState.UNREAD.value, "blocking_count": 2, "finding": "x.y"}


def test_rows_stand_by_district_whatever_the_order_they_came_in() -> None:
    rows = [UNREAD, row("B", settled_count=2), row("A")]
    assert table(rows).equals(table(rows[::-1]))
    assert table(rows)["district"].to_list() == ["A", "B", "C"]


def test_totals_add_the_played_and_count_the_others() -> None:
    found = totals(table([row("A", settled_count=3, tax_wan=0.1), row("B", settled_count=4, tax_wan=0.2), UNREAD]))
    expected = {"districts_count": 3, "played_count": 2, "settled_count": 7, "tax_wan": 0.3, "blocking_count": 2}
    assert {name: found.row(0, named=True)[name] for name in expected} == expected


def test_scenarios_are_summed_apart() -> None:
    rows = [row("A", value_wan=1.0), row("A", value_wan=5.0) | {"scenario": "high"}]
    assert totals(table(rows)).select("scenario", "value_wan").rows() == [("high", 5.0), ("plan", 1.0)]


def test_findings_that_only_warn_do_not_block() -> None:
    assert blocking([Finding("a.b", Severity.WARN), Finding("c.d"), Finding("e.f")]) == {
        "blocking_count": 2,
        "finding": "c.d",
    }
    assert blocking([]) == {"blocking_count": 0, "finding": None}


def test_the_figures_of_a_plan_are_those_of_its_board() -> None:
    plan = play(cast.facts(), load("jiading"), PlayOptions())
    figures = played(plan)
    placed = set(plan.scenarios[ScenarioName.BOARD].placements["project_id"])
    stated = [r for r in plan.facts.projects.iter_rows(named=True) if r["project_id"] in placed]
    amounts = [r["total_investment_wan"] for r in stated]
    assert figures["settled_count"] == len(placed) > 0
    assert figures["unstated_count"] == amounts.count(None)
    assert figures["investment_wan"] == round(sum(amount for amount in amounts if amount is not None), 2)
    assert table([{"district": "A", "scenario": "plan", **figures, **blocking(plan.findings)}]).height == 1
