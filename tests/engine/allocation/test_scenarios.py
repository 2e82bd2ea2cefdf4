"""The three scenarios, checked by code that shares nothing with the search."""

from itertools import product

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import boards
from small_boards import quota
from yipanqi.allocation.assignment import Problem
from yipanqi.allocation.scenarios import ScenarioName, play
from yipanqi.allocation.search import Effort

EFFORT = Effort(work=20_000.0)
SMALL = boards.Shape(projects=5, sites=14, towns=3, pool=4, offered_share=0.7, fixed_share=0.1)
LEDGER = quota(("energy", None, 1_500.0), ("energy", "T01", 300.0), ("land", "T00", 60_000.0))
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(min_value=0, max_value=10**6)


def used(problem: Problem, scheme_ids: tuple[str, ...]) -> dict[str, float]:
    """How much of each resource the schemes take, added up one by one."""
    total: dict[str, float] = {}
    for scheme_id, resource_id, amount in problem.uses.iter_rows():
        if scheme_id in scheme_ids:
            total[resource_id] = total.get(resource_id, 0.0) + amount
    return total


def allowed(problem: Problem, scheme_ids: tuple[str, ...]) -> bool:
    """Whether the schemes keep every capacity, pots included, and settle each project once."""
    total = used(problem, scheme_ids)
    drawn: dict[str, float] = {}
    for row in problem.resources.iter_rows(named=True):
        over = total.get(row["resource_id"], 0.0) - (row["capacity"] if row["capacity"] is not None else float("inf"))
        if over > 1e-6 * max(1.0, row["capacity"] or 0.0):
            if row["overflow_id"] is None:
                return False
            drawn[row["overflow_id"]] = drawn.get(row["overflow_id"], 0.0) + over
    capacity = dict(problem.resources.select("resource_id", "capacity").iter_rows())
    projects = problem.columns.filter(pl.col("scheme_id").is_in(list(scheme_ids)))["project_id"]
    return projects.is_unique().all() and all(drawn[pot] <= capacity[pot] * (1 + 1e-6) for pot in drawn)


def brute_force(problem: Problem) -> float:
    """The best value over every combination of one scheme or none for each project."""
    value = dict(problem.columns.select("scheme_id", "value_wan").iter_rows())
    menus = []
    for _, rows in sorted(problem.columns.partition_by("project_id", as_dict=True).items()):
        fixed = rows.filter("fixed")
        menus.append(fixed["scheme_id"].to_list() if fixed.height else [None, *rows["scheme_id"]])
    best = float("-inf")
    for choice in product(*menus):
        taken = tuple(key for key in choice if key is not None)
        worth = sum(value[key] for key in taken)
        if worth > best and allowed(problem, taken):
            best = worth
    return best


@quick
@given(seeds)
def test_the_board_is_worth_what_trying_everything_finds(seed: int) -> None:
    problem = boards.board(SMALL, seed, quotas=LEDGER).problem()
    board = play(problem, EFFORT, ()).scenarios[ScenarioName.BOARD]
    assert board.proven
    assert brute_force(problem) == pytest.approx(board.value_wan, rel=1e-9, abs=1e-3)


@quick
@given(seeds)
def test_every_scenario_keeps_the_limits_and_none_is_worse_than_the_one_before(seed: int) -> None:
    problem = boards.board(SMALL, seed, quotas=LEDGER).problem()
    played = play(problem, Effort(work=1.0), (0.5,))
    scenarios = [played.scenarios[name] for name in ScenarioName]
    for scenario in scenarios:
        assert allowed(problem, tuple(scenario.placements["scheme_id"]))
        assert scenario.value_wan <= scenario.bound_wan
    values = [scenario.value_wan for scenario in scenarios]
    assert sorted(values) == values
