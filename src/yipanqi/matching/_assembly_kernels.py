"""Kernels of ``assembly_search``: connected sets of two to four sites, each once, the best for one need.

A set is grown from its smallest number, and a site joins by the first member it touches, so that no set comes twice
(ESU, Wernicke 2006). Blocks are opened in the order of the score they can give at most, and not at all once that falls
below the worst of the best found.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from yipanqi.matching._asked_kernels import (
    EXACT,
    Asked,
    half_at,
    known,
    may_join,
    minimal,
    on_time,
    score,
    small_need,
    supplied,
    taken,
)
from yipanqi.matching._reach_kernels import (
    BLOCK,
    MOST,
    RUN,
    Bounds,
    Land,
    Near,
    Reach,
    bit,
    bound,
    linked,
    no_bounds,
    two_sites,
)
from yipanqi.matching.ground import Days, Floats, Ints

#: Slack for the rounding of a score.
_SLACK = 1e-9
#: Blocks that are sorted by what they hope for.
_FEW = 256


class Best(NamedTuple):
    """The best sets so far, best first: scores, numbers (ascending by site, then -1), and takes."""

    score: Any
    units: Any
    takes: Any


class Growth(NamedTuple):
    """A set in the making: its members in the order they joined, and behind each the sites that may join next.

    Behind member k stand ``size[k]`` sites in row k of ``open``, of which ``at[k]`` have had their turn. The others are
    figures of the first k members, k from 0: ``total`` area; ``least`` that is taken of it; ``dear``: what they cost
    more than at the least rate in reach, moving included; ``dull``: what they lose against the best zone in reach, by
    area; the ``day`` all are ready, the facts that are ``blank``, and whether all rates are stated (``sure``).
    """

    member: Any
    open: Any
    size: Any
    at: Any
    total: Any
    least: Any
    dear: Any
    dull: Any
    day: Any
    blank: Any
    sure: Any


class Limits(NamedTuple):
    """What the sets from one site can reach: largest site, part of the score for place and plan, least rate, best zone.

    ``hazy``: whether a rate is not stated.
    """

    large: Any
    place: Any
    low: Any
    high: Any
    hazy: Any


@njit(cache=True)
def _best_zone(asked: Asked, zones: int) -> float:
    """The best value of these zones."""
    for code in asked.ranked:
        if zones & bit(code):
            return float(asked.zone[code])
    return 0.0


@njit(cache=True)
def _place(asked: Asked, bounds: Bounds, block: int) -> float:
    """The most that plan and distance can bring a set of the block, weighted."""
    if asked.weights[4] == 0:
        return float(asked.weights[3])
    km = 0.0
    for k in range(len(asked.wish_x)):
        east = max(bounds.west[block] - asked.wish_x[k], asked.wish_x[k] - bounds.east[block], 0.0)
        north = max(bounds.south[block] - asked.wish_y[k], asked.wish_y[k] - bounds.north[block], 0.0)
        km += asked.wish_weight[k] * np.hypot(east, north)
    distance = half_at(km / asked.wish_weight.sum(), asked.halves[2])
    if np.isnan(asked.wish_x[0]):
        distance = asked.unknown
    elif bounds.placeless[block]:
        distance = max(distance, asked.unknown)
    return float(asked.weights[3] + asked.weights[4] * distance)


@njit(cache=True)
def _hope_for(asked: Asked, reach: Reach, at: int, place: float) -> float:
    """The most a set can score that starts in a run or block."""
    cost = half_at(reach.rate[at] * asked.need * EXACT, asked.halves[0])
    if reach.hazy[at]:
        cost = max(cost, asked.unknown)
    date, zone = on_time(asked, reach.day[at]), _best_zone(asked, reach.zones[at])
    parts = asked.weights[0] / EXACT + asked.weights[1] * cost + asked.weights[2] * date + asked.weights[5] * zone
    return float(place + parts)


@njit(cache=True)
def _join(n: int, v: int, land: Land, asked: Asked, growth: Growth, limits: Limits) -> None:
    """Let a site be member n, and carry the figures on."""
    growth.member[n] = v
    area, rate = land.area[v], land.rate[v]
    least = area * 0.5 if land.divisible[v] else area
    stated = not np.isnan(rate)
    growth.total[n + 1] = growth.total[n] + area
    growth.least[n + 1] = growth.least[n] + least
    growth.dear[n + 1] = growth.dear[n] + land.moving[v] + ((rate - limits.low) * least if stated else 0.0)
    growth.dull[n + 1] = growth.dull[n] + (limits.high - asked.zone[land.zone[v]]) * least
    growth.day[n + 1] = max(growth.day[n], land.ready[v])
    growth.blank[n + 1] = growth.blank[n] | land.blank[v]
    growth.sure[n + 1] = growth.sure[n] and stated


@njit(cache=True)
def _hope(count: int, asked: Asked, growth: Growth, limits: Limits) -> float:
    """The most a set can score that holds the first members."""
    area = max(asked.need * EXACT, growth.least[count])
    cost = asked.unknown
    if growth.sure[count]:
        cost = half_at(limits.low * area + growth.dear[count], asked.halves[0])
        if limits.hazy:
            cost = max(cost, asked.unknown)
    total = limits.place + asked.weights[0] * (asked.need / area + known(asked, growth.blank[count])) / 2
    total += asked.weights[1] * cost + asked.weights[2] * on_time(asked, growth.day[count])
    return float(total + asked.weights[5] * (limits.high - growth.dull[count] / asked.most))


@njit(cache=True)
def _keep(land: Land, best: Best, units: Ints, takes: Floats, score: float) -> None:
    """Put a set among the best, before all of less score, and of equal score and later sites."""
    size = len(units)
    at = len(best.score)
    while at > 0 and score >= best.score[at - 1]:
        if score == best.score[at - 1]:
            later = False
            for i in range(MOST):
                mine = land.site[units[i]] if i < size else -1
                other = land.site[best.units[at - 1, i]] if best.units[at - 1, i] >= 0 else -1
                if mine != other:
                    later = mine > other
                    break
            if later:
                break
        at -= 1
    if at == len(best.score):
        return
    best.score[at + 1 :] = best.score[at:-1].copy()
    best.units[at + 1 :] = best.units[at:-1].copy()
    best.takes[at + 1 :] = best.takes[at:-1].copy()
    best.score[at] = score
    for i in range(MOST):
        best.units[at, i] = units[i] if i < size else -1
        best.takes[at, i] = takes[i] if i < size else 0.0


@njit(cache=True)
def _offer(land: Land, near: Near, asked: Asked, grown: Ints, best: Best) -> None:
    """Keep a set that suffices, if it is minimal, not too large, supplied and good enough."""
    size = len(grown)
    units = grown.copy()
    for i in range(1, size):
        for j in range(i, 0, -1):
            if land.site[units[j]] < land.site[units[j - 1]]:
                units[j], units[j - 1] = units[j - 1], units[j]
    total = 0.0
    for i in range(size):
        total += land.area[units[i]]
    if total < asked.need * EXACT or not minimal(land, near, asked, units, total):
        return
    takes = np.zeros(MOST)
    total = taken(land, asked, units, takes)
    if total < asked.need * EXACT or total > asked.most or not supplied(land, asked, units):
        return
    _keep(land, best, units, takes, score(land, asked, units, takes))


@njit(cache=True)
def _joins(near: Near, growth: Growth, level: int, w: int) -> bool:
    """Whether a site is new to the set: no member, and touching none before the last."""
    fresh = True
    for k in range(level + 1):
        fresh &= growth.member[k] != w and (k == level or not linked(near, growth.member[k], w))
    return fresh


@njit(cache=True)
def _open(level: int, land: Land, near: Near, asked: Asked, growth: Growth) -> None:
    """The sites that may join after the last member: those left from before, and its own new neighbours."""
    rest = 0
    if level > 0:
        for k in range(growth.at[level - 1], growth.size[level - 1]):
            growth.open[level, rest] = growth.open[level - 1, k]
            rest += 1
    v = growth.member[level]
    for e in range(near.start[v], near.start[v] + near.count[v]):
        w = near.to[e]
        if w > growth.member[0] and _joins(near, growth, level, w) and may_join(land, asked, w):
            growth.open[level, rest] = w
            rest += 1
    growth.size[level], growth.at[level] = rest, 0


@njit(cache=True)
def _from(limits: Limits, land: Land, near: Near, asked: Asked, growth: Growth, best: Best) -> int:
    """Every set that starts at the first member; how many sets were looked at.

    A set that suffices by less than a rounding is grown on; ``_offer`` decides exactly.
    """
    _open(0, land, near, asked, growth)
    looked, level = 0, 0
    while level >= 0:
        if growth.at[level] == growth.size[level]:
            level -= 1
            continue
        _join(level + 1, growth.open[level, growth.at[level]], land, asked, growth, limits)
        growth.at[level] += 1
        looked += 1
        count = level + 2
        total = growth.total[count]
        if total + (MOST - count) * limits.large < asked.need * (1 - 2e-9):
            continue
        if _hope(count, asked, growth, limits) < best.score[-1] - _SLACK:
            continue
        if total >= asked.need * (1 - 2e-9):
            _offer(land, near, asked, growth.member[:count], best)
        if count < MOST and total < asked.need * (1 + 1e-9):
            level += 1
            _open(level, land, near, asked, growth)
    return looked


@njit(cache=True)
def _no_growth(widest: int) -> Growth:
    """Room for a set in the making, where no site touches more than ``widest``."""
    sums = np.zeros((4, MOST + 1))
    days = np.zeros((4, MOST + 1), dtype=np.int64)
    room = np.empty((MOST, widest * MOST), dtype=np.int64)
    sure = np.ones(MOST + 1, dtype=np.bool_)
    return Growth(
        days[2], room, days[3], np.zeros_like(days[0]), sums[0], sums[1], sums[2], sums[3], days[0], days[1], sure
    )


@njit(cache=True)
def _promising(hope: Floats) -> Days:
    """The blocks that hope for anything: the few that hope for most before all others, whose order does not matter."""
    found = np.flatnonzero(hope > -np.inf)
    if len(found) > 2 * _FEW:
        least = np.partition(hope[found], len(found) - _FEW)[len(found) - _FEW]
        first = found[hope[found] >= least]
        first = first[np.argsort(-hope[first])]
        return np.concatenate((first, found[hope[found] < least]))
    return np.asarray(found[np.argsort(-hope[found])])


@njit(cache=True)
def _hopes(bounds: Bounds, asked: Asked) -> Floats:
    """What each block hopes for; minus infinity where it cannot suffice."""
    hope = np.full(len(bounds.large), -np.inf)
    for block in range(len(hope)):
        if bounds.block.area[block] >= asked.need * EXACT and bounds.kinds[block] >> asked.kind & 1:
            hope[block] = _hope_for(asked, bounds.block, block, _place(asked, bounds, block))
    return hope


@njit(cache=True)
def search(land: Land, near: Near, bounds: Bounds, asked: Asked, best: Best, widest: int) -> Days:
    """Fill in the best sets for one need; blocks opened, sites started from, sets looked at."""
    work = np.zeros(3, dtype=np.int64)
    if asked.need <= 0:
        return work
    hope = _hopes(bounds, asked)
    growth = _no_growth(widest)
    for block in _promising(hope):
        if hope[block] < best.score[-1] - _SLACK:
            continue
        work[0] += 1
        place = _place(asked, bounds, block)
        large = min(bounds.large[block], asked.need)
        for v in range(block * BLOCK, min((block + 1) * BLOCK, len(land.area))):
            run = v // RUN
            if v % RUN == 0:
                barren = bounds.run.area[run] < asked.need * EXACT
                barren |= _hope_for(asked, bounds.run, run, place) < best.score[-1] - _SLACK
            if barren or bounds.site.area[v] < asked.need * EXACT:
                continue
            site = bounds.site
            limits = Limits(large, place, site.rate[v], _best_zone(asked, site.zones[v]), site.hazy[v])
            growth.day[0] = site.day[v]
            _join(0, v, land, asked, growth, limits)
            if _hope(1, asked, growth, limits) >= best.score[-1] - _SLACK and may_join(land, asked, v):
                work[1] += 1
                work[2] += _from(limits, land, near, asked, growth, best)
    return work


def no_best(most: int) -> Best:
    """Room for the best sets."""
    return Best(np.full(most, -np.inf), np.full((most, MOST), -1, dtype=np.int32), np.zeros((most, MOST)))


def warm() -> None:
    """Compile every kernel of this module, or load it."""
    land, near = two_sites()
    bounds = no_bounds(2)
    bound(np.zeros(1, dtype=np.int64), land, near, bounds, np.zeros(3, dtype=np.int64))
    search(land, near, bounds, small_need(), no_best(1), 1)
