"""The three scenarios, checked by code that shares nothing with the search."""

from itertools import product
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import boards
from small_boards import board, project, quota, site
from yipanqi.allocation.assignment import Ground, Problem
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
    found = play(problem, EFFORT, ()).scenarios[ScenarioName.BOARD]
    assert found.proven
    assert brute_force(problem) == pytest.approx(found.value_wan, rel=1e-9, abs=1e-3)


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


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_the_order_of_the_rows_changes_nothing(seed: int) -> None:
    whole = boards.board(SMALL, seed, quotas=LEDGER)

    def shuffled(table: pl.DataFrame) -> pl.DataFrame:
        return table.sample(fraction=1.0, shuffle=True, seed=seed)

    tables = {name: shuffled(table) for name, table in vars(whole.schemes).items()}
    ground = Ground(**{name: shuffled(table) for name, table in vars(whole.ground).items()})
    mixed = boards.Board(SimpleNamespace(**tables), shuffled(whole.worth), ground)
    first, second = (play(each.problem(), Effort(work=2_000.0), ()) for each in (whole, mixed))
    for name in ScenarioName:
        assert first.scenarios[name].placements.equals(second.scenarios[name].placements)
        assert first.scenarios[name].bound_wan == second.scenarios[name].bound_wan


def test_the_gain_is_an_interval_and_shrinks_as_fewer_are_lost() -> None:
    played = play(boards.board(SMALL, 3).problem(), EFFORT, (1.0, 0.0, 0.5))
    alone, referral, whole = (played.scenarios[name] for name in ScenarioName)
    assert played.gain_wan == (whole.value_wan - alone.bound_wan, whole.bound_wan - alone.value_wan)
    table = played.loss_sensitivity
    assert table["loss_share"].to_list() == [0.0, 0.5, 1.0]
    assert table["gain_high_wan"].to_list() == pytest.approx(
        [whole.bound_wan - referral.value_wan,
         whole.bound_wan - (alone.value_wan + referral.value_wan) / 2,
         whole.bound_wan - alone.value_wan]
    )  # fmt: skip
    assert (table["gain_low_wan"] <= table["gain_high_wan"]).all()


def test_alone_a_town_moves_its_firms_only_within_itself_and_referral_keeps_what_alone_placed() -> None:
    pool = {"A/1": (10.0, [("S1", 100.0)]), "A/2": (9.0, [("S2", 100.0)]), "B/1": (8.0, [("S2", 100.0)]),
            "B/2": (7.0, [("S1", 100.0)])}  # fmt: skip
    moves = {"A/1": ("F", "S1", "S3", 10.0)}  # out of T1, so not A's own town's business
    problem = board([site("S1"), site("S2", "T2"), site("S3", "T2")], [project("A"), project("B")], pool, moves)
    played = play(problem, EFFORT, ()).scenarios
    chosen = {name: played[name].placements["scheme_id"].to_list() for name in ScenarioName}
    assert chosen == {"alone": ["B/2"], "referral": ["A/2", "B/2"], "board": ["A/1", "B/1"]}
    assert played[ScenarioName.REFERRAL].placements["moved"].to_list() == [True, False]
