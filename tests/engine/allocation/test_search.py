"""The search and its cuts: bounds that hold, cuts that cut off nothing whole, answers that repeat."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import boards
from yipanqi.allocation import cuts
from yipanqi.allocation.programme import programme
from yipanqi.allocation.search import Effort, feasible, safe_bound, search
from yipanqi.kernel import solver
from yipanqi.kernel.solver import Floats, Limits, Model, Status, by_rows

quick = settings(max_examples=30, deadline=None)
seeds = st.integers(0, 10**6)


def packing_model(seed: int, columns: int = 9, rows: int = 5) -> tuple[Model, np.ndarray]:
    """A random packing model in which three columns at a time form a group."""
    rng = np.random.default_rng(seed)
    matrix = np.where(rng.random((rows, columns)) < 0.5, rng.integers(20, 90, (rows, columns)) / 100, 0.0)
    groups = np.arange(columns) // 3
    matrix = np.vstack([matrix, groups == np.arange(columns // 3)[:, None]])
    at, places = np.nonzero(matrix)
    starts, places, weights = by_rows(at, places, matrix[at, places], len(matrix))
    model = Model(
        rng.integers(1, 50, columns).astype(float), np.zeros(columns), np.ones(columns), np.ones(columns, dtype=bool),
        starts, places, weights, np.full(len(matrix), -np.inf), np.ones(len(matrix)),
    )  # fmt: skip
    return model, groups


def whole_answers(model: Model) -> list[Floats]:
    answers = map(np.array, product((0.0, 1.0), repeat=model.cost.size))
    return [x for x in answers if feasible(model, x)]


@quick
@given(seeds)
def test_the_search_finds_what_trying_everything_finds(seed: int) -> None:
    model, groups = packing_model(seed)
    best = max(float(model.cost @ x) for x in whole_answers(model))
    found = search(model, groups, Effort(work=10_000.0), np.zeros(9))
    assert (found.status, found.value, found.bound) == (Status.OPTIMAL, pytest.approx(best), pytest.approx(best))


@quick
@given(seeds)
def test_no_cut_takes_away_a_whole_answer_and_every_broken_one_is_broken(seed: int) -> None:
    model, _ = packing_model(seed)
    packed = cuts.packing(model)
    relaxed = solver.solve(model.relaxed, Limits()).x
    assert relaxed is not None
    broken = cuts.broken_cliques(packed, relaxed)
    assert all(relaxed[clique].sum() > 1 for clique in broken)
    tight = cuts.cut(model, [*cuts.of_large_takers(packed), *broken])
    assert all(feasible(tight, x) for x in whole_answers(model))


def test_three_assemblies_that_overlap_in_pairs_are_one_clique() -> None:
    starts, columns, weights = by_rows(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 2, 0, 2]), np.ones(6), 3)
    model = Model(np.ones(3), np.zeros(3), np.ones(3), np.ones(3, dtype=bool), starts, columns, weights,
                  np.full(3, -np.inf), np.ones(3))  # fmt: skip
    assert cuts.broken_cliques(cuts.packing(model), np.full(3, 0.5)) == [[0, 1, 2]]


def test_the_large_takers_of_a_site_are_a_clique() -> None:
    starts, columns, weights = by_rows(np.zeros(4, dtype=int), np.arange(4), np.array([0.3, 0.7, 0.6, 0.5]), 1)
    model = Model(np.ones(4), np.zeros(4), np.ones(4), np.ones(4, dtype=bool), starts, columns, weights,
                  np.full(1, -np.inf), np.ones(1))  # fmt: skip
    assert cuts.of_large_takers(cuts.packing(model)) == [[1, 2, 3]]


@quick
@given(seeds, seeds)
def test_the_bound_holds_whatever_the_prices(seed: int, prices: int) -> None:
    model, _ = packing_model(seed)
    guess = np.random.default_rng(prices).normal(5.0, 10.0, model.row_upper.size)
    bound, _ = safe_bound(model, guess)
    assert bound >= max(float(model.cost @ x) for x in whole_answers(model)) - 1e-9


@quick
@given(seeds)
def test_the_bound_at_the_best_prices_is_the_linear_relaxation(seed: int) -> None:
    model, _ = packing_model(seed)
    relaxed = solver.solve(model.relaxed, Limits())
    assert safe_bound(model, relaxed.row_prices)[0] == pytest.approx(relaxed.value)


def floored_model(seed: int) -> tuple[Model, np.ndarray, list[Floats]]:
    """A packing model with a floor on a total, its groups, and every answer.

    The total is a column of its own, as of a town: a row defines it, another bounds it.
    """
    model, groups = packing_model(seed)
    rng = np.random.default_rng(seed + 1)
    amount = rng.integers(1, 9, model.cost.size).astype(float)
    answers = whole_answers(model)
    floor = float(np.median([amount @ x for x in answers]))
    rows = model.row_lower.size
    total = model.cost.size
    starts, columns, weights = by_rows(
        np.concatenate([model.row_of, np.full(total + 1, rows), [rows + 1]]),
        np.concatenate([model.columns, np.arange(total + 1), [total]]),
        np.concatenate([model.weights, amount, [-1.0], [1.0]]),
        rows + 2,
    )
    whole = Model(
        np.append(model.cost, 0.0), np.append(model.lower, 0.0), np.append(model.upper, 2 * amount.sum()),
        np.append(model.integral, False), starts, columns, weights,
        np.concatenate([model.row_lower, [0.0, floor]]), np.concatenate([model.row_upper, [0.0, np.inf]]),
    )  # fmt: skip
    good = [np.append(x, amount @ x) for x in answers if amount @ x >= floor]
    return whole, np.append(groups, -1), good


@quick
@given(seeds)
def test_floors_hold_and_the_best_answer_with_them_is_found(seed: int) -> None:
    model, groups, good = floored_model(seed)
    worst = min(good, key=lambda x: float(model.cost @ x))
    told: list[float] = []
    found = search(model, groups, Effort(work=10_000.0), worst, watch=told.append)
    assert feasible(model, found.x)
    assert (found.status, found.value) == (Status.OPTIMAL, pytest.approx(max(float(model.cost @ x) for x in good)))
    assert told == sorted(told)
    assert not told or told[-1] == pytest.approx(found.value)


def test_the_same_search_gives_the_same_answer_and_is_never_worse_than_its_start() -> None:
    problem = boards.board(boards.Shape(60, 300, towns=4, pool=8, offered_share=0.25), 5).problem()
    whole = programme(problem)
    start = whole.start(problem.columns.filter("fixed")["scheme_id"])
    first, second = (search(whole.model, whole.groups, Effort(3_000.0), start) for _ in range(2))
    assert first.x.tolist() == second.x.tolist()
    assert (first.value, first.bound, first.status, first.work) == (
        second.value, second.bound, second.status, second.work,
    )  # fmt: skip
    again = search(whole.model, whole.groups, Effort(1.0), first.x)
    assert first.value <= again.value <= again.bound


def test_the_gap_is_small_on_a_board_of_some_size() -> None:
    problem = boards.board(boards.Shape(120, 800, towns=6, pool=10, offered_share=0.2), 2).problem()
    whole = programme(problem)
    found = search(
        whole.model, whole.groups, Effort(20_000.0), whole.start(problem.columns.filter("fixed")["scheme_id"])
    )
    assert (found.bound - found.value) / found.bound < 0.005
