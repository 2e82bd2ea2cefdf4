"""Compiled loops of the shortlist: statistics of blocks, and the best-first search over them.

The arithmetic of one row is that of ``figures`` in the same order of operations, so that a score is the same to the
last bit; a bound is never below the score of a row of its block. Layouts are named by the constants below.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from yipanqi.kernel.units import M2_PER_MU
from yipanqi.matching.candidates import EXACT
from yipanqi.matching.figures import DAYS_PER_YEAR, YUAN_PER_WAN
from yipanqi.matching.ground import DAYS_PER_MONTH

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int32]
Index: TypeAlias = tuple[Any, ...]

#: Rows of ``facts``: one column of the sites each. The nine demanded facts stand at ``FACT`` + 0…8.
AREA, FACT, RENT, PRICE, X, Y, READY, MOVING, COLUMNS = 0, 1, 10, 11, 12, 13, 14, 15, 16
DEMANDED = 9
#: Bits of ``marks``.
OPEN, DIVISIBLE = 1, 2
#: Columns of ``stats``, over the open rows of a block: how many, least and greatest values, what is known or not.
COUNT, AREA_MIN, AREA_MAX, PARTED, FACT_MAX = 0, 1, 2, 3, 4
KNOWN, RENT_LEAST, RENT_MIN, RENT_LOST, PRICE_MIN, PRICE_LOST = 13, 14, 15, 16, 17, 18
X_MIN, X_MAX, Y_MIN, Y_MAX, PLACE_LOST, READY_MIN, MOVING_MIN, STATS = 19, 20, 21, 22, 23, 24, 25, 26
#: Entries of ``asked``: one demand and the rules it is measured by; weights in the order of ``figures.PARTS``.
NEED, LEAST, MOST, RENT_MAX, WANTED, COST_HALF, LAND, WISH_TOTAL, WISH_LOST, FACT_LEAST = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
UNKNOWN, DATE_HALF, DISTANCE_HALF, RENT_YEARS, WEIGHT, WEIGHT_SUM, ASKED = 18, 19, 20, 21, 22, 28, 29
#: Columns of ``table``, one row a class of sites: zone part, forbidden, plan part, days of plan changes.
ZONE, FORBIDDEN, PLAN, DAYS = 0, 1, 2, 3
#: What ``search`` counts: groups and blocks bounded, blocks and rows looked at.
GROUPS_BOUNDED, BLOCKS_BOUNDED, BLOCKS_SCANNED, ROWS_TESTED, COUNTS = 0, 1, 2, 3, 4

#: A bound is computed in another order than a score; this covers the roundings of both.
_ABOVE = 1 + 1e-12


@njit(cache=True)
def measure(facts: Floats, marks: Any, start: int, stop: int, out: Floats) -> None:
    """Write the statistics of the open rows from ``start`` to ``stop`` into ``out``."""
    clear(out)
    known = 0
    for row in range(start, stop):
        if not marks[row] & OPEN:
            continue
        out[COUNT] += 1
        out[AREA_MIN] = min(out[AREA_MIN], facts[AREA, row])
        out[AREA_MAX] = max(out[AREA_MAX], facts[AREA, row])
        if marks[row] & DIVISIBLE:
            out[PARTED] = 1.0
        for at in range(DEMANDED):
            value = facts[FACT + at, row]
            if np.isnan(value):
                out[FACT_MAX + at] = np.inf
            else:
                out[FACT_MAX + at] = max(out[FACT_MAX + at], value)
                known |= 1 << at
        for column, least, lost in ((RENT, RENT_MIN, RENT_LOST), (PRICE, PRICE_MIN, PRICE_LOST)):
            value = facts[column, row]
            if np.isnan(value):
                out[lost] = 1.0
            else:
                out[least] = min(out[least], value)
        if np.isnan(facts[X, row]) or np.isnan(facts[Y, row]):
            out[PLACE_LOST] = 1.0
        else:
            out[X_MIN] = min(out[X_MIN], facts[X, row])
            out[X_MAX] = max(out[X_MAX], facts[X, row])
            out[Y_MIN] = min(out[Y_MIN], facts[Y, row])
            out[Y_MAX] = max(out[Y_MAX], facts[Y, row])
        out[READY_MIN] = min(out[READY_MIN], facts[READY, row])
        out[MOVING_MIN] = min(out[MOVING_MIN], facts[MOVING, row])
    out[KNOWN] = known
    out[RENT_LEAST] = -np.inf if out[RENT_LOST] else out[RENT_MIN]


@njit(cache=True)
def clear(out: Floats) -> None:
    """The statistics of no row."""
    for at in (COUNT, PARTED, KNOWN, RENT_LOST, PRICE_LOST, PLACE_LOST):
        out[at] = 0.0
    for at in (AREA_MIN, RENT_LEAST, RENT_MIN, PRICE_MIN, X_MIN, Y_MIN, READY_MIN, MOVING_MIN):
        out[at] = np.inf
    for at in (AREA_MAX, X_MAX, Y_MAX):
        out[at] = -np.inf
    for at in range(DEMANDED):
        out[FACT_MAX + at] = -np.inf


@njit(cache=True)
def merge(stats: Floats, start: int, stop: int, out: Floats) -> None:
    """Write the statistics of the blocks from ``start`` to ``stop`` together into ``out``."""
    clear(out)
    known = 0
    for block in range(start, stop):
        one = stats[block]
        out[COUNT] += one[COUNT]
        known |= int(one[KNOWN])
        for at in (AREA_MIN, RENT_LEAST, RENT_MIN, PRICE_MIN, X_MIN, Y_MIN, READY_MIN, MOVING_MIN):
            out[at] = min(out[at], one[at])
        for at in (AREA_MAX, PARTED, RENT_LOST, PRICE_LOST, X_MAX, Y_MAX, PLACE_LOST):
            out[at] = max(out[at], one[at])
        for at in range(DEMANDED):
            out[FACT_MAX + at] = max(out[FACT_MAX + at], one[FACT_MAX + at])
    out[KNOWN] = known


@njit(cache=True)
def survey(index: Index) -> None:
    """The statistics of every block, then of every group."""
    facts, marks, _, stats, group_stats, block_rows, group_blocks, _, _, _ = index
    for block in range(len(block_rows) - 1):
        measure(facts, marks, block_rows[block], block_rows[block + 1], stats[block])
    for group in range(len(group_blocks) - 1):
        merge(stats, group_blocks[group], group_blocks[group + 1], group_stats[group])


@njit(cache=True)
def refresh(index: Index, rows: Any) -> None:
    """The statistics of the blocks and groups of the rows again."""
    facts, marks, _, stats, group_stats, block_rows, group_blocks, _, _, _ = index
    for row in rows:
        block = np.searchsorted(block_rows, row, side="right") - 1
        measure(facts, marks, block_rows[block], block_rows[block + 1], stats[block])
        group = np.searchsorted(group_blocks, block, side="right") - 1
        merge(stats, group_blocks[group], group_blocks[group + 1], group_stats[group])


@njit(cache=True)
def _half_at(value: float, half: float) -> float:
    return float(1 / (1 + value / half))


@njit(cache=True)
def _cost_part(cost: float, known: bool, asked: Floats) -> float:
    part = _half_at(cost, asked[COST_HALF])
    return part if known else min(part, asked[UNKNOWN])


@njit(cache=True)
def _rate(price: float, rent: float, asked: Floats) -> float:
    if asked[LAND]:
        return float(price / M2_PER_MU)
    return float(rent * DAYS_PER_YEAR * asked[RENT_YEARS] / YUAN_PER_WAN)


@njit(cache=True)
def _late_part(ready: float, asked: Floats) -> float:
    late = max(max(ready, 0.0) - asked[WANTED], 0.0) / DAYS_PER_MONTH
    return _half_at(late, asked[DATE_HALF])


@njit(cache=True)
def _weighted(parts: Floats, asked: Floats) -> float:
    total = 0.0
    for at in range(6):
        total += parts[at] * asked[WEIGHT + at]
    return float(total / asked[WEIGHT_SUM])


@njit(cache=True)
def bound(one: Floats, zone: Floats, asked: Floats, wishes: Floats, parts: Floats) -> float:
    """At least the score of every open row of a block or group that passes; -1 where none can pass."""
    if not one[COUNT] or zone[FORBIDDEN] or one[AREA_MAX] < asked[LEAST]:
        return -1.0
    parted = one[PARTED] > 0
    if not parted and one[AREA_MIN] > asked[MOST]:
        return -1.0
    if one[RENT_LEAST] * EXACT > asked[RENT_MAX]:
        return -1.0
    known, count = 0.0, 0
    bits = int(one[KNOWN])
    for at in range(DEMANDED):
        least = asked[FACT_LEAST + at]
        if least > 0:
            if one[FACT_MAX + at] < least:
                return -1.0
            known += 1.0 if bits >> at & 1 else asked[UNKNOWN]
            count += 1
    take = asked[LEAST] if parted else max(one[AREA_MIN], asked[LEAST])
    parts[0] = (asked[NEED] / take + (known / count if count else 1.0)) / 2
    rate = _rate(one[PRICE_MIN], one[RENT_MIN], asked)
    cost = _cost_part(rate * take + one[MOVING_MIN], True, asked)
    if one[PRICE_LOST] if asked[LAND] else one[RENT_LOST]:
        cost = max(cost, _cost_part(one[MOVING_MIN], False, asked))
    parts[1] = cost
    parts[2] = _late_part(one[READY_MIN] + zone[DAYS], asked)
    parts[3] = zone[PLAN]
    parts[4] = _near_bound(one, asked, wishes)
    parts[5] = zone[ZONE]
    return _weighted(parts, asked) * _ABOVE


@njit(cache=True)
def _near_bound(one: Floats, asked: Floats, wishes: Floats) -> float:
    if not asked[WISH_TOTAL]:
        return 0.0
    best = 0.0
    if one[X_MIN] <= one[X_MAX] and not asked[WISH_LOST]:
        apart = 0.0
        for at in range(wishes.shape[1]):
            dx = max(one[X_MIN] - wishes[0, at], wishes[0, at] - one[X_MAX], 0.0)
            dy = max(one[Y_MIN] - wishes[1, at], wishes[1, at] - one[Y_MAX], 0.0)
            apart += wishes[2, at] * np.sqrt(dx * dx + dy * dy)
        best = _half_at(apart / asked[WISH_TOTAL], asked[DISTANCE_HALF])
    if one[PLACE_LOST] or asked[WISH_LOST]:
        best = max(best, asked[UNKNOWN])
    return best


@njit(cache=True)
def worth(facts: Floats, marks: Any, row: int, zone: Floats, question: Any) -> float:
    """The score of one row and its parts; -1 where a test fails. Whether it is open is not asked."""
    asked, wishes, _, _, parts = question
    area = facts[AREA, row]
    parted = (marks[row] & DIVISIBLE) != 0
    if area < asked[LEAST] or not (parted or area <= asked[MOST]):
        return -1.0
    take = area - min(max(area - asked[NEED], 0.0), area) if parted else area
    if take < asked[LEAST] or take > asked[MOST] or facts[RENT, row] * EXACT > asked[RENT_MAX]:
        return -1.0
    known, count = 0.0, 0
    for at in range(DEMANDED):
        least = asked[FACT_LEAST + at]
        if least > 0:
            value = facts[FACT + at, row]
            if value < least:
                return -1.0
            known += asked[UNKNOWN] if np.isnan(value) else 1.0
            count += 1
    parts[0] = (asked[NEED] / take + (known / count if count else 1.0)) / 2
    rate = _rate(facts[PRICE, row], facts[RENT, row], asked)
    lost = np.isnan(rate)
    parts[1] = _cost_part((0.0 if lost else rate * take) + facts[MOVING, row], not lost, asked)
    parts[2] = _late_part(facts[READY, row] + zone[DAYS], asked)
    parts[3] = zone[PLAN]
    parts[4] = _near(facts[X, row], facts[Y, row], take, asked, wishes)
    parts[5] = zone[ZONE] * take / take
    return _weighted(parts, asked)


@njit(cache=True)
def _near(x: float, y: float, take: float, asked: Floats, wishes: Floats) -> float:
    if not asked[WISH_TOTAL]:
        return 0.0
    apart = 0.0
    for at in range(wishes.shape[1]):
        apart += wishes[2, at] * np.hypot(x - wishes[0, at], y - wishes[1, at])
    apart = apart / asked[WISH_TOTAL] * take / take
    return asked[UNKNOWN] if np.isnan(apart) else _half_at(apart, asked[DISTANCE_HALF])


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
def _behind(value: float, town: int, scores: Floats, towns: Ints, size: int) -> bool:
    """Whether nothing with at most this score in the town can come among the best."""
    if size == len(scores) and value < scores[size - 1]:
        return True
    for at in range(size):
        if towns[at] == town:
            return bool(value < scores[at])
    return False


@njit(cache=True)
def _place(score: float, site: int, town: int, best: Any, parts: Floats, size: int) -> int:
    """Put a site among the best, one of each town: the highest scores, of equal ones the first ids."""
    scores, sites, towns, kept = best
    last = size
    for at in range(size):
        if towns[at] == town:
            if score < scores[at] or (score == scores[at] and site >= sites[at]):
                return size
            last = at
            break
    else:
        if size == len(scores):
            last = size - 1
            if score < scores[last] or (score == scores[last] and site > sites[last]):
                return size
        else:
            size += 1
    at = last
    while at > 0 and (scores[at - 1] < score or (scores[at - 1] == score and sites[at - 1] > site)):
        scores[at], sites[at], towns[at] = scores[at - 1], sites[at - 1], towns[at - 1]
        kept[at] = kept[at - 1]
        at -= 1
    scores[at], sites[at], towns[at] = score, site, town
    kept[at] = parts
    return size


@njit(cache=True)
def _barred(row: int, barred: Any) -> bool:
    for other in barred:  # noqa: SIM110  compiled: a generator costs more
        if other == row:
            return True
    return False


@njit(cache=True)
def _try(row: int, group: int, index: Index, question: Any, best: Any, size: int) -> int:
    """Test one row and put it among the best where it belongs."""
    facts, marks, site, _, _, _, _, group_class, group_town, _ = index
    _, _, table, barred, parts = question
    score = worth(facts, marks, row, table[group_class[group]], question)
    if score < 0 or _behind(score, group_town[group], best[0], best[2], size) or _barred(row, barred):
        return size
    return _place(score, site[row], group_town[group], best, parts, size)


@njit(cache=True)
def _group(row: int, index: Index) -> int:
    """The group of a row."""
    block_rows, group_blocks = index[5], index[6]
    block = np.searchsorted(block_rows, row, side="right") - 1
    return int(np.searchsorted(group_blocks, block, side="right")) - 1


@njit(cache=True)
def _scan(block: int, group: int, index: Index, question: Any, best: Any, size: int) -> int:
    """Test the open rows of a block."""
    marks, block_rows = index[1], index[5]
    for row in range(block_rows[block], block_rows[block + 1]):
        if marks[row] & OPEN:
            size = _try(row, group, index, question, best, size)
    return size


@njit(cache=True)
def _best_own(own: Any, kind: int, index: Index, question: Any, best: Any) -> int:
    """Test the rows open to this project only; how many are among the best."""
    table, group_class, kind_groups = question[2], index[7], index[9]
    size = 0
    for row in own:
        group = _group(row, index)
        if kind_groups[kind] <= group < kind_groups[kind + 1] and not table[group_class[group], FORBIDDEN]:
            size = _try(row, group, index, question, best, size)
    return size


@njit(cache=True)
def search(index: Index, kind: int, question: Any, own: Any, best: Any, counts: Any) -> int:
    """Write the best row of each of the best towns into ``best`` and return how many there are.

    ``index``: facts, marks, site, stats, group_stats, block_rows, group_blocks, group_class, group_town, kind_groups.
    ``question``: asked, wishes (x, y, weight), table, barred rows, and six floats to work in. ``own`` are rows that
    are open to this project only. ``best``: scores, sites, towns, parts, as long as towns are wanted.
    """
    _, _, _, stats, group_stats, block_rows, group_blocks, group_class, group_town, kind_groups = index
    asked, wishes, table, _, parts = question
    scores, _, towns, _ = best
    first, last = kind_groups[kind], kind_groups[kind + 1]
    size = _best_own(own, kind, index, question, best)
    room = last - first + group_blocks[last] - group_blocks[first]
    bounds, items = np.empty(room, np.float64), np.empty(room, np.int64)
    waiting = 0
    for group in range(first, last):
        value = bound(group_stats[group], table[group_class[group]], asked, wishes, parts)
        if value >= 0:
            waiting = _push(bounds, items, waiting, value, group)
    counts[GROUPS_BOUNDED] += last - first
    while waiting and not (size == len(scores) and bounds[0] < scores[size - 1]):
        value, item = bounds[0], items[0]
        waiting = _pop(bounds, items, waiting)
        group = item if item >= 0 else _group(block_rows[-item - 1], index)
        if _behind(value, group_town[group], scores, towns, size):
            continue
        begin, end = group_blocks[group], group_blocks[group + 1]
        if item < 0 or end - begin == 1:
            block = -item - 1 if item < 0 else begin
            counts[BLOCKS_SCANNED] += 1
            counts[ROWS_TESTED] += block_rows[block + 1] - block_rows[block]
            size = _scan(block, group, index, question, best, size)
            continue
        counts[BLOCKS_BOUNDED] += end - begin
        for block in range(begin, end):
            value = bound(stats[block], table[group_class[group]], asked, wishes, parts)
            if value >= 0 and not _behind(value, group_town[group], scores, towns, size):
                waiting = _push(bounds, items, waiting, value, -block - 1)
    return size
