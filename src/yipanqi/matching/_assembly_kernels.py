"""Kernels of ``assembly_search``: connected sets of two to four sites, each once, the best for one need.

A set is grown from its smallest number, and a site joins by the first member it touches, so that no set comes twice
(ESU, Wernicke 2006). Blocks are opened in the order of the score they can give at most, and not at all once that falls
below the worst of the best found.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from yipanqi.matching._reach_kernels import BLOCK, MOST, Bounds, Land, Near, bit, bound, linked, no_bounds, two_sites
from yipanqi.matching.ground import Days, Floats, Ints

#: Slack for sums of floating-point numbers, as in ``candidates.EXACT``; and for the bound on a score.
_EXACT, _SLACK = 1 - 1e-9, 1e-9
_DAYS_PER_MONTH = 365.25 / 12


class Asked(NamedTuple):
    """One need. ``own`` and ``declined`` are numbers of sites; a least of 0 asks for nothing.

    ``zone`` is the value of each zone code; ``weights`` those of fit, cost, date, plan, distance, zone, which is 0 for
    distance where there is no wish. ``halves``: cost, months and km at which a part of the score is one half.
    """

    need: float
    most: float
    kind: int
    wanted: int
    rent_max: float
    unknown: float
    building: Any
    utilities: Any
    own: Any
    declined: Any
    zone: Any
    wish_x: Any
    wish_y: Any
    wish_weight: Any
    weights: Any
    halves: Any


class Best(NamedTuple):
    """The best sets so far, best first: scores, numbers (ascending by site, then -1), and takes."""

    score: Any
    units: Any
    takes: Any


class Growth(NamedTuple):
    """A set in the making: its members in the order they joined, and behind each the sites that may join next.

    Behind member k stand ``size[k]`` sites in row k of ``open``, of which ``at[k]`` have had their turn; ``total[k]``
    is the area up to member k.
    """

    member: Any
    total: Any
    open: Any
    size: Any
    at: Any


@njit(cache=True)
def _may_join(land: Land, asked: Asked, v: int) -> bool:
    """Whether a site passes every test a single site must pass, and is too small alone."""
    if not land.usable[v] or land.kind[v] != asked.kind or land.area[v] >= asked.need * _EXACT:
        return False
    if land.rent[v] * _EXACT > asked.rent_max:
        return False
    for k in range(len(asked.building)):
        if asked.building[k] > 0 and land.building[v, k] < asked.building[k] * _EXACT:
            return False
    for k in range(len(asked.declined)):
        if asked.declined[k] == v:
            return False
    free = land.free[v]
    for k in range(len(asked.own)):
        free |= asked.own[k] == v
    return bool(free)


@njit(cache=True)
def _known(land: Land, asked: Asked, units: Ints, size: int) -> float:
    """The share of what is asked for that is known of all these sites; an unknown fact counts ``unknown``."""
    total, facts = 0.0, 0
    for k in range(len(asked.building)):
        if asked.building[k] > 0:
            sure = True
            for i in range(size):
                sure &= not np.isnan(land.building[units[i], k])
            total += 1.0 if sure else asked.unknown
            facts += 1
    for k in range(len(asked.utilities)):
        if asked.utilities[k] > 0:
            sure = True
            for i in range(size):
                sure &= not np.isnan(land.utilities[units[i], k])
            total += 1.0 if sure else asked.unknown
            facts += 1
    return total / facts if facts else 1.0


@njit(cache=True)
def _half_at(value: float, half: float) -> float:
    return 1 / (1 + value / half)


@njit(cache=True)
def _on_time(asked: Asked, day: int) -> float:
    return _half_at(max(day - asked.wanted, 0) / _DAYS_PER_MONTH, asked.halves[1])


@njit(cache=True)
def _place_bound(asked: Asked, bounds: Bounds, block: int) -> float:
    """The most that cost, plan, distance and zone can bring a set of the block, weighted."""
    cost = _half_at(max(bounds.rate[block], 0.0) * asked.need * _EXACT, asked.halves[0])
    if bounds.vague[block] & 1:
        cost = max(cost, asked.unknown)
    zone = 0.0
    for code in range(len(asked.zone)):
        if bounds.zones[block] & bit(code):
            zone = max(zone, asked.zone[code])
    total = asked.weights[1] * cost + asked.weights[3] + asked.weights[5] * zone
    if asked.weights[4] > 0:
        km = 0.0
        for k in range(len(asked.wish_x)):
            east = max(bounds.west[block] - asked.wish_x[k], asked.wish_x[k] - bounds.east[block], 0.0)
            north = max(bounds.south[block] - asked.wish_y[k], asked.wish_y[k] - bounds.north[block], 0.0)
            km += asked.wish_weight[k] * np.hypot(east, north)
        distance = _half_at(km / asked.wish_weight.sum(), asked.halves[2])
        if np.isnan(asked.wish_x[0]):
            distance = asked.unknown
        elif bounds.vague[block] & 2:
            distance = max(distance, asked.unknown)
        total += asked.weights[4] * distance
    return float(total)


@njit(cache=True)
def _own_bound(land: Land, asked: Asked, units: Ints, size: int, place: float) -> float:
    """The most a set that holds these sites can score, given what its place can bring."""
    day = land.ready[units[0]]
    for i in range(1, size):
        day = max(day, land.ready[units[i]])
    fit = (1 / _EXACT + _known(land, asked, units, size)) / 2
    most = place + asked.weights[0] * fit + asked.weights[2] * _on_time(asked, day)
    return float(most / asked.weights.sum())


@njit(cache=True)
def _minimal(land: Land, near: Near, asked: Asked, units: Ints, total: float) -> bool:
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
        if links - degree[i] >= size - 2 and total - land.area[units[i]] >= asked.need * _EXACT:
            return False
    return True


@njit(cache=True)
def _taken(land: Land, asked: Asked, units: Ints, takes: Floats) -> float:
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
def _supplied(land: Land, asked: Asked, units: Ints) -> bool:
    size = len(units)
    for k in range(len(asked.utilities)):
        if asked.utilities[k] > 0:
            together = 0.0
            for i in range(size):
                together += land.utilities[units[i], k]
            if together < asked.utilities[k] * _EXACT:
                return False
    return True


@njit(cache=True)
def _score(land: Land, asked: Asked, units: Ints, takes: Floats) -> float:
    """The score of ``figures.score`` for one set before the plan is asked."""
    size = len(units)
    total = cost = moving = zone = km = 0.0
    day, sure = land.ready[units[0]], True
    for i in range(size):
        v = units[i]
        total += takes[i]
        day = max(day, land.ready[v])
        moving += land.moving[v]
        zone += asked.zone[land.zone[v]] * takes[i]
        if np.isnan(land.rate[v]):
            sure = False
        else:
            cost += land.rate[v] * takes[i]
        apart = 0.0
        for k in range(len(asked.wish_x)):
            apart += asked.wish_weight[k] * np.hypot(land.x[v] - asked.wish_x[k], land.y[v] - asked.wish_y[k])
        km += apart * takes[i]
    cheap = _half_at(cost + moving, asked.halves[0])
    parts = asked.weights[0] * (asked.need / total + _known(land, asked, units, size)) / 2
    parts += asked.weights[1] * (cheap if sure else min(cheap, asked.unknown))
    parts += asked.weights[2] * _on_time(asked, day) + asked.weights[3] + asked.weights[5] * zone / total
    if asked.weights[4] > 0:
        km /= total * asked.wish_weight.sum()
        parts += asked.weights[4] * (asked.unknown if np.isnan(km) else _half_at(km, asked.halves[2]))
    return float(parts / asked.weights.sum())


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
    if total < asked.need * _EXACT or not _minimal(land, near, asked, units, total):
        return
    takes = np.zeros(MOST)
    total = _taken(land, asked, units, takes)
    if total < asked.need * _EXACT or total > asked.most or not _supplied(land, asked, units):
        return
    _keep(land, best, units, takes, _score(land, asked, units, takes))


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
        if w > growth.member[0] and _joins(near, growth, level, w) and _may_join(land, asked, w):
            growth.open[level, rest] = w
            rest += 1
    growth.size[level], growth.at[level] = rest, 0


@njit(cache=True)
def _from(limits: Any, land: Land, near: Near, asked: Asked, growth: Growth, best: Best) -> int:
    """Every set that starts at the first member; how many sets were looked at.

    ``limits``: the largest site in reach, and the bound of the place. A set that suffices by less than a rounding is
    grown on; ``_offer`` decides exactly.
    """
    large, place = limits
    member, total = growth.member, growth.total
    _open(0, land, near, asked, growth)
    looked, level = 0, 0
    while level >= 0:
        if growth.at[level] == growth.size[level]:
            level -= 1
            continue
        member[level + 1] = growth.open[level, growth.at[level]]
        total[level + 1] = total[level] + land.area[member[level + 1]]
        growth.at[level] += 1
        looked += 1
        left = MOST - 2 - level
        if total[level + 1] + left * large < asked.need * (1 - 2e-9):
            continue
        if _own_bound(land, asked, member, level + 2, place) < best.score[-1] - _SLACK:
            continue
        if total[level + 1] >= asked.need * (1 - 2e-9):
            _offer(land, near, asked, member[: level + 2], best)
        if left > 0 and total[level + 1] < asked.need * (1 + 1e-9):
            level += 1
            _open(level, land, near, asked, growth)
    return looked


@njit(cache=True)
def search(land: Land, near: Near, bounds: Bounds, asked: Asked, best: Best, widest: int) -> Days:
    """Fill in the best sets for one need; blocks opened, sites started from, sets looked at."""
    work = np.zeros(3, dtype=np.int64)
    if asked.need <= 0:
        return work
    count = len(bounds.most)
    most, place = np.full(count, -np.inf), np.zeros(count)
    weight = asked.weights.sum()
    candidates = 0
    for block in range(count):
        if bounds.most[block] >= asked.need * _EXACT and bounds.kinds[block] >> asked.kind & 1:
            place[block] = _place_bound(asked, bounds, block)
            date = _on_time(asked, bounds.ready[block])
            most[block] = (place[block] + asked.weights[0] / _EXACT + asked.weights[2] * date) / weight
            candidates += 1
    growth = Growth(
        np.empty(MOST, dtype=np.int64),
        np.zeros(MOST),
        np.empty((MOST, widest * MOST), dtype=np.int64),
        np.zeros(MOST, dtype=np.int64),
        np.zeros(MOST, dtype=np.int64),
    )
    for block in np.argsort(-most)[:candidates]:
        if most[block] < best.score[-1] - _SLACK:
            break
        work[0] += 1
        limits = min(bounds.large[block], asked.need), place[block]
        for v in range(block * BLOCK, min((block + 1) * BLOCK, len(land.area))):
            growth.member[0], growth.total[0] = v, land.area[v]
            if (
                bounds.reach[v] >= asked.need * _EXACT
                and _own_bound(land, asked, growth.member, 1, place[block]) >= best.score[-1] - _SLACK
                and _may_join(land, asked, v)
            ):
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
    none, zeros, one = np.zeros(0, dtype=np.int32), np.zeros(1), np.ones(1)
    facts = np.zeros(4), np.zeros(5)
    asked = Asked(1.5, 2.0, 0, 0, 1.0, 0.5, *facts, none, none, one, zeros, zeros, one, np.ones(6), np.ones(3))
    search(land, near, bounds, asked, no_best(1), 1)
