"""Packing worlds: generalized assignment of the published generator types C, D, E, and single-source facilities.

Types after Chu and Beasley (1997), Laguna and others (1995) and Yagiura and others (2004); whole numbers throughout:

    C   size U[5, 25], cost U[10, 50]
    D   size U[1, 100], cost 111 − size + U[−10, 10]: what is small is dear
    E   size 1 − 10 ln U(0, 1], cost 1000 / size − 10 U[0, 1], both rounded, at least 1
    capacity of an agent: 0.8 × the sizes of all items for it ÷ agents, rounded down

Facilities after Holmberg and others (1999) and Cornuejols and others (1991): places and customers uniform in a square
of [10, 200]², demand U[10, 50], cost = 4 × distance, capacity U[100, 500] scaled so that all together are 1.5 to 3
times the demand, opening cost U[0, 90] + U[100, 110] × √capacity.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from benchmarks import seeds
from yipanqi.kernel.solver import Model, by_rows

TYPES = ("C", "D", "E")
#: Agents × items.
SIZES = (
    (5, 20),
    (5, 100),
    (10, 100),
    (20, 100),
    (5, 200),
    (10, 200),
    (20, 200),
    (10, 400),
    (20, 400),
    (40, 400),
    (80, 400),
)
#: Facilities × customers.
PLACES = ((5, 20), (10, 50), (20, 100), (30, 200), (40, 400))


@dataclass(frozen=True)
class Packing:
    """Costs and sizes (items × agents), capacities, and opening costs (all 0: a plain generalized assignment)."""

    costs: np.ndarray
    sizes: np.ndarray
    capacities: np.ndarray
    openings: np.ndarray

    @property
    def pairs(self) -> pl.DataFrame:
        """item_id, agent_id, cost, size: one row each pair."""
        items, agents = self.costs.shape
        return pl.DataFrame(
            {
                "item_id": np.repeat([f"i{k:04d}" for k in range(items)], agents),
                "agent_id": np.tile([f"a{k:04d}" for k in range(agents)], items),
                "cost": self.costs.ravel(),
                "size": self.sizes.ravel(),
            }
        )

    @property
    def agents(self) -> pl.DataFrame:
        """agent_id, capacity, opening_cost."""
        ids = [f"a{k:04d}" for k in range(self.capacities.size)]
        return pl.DataFrame({"agent_id": ids, "capacity": self.capacities, "opening_cost": self.openings})


def assignment(kind: str, agents: int, items: int, seed: int) -> Packing:
    """A generalized assignment problem of type C, D or E."""
    rng = np.random.default_rng([seed, ord(kind), agents, items])
    shape = (items, agents)
    if kind == "C":
        sizes, costs = rng.integers(5, 26, shape), rng.integers(10, 51, shape)
    elif kind == "D":
        sizes = rng.integers(1, 101, shape)
        costs = 111 - sizes + rng.integers(-10, 11, shape)
    else:
        exact = 1.0 - 10.0 * np.log(1.0 - rng.random(shape))
        sizes = np.maximum(np.rint(exact), 1)
        costs = np.maximum(np.rint(1000.0 / exact - 10.0 * rng.random(shape)), 1)
    capacities = np.floor(0.8 * sizes.sum(axis=0) / agents)
    return Packing(costs.astype(float), sizes.astype(float), capacities, np.zeros(agents))


def facilities(places: int, customers: int, seed: int) -> Packing:
    """A single-source capacitated facility location problem."""
    rng = np.random.default_rng([seed, places, customers])
    sites, homes = rng.uniform(10, 200, (places, 2)), rng.uniform(10, 200, (customers, 2))
    demands = rng.integers(10, 51, customers).astype(float)
    capacities = rng.integers(100, 501, places).astype(float)
    capacities = np.ceil(capacities * rng.uniform(1.5, 3.0) * demands.sum() / capacities.sum())
    openings = np.rint(rng.uniform(0, 90, places) + rng.uniform(100, 110, places) * np.sqrt(capacities))
    distances = np.hypot(*(homes[:, None, :] - sites[None, :, :]).transpose(2, 0, 1))
    sizes = np.repeat(demands[:, None], places, axis=1)
    return Packing(np.rint(4 * distances), sizes, capacities, openings)


def digests() -> dict[str, str]:
    """What the generators make of the ten seeds: all three types together, and the facilities."""
    found = {}
    for seed in seeds.SEEDS:
        for agents, items in SIZES:
            found[f"packings/{agents}x{items}/{seed}"] = digest([assignment(k, agents, items, seed) for k in TYPES])
        for places, customers in PLACES:
            found[f"packings/facilities-{places}x{customers}/{seed}"] = digest([facilities(places, customers, seed)])
    return found


def digest(packings: list[Packing]) -> str:
    """The digest of some packings in order."""
    return seeds.digest(part for p in packings for part in (p.costs, p.sizes, p.capacities, p.openings))


def model(packing: Packing) -> Model:
    """The integer programme for the peers, as a maximisation of −cost: pairs by item, then openings where they cost."""
    items, agents = packing.costs.shape
    pairs, opened = np.arange(items * agents), np.flatnonzero(packing.openings > 0)
    rows = [np.repeat(np.arange(items), agents), items + np.tile(np.arange(agents), items), items + opened]
    columns = [pairs, pairs, pairs.size + np.arange(opened.size)]
    weights = [np.ones(pairs.size), packing.sizes.ravel(), -packing.capacities[opened]]
    starts, places, entries = by_rows(*map(np.concatenate, (rows, columns, weights)), items + agents)
    count = pairs.size + opened.size
    return Model(
        cost=-np.concatenate([packing.costs.ravel(), packing.openings[opened]]),
        lower=np.zeros(count),
        upper=np.ones(count),
        integral=np.ones(count, dtype=bool),
        starts=starts,
        columns=places,
        weights=entries,
        row_lower=np.concatenate([np.ones(items), np.full(agents, -np.inf)]),
        row_upper=np.concatenate([np.ones(items), np.where(packing.openings > 0, 0.0, packing.capacities)]),
    )
