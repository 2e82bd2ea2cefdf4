"""Kernels of ``assembly_search``: the facts of the sites as arrays, and bounds on what a set of them can reach.

Sites are numbered along a curve through the plane, so that a run of ``BLOCK`` of them lies close together. A set
belongs to the block of its smallest number; a block's bounds hold for everything its sets can reach.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from yipanqi.matching.ground import Days, Ints

#: Sites of a block and of a run; most sites of a set; hops from the first of a set to any other.
BLOCK, RUN, MOST, HOPS = 128, 16, 4, 3
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


class Reach(NamedTuple):
    """What the sets that start from one site, or from any of some sites, can reach.

    ``area``: the most of the site with three others; ``day``: the first on which a set can be ready; ``rate``: the
    least; ``zones`` as bits; ``hazy``: whether a rate is not stated.
    """

    area: Any
    day: Any
    rate: Any
    zones: Any
    hazy: Any


class Bounds(NamedTuple):
    """The reach of every site, run of ``RUN`` sites and block of ``BLOCK``.

    Of a block also the largest site, the box around all places in reach, the kinds as bits, and whether a place is not
    stated (``placeless``).
    """

    site: Reach
    run: Reach
    block: Reach
    large: Any
    west: Any
    south: Any
    east: Any
    north: Any
    kinds: Any
    placeless: Any


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
    """Let a block hold one more site."""
    bounds.large[block] = max(bounds.large[block], land.area[v])
    bounds.kinds[block] |= np.int64(1) << land.kind[v]
    if np.isnan(land.x[v]) or np.isnan(land.y[v]):
        bounds.placeless[block] = True
    else:
        bounds.west[block] = min(bounds.west[block], land.x[v])
        bounds.east[block] = max(bounds.east[block], land.x[v])
        bounds.south[block] = min(bounds.south[block], land.y[v])
        bounds.north[block] = max(bounds.north[block], land.y[v])


@njit(cache=True)
def _reach_of(reach: Reach, land: Land, first: int, around: Ints) -> None:
    """The reach of one site: the first of those around, of which there are two or more."""
    top = np.zeros(HOPS)
    later = _NEVER
    for k, v in enumerate(around):
        reach.zones[first] |= bit(land.zone[v])
        if np.isnan(land.rate[v]):
            reach.hazy[first] = True
        else:
            reach.rate[first] = min(reach.rate[first], land.rate[v])
        if k:
            later = min(later, land.ready[v])
            if land.area[v] > top.min():
                top[top.argmin()] = land.area[v]
    reach.area[first] = land.area[first] + top.sum()
    reach.day[first] = max(land.ready[first], later)


@njit(cache=True)
def _nothing(reach: Reach, at: int) -> None:
    """Reach nothing yet."""
    reach.area[at], reach.day[at], reach.rate[at], reach.zones[at], reach.hazy[at] = 0.0, _NEVER, np.inf, 0, False


@njit(cache=True)
def _add(whole: Reach, at: int, part: Reach, of: int) -> None:
    """Reach also what a part reaches."""
    whole.area[at] = max(whole.area[at], part.area[of])
    whole.day[at] = min(whole.day[at], part.day[of])
    whole.rate[at] = min(whole.rate[at], part.rate[of])
    whole.zones[at] |= part.zones[of]
    whole.hazy[at] |= part.hazy[of]


@njit(cache=True)
def bound(blocks: Days, land: Land, near: Near, bounds: Bounds, marks: Days) -> None:
    """Work the bounds of these blocks out anew."""
    around = np.empty(4096, dtype=np.int32)
    for block in blocks:
        _nothing(bounds.block, block)
        bounds.west[block] = bounds.south[block] = np.inf
        bounds.east[block] = bounds.north[block] = -np.inf
        bounds.large[block], bounds.kinds[block], bounds.placeless[block] = 0.0, 0, False
        for first in range(block * BLOCK, min((block + 1) * BLOCK, len(land.area))):
            run = first // RUN
            if first % RUN == 0:
                _nothing(bounds.run, run)
            _nothing(bounds.site, first)
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
            _reach_of(bounds.site, land, first, around[:size])
            _add(bounds.run, run, bounds.site, first)
            _add(bounds.block, block, bounds.site, first)


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


def _no_reach(count: int) -> Reach:
    words = np.zeros((2, count), dtype=np.int64)
    return Reach(np.zeros(count), words[0], np.zeros(count), words[1], np.zeros(count, dtype=np.bool_))


def no_bounds(count: int) -> Bounds:
    """Room for the bounds of this many sites."""
    runs, blocks = -(-count // RUN), -(-count // BLOCK)
    large, west, south, east, north = np.zeros((5, blocks))
    kinds, placeless = np.zeros(blocks, dtype=np.int64), np.zeros(blocks, dtype=np.bool_)
    reaches = _no_reach(count), _no_reach(runs), _no_reach(blocks)
    return Bounds(*reaches, large, west, south, east, north, kinds, placeless)


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
