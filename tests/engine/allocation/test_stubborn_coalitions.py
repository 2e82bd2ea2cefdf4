"""A district whose coalitions once left the solver without an end."""

import pytest

from yipanqi.allocation.board import PlayOptions, play
from yipanqi.policy import rulebook
from yipanqi.simulation.district import DEMO_AS_OF, district


@pytest.mark.slow
def test_a_relaxation_that_finds_no_end_from_another_coalitions_basis_is_solved_anew() -> None:
    jiading = rulebook.load("jiading")
    facts = district(jiading, projects=42, sites=588, seed=1_945_908_675, as_of=DEMO_AS_OF)
    plan = play(facts, jiading, PlayOptions())
    assert plan.division.shares.height == facts.towns.height
