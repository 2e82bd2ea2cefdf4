"""A cadastre: street blocks of two rows of parcels back to back, lanes one can join across and roads one cannot.

Everything is drawn from one seed and a number of parcels; arrays only, so that every peer loads the same bytes.
"""

from dataclasses import dataclass, fields
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks import seeds

Edits: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]

#: Parcels of one street block: two rows of six.
BLOCK = 12
#: Local metres to degrees, and the origin; the plane only has to be the same for everybody.
ORIGIN, DEGREES_PER_M = (120.6, 30.9), (1 / 95_400.0, 1 / 110_850.0)
#: What a price, a date or a supply is drawn to when it is not stated.
_UNKNOWN_SHARE = 0.1
_TOWN_M = 6_000.0


@dataclass(frozen=True, eq=False)
class Parcels:
    """One entry a parcel, in no spatial order. ``corners_m`` are quadrilaterals (n × 4 × 2) in local metres.

    ``usable``: may be offered. ``price_wan_per_mu`` and ``power_kva`` are NaN where not stated. ``day`` counts days
    from today until the parcel is ready; ``zone``: 0, 1, 2 for the area classes 104, 195 and 198.
    """

    corners_m: NDArray[np.float64]
    area_m2: NDArray[np.float64]
    usable: NDArray[np.bool_]
    divisible: NDArray[np.bool_]
    town: NDArray[np.int32]
    zone: NDArray[np.int32]
    price_wan_per_mu: NDArray[np.float64]
    power_kva: NDArray[np.float64]
    day: NDArray[np.int64]

    def degrees(self, corners_m: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """The corners (or others) as longitude and latitude."""
        given = self.corners_m if corners_m is None else corners_m
        return np.asarray(np.array(ORIGIN) + given * np.array(DEGREES_PER_M))


@dataclass(frozen=True, eq=False)
class Questions:
    """One entry a need of land: how much, the power, the day (from today), and three wishes with their weights."""

    need_m2: NDArray[np.float64]
    power_kva: NDArray[np.float64]
    day: NDArray[np.int64]
    investment_wan: NDArray[np.float64]
    wish_m: NDArray[np.float64]
    wish_weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.need_m2)


def drawn(count: int, seed: int) -> tuple[Parcels, Questions, Edits]:
    """The parcels, a hundred questions and fifty edits of a seed, refused where they are not the committed ones."""
    world = _world(count, seed)
    seeds.check(f"parcels/{count}/{seed}", _digest(world))
    return world


def digests(count: int, chosen: tuple[int, ...] = seeds.SEEDS) -> dict[str, str]:
    """What every seed gives at a size."""
    return {f"parcels/{count}/{seed}": _digest(_world(count, seed)) for seed in chosen}


def _world(count: int, seed: int) -> tuple[Parcels, Questions, Edits]:
    parcels = _parcels(count, seed)
    return parcels, _questions(parcels, 100, seed), _edits(parcels, 50, seed)


def _digest(world: tuple[Parcels, Questions, Edits]) -> str:
    parcels, questions, edits = world
    arrays = [getattr(part, field.name) for part in (parcels, questions) for field in fields(part)]
    return seeds.digest([*arrays, *edits])


def _parcels(count: int, seed: int) -> Parcels:
    """``count`` parcels of a seed."""
    rng = np.random.default_rng([seed, count])
    blocks = -(-count // BLOCK)
    side = int(np.ceil(np.sqrt(blocks / 3)))
    rows = -(-blocks // side)
    corners = _blocks(rng, rows, side)[:blocks]
    quads = _rows(rng, corners).reshape(-1, 4, 2)[:count]
    block = np.repeat(np.arange(blocks), BLOCK)[:count]
    order = rng.permutation(count)
    quads, block = quads[order], block[order]
    middle = quads.mean(axis=1)
    across = int(middle[:, 0].max() // _TOWN_M) + 1
    town = (middle[:, 1] // _TOWN_M).astype(np.int32) * across + (middle[:, 0] // _TOWN_M).astype(np.int32)
    price = rng.uniform(60, 180, town.max() + 1)[town] * rng.lognormal(0, 0.15, count)
    power = rng.lognormal(6.2, 0.6, count)
    ready = np.where(rng.random(count) < 0.5, 0, rng.integers(0, 1100, count))
    return Parcels(
        corners_m=quads,
        area_m2=_areas(quads),
        usable=rng.random(count) < rng.beta(0.7, 1.0, blocks)[block],
        divisible=rng.random(count) < 0.1,
        town=town,
        zone=rng.choice(3, blocks, p=[0.5, 0.3, 0.2]).astype(np.int32)[block],
        price_wan_per_mu=np.where(rng.random(count) < _UNKNOWN_SHARE, np.nan, price),
        power_kva=np.where(rng.random(count) < _UNKNOWN_SHARE, np.nan, power),
        day=ready.astype(np.int64),
    )


def _questions(parcels: Parcels, count: int, seed: int) -> Questions:
    """``count`` needs, from one parcel's size to three of the larger ones'."""
    rng = np.random.default_rng([seed, count, 7])
    ground = parcels.corners_m.reshape(-1, 2).max(axis=0)
    need = np.exp(rng.uniform(np.log(4_000), np.log(30_000), count))
    weight = rng.uniform(0.2, 1.0, (count, 3))
    return Questions(
        need_m2=need,
        power_kva=np.where(rng.random(count) < 0.5, 0.0, rng.uniform(400, 2_000, count)),
        day=rng.integers(0, 700, count),
        investment_wan=need / 666.6667 * rng.uniform(300, 900, count),
        wish_m=rng.uniform(0, 1, (count, 3, 2)) * ground,
        wish_weight=weight / weight.sum(axis=1, keepdims=True),
    )


def _edits(parcels: Parcels, count: int, seed: int) -> Edits:
    """``count`` different parcels with new corners, each moved by up to 4 m."""
    rng = np.random.default_rng([seed, count, 13])
    which = rng.choice(len(parcels.area_m2), count, replace=False)
    return which, parcels.corners_m[which] + rng.uniform(-4, 4, (count, 4, 2))


def _blocks(rng: np.random.Generator, rows: int, side: int) -> NDArray[np.float64]:
    """The four corners of every street block (south-west, south-east, north-east, north-west), jittered."""
    across = rng.uniform(300, 460, side)
    deep = rng.uniform(90, 190, rows)
    beside = np.where(rng.random(side) < 0.5, 6.0, 24.0)
    above = np.where(rng.random(rows) < 0.25, 8.0, 24.0)
    west = np.cumsum(across + beside) - across
    south = np.cumsum(deep + above) - deep
    x = np.stack([west, west + across, west + across, west], axis=-1)
    y = np.stack([south, south, south + deep, south + deep], axis=-1)
    square = np.stack(np.broadcast_arrays(x[None, :, :], y[:, None, :]), axis=-1)
    return np.asarray((square + rng.uniform(-2, 2, square.shape)).reshape(-1, 4, 2))


def _rows(rng: np.random.Generator, block: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twelve parcels in each block: two rows that meet on a slanting line, cut at different places."""
    count, cuts = len(block), BLOCK // 2
    width = rng.uniform(0.35, 1.65, (count, 2, cuts))
    u = np.concatenate([np.zeros((count, 2, 1)), np.cumsum(width, axis=2) / width.sum(axis=2, keepdims=True)], axis=2)
    ends = rng.uniform(0.36, 0.64, (count, 1, 1)) + rng.uniform(-0.04, 0.04, (count, 1, 2))
    back = ends[..., :1] + (ends[..., 1:] - ends[..., :1]) * u
    low = np.stack([np.zeros_like(back[:, 0]), back[:, 1]], axis=1)
    high = np.stack([back[:, 0], np.ones_like(back[:, 1])], axis=1)
    us = np.stack([u[..., :-1], u[..., 1:], u[..., 1:], u[..., :-1]], axis=-1)
    vs = np.stack([low[..., :-1], low[..., 1:], high[..., 1:], high[..., :-1]], axis=-1)
    us, vs = us.reshape(count, BLOCK, 4, 1), vs.reshape(count, BLOCK, 4, 1)
    a, b, c, d = (block[:, None, None, k, :] for k in range(4))
    return np.asarray((1 - us) * (1 - vs) * a + us * (1 - vs) * b + us * vs * c + (1 - us) * vs * d)


def _areas(quads: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = quads[..., 0] - quads[:, :1, 0], quads[..., 1] - quads[:, :1, 1]
    turn = x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y
    return np.asarray(np.round(turn.sum(axis=1) / 2, 2))
