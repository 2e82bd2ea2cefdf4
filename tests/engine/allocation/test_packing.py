"""Plain packing problems: as good as trying everything, bounds that hold, clear words for what cannot be assigned."""

from itertools import product

import numpy as np
import polars as pl
import pytest

from yipanqi.allocation.assignment import Assigned, generalized_assignment, single_source
from yipanqi.allocation.search import Effort

EFFORT = Effort(work=6_000.0)


def tables(seed: int, items: int = 6, agents: int = 3, unit: float = 1.0) -> tuple[pl.DataFrame, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    ids = [f"a{k}" for k in range(agents)]
    size = rng.integers(3, 12, (items, agents)) * unit
    pairs = pl.DataFrame(
        {
            "item_id": np.repeat([f"i{k}" for k in range(items)], agents),
            "agent_id": ids * items,
            "cost": rng.integers(5, 40, items * agents).astype(float),
            "size": size.ravel(),
        }
    )
    capacity = np.floor(1.2 * size.sum(axis=0) / agents / unit) * unit
    return pairs, pl.DataFrame({"agent_id": ids, "capacity": capacity, "opening_cost": [20.0] * agents})


def best_of_all(pairs: pl.DataFrame, agents: pl.DataFrame, opening: bool) -> float:
    """The least cost over every assignment there is; inf: none keeps the capacities."""
    cost = pairs["cost"].to_numpy().reshape(-1, agents.height)
    size = pairs["size"].to_numpy().reshape(-1, agents.height)
    rooms, openings = agents["capacity"].to_numpy(), agents["opening_cost"].to_numpy() * opening
    items, best = np.arange(len(cost)), np.inf
    for choice in product(range(agents.height), repeat=len(cost)):
        held = np.array(choice)
        if (np.bincount(held, size[items, held], agents.height) <= rooms + 1e-9).all():
            best = min(best, float(cost[items, held].sum() + openings[np.unique(held)].sum()))
    return best


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("solve", [generalized_assignment, single_source])
@pytest.mark.parametrize("unit", [1.0, 0.37])
def test_as_good_as_trying_everything_and_proven(solve, seed: int, unit: float) -> None:
    pairs, agents = tables(seed, unit=unit)
    found = solve(pairs, agents, effort=EFFORT)
    best = best_of_all(pairs, agents, solve is single_source)
    assert best < np.inf
    assert found.value == pytest.approx(best)
    assert found.bound <= best + 1e-6
    assert found.stopped_by == "optimal"


def test_every_item_is_assigned_once_within_the_capacities_at_the_value_told() -> None:
    pairs, agents = tables(3, items=40, agents=5)
    found = generalized_assignment(pairs, agents, effort=EFFORT)
    held = found.assignment.group_by("agent_id").agg(pl.col("size").sum()).join(agents, on="agent_id")
    assert found.assignment["item_id"].to_list() == sorted(pairs["item_id"].unique())
    assert held.filter(pl.col("size") > pl.col("capacity")).is_empty()
    assert found.value == found.assignment["cost"].sum()
    assert found.bound <= found.value <= found.bound * 1.01


def test_only_facilities_with_customers_are_paid() -> None:
    pairs, agents = tables(4)
    found = single_source(pairs, agents, effort=EFFORT)
    assert found.value == found.assignment["cost"].sum() + 20.0 * len(found.open_agents)


def test_the_order_of_rows_does_not_matter() -> None:
    pairs, agents = tables(5, items=30, agents=4)
    first = generalized_assignment(pairs, agents, effort=EFFORT)
    second = generalized_assignment(pairs.reverse(), agents.reverse(), effort=EFFORT)
    assert told(first) == told(second)


def told(found: Assigned) -> tuple[object, ...]:
    return found.assignment.rows(), found.value, found.bound, found.stopped_by, found.work


def test_an_item_too_large_for_everybody_is_named() -> None:
    pairs, agents = tables(6)
    large = pairs.with_columns(size=pl.when(pl.col("item_id") == "i2").then(1e6).otherwise("size"))
    with pytest.raises(ValueError, match=r"no agent has room.*i2"):
        generalized_assignment(large, agents, effort=EFFORT)


def test_capacities_that_do_not_suffice_in_all_are_said_to() -> None:
    pairs, agents = tables(7, items=30)
    with pytest.raises(ValueError, match="capacities do not suffice"):
        generalized_assignment(pairs, agents.with_columns(capacity=pl.lit(12.0)), effort=EFFORT)


def test_agents_without_a_capacity_are_named() -> None:
    pairs, agents = tables(8)
    with pytest.raises(ValueError, match=r"without a capacity.*a2"):
        generalized_assignment(pairs, agents.filter(pl.col("agent_id") != "a2"), effort=EFFORT)
