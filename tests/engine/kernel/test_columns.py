"""Programmes solved over few columns: the optimum over all, prices that no column beats, mask by mask."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yipanqi.kernel import solver
from yipanqi.kernel.solver import Family, Limits, Model, Status, by_rows, open_values, solve, solve_relaxed

quick = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10**6)


def packing(seed: int, floor: float = -np.inf) -> Model:
    """Twelve projects of six schemes each that share twenty sites; site 0 must be used for ``floor`` at least."""
    rng = np.random.default_rng(seed)
    projects, each, sites = 12, 6, 20
    count = projects * each
    group = np.repeat(np.arange(projects), each)
    site = np.concatenate([rng.integers(0, sites, count), rng.integers(0, sites, count)])
    column = np.concatenate([np.arange(count), np.arange(count)])
    weight = np.concatenate([np.ones(count), rng.uniform(0.2, 1.0, 2 * count)])
    rows = np.concatenate([group, projects + site])
    columns = np.concatenate([np.arange(count), column])
    starts, columns, weights = by_rows(rows, columns, weight, projects + sites)
    low = np.full(projects + sites, -np.inf)
    low[projects] = floor
    cost = np.where(rng.random(count) < 0.1, 0.0, rng.uniform(1.0, 100.0, count))
    taken = np.zeros(count)
    ones = np.ones(count)
    return Model(cost, taken, ones, ones.astype(bool), starts, columns, weights, low, np.ones(projects + sites))


def by_itself(family: Family, place: int) -> float:
    """The value of one mask, its programme written out and solved whole."""
    mask = family.masks[place]
    upper = np.where((family.tags & ~mask) == 0, family.model.upper, family.model.lower)
    room = family.model.row_upper.copy()
    room[family.rows] = family.rest + family.endowments @ (mask >> np.arange(family.endowments.shape[1]) & 1)
    return solve(replace(family.model.relaxed, upper=upper, row_upper=room), Limits()).value


@quick
@given(seeds)
def test_every_mask_is_worth_what_its_whole_programme_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = packing(seed)
    tags = 1 << rng.integers(0, 4, whole.cost.size) | 1 << rng.integers(0, 4, whole.cost.size)
    rows = np.array([12, 13])
    family = Family(whole.relaxed, tags, rng.permutation(16), rows, rng.random(2), rng.random((2, 4)))
    expected = [by_itself(family, place) for place in range(16)]
    assert expected == pytest.approx(open_values(family).tolist(), rel=1e-9, abs=1e-6)


@quick
@given(seeds)
def test_a_mask_is_worth_the_same_whatever_was_asked_before(seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = packing(seed)
    tags = 1 << rng.integers(0, 4, whole.cost.size) | 1 << rng.integers(0, 4, whole.cost.size)
    family = Family(whole.relaxed, tags, np.arange(16), np.array([12]), rng.random(1), rng.random((1, 4)))
    order = rng.permutation(16)
    mixed = open_values(replace(family, masks=order))
    assert open_values(family)[order].tolist() == pytest.approx(mixed.tolist(), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("floor", [-np.inf, 0.3])
def test_a_large_relaxation_has_the_optimum_and_prices_no_column_beats(
    floor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solver, "_WHOLE_MOST_COLUMNS", 0)
    for seed in range(10):
        whole = packing(seed, floor)
        few, all_of_them = solve_relaxed(whole, Limits()), solve(whole.relaxed, Limits())
        assert few.x is not None
        assert all_of_them.value == pytest.approx(few.value, rel=1e-9)
        assert whole.cost @ few.x == pytest.approx(few.value, rel=1e-9)
        assert (whole.activity(few.x) <= whole.row_upper + 1e-6).all()
        assert (whole.activity(few.x) >= whole.row_lower - 1e-6).all()
        dear, cheap = few.row_prices.clip(0), few.row_prices.clip(None, 0)
        paid = dear @ whole.row_upper + cheap @ np.where(cheap < 0, whole.row_lower, 0.0)
        rents = np.maximum(0.0, whole.priced(few.row_prices))  # of columns at their upper bound
        assert paid + rents.sum() == pytest.approx(few.value, rel=1e-7)


def test_a_large_relaxation_without_a_solution_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "_WHOLE_MOST_COLUMNS", 0)
    assert solve_relaxed(packing(1, floor=5.0), Limits()).status is Status.INFEASIBLE
