"""Moves: never worse, always feasible, floors and pots kept, the same every time, and honest about what they refuse."""

from dataclasses import replace

import numpy as np
import pytest

import boards
from yipanqi.allocation.moves import improve
from yipanqi.allocation.programme import Programme, programme
from yipanqi.allocation.search import feasible
from yipanqi.kernel import solver
from yipanqi.kernel.solver import Floats, Limits


def board(seed: int) -> tuple[Programme, Floats]:
    problem = boards.board(boards.Shape(40, 160, towns=4, pool=8, offered_share=0.3), seed).problem()
    whole = programme(problem)
    return whole, whole.start(problem.columns.filter("fixed")["scheme_id"])


@pytest.mark.parametrize("seed", range(4))
def test_moves_on_a_board_keep_every_row_and_find_most_of_what_there_is(seed: int) -> None:
    whole, start = board(seed)
    relaxed = solver.solve(whole.model.relaxed, Limits())
    moved = improve(whole.model, whole.groups, start, 500.0, relaxed.row_prices)
    assert moved.refused is None
    assert feasible(whole.model, moved.x)
    assert whole.model.cost @ moved.x > max(float(whole.model.cost @ start), 0.9 * relaxed.value)


def test_the_same_moves_give_the_same_answer_in_about_the_work_allowed() -> None:
    whole, start = board(5)
    first, second = (improve(whole.model, whole.groups, start, 50.0) for _ in range(2))
    assert first.x.tolist() == second.x.tolist()
    assert first.work == second.work
    assert pytest.approx(first.work, rel=0.2) == 50.0


def test_a_floor_is_kept_although_leaving_it_would_pay() -> None:
    whole, start = board(1)
    moved = improve(whole.model, whole.groups, start, 200.0)
    resource = np.flatnonzero((whole.model.activity(moved.x) > 0) & np.isinf(whole.model.row_lower))[-1]
    floor = np.where(np.arange(whole.model.row_lower.size) == resource, whole.model.activity(moved.x), -np.inf)
    floored = replace(whole.model, row_lower=np.maximum(whole.model.row_lower, floor))
    again = improve(floored, whole.groups, moved.x, 200.0)
    assert again.refused is None
    assert feasible(floored, again.x)


def test_what_moves_do_not_understand_is_named_and_x_comes_back() -> None:
    whole, start = board(2)
    negative = replace(
        whole.model, weights=np.where(np.arange(whole.model.weights.size) == 0, -1.0, whole.model.weights)
    )
    ungrouped = np.where(np.arange(whole.groups.size) == 0, -1, whole.groups)
    broken = np.where(whole.model.integral, 1.0, start)
    refused = [
        improve(negative, whole.groups, start, 10.0),
        improve(whole.model, ungrouped, start, 10.0),
        improve(whole.model, whole.groups, broken, 10.0),
    ]
    assert [moved.refused for moved in refused] == ["rows", "columns", "start"]
    assert refused[0].x is start
