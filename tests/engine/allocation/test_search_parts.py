"""Parts of models, and where the gap lies: what is held and what is free add up, totals lead to who makes them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yipanqi.allocation.losses import Losses
from yipanqi.allocation.parts import feasible, floors_priced, restricted, safe_bound
from yipanqi.kernel.solver import Model, by_rows

quick = settings(max_examples=50, deadline=None)
seeds = st.integers(0, 10**6)


def towns(seed: int = 0) -> tuple[Model, np.ndarray]:
    """Six columns in three groups, two on each of three sites, and a total over the first four with a floor."""
    rng = np.random.default_rng(seed)
    matrix = np.zeros((8, 7))
    for place in range(3):
        matrix[place, [2 * place, 2 * place + 1]] = 1.0
        matrix[3 + place, [place, place + 3]] = rng.integers(4, 10, 2) / 10
    matrix[6, :4], matrix[6, 6] = rng.integers(1, 9, 4), -1.0
    matrix[7, 6] = 1.0
    at, columns = np.nonzero(matrix)
    starts, columns, weights = by_rows(at, columns, matrix[at, columns], 8)
    model = Model(
        np.append(rng.integers(1, 50, 6), 0).astype(float), np.zeros(7), np.append(np.ones(6), 99.0),
        np.append(np.ones(6), 0).astype(bool), starts, columns, weights,
        np.append(np.full(6, -np.inf), [0.0, 1.0]), np.append(np.ones(6), [0.0, np.inf]),
    )  # fmt: skip
    return model, np.array([0, 0, 1, 1, 2, 2, -1])


@quick
@given(seeds, st.lists(st.booleans(), min_size=7, max_size=7), st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_part_and_what_is_held_are_the_whole(seed: int, free: list[bool], taken: list[bool]) -> None:
    model, _ = towns(seed)
    x = np.append(np.array(taken, float), 0.0)
    x[6] = model.activity(x)[6]
    part = restricted(model, np.array(free), x)
    inside = x[part.columns]
    assert part.model.cost @ inside + part.held_value == pytest.approx(model.cost @ x)
    assert part.put(inside, x).tolist() == x.tolist()
    apart = np.setdiff1d(np.arange(8), part.rows)
    used = model.activity(x)[apart]
    rest = bool(((used >= model.row_lower[apart] - 1e-6) & (used <= model.row_upper[apart] + 1e-6)).all())
    assert (feasible(part.model, inside) and rest) == feasible(model, x)


def test_the_loss_of_a_floor_lies_where_its_total_is_made() -> None:
    model, groups = towns()
    prices = np.zeros(8)
    prices[7] = -5.0
    losses = Losses(model, groups, prices, model.priced(prices))
    assert losses.place_of.tolist() == [0, 1, 2, 3, 4, 5, 6, 6]
    assert set(losses.around(np.array([7]), 2).tolist()) == {0, 1}
    assert losses.around(np.array([7]), 1).size == 1


def test_floors_become_prices() -> None:
    model, _ = towns()
    prices = np.zeros(8)
    prices[7] = -5.0
    free = floors_priced(model, prices)
    assert free.cost.tolist() == [*model.cost[:6], 5.0]
    assert (free.row_lower[7], free.row_lower[6]) == (-np.inf, 0.0)


@quick
@given(seeds)
def test_promising_columns_are_near_and_totals_are_always_free(seed: int) -> None:
    model, groups = towns(seed)
    _, reduced = safe_bound(model, np.zeros(8))
    losses = Losses(model, groups, np.zeros(8), reduced)
    free = losses.promising(groups == 1, np.zeros(7, dtype=bool), 1)
    assert np.flatnonzero(free).tolist() == [2 + int(np.argmax(reduced[2:4])), 6]
