"""Compiled loops of the shortlist: the score of a row, the bound of a block, and the best-first search.

The arithmetic of one row is that of ``figures`` in the same order of operations, so that a score is the same to the
last bit; a bound is never below the score of a row of its block. Layouts are named by the constants below.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from yipanqi.kernel.units import M2_PER_MU
from yipanqi.matching._block_kernels import (
    AREA,
    AREA_MAX,
    AREA_MIN,
    COUNT,
    DEMANDED,
    DIVISIBLE,
    FACT,
    FACT_MAX,
    KNOWN,
    MOVING,
    MOVING_MIN,
    OPEN_END,
    PARTED,
    PASSES,
    PLACE_LOST,
    PRICE,
    PRICE_LOST,
    PRICE_MIN,
    READY,
    READY_MIN,
    RENT,
    RENT_LEAST,
    RENT_LOST,
    RENT_MIN,
    X_MAX,
    X_MIN,
    Y_MAX,
    Y_MIN,
    Floats,
    Index,
    X,
    Y,
    example,
    level,
    survey,
)
from yipanqi.matching.candidates import EXACT
from yipanqi.matching.figures import DAYS_PER_YEAR, YUAN_PER_WAN
from yipanqi.matching.ground import DAYS_PER_MONTH

Ints: TypeAlias = npt.NDArray[np.int32]
Parts: TypeAlias = tuple[float, float, float, float, float, float]

#: Entries of ``asked``: one demand and the rules it is measured by; weights in the order of ``figures.PARTS``. Then
#: ``DEMANDED`` columns of ``facts`` that are demanded with the least of each, then the wishes: x, y, weight each.
NEED, LEAST, MOST, RENT_MAX, WANTED, COST_HALF, LAND, WISH_TOTAL, WISH_LOST = 0, 1, 2, 3, 4, 5, 6, 7, 8
UNKNOWN, DATE_HALF, DISTANCE_HALF, RENT_YEARS, WEIGHT, WEIGHT_SUM = 9, 10, 11, 12, 13, 19
FLOOR, DEMAND_COUNT, DEMANDS = 20, 21, 22
WISHES = DEMANDS + 2 * DEMANDED
#: Columns of ``table``, one row a class of sites: zone part, forbidden, plan part, days of plan changes.
ZONE, FORBIDDEN, PLAN, DAYS = 0, 1, 2, 3
#: What ``search`` counts: groups and blocks bounded, blocks whose rows, and rows whose ranks, are looked at.
GROUPS_BOUNDED, BLOCKS_BOUNDED, BLOCKS_SCANNED, ROWS_TESTED, COUNTS = 0, 1, 2, 3, 4

#: A bound is computed in another order than a score; this covers the roundings of both.
_ABOVE = 1 + 1e-12
_FAILED = (-1.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@njit(cache=True, error_model="numpy")
def _half_at(value: float, half: float) -> float:
    return float(1 / (1 + value / half))


@njit(cache=True, error_model="numpy")
def _cost_part(cost: float, known: bool, asked: Floats) -> float:
    part = _half_at(cost, asked[COST_HALF])
    return part if known else min(part, asked[UNKNOWN])


@njit(cache=True, error_model="numpy")
def _rate(price: float, rent: float, asked: Floats) -> float:
    if asked[LAND]:
        return float(price / M2_PER_MU)
    return float(rent * DAYS_PER_YEAR * asked[RENT_YEARS] / YUAN_PER_WAN)


@njit(cache=True, error_model="numpy")
def _late_part(ready: float, asked: Floats) -> float:
    late = max(max(ready, 0.0) - asked[WANTED], 0.0) / DAYS_PER_MONTH
    return _half_at(late, asked[DATE_HALF])


@njit(cache=True, error_model="numpy")
def _weighted(parts: Parts, asked: Floats) -> float:
    total = 0.0
    for at in range(6):
        total += parts[at] * asked[WEIGHT + at]
    return float(total / asked[WEIGHT_SUM])


@njit(cache=True, error_model="numpy")
def _hopeless(parts: Parts, asked: Floats) -> bool:
    """Whether the parts, were the site nowhere nearer than the wishes, stay below the last place."""
    most = _weighted((parts[0], parts[1], parts[2], parts[3], 1.0, parts[5]), asked) * _ABOVE
    return bool(most < asked[FLOOR])


@njit(cache=True, error_model="numpy")
def bound(stats: Floats, at: int, table: Floats, of_class: int, asked: Floats) -> float:
    """At least the score of every open row of a block or group; -1 where none can pass or come among the best."""
    least, parted = asked[LEAST], stats[at, PARTED] > 0
    if not stats[at, COUNT] or stats[at, AREA_MAX] < least or not (parted or stats[at, AREA_MIN] <= asked[MOST]):
        return -1.0
    if table[of_class, FORBIDDEN] or stats[at, RENT_LEAST] * EXACT > asked[RENT_MAX]:
        return -1.0
    known, count = 0.0, int(asked[DEMAND_COUNT])
    bits = int(stats[at, KNOWN])
    for number in range(count):
        fact = int(asked[DEMANDS + 2 * number])
        if stats[at, FACT_MAX + fact - FACT] < asked[DEMANDS + 2 * number + 1]:
            return -1.0
        known += 1.0 if bits >> (fact - FACT) & 1 else asked[UNKNOWN]
    take = least if parted else max(stats[at, AREA_MIN], least)
    fit = (asked[NEED] / take + (known / count if count else 1.0)) / 2
    rate = _rate(stats[at, PRICE_MIN], stats[at, RENT_MIN], asked)
    cost = _cost_part(rate * take + stats[at, MOVING_MIN], True, asked)
    if stats[at, PRICE_LOST] if asked[LAND] else stats[at, RENT_LOST]:
        cost = max(cost, _cost_part(stats[at, MOVING_MIN], False, asked))
    date = _late_part(stats[at, READY_MIN] + table[of_class, DAYS], asked)
    parts = (fit, cost, date, table[of_class, PLAN], 0.0, table[of_class, ZONE])
    if _hopeless(parts, asked):
        return -1.0
    return _weighted((fit, cost, date, parts[3], _near_bound(stats, at, asked), parts[5]), asked) * _ABOVE


@njit(cache=True, error_model="numpy")
def _near_bound(stats: Floats, at: int, asked: Floats) -> float:
    if not asked[WISH_TOTAL]:
        return 0.0
    best = 0.0
    if stats[at, X_MIN] <= stats[at, X_MAX] and not asked[WISH_LOST]:
        apart = 0.0
        for wish in range(WISHES, len(asked), 3):
            dx = max(stats[at, X_MIN] - asked[wish], asked[wish] - stats[at, X_MAX], 0.0)
            dy = max(stats[at, Y_MIN] - asked[wish + 1], asked[wish + 1] - stats[at, Y_MAX], 0.0)
            apart += asked[wish + 2] * np.sqrt(dx * dx + dy * dy)
        best = _half_at(apart / asked[WISH_TOTAL], asked[DISTANCE_HALF])
    if stats[at, PLACE_LOST] or asked[WISH_LOST]:
        best = max(best, asked[UNKNOWN])
    return best


@njit(cache=True, error_model="numpy")
def measured(facts: Floats, marks: Any, row: int, table: Floats, of_class: int, asked: Floats) -> Parts:
    """The parts of the score of one row, in the order of ``figures.PARTS``; the first is -1 where a test fails or the
    row cannot come among the best. Whether it is open is not asked."""
    area, parted = facts[row, AREA], (marks[row] & DIVISIBLE) != 0
    if area < asked[LEAST] or not (parted or area <= asked[MOST]):
        return _FAILED
    take = area - min(max(area - asked[NEED], 0.0), area) if parted else area
    if take < asked[LEAST] or take > asked[MOST] or facts[row, RENT] * EXACT > asked[RENT_MAX]:
        return _FAILED
    known, count = 0.0, int(asked[DEMAND_COUNT])
    for number in range(count):
        value = facts[row, int(asked[DEMANDS + 2 * number])]
        if value < asked[DEMANDS + 2 * number + 1]:
            return _FAILED
        known += asked[UNKNOWN] if np.isnan(value) else 1.0
    fit = (asked[NEED] / take + (known / count if count else 1.0)) / 2
    rate = _rate(facts[row, PRICE], facts[row, RENT], asked)
    lost = np.isnan(rate)
    cost = _cost_part((0.0 if lost else rate * take) + facts[row, MOVING], not lost, asked)
    date = _late_part(facts[row, READY] + table[of_class, DAYS], asked)
    parts = (fit, cost, date, table[of_class, PLAN], 0.0, table[of_class, ZONE] * take / take)
    if _hopeless(parts, asked):
        return _FAILED
    near = _near(facts[row, X], facts[row, Y], take, asked)
    return fit, cost, date, parts[3], near, parts[5]


@njit(cache=True, error_model="numpy")
def _near(x: float, y: float, take: float, asked: Floats) -> float:
    if not asked[WISH_TOTAL]:
        return 0.0
    apart = 0.0
    for wish in range(WISHES, len(asked), 3):
        apart += asked[wish + 2] * np.hypot(x - asked[wish], y - asked[wish + 1])
    apart = apart / asked[WISH_TOTAL] * take / take
    return asked[UNKNOWN] if np.isnan(apart) else _half_at(apart, asked[DISTANCE_HALF])


@njit(cache=True, error_model="numpy")
def _push(bounds: Floats, items: Any, size: int, value: float, item: int) -> int:
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if bounds[above] >= value:
            break
        bounds[at], items[at] = bounds[above], items[above]
        at = above
    bounds[at], items[at] = value, item
    return size + 1


@njit(cache=True, error_model="numpy")
def _pop(bounds: Floats, items: Any, size: int) -> int:
    """Take the first entry off the heap; it must have been read before."""
    size -= 1
    value, item = bounds[size], items[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and bounds[below + 1] > bounds[below]:
            below += 1
        if bounds[below] <= value:
            break
        bounds[at], items[at] = bounds[below], items[below]
        at = below
    bounds[at], items[at] = value, item
    return size


@njit(cache=True, error_model="numpy")
def _behind(value: float, town: int, scores: Floats, towns: Ints, size: int) -> bool:
    """Whether nothing with at most this score in the town can come among the best."""
    if size == len(scores) and value < scores[size - 1]:
        return True
    for at in range(size):
        if towns[at] == town:
            return bool(value < scores[at])
    return False


@njit(cache=True, error_model="numpy")
def _place(score: float, site: int, town: int, best: Any, size: int) -> tuple[int, int]:
    """The place of a site among the best (-1: none), and how many there are now.

    One of each town: the highest scores, of equal ones the first ids. The one of its town, or the last, is dropped.
    """
    scores, sites, towns, kept = best
    last = size if size < len(scores) else size - 1
    for at in range(size):
        if towns[at] == town:
            last = at
            break
    if last < size and (score < scores[last] or (score == scores[last] and site >= sites[last])):
        return -1, size
    at = last
    while at > 0 and (scores[at - 1] < score or (scores[at - 1] == score and sites[at - 1] > site)):
        scores[at], sites[at], towns[at], kept[at] = scores[at - 1], sites[at - 1], towns[at - 1], kept[at - 1]
        at -= 1
    scores[at], sites[at], towns[at] = score, site, town
    return at, max(size, last + 1)


@njit(cache=True, error_model="numpy")
def _barred(row: int, barred: Any) -> bool:
    for other in barred:  # noqa: SIM110  compiled: a generator costs more
        if other == row:
            return True
    return False


@njit(cache=True, error_model="numpy")
def _group(row: int, block_rows: Any, group_blocks: Ints) -> int:
    """The group of a row."""
    block = np.searchsorted(block_rows, row, side="right") - 1
    return int(np.searchsorted(group_blocks, block, side="right")) - 1


@njit(cache=True, error_model="numpy")
def _levels(asked: Floats, rungs: Floats) -> int:
    """The levels that the area and the demanded facts must reach, as a rank holds them."""
    packed = level(asked[LEAST], DEMANDED, rungs)
    for number in range(int(asked[DEMAND_COUNT])):
        packed |= level(asked[DEMANDS + 2 * number + 1], int(asked[DEMANDS + 2 * number]) - FACT, rungs)
    return packed


@njit(cache=True, error_model="numpy")
def _scan(rows: Any, group: int, index: Index, question: Any, best: Any, size: int) -> int:
    """Test rows of a group and put them among the best where they belong; how many are there now.

    ``rows``: first, last, levels demanded, and the bits of a rank that must then be left (0: looked at in any case).
    """
    facts, marks, site, ranks = index[0], index[1], index[2], index[10]
    asked, table, barred = question
    of_class, town = index[7][group], index[8][group]
    scores, kept = best[0], best[3]
    for row in range(rows[0], rows[1]):
        if (ranks[row] - rows[2]) & rows[3] != rows[3]:
            continue
        parts = measured(facts, marks, row, table, of_class, asked)
        if parts[0] < 0:
            continue
        score = _weighted(parts, asked)
        if score < asked[FLOOR] or _barred(row, barred):
            continue
        at, size = _place(score, site[row], town, best, size)
        if at >= 0:
            for part in range(6):
                kept[at, part] = parts[part]
            asked[FLOOR] = scores[size - 1] if size == len(scores) else -1.0
    return size


@njit(cache=True, error_model="numpy")
def _scan_own(own: Any, groups: Any, index: Index, question: Any, best: Any) -> int:
    """Test the rows that are open to this project only, of the first to the last group; how many are best now."""
    size = 0
    for row in own:
        group = _group(row, index[5], index[6])
        if groups[0] <= group < groups[1] and not question[1][index[7][group], FORBIDDEN]:
            size = _scan((row, row + 1, 0, 0), group, index, question, best, size)
    return size


@njit(cache=True, error_model="numpy")
def search(index: Index, kind: int, question: Any, own: Any, best: Any, counts: Any) -> int:
    """Write the best row of each of the best towns into ``best`` and return how many there are.

    ``index``: facts, marks, site, stats, group_stats, block_rows, group_blocks, group_class, group_town, kind_groups,
    ranks, block_ranks, rungs.
    ``question``: asked, table, barred rows. ``own`` are rows that are open to this project only. ``best``: scores,
    sites, towns, parts, as long as towns are wanted.
    """
    stats, group_stats, block_rows, group_blocks, group_class, group_town, kind_groups = index[3:10]
    asked, table, _ = question
    block_ranks, levels = index[11], _levels(asked, index[12])
    scores, _, towns, _ = best
    first, last = kind_groups[kind], kind_groups[kind + 1]
    size = _scan_own(own, (first, last), index, question, best)
    room = last - first + group_blocks[last] - group_blocks[first]
    bounds, items = np.empty(room, np.float64), np.empty(room, np.int64)
    waiting = 0
    for group in range(first, last):
        value = bound(group_stats, group, table, group_class[group], asked)
        if value >= 0:
            waiting = _push(bounds, items, waiting, value, group)
    counts[GROUPS_BOUNDED] += last - first
    while waiting and bounds[0] >= asked[FLOOR]:
        value, item = bounds[0], items[0]
        waiting = _pop(bounds, items, waiting)
        group = item if item >= 0 else int(np.searchsorted(group_blocks, -item - 1, side="right")) - 1
        if _behind(value, group_town[group], scores, towns, size):
            continue
        begin, end = group_blocks[group], group_blocks[group + 1]
        if item < 0 or end - begin == 1:
            block = -item - 1 if item < 0 else begin
            counts[BLOCKS_SCANNED] += 1
            counts[ROWS_TESTED] += block_rows[block + 1] - block_rows[block]
            rows = (block_rows[block], block_rows[block + 1], levels, PASSES)
            size = _scan(rows, group, index, question, best, size)
            continue
        end = int(group_stats[group, OPEN_END])
        for block in range(begin, end):
            if (block_ranks[block] - levels) & PASSES != PASSES:
                continue
            counts[BLOCKS_BOUNDED] += 1
            value = bound(stats, block, table, group_class[group], asked)
            if value >= 0 and not _behind(value, group_town[group], scores, towns, size):
                waiting = _push(bounds, items, waiting, value, -block - 1)
    return size


def warm() -> None:
    """Compile every kernel, or load what was compiled before, by asking once of two sites."""
    index = example()
    survey(index)
    question = (np.ones(WISHES), np.zeros((1, 4)), np.zeros(0, dtype=np.int64))
    best = (np.empty(1), np.empty(1, dtype=np.int32), np.empty(1, dtype=np.int32), np.empty((1, 6)))
    search(index, 0, question, np.zeros(1, dtype=np.int64), best, np.zeros(COUNTS, dtype=np.int64))
