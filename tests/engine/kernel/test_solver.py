"""The door to HiGHS: optima, prices, limits that hold, and a child that is replaced when it dies."""

import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yipanqi.kernel import solver
from yipanqi.kernel.solver import Family, Limits, Model, Status, by_rows, open_values, solve

quick = settings(max_examples=40, deadline=None)


def model(cost: list[float], rows: list[list[float]], room: list[float], *, whole: bool) -> Model:
    """Maximise cost over columns between 0 and 1, ``rows`` at most ``room``."""
    matrix = np.array(rows)
    at, columns = np.nonzero(matrix)
    starts, columns, weights = by_rows(at, columns, matrix[at, columns], len(room))
    count = len(cost)
    return Model(
        np.array(cost), np.zeros(count), np.ones(count), np.full(count, whole), starts, columns, weights,
        np.full(len(room), -np.inf), np.array(room),
    )  # fmt: skip


def hard(count: int = 60, seed: int = 3) -> Model:
    """A multi-dimensional knapsack that takes HiGHS far longer than a test may."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(20, 100, (12, count)).astype(float)
    cost = weights.mean(axis=0) + rng.integers(0, 20, count)
    return model(cost.tolist(), weights.tolist(), (weights.sum(axis=1) / 2).tolist(), whole=True)


def test_a_linear_model_has_its_optimum_and_the_price_of_each_row() -> None:
    found = solve(model([3.0, 2.0], [[1.0, 1.0], [1.0, 0.0]], [1.0, 0.5], whole=False), Limits())
    assert (found.status, found.value, found.bound) == (Status.OPTIMAL, 2.5, 2.5)
    assert found.row_prices.tolist() == [2.0, 1.0]


@quick
@given(st.integers(0, 10**6))
def test_a_whole_model_is_worth_what_trying_everything_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, room = rng.integers(0, 9, (3, 7)).astype(float), rng.integers(3, 20, 3).astype(float)
    cost = rng.integers(-3, 15, 7).astype(float)
    best = max(cost @ x for x in map(np.array, product((0, 1), repeat=7)) if (rows @ x <= room).all())
    found = solve(model(cost.tolist(), rows.tolist(), room.tolist(), whole=True), Limits())
    assert (found.status, found.value) == (Status.OPTIMAL, pytest.approx(best))


def test_the_same_call_gives_the_same_answer_when_work_stops_it() -> None:
    first, second = (solve(hard(), Limits(checks=15)) for _ in range(2))
    assert first.status is Status.WORK
    assert first.value <= first.bound
    assert (first.value, first.bound, first.checks) == (second.value, second.bound, second.checks)
    assert first.x is not None
    assert second.x is not None
    assert first.x.tolist() == second.x.tolist()


def test_wall_time_stops_the_solver_and_the_answer_says_so() -> None:
    found = solve(hard(), Limits(wall_s=0.5))
    assert found.status is Status.TIME
    assert found.value <= found.bound


def test_a_child_that_overruns_is_killed_and_what_it_had_found_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    solve(hard(5), Limits())
    child = solver._running[0].process
    monkeypatch.setattr(solver, "_GRACE_S", -59.0)
    began = time.monotonic()
    found = solve(hard(), Limits(wall_s=60.0))
    assert time.monotonic() - began < 5.0
    assert (found.status, child.poll() is not None) == (Status.TIME, True)
    assert found.x is not None
    assert (hard().activity(found.x) <= hard().row_upper + 1e-6).all()
    monkeypatch.undo()
    assert solve(hard(5), Limits()).status is Status.OPTIMAL


def test_a_start_is_never_lost() -> None:
    start = solve(hard(), Limits(checks=15)).x
    assert start is not None
    found = solve(hard(), Limits(nodes=0, checks=1), start)
    assert found.value >= hard().cost @ start - 1e-6


def test_a_model_without_solution_says_so() -> None:
    found = solve(model([1.0], [[1.0]], [-1.0], whole=True), Limits())
    assert (found.status, found.x) == (Status.INFEASIBLE, None)


def test_a_model_without_columns_is_worth_nothing() -> None:
    empty = Model(*[np.zeros(0)] * 3, np.zeros(0, dtype=bool), np.zeros(2, dtype=np.int64), np.zeros(0, dtype=np.int64),
                  np.zeros(0), np.array([-1.0]), np.array([1.0]))  # fmt: skip
    assert (solve(empty, Limits()).status, solve(empty, Limits()).value) == (Status.OPTIMAL, 0.0)
    asking = Model(**(vars(empty) | {"row_lower": np.ones(1)}))
    assert solve(asking, Limits()).status is Status.INFEASIBLE


def test_a_model_without_bound_is_refused_and_the_next_call_works() -> None:
    free = model([1.0], [[0.0]], [1.0], whole=False)
    with pytest.raises(RuntimeError, match=r"(?i)unbounded"):
        solve(Model(**(vars(free) | {"upper": np.array([np.inf])})), Limits())
    assert solve(free, Limits()).value == 1.0


def test_a_basis_starts_the_next_model_and_changes_nothing_in_its_optimum() -> None:
    narrow, relaxed = hard().relaxed, solve(hard().relaxed, Limits())
    assert relaxed.basis is not None
    columns = np.arange(narrow.cost.size)
    starts, columns, weights = by_rows(
        np.concatenate([narrow.row_of, np.full(columns.size, 12)]),
        np.concatenate([narrow.columns, columns]),
        np.concatenate([narrow.weights, np.ones(columns.size)]),
        13,
    )
    wide = Model(narrow.cost, narrow.lower, narrow.upper, narrow.integral, starts, columns, weights,
                 np.append(narrow.row_lower, -np.inf), np.append(narrow.row_upper, 20.0))  # fmt: skip
    warm = solve(wide, Limits(), relaxed.basis.with_rows(13))
    assert warm.value == pytest.approx(solve(wide, Limits()).value)


def test_each_programme_of_a_family_opens_its_columns_and_adds_its_endowments() -> None:
    whole = model([5.0, 3.0, 2.0], [[1.0, 1.0, 1.0]], [0.0], whole=False)
    family = Family(
        whole,
        tags=np.array([1, 2, 3]),
        masks=np.array([0, 1, 2, 3]),
        rows=np.array([0]),
        rest=np.array([0.5]),
        endowments=np.array([[1.0, 0.25]]),
    )
    # ∅ opens nothing; {0}: 1.5 of column 0 only, at most 1; {1}: 0.75 of column 1; both: 1 of 0 and 0.75 of 1.
    assert open_values(family).tolist() == pytest.approx([0.0, 5.0, 2.25, 7.25])
