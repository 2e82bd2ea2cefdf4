"""Ten times the projects and sites cost matching little more than ten times the work."""

import time
from datetime import date

import pytest

from yipanqi.allocation.board import Facts, prepare
from yipanqi.policy.rulebook import Rulebook, load
from yipanqi.simulation.district import district

DAY = date(2026, 6, 30)


def drawn(rulebook: Rulebook, projects: int) -> Facts:
    return district(rulebook, projects=projects, sites=round(projects * 5000 / 372), seed=11, as_of=DAY)


def matching_s(facts: Facts, rulebook: Rulebook) -> float:
    """Processor seconds of the matching stage, the better of two runs."""
    best = []
    for _ in range(2):
        begun: dict[str, float] = {}
        prepare(facts, rulebook, watch=lambda stage, begun=begun: begun.update({stage: time.process_time()}))
        best.append(begun["valuation"] - begun["matching"])
    return min(best)


@pytest.mark.slow
def test_matching_grows_hardly_faster_than_the_district() -> None:
    rulebook = load("jiading")
    prepare(drawn(rulebook, 10), rulebook)
    small, large = (matching_s(drawn(rulebook, projects), rulebook) for projects in (30, 300))
    assert large <= 16 * small
