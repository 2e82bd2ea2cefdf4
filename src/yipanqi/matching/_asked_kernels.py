"""Kernels of ``assembly_search``: one need, and whether and how well a site or a set of sites meets it.

They say the same as ``candidates``, ``ways`` and ``figures`` do of whole arrays.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from yipanqi.matching._reach_kernels import MOST, Land, Near, linked, two_sites
from yipanqi.matching.ground import Floats, Ints

#: Slack for sums of floating-point numbers, as ``candidates.EXACT``.
EXACT = 1 - 1e-9
_DAYS_PER_MONTH = 365.25 / 12


class Asked(NamedTuple):
    """One need. ``own`` and ``declined`` are numbers of sites; a least of 0 asks for nothing.

    ``facts`` has a bit for each fact asked for, as ``Land.blank``. ``zone`` is the value of each zone code, ``ranked``
    the codes from the best value down. ``weights``: the shares of fit, cost, date, plan, distance (0 without a wish)
    and zone in the score. ``halves``: cost, months and km at which a part of the score is one half.
    """

    need: float
    most: float
    kind: int
    wanted: int
    rent_max: float
    unknown: float
    building: Any
    utilities: Any
    facts: int
    own: Any
    declined: Any
    zone: Any
    ranked: Any
    wish_x: Any
    wish_y: Any
    wish_weight: Any
    weights: Any
    halves: Any


@njit(cache=True)
def may_join(land: Land, asked: Asked, v: int) -> bool:
    """Whether a site passes every test a single site must pass, and is too small alone."""
    if not land.usable[v] or land.kind[v] != asked.kind or land.area[v] >= asked.need * EXACT:
        return False
    if land.rent[v] * EXACT > asked.rent_max:
        return False
    for k in range(len(asked.building)):
        if asked.building[k] > 0 and land.building[v, k] < asked.building[k] * EXACT:
            return False
    for k in range(len(asked.declined)):
        if asked.declined[k] == v:
            return False
    free = land.free[v]
    for k in range(len(asked.own)):
        free |= asked.own[k] == v
    return bool(free)


@njit(cache=True)
def known(asked: Asked, blank: int) -> float:
    """The share of the facts asked for that is known; an unknown one counts ``unknown``."""
    lacking = asked.facts & blank
    if lacking == 0:
        return 1.0
    return 1.0 - (1.0 - asked.unknown) * _ones(lacking) / _ones(asked.facts)


@njit(cache=True)
def _ones(bits: int) -> int:
    """How many bits are set."""
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@njit(cache=True)
def half_at(value: float, half: float) -> float:
    return 1 / (1 + value / half)


@njit(cache=True)
def on_time(asked: Asked, day: int) -> float:
    return half_at(max(day - asked.wanted, 0) / _DAYS_PER_MONTH, asked.halves[1])


@njit(cache=True)
def minimal(land: Land, near: Near, asked: Asked, units: Ints, total: float) -> bool:
    """Whether no connected part of the set suffices: it is enough to look at the parts of one site less."""
    size = len(units)
    degree = np.zeros(MOST, dtype=np.int64)
    links = 0
    for i in range(size):
        for j in range(i + 1, size):
            if linked(near, units[i], units[j]):
                degree[i] += 1
                degree[j] += 1
                links += 1
    for i in range(size):
        # Three sites with two links, or two with one, are connected.
        if links - degree[i] >= size - 2 and total - land.area[units[i]] >= asked.need * EXACT:
            return False
    return True


@njit(cache=True)
def taken(land: Land, asked: Asked, units: Ints, takes: Floats) -> float:
    """What is taken of each site: the whole, but divisible ones give up what is not needed, the last one first."""
    size = len(units)
    total = 0.0
    for i in range(size):
        takes[i] = land.area[units[i]]
        total += takes[i]
    excess = max(total - asked.need, 0.0)
    for i in range(size - 1, -1, -1):
        given = min(excess, takes[i] * 0.5) if land.divisible[units[i]] else 0.0
        takes[i] -= given
        excess -= given
    total = 0.0
    for i in range(size):
        total += takes[i]
    return total


@njit(cache=True)
def supplied(land: Land, asked: Asked, units: Ints) -> bool:
    size = len(units)
    for k in range(len(asked.utilities)):
        if asked.utilities[k] > 0:
            together = 0.0
            for i in range(size):
                together += land.utilities[units[i], k]
            if together < asked.utilities[k] * EXACT:
                return False
    return True


@njit(cache=True)
def score(land: Land, asked: Asked, units: Ints, takes: Floats) -> float:
    """The score of ``figures.score`` for one set before the plan is asked."""
    size = len(units)
    total = cost = moving = zone = km = 0.0
    day, sure, blank = land.ready[units[0]], True, 0
    for i in range(size):
        v = units[i]
        total += takes[i]
        day = max(day, land.ready[v])
        moving += land.moving[v]
        blank |= land.blank[v]
        zone += asked.zone[land.zone[v]] * takes[i]
        if np.isnan(land.rate[v]):
            sure = False
        else:
            cost += land.rate[v] * takes[i]
        apart = 0.0
        for k in range(len(asked.wish_x)):
            apart += asked.wish_weight[k] * np.hypot(land.x[v] - asked.wish_x[k], land.y[v] - asked.wish_y[k])
        km += apart * takes[i]
    cheap = half_at(cost + moving, asked.halves[0])
    parts = asked.weights[0] * (asked.need / total + known(asked, blank)) / 2
    parts += asked.weights[1] * (cheap if sure else min(cheap, asked.unknown))
    parts += asked.weights[2] * on_time(asked, day) + asked.weights[3] + asked.weights[5] * zone / total
    if asked.weights[4] > 0:
        km /= total * asked.wish_weight.sum()
        parts += asked.weights[4] * (asked.unknown if np.isnan(km) else half_at(km, asked.halves[2]))
    return float(parts)


def small_need() -> Asked:
    """A need, in the types the kernels are compiled for."""
    none, zeros, one = np.zeros(0, dtype=np.int32), np.zeros(1), np.ones(1)
    tests, lists = (np.zeros(4), np.zeros(5), 0), (none, none, one, np.zeros(1, dtype=np.int64))
    return Asked(1.5, 2.0, 0, 0, 1.0, 0.5, *tests, *lists, zeros, zeros, one, np.ones(6), np.ones(3))


def warm() -> None:
    """Compile every kernel of this module, or load it."""
    land, near = two_sites()
    units: Any = np.arange(2)
    asked, takes = small_need(), np.ones(2)
    may_join(land, asked, 0)
    minimal(land, near, asked, units, 2.0)
    taken(land, asked, units, takes)
    supplied(land, asked, units)
    score(land, asked, units, takes)
