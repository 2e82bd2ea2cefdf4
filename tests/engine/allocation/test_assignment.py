"""The board as it is built: who may take what, and what the facts get wrong."""

from datetime import date

import pytest

import boards
from small_boards import POOL, SPREAD, THREE, TWO, board, limits, project, quota, site
from yipanqi.allocation.assignment import Problem
from yipanqi.allocation.scenarios import ScenarioName, play
from yipanqi.allocation.search import Effort
from yipanqi.inventory.sites import Hold
from yipanqi.kernel import tables

AS_OF = boards.AS_OF
EFFORT = Effort(work=20_000.0)


def placed(problem: Problem) -> list[str]:
    return play(problem, EFFORT, ()).scenarios[ScenarioName.BOARD].placements["scheme_id"].to_list()


def rules(problem: Problem) -> list[str]:
    return [finding.rule for finding in problem.findings]


def test_a_whole_site_goes_to_one_project_and_a_divisible_one_to_as_many_as_fit() -> None:
    pool = {"A/1": (10.0, [("S", 40.0)]), "B/1": (9.0, [("S", 60.0)])}
    assert placed(board([site("S")], TWO, pool)) == ["A/1"]
    assert placed(board([site("S", divisible=True)], TWO, pool)) == ["A/1", "B/1"]


def test_the_destination_of_a_moved_firm_takes_room_too() -> None:
    pool = {"A/1": (10.0, [("S", 100.0)]), "B/1": (9.0, [("D", 100.0)])}
    sites = [site("S"), site("D")]
    assert placed(board(sites, TWO, pool, {"A/1": ("F", "S", "D", 50.0)})) == ["A/1"]
    assert placed(board([site("S"), site("D", area_m2=150.0, divisible=True)], TWO, pool,
                        {"A/1": ("F", "S", "D", 50.0)})) == ["A/1", "B/1"]  # fmt: skip


def test_a_firm_is_moved_once() -> None:
    pool = {"A/1": (10.0, [("S", 40.0)]), "B/1": (9.0, [("S", 40.0)])}
    moves = {"A/1": ("F", "S", "D", 50.0), "B/1": ("F", "S", "E", 50.0)}
    sites = [site("S", divisible=True), site("D"), site("E")]
    assert placed(board(sites, TWO, pool, moves)) == ["A/1"]


def test_a_held_site_is_for_its_project_alone_until_the_hold_ends() -> None:
    pool = {"A/1": (10.0, [("S", 100.0)]), "B/1": (9.0, [("S", 100.0)])}
    holds = [{"site_id": "S", "project_id": "B", "held_until": AS_OF}]
    assert placed(board([site("S")], TWO, pool, holds=tables.frame(Hold, holds))) == ["B/1"]
    over = [holds[0] | {"held_until": date(2026, 6, 29)}]
    assert placed(board([site("S")], TWO, pool, holds=tables.frame(Hold, over))) == ["A/1"]


def test_a_fixed_placement_stays_however_little_it_is_worth() -> None:
    pool = {"A/1": (10.0, [("S", 100.0)]), "B/1": (-5.0, [("S", 100.0)]), "B/2": (50.0, [("D", 100.0)])}
    problem = board([site("S"), site("D")], [project("A"), project("B", fixed_site_ids=["S"])], pool)
    played = play(problem, EFFORT, ())
    for scenario in played.scenarios.values():
        assert scenario.placements.select("scheme_id", "fixed").rows() == [("B/1", True)]


def test_a_project_under_construction_only_blocks_its_sites() -> None:
    projects = [project("A"), project("B", stage="started", fixed_site_ids=["S"])]
    problem = board([site("S"), site("D")], projects, {"A/1": (10.0, [("S", 100.0)]), "A/2": (4.0, [("D", 100.0)])})
    assert (placed(problem), rules(problem)) == (["A/2"], [])


def test_a_fixed_placement_without_a_scheme_is_reported_and_its_sites_stay_blocked() -> None:
    projects = [project("A"), project("B", fixed_site_ids=["S"])]
    problem = board([site("S"), site("D")], projects, {"A/1": (10.0, [("S", 9.0)]), "B/1": (5.0, [("D", 9.0)])})
    assert (placed(problem), rules(problem)) == ([], ["allocation.fixed_without_scheme"])


def test_fixed_placements_that_take_too_much_stay_and_are_reported() -> None:
    projects = [project("A", fixed_site_ids=["S"]), project("B", fixed_site_ids=["S"]), project("C")]
    pool = {key: (10.0, [("S", 60.0)]) for key in ("A/1", "B/1", "C/1")}
    problem = board([site("S", divisible=True)], projects, pool)
    assert placed(problem) == ["A/1", "B/1"]
    assert [(f.rule, f.params["taken"], f.params["capacity"]) for f in problem.findings] == [
        ("allocation.overdrawn", 120.0, 100.0)
    ]


def test_a_scheme_on_something_that_is_no_leaf_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="no allocatable site"):
        board([site("S")], TWO, {"A/1": (1.0, [("X", 1.0)])})


def test_the_districts_quota_is_shared_and_a_towns_own_comes_first() -> None:
    assert placed(board(SPREAD, THREE, POOL, quotas=quota(("energy", None, 20.0)))) == ["A/1", "B/1"]
    own = quota(("energy", None, 10.0), ("energy", "T2", 10.0))
    assert placed(board(SPREAD, THREE, POOL, quotas=own)) == ["A/1", "B/1"]
    assert placed(board(SPREAD, THREE, POOL, quotas=quota(("energy", "T1", 5.0), ("energy", None, 15.0)))) == [
        "A/1",
        "B/1",
    ]


def test_a_town_without_quota_and_without_a_pot_is_not_rationed_and_that_is_said() -> None:
    problem = board(SPREAD, THREE, POOL, quotas=quota(("energy", "T2", 10.0)))
    assert placed(problem) == ["A/1", "B/1"]
    assert [(f.rule, f.params["town"]) for f in problem.findings] == [("allocation.quota_unrationed", "T1")]


def test_ceilings_of_a_town_hold() -> None:
    assert placed(board(SPREAD, THREE, POOL, town_limits=limits(town_id="T2", projects_max_count=1))) == ["A/1", "B/1"]
    assert placed(board(SPREAD, THREE, POOL, town_limits=limits(town_id="T2", land_max_m2=150.0))) == ["A/1", "B/1"]


FLOOR_POOL = {"A/1": (10.0, [("S1", 100.0)]), "A/2": (9.0, [("S2", 100.0)]), "B/1": (2.0, [("S1", 100.0)])}


def test_a_floor_is_met_at_the_least_cost_to_the_whole() -> None:
    projects = [project("A", "T1"), project("B", "T1")]
    pool = FLOOR_POOL | {"C/1": (1.0, [("S3", 100.0)])}
    free = board(SPREAD, [*projects, project("C", "T1")], pool)
    bound = board(SPREAD, [*projects, project("C", "T1")], pool, town_limits=limits(town_id="T1", tax_min_wan=1.0))
    assert placed(free) == ["A/2", "B/1", "C/1"]
    played = play(bound, EFFORT, ())
    assert played.findings == ()
    assert played.scenarios[ScenarioName.BOARD].placements["scheme_id"].to_list() == ["A/1", "C/1"]


def test_a_floor_out_of_reach_is_lowered_to_what_can_be_had_and_reported() -> None:
    problem = board(SPREAD, THREE, POOL, town_limits=limits(town_id="T2", projects_min_count=5))
    played = play(problem, EFFORT, ())
    assert played.scenarios[ScenarioName.BOARD].settled == 3
    assert [(f.rule, f.params["floor"], f.params["reached"]) for f in played.findings] == [
        ("allocation.floor_lowered", 5.0, 2.0)
    ]


def test_a_floor_never_makes_the_board_worth_less_than_referral() -> None:
    sites = [site("S1"), site("S2", "T2")]
    pool = {"A/1": (10.0, [("S1", 100.0)]), "A/2": (4.0, [("S2", 100.0)])}
    problem = board(sites, [project("A")], pool, town_limits=limits(town_id="T2", projects_min_count=1))
    played = play(problem, EFFORT, ())
    assert played.scenarios[ScenarioName.BOARD].placements["scheme_id"].to_list() == ["A/1"]
    assert [f.rule for f in played.findings] == ["allocation.floor_lowered"]
