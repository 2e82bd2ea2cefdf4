"""Synthetic districts through the whole main job, their answers held against the independent checker."""

from datetime import date

import pytest

from board_checker import placements
from checker import Checker
from yipanqi.allocation.board import Plan, PlayOptions, play
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.matching.schemes import SchemeKind
from yipanqi.policy.rulebook import load
from yipanqi.simulation.district import DEMO_AS_OF, district


def played(profile: str, projects: int, sites: int, seed: int, as_of: date = DEMO_AS_OF) -> Plan:
    rulebook = load(profile)
    return play(district(rulebook, projects=projects, sites=sites, seed=seed, as_of=as_of), rulebook, PlayOptions())


def assert_sound(plan: Plan) -> None:
    """Every scheme and every scenario stands before the checker, and each way to play is no worse than the last."""
    s = plan.schemes
    assert Checker(plan.facts).schemes(s.schemes, s.units, s.relocations) == []
    for scenario in plan.scenarios.values():
        assert placements(plan.facts, scenario.placements, s.schemes, s.units, s.relocations) == []
        assert scenario.value_wan <= scenario.bound_wan * (1 + 1e-9)
    values = [plan.scenarios[name].value_wan for name in ScenarioName]
    assert values == sorted(values)


@pytest.mark.parametrize(("profile", "seed"), [("jiading", 1), ("minhang", 2), ("recommended", 3)])
def test_a_small_district_is_played_soundly(profile, seed):
    assert_sound(played(profile, 24, 320, seed))


@pytest.mark.slow
@pytest.mark.parametrize(("profile", "seed"), [("jiading", 1), ("pudong", 7)])
def test_a_whole_district_is_played_soundly_and_looks_like_one(profile, seed):
    plan = played(profile, 372, 5000, seed)
    assert_sound(plan)
    best = plan.preliminary.verdicts.group_by("project_id").agg(kinds="verdict")
    alone, board = (plan.scenarios[name].settled for name in (ScenarioName.ALONE, ScenarioName.BOARD))
    assert 100 < board < best.height  # some fit nowhere or are refused
    assert alone < 0.8 * board  # coordination matters
    verdicts = plan.preliminary.verdicts["verdict"].unique().to_list()
    assert sorted(verdicts) == ["admitted", "conference", "refused"]
    assert plan.schemes.misses["project_id"].n_unique() > 10
    assert set(plan.schemes.schemes["kind"]) == {kind.value for kind in SchemeKind}
