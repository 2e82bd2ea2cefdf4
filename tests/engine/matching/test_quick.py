"""The shortlist of a whole board, with the plan's word on every site."""

import numpy as np
import pytest

import cast
import matched
from yipanqi.allocation.board import Facts
from yipanqi.matching.asking import words
from yipanqi.matching.candidates import usable
from yipanqi.matching.figures import figures, parts, ready_days, score
from yipanqi.matching.ground import lay_out
from yipanqi.matching.needs import needs_of
from yipanqi.matching.quick import quick
from yipanqi.matching.relocations import destinations, movable
from yipanqi.matching.rules import rules_of
from yipanqi.matching.ways import on_one_site
from yipanqi.simulation.district import district

RULES = rules_of(matched.BOOK, cast.AS_OF)


def scanned(facts: Facts) -> list[tuple[str, int, int, str, float]]:
    """The same, the plan asked about every site by itself."""
    supply, want = matched.asked(facts)
    ground = lay_out(supply, want.projects, cast.AS_OF, RULES.unknown_date_months)
    able = movable(ground, destinations(ground, ready_days(ground, RULES), RULES))
    plan = words(ground, (supply, want), matched.BOOK, cast.AS_OF)
    found = []
    for need in (need for need in needs_of(want, RULES, cast.AS_OF) if not need.fixed):
        ways = on_one_site(ground, need, usable(ground, need) & able, RULES)
        word = plan.word(need.key, ways.units[:, 0])
        ways = ways.only(~word.forbidden[ways.units[:, 0]])
        worth = score(parts(figures(ground, need, ways, word, RULES), need, RULES), RULES)
        best: dict[str, int] = {}
        for at in np.lexsort((ways.units[:, 0], -worth)).tolist():
            best.setdefault(ground.towns[ways.units[at, 0]], at)
        found += [
            (need.project_id, need.phase, rank, ground.ids[ways.units[at, 0]], float(worth[at]))
            for rank, at in enumerate(list(best.values())[:3], 1)
        ]
    return found


SYNTHETIC = district(matched.BOOK, projects=40, sites=400, seed=3, as_of=cast.AS_OF)


@pytest.mark.parametrize("facts", [cast.facts(), SYNTHETIC], ids=["small", "synthetic"])
def test_it_is_what_a_scan_gives_that_asks_the_plan_about_every_site(facts: Facts) -> None:
    picks = quick(*matched.asked(facts), matched.BOOK, cast.AS_OF)
    actual = list(picks.select("project_id", "phase", "shown_rank", "site_id", "score_share").iter_rows())
    assert scanned(facts) == actual


def test_a_site_the_plan_would_have_to_be_changed_for_scores_less_and_a_forbidden_one_is_left_out() -> None:
    other, out = cast.site("N2", "T1", use_class="W"), cast.site("N3", "T3", far_min_ratio=0.2, far_max_ratio=0.5)
    facts = matched.small([cast.site("N1", "T2"), other, out], [cast.project("A", "T1")], [cast.demand("A")])
    picks = quick(*matched.asked(facts), matched.BOOK, cast.AS_OF)
    assert list(picks.select("site_id", "plan_share").iter_rows()) == [("N1", 1.0), ("N2", 0.5)]
