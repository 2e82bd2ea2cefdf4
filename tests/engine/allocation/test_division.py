"""The division of the gain: axioms of the Shapley value, a point of the core, and sampling that agrees."""

from itertools import permutations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import boards
from small_boards import POOL, SPREAD, THREE, board, project, quota, site
from yipanqi.allocation.assignment import Problem
from yipanqi.allocation.division import division, exact, game, shapley_value
from yipanqi.allocation.programme import programme
from yipanqi.kernel import solver
from yipanqi.kernel.solver import Limits

quick = settings(max_examples=12, deadline=None)
seeds = st.integers(0, 10**6)
SMALL = boards.Shape(projects=12, sites=30, towns=4, pool=5, offered_share=0.6)
TOWNS = ("T00", "T01", "T02", "T03")


def small(seed: int) -> Problem:
    ledger = quota(("energy", None, 4_000.0), ("energy", "T01", 800.0))
    return boards.board(SMALL, seed, quotas=ledger).problem()


def over_all_orders(value: np.ndarray) -> np.ndarray:
    """The Shapley value as it is defined: the mean of what each adds to those before it, over every order."""
    count = value.size.bit_length() - 1
    added = np.zeros(count)
    orders = list(permutations(range(count)))
    for order in orders:
        mask = 0
        for town in order:
            added[town] += value[mask | 1 << town] - value[mask]
            mask |= 1 << town
    return added / len(orders)


@quick
@given(seeds)
def test_the_shapley_value_is_the_mean_over_all_orders(seed: int) -> None:
    value = np.append(0.0, np.random.default_rng(seed).random(15) * 100)
    assert shapley_value(value).tolist() == pytest.approx(over_all_orders(value).tolist())


@quick
@given(seeds)
def test_coalitions_are_worth_the_relaxation_of_what_they_bring(seed: int) -> None:
    problem = boards.board(SMALL, seed).problem()  # without quotas a coalition's board is that of its columns
    played = game(problem, TOWNS)
    all_fixed = problem.columns.filter("fixed")
    for mask in (0, 1, 5, 15):
        members = [town for place, town in enumerate(played.towns) if mask >> place & 1]
        inside = pl.concat_list("town_ids", "origin_town_id").list.eval(pl.element().is_in(members)).list.all()
        relaxed = solver.solve(programme(problem.only(inside)).model.relaxed, Limits())
        fixed = all_fixed.filter(inside & (pl.col("value_wan") > 0))
        by_hand = relaxed.value - all_fixed["value_wan"].sum() + fixed["value_wan"].sum()
        assert played.values(np.array([mask]))[0] == pytest.approx(by_hand, abs=1e-3)


@quick
@given(seeds)
def test_a_larger_coalition_is_never_worth_less(seed: int) -> None:
    value = game(small(seed), TOWNS).values(np.arange(16))
    for mask in range(16):
        for town in range(4):
            assert value[mask | 1 << town] >= value[mask] - 1e-6


@quick
@given(seeds)
def test_the_shares_add_up_and_the_boards_prices_are_in_the_core(seed: int) -> None:
    problem = small(seed)
    divided = exact(problem, [], TOWNS)
    assert divided.exact
    assert divided.shares["shapley_wan"].sum() == pytest.approx(divided.grand_wan)
    assert divided.shares["priced_wan"].sum() == pytest.approx(divided.grand_wan)
    priced = divided.shares["priced_wan"].to_numpy()
    value = game(problem, TOWNS).values(np.arange(16))
    for mask in range(16):
        paid = sum(priced[town] for town in range(4) if mask >> town & 1)
        assert paid >= value[mask] - 1e-6 * max(1.0, divided.grand_wan)


def test_equal_towns_get_equal_shares_and_one_that_brings_nothing_gets_nothing() -> None:
    # T1 has the site; T2 and T3 each have a project that wants it; T4 has neither.
    pool = {"A/1": (10.0, [("S", 100.0)]), "B/1": (10.0, [("S", 100.0)])}
    problem = board([site("S")], [project("A", "T2"), project("B", "T3")], pool)
    shares = exact(problem, ["A/1"], ["T4"]).shares
    assert dict(shares.select("town_id", "shapley_wan").iter_rows()) == pytest.approx(
        {"T1": 20 / 3, "T2": 5 / 3, "T3": 5 / 3, "T4": 0.0}
    )
    assert shares["hosted_wan"].to_list() == [10.0, 0.0, 0.0, 0.0]
    assert shares["alone_wan"].to_list() == [0.0, 0.0, 0.0, 0.0]


def test_a_coalition_that_could_do_better_is_named() -> None:
    # The site's town and either project's town make 10 of their own; the Shapley value gives such a pair 25/3.
    pool = {"A/1": (10.0, [("S", 100.0)]), "B/1": (10.0, [("S", 100.0)])}
    divided = exact(board([site("S")], [project("A", "T2"), project("B", "T3")], pool), [])
    assert (divided.in_core, divided.blocking) == (False, ("T1", "T2"))
    assert divided.excess_wan == pytest.approx(10 - 25 / 3)
    calm = exact(board(SPREAD, THREE, POOL), [])
    assert (calm.in_core, calm.blocking, calm.excess_wan) == (True, (), 0.0)


def test_the_sample_agrees_with_the_exact_value_within_its_error() -> None:
    problem = small(11)
    sampled = division(problem, [], np.random.Generator(np.random.PCG64(1)), 200, TOWNS).shares
    truth = exact(problem, [], TOWNS).shares
    apart = (sampled["shapley_wan"] - truth["shapley_wan"]).abs()
    assert (apart <= 4 * sampled["stderr_wan"] + 1e-6).all()
    assert sampled["shapley_wan"].sum() == pytest.approx(truth["shapley_wan"].sum())


def test_too_many_towns_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 14"):
        exact(board(SPREAD, THREE, POOL), [], [f"X{i}" for i in range(14)])
