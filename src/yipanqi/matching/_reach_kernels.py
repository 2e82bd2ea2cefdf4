"""Kernels of ``assembly_search``: the facts of the sites as arrays, and bounds on what a set of them can reach.

Sites are numbered along a curve through the plane, so that a run of ``BLOCK`` of them lies close together. A set
belongs to the block of its smallest number; a block's bounds hold for everything its sets can reach.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from yipanqi.matching.ground import Days, Ints

#: Sites of a block, most sites of a set, hops from the first of a set to any other.
BLOCK, MOST, HOPS = 64, 4, 3
#: Codes of zones are told apart in a bit each, the last of them together.
BITS = 62
_NEVER = 2**62


class Land(NamedTuple):
    """The facts of every site: arrays by number. ``usable`` sites may be somebody's, ``free`` ones anybody's.

    ``blank`` has a bit for each fact of ``building`` and then ``utilities`` that is not stated.
    """

    site: Any
    kind: Any
    area: Any
    divisible: Any
    usable: Any
    free: Any
    rate: Any
    moving: Any
    ready: Any
    x: Any
    y: Any
    zone: Any
    rent: Any
    building: Any
    utilities: Any
    blank: Any


class Near(NamedTuple):
    """Rows of neighbours: ``to[start[i]:start[i] + count[i]]``."""

    start: Any
    count: Any
    to: Any


class Bounds(NamedTuple):
    """What sets can reach, by the site they start from (the first five) and by the block of it.

    ``reach``: the most area of the site with three others; ``soon``: the first day a set can be ready; ``low``: the
    least rate; ``zone``: the zones as bits; ``hazy``: whether a rate is not stated. Of a block: ``most`` of ``reach``,
    ``large``: the largest site, its box, ``ready``, ``rate``, ``zones`` and ``kinds`` as bits; ``vague`` has bit 1
    where a rate is not stated, bit 2 where a place is not.
    """

    reach: Any
    soon: Any
    low: Any
    zone: Any
    hazy: Any
    most: Any
    large: Any
    west: Any
    south: Any
    east: Any
    north: Any
    ready: Any
    rate: Any
    zones: Any
    kinds: Any
    vague: Any


@njit(cache=True)
def bit(code: int) -> int:
    """The bit a code stands in."""
    return int(np.int64(1) << min(code, BITS))


@njit(cache=True)
def linked(near: Near, a: int, b: int) -> bool:
    """Whether two sites touch."""
    found = False
    for k in range(near.start[a], near.start[a] + near.count[a]):
        found |= near.to[k] == b
    return found


@njit(cache=True)
def _reached(near: Near, land: Land, first: int, around: Ints, marks: Days) -> int:
    """How many usable sites a set that starts at ``first`` can hold; they stand in ``around``, the first before all."""
    marks[0] += 1
    around[0] = first
    marks[first + 1] = marks[0]
    size, begun = 1, 0
    for _ in range(HOPS):
        end = size
        for k in range(begun, end):
            v = around[k]
            for e in range(near.start[v], near.start[v] + near.count[v]):
                w = near.to[e]
                if w > first and land.usable[w] and marks[w + 1] != marks[0]:
                    marks[w + 1] = marks[0]
                    if size == len(around):
                        return -1
                    around[size] = w
                    size += 1
        begun = end
    return size


@njit(cache=True)
def _widen(bounds: Bounds, block: int, land: Land, v: int) -> None:
    """Let the bounds of a block hold one more site."""
    bounds.large[block] = max(bounds.large[block], land.area[v])
    bounds.kinds[block] |= np.int64(1) << land.kind[v]
    if np.isnan(land.x[v]) or np.isnan(land.y[v]):
        bounds.vague[block] |= 2
    else:
        bounds.west[block] = min(bounds.west[block], land.x[v])
        bounds.east[block] = max(bounds.east[block], land.x[v])
        bounds.south[block] = min(bounds.south[block], land.y[v])
        bounds.north[block] = max(bounds.north[block], land.y[v])


@njit(cache=True)
def _bound_start(bounds: Bounds, land: Land, first: int, around: Ints) -> None:
    """The bounds of the sets that start from one site: the first of those around, of which there are two or more."""
    top = np.zeros(HOPS)
    later = _NEVER
    for k, v in enumerate(around):
        bounds.zone[first] |= bit(land.zone[v])
        if np.isnan(land.rate[v]):
            bounds.hazy[first] = True
        else:
            bounds.low[first] = min(bounds.low[first], land.rate[v])
        if k:
            later = min(later, land.ready[v])
            if land.area[v] > top.min():
                top[top.argmin()] = land.area[v]
    bounds.reach[first] = land.area[first] + top.sum()
    bounds.soon[first] = max(land.ready[first], later)


@njit(cache=True)
def bound(blocks: Days, land: Land, near: Near, bounds: Bounds, marks: Days) -> None:
    """Work the bounds of these blocks out anew."""
    around = np.empty(4096, dtype=np.int32)
    for block in blocks:
        bounds.most[block] = bounds.large[block] = 0.0
        bounds.west[block] = bounds.south[block] = bounds.rate[block] = np.inf
        bounds.east[block] = bounds.north[block] = -np.inf
        bounds.ready[block] = _NEVER
        bounds.zones[block] = bounds.kinds[block] = bounds.vague[block] = 0
        for first in range(block * BLOCK, min((block + 1) * BLOCK, len(land.area))):
            bounds.reach[first], bounds.soon[first], bounds.low[first] = 0.0, _NEVER, np.inf
            bounds.zone[first], bounds.hazy[first] = 0, False
            if not land.usable[first]:
                continue
            size = _reached(near, land, first, around, marks)
            while size < 0:
                around = np.empty(len(around) * 4, dtype=np.int32)
                size = _reached(near, land, first, around, marks)
            if size == 1:
                continue
            for k in range(size):
                _widen(bounds, block, land, around[k])
            _bound_start(bounds, land, first, around[:size])
            bounds.most[block] = max(bounds.most[block], bounds.reach[first])
            bounds.ready[block] = min(bounds.ready[block], bounds.soon[first])
            bounds.rate[block] = min(bounds.rate[block], bounds.low[first])
            bounds.zones[block] |= bounds.zone[first]
            bounds.vague[block] |= bounds.hazy[first]


@njit(cache=True)
def surroundings(sites: Days, near: Near, marks: Days) -> Days:
    """The blocks in which a set with one of these sites can start, ascending."""
    marks[0] += 1
    found = [np.int64(0) for _ in range(0)]
    for site in sites:
        marks[site + 1] = marks[0]
        found.append(np.int64(site))
    begun = 0
    for _ in range(HOPS):
        end = len(found)
        for k in range(begun, end):
            v = found[k]
            for e in range(near.start[v], near.start[v] + near.count[v]):
                w = near.to[e]
                if marks[w + 1] != marks[0]:
                    marks[w + 1] = marks[0]
                    found.append(np.int64(w))
        begun = end
    return np.unique(np.array(found, dtype=np.int64) // BLOCK)


def no_bounds(count: int) -> Bounds:
    """Room for the bounds of this many sites."""
    blocks = -(-count // BLOCK)
    most, large, west, south, east, north, rate = np.zeros((7, blocks))
    ready, zones, kinds, vague = np.zeros((4, blocks), dtype=np.int64)
    reach, low = np.zeros((2, count))
    soon, zone = np.zeros((2, count), dtype=np.int64)
    starts = reach, soon, low, zone, np.zeros(count, dtype=np.bool_)
    return Bounds(*starts, most, large, west, south, east, north, ready, rate, zones, kinds, vague)


def two_sites() -> tuple[Land, Near]:
    """Two sites that touch, in the types the kernels are compiled for."""
    zeros, numbers = np.zeros(2), np.arange(2, dtype=np.int32)
    words, flags = np.zeros(2, dtype=np.int32), np.ones(2, dtype=np.bool_)
    building, utilities = np.zeros((2, 4)), np.zeros((2, 5))
    area, days = np.ones(2), np.zeros(2, dtype=np.int64)
    figures = zeros, zeros, days, zeros, zeros, words, zeros, building, utilities
    land = Land(numbers, words, area, flags, flags, flags, *figures, np.zeros(2, dtype=np.int64))
    return land, Near(numbers, np.ones(2, dtype=np.int32), numbers[::-1].copy())


def warm() -> None:
    """Compile every kernel of this module, or load it."""
    land, near = two_sites()
    marks = np.zeros(3, dtype=np.int64)
    bound(np.zeros(1, dtype=np.int64), land, near, no_bounds(2), marks)
    surroundings(np.zeros(1, dtype=np.int64), near, marks)
