"""The score: each part between 0 and 1, better when the fact is better."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cast
import matched
from yipanqi.matching.figures import Figures, columns_of, parts, score
from yipanqi.matching.setting import prepared

SETTING = prepared(*matched.asked(cast.facts()), matched.BOOK, cast.AS_OF)
NEED, NO_WISH = SETTING.by_project["A1"][0], SETTING.by_project["A2"][0]
GOOD = Figures(1.0, 0.0, True, 0, 0, 0.0, 0.0, 0.0, 1.0)

some = st.builds(
    Figures, st.floats(0, 1), st.floats(0, 1e6), st.booleans(), st.just(0), st.just(0), st.floats(0, 300),
    st.integers(0, 4).map(float), st.floats(0, 100), st.floats(0, 1),
)  # fmt: skip
WORSE = {"fit": -0.1, "cost_wan": 500.0, "late_months": 3.0, "changes": 1.0, "distance_km": 2.0, "zone": -0.1}


def scored(of: Figures) -> float:
    return float(score(parts(columns_of([of]), NEED, SETTING.rules), SETTING.rules)[0])


@given(some)
def test_every_part_lies_between_nothing_and_all(of: Figures) -> None:
    found = parts(columns_of([of]), NEED, SETTING.rules)[0]
    assert all(0.0 <= part <= 1.0 for part in found)
    assert 0.0 <= scored(of) <= 1.0


@pytest.mark.parametrize("name", sorted(WORSE))
@given(of=some)
def test_a_worse_fact_never_scores_better(name: str, of: Figures) -> None:
    worse = replace(of, **{name: getattr(of, name) + WORSE[name]})
    assert scored(worse) <= scored(of) + 1e-12


@given(some)
def test_not_knowing_the_cost_never_pays(of: Figures) -> None:
    assert scored(replace(of, cost_known=False)) <= scored(replace(of, cost_known=True)) + 1e-12


def test_a_cost_not_wholly_known_counts_half_at_most() -> None:
    rules = SETTING.rules
    unknown = [replace(GOOD, cost_known=False), replace(GOOD, cost_known=False, cost_wan=NEED.cost_half_wan * 3)]
    assert parts(columns_of(unknown), NEED, rules)[:, 1].tolist() == [rules.unknown_share, 0.25]


def test_nothing_to_complain_about_is_full_marks() -> None:
    assert scored(GOOD) == 1.0


def test_without_a_wish_distance_does_not_count_and_with_one_it_is_half_known() -> None:
    nowhere = replace(GOOD, distance_km=float("nan"))
    rules = SETTING.rules
    assert np.isnan(parts(columns_of([nowhere]), NO_WISH, rules)[0][4])
    assert parts(columns_of([nowhere]), NEED, rules)[0][4] == rules.unknown_share
    assert float(score(parts(columns_of([nowhere]), NO_WISH, rules), rules)[0]) == 1.0


def test_the_rulebook_halves() -> None:
    rules = SETTING.rules
    halves = replace(GOOD, cost_wan=NEED.cost_half_wan, late_months=rules.date_half_months,
                     distance_km=rules.distance_half_km, changes=1.0)  # fmt: skip
    assert parts(columns_of([halves]), NEED, rules)[0].tolist() == pytest.approx([1.0, 0.5, 0.5, 0.5, 0.5, 1.0])


def test_a_firm_that_goes_late_delays_the_start_but_not_an_interim_plant() -> None:
    land = replace(GOOD, day=100, start=100).later(400, 50)
    lease = replace(GOOD, day=300, start=100, late_months=1.0).later(400, 50)
    assert (land.day, land.start, round(land.late_months)) == (400, 400, 11)
    assert (lease.day, lease.start, lease.late_months) == (400, 100, pytest.approx(50 / 30.4375))
