"""Compiled loops of the shortlist's layout: the statistics of blocks and groups, and the names of all columns."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Floats: TypeAlias = npt.NDArray[np.float64]
Index: TypeAlias = tuple[Any, ...]

#: Columns of ``facts``, one row a site: what a test reads of a row lies together. The nine demanded facts stand at
#: ``FACT`` + 0…8.
AREA, FACT, RENT, PRICE, X, Y, READY, MOVING, COLUMNS = 0, 1, 10, 11, 12, 13, 14, 15, 16
DEMANDED = 9
#: Bits of ``marks``.
OPEN, DIVISIBLE = 1, 2
#: Columns of ``stats``, over the open rows of a block: how many, least and greatest values, what is known or not.
COUNT, AREA_MIN, AREA_MAX, PARTED, FACT_MAX = 0, 1, 2, 3, 4
KNOWN, RENT_LEAST, RENT_MIN, RENT_LOST, PRICE_MIN, PRICE_LOST = 13, 14, 15, 16, 17, 18
X_MIN, X_MAX, Y_MIN, Y_MAX, PLACE_LOST, READY_MIN, MOVING_MIN = 19, 20, 21, 22, 23, 24, 25
#: Of a group: behind its last block with an open row. ``STATS`` is a multiple of a cache line.
OPEN_END, STATS = 26, 32
#: A rank holds the level of each demanded fact in six bits and that of the area in nine, the highest bit of each set,
#: and is negative where open: taking levels away clears a bit of ``PASSES`` where one is too low, all at once.
_BITS, RUNGS, AREA_RUNGS = 6, 31, 255
_OPENED = -(1 << 63)
PASSES = _OPENED | 1 << 62 | sum(1 << (_BITS * at + _BITS - 1) for at in range(DEMANDED))


@njit(cache=True)
def measure(facts: Floats, marks: Any, start: int, stop: int, out: Floats) -> None:
    """Write the statistics of the open rows from ``start`` to ``stop`` into ``out``."""
    clear(out)
    known = 0
    for row in range(start, stop):
        if not marks[row] & OPEN:
            continue
        out[COUNT] += 1
        out[AREA_MIN] = min(out[AREA_MIN], facts[row, AREA])
        out[AREA_MAX] = max(out[AREA_MAX], facts[row, AREA])
        if marks[row] & DIVISIBLE:
            out[PARTED] = 1.0
        for at in range(DEMANDED):
            value = facts[row, FACT + at]
            if np.isnan(value):
                out[FACT_MAX + at] = np.inf
            else:
                out[FACT_MAX + at] = max(out[FACT_MAX + at], value)
                known |= 1 << at
        for column, least, lost in ((RENT, RENT_MIN, RENT_LOST), (PRICE, PRICE_MIN, PRICE_LOST)):
            value = facts[row, column]
            if np.isnan(value):
                out[lost] = 1.0
            else:
                out[least] = min(out[least], value)
        if np.isnan(facts[row, X]) or np.isnan(facts[row, Y]):
            out[PLACE_LOST] = 1.0
        else:
            out[X_MIN] = min(out[X_MIN], facts[row, X])
            out[X_MAX] = max(out[X_MAX], facts[row, X])
            out[Y_MIN] = min(out[Y_MIN], facts[row, Y])
            out[Y_MAX] = max(out[Y_MAX], facts[row, Y])
        out[READY_MIN] = min(out[READY_MIN], facts[row, READY])
        out[MOVING_MIN] = min(out[MOVING_MIN], facts[row, MOVING])
    out[KNOWN] = known
    out[RENT_LEAST] = -np.inf if out[RENT_LOST] else out[RENT_MIN]


@njit(cache=True)
def clear(out: Floats) -> None:
    """The statistics of no row."""
    for at in (COUNT, PARTED, KNOWN, RENT_LOST, PRICE_LOST, PLACE_LOST, OPEN_END):
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
        if not one[COUNT]:
            continue
        out[COUNT] += one[COUNT]
        out[OPEN_END] = block + 1
        known |= int(one[KNOWN])
        for at in (AREA_MIN, RENT_LEAST, RENT_MIN, PRICE_MIN, X_MIN, Y_MIN, READY_MIN, MOVING_MIN):
            out[at] = min(out[at], one[at])
        for at in (AREA_MAX, PARTED, RENT_LOST, PRICE_LOST, X_MAX, Y_MAX, PLACE_LOST):
            out[at] = max(out[at], one[at])
        for at in range(DEMANDED):
            out[FACT_MAX + at] = max(out[FACT_MAX + at], one[FACT_MAX + at])
    out[KNOWN] = known


@njit(cache=True)
def level(value: float, at: int, rungs: Floats) -> int:
    """How many rungs are not above the value, at its place in a rank: the facts', then the area's (``DEMANDED``).

    An unknown value is above all.
    """
    count = AREA_RUNGS if at == DEMANDED else RUNGS
    reached = count if np.isnan(value) else np.searchsorted(rungs[at, :count], value, side="right")
    return int(reached) << (_BITS * at)


@njit(cache=True)
def rank(area: float, facts: Floats, opened: bool, rungs: Floats) -> int:
    """The rank of a row, or of a block by its greatest values, from its area and the nine demanded facts."""
    packed = PASSES if opened else PASSES ^ _OPENED
    for at in range(DEMANDED):
        packed |= level(facts[at], at, rungs)
    return packed | level(area, DEMANDED, rungs)


@njit(cache=True)
def _rank_row(index: Index, row: int) -> None:
    facts = index[0][row]
    index[10][row] = rank(facts[AREA], facts[FACT : FACT + DEMANDED], index[1][row] & OPEN != 0, index[12])


@njit(cache=True)
def _measure_block(index: Index, block: int) -> None:
    block_rows, stats = index[5], index[3][block]
    measure(index[0], index[1], block_rows[block], block_rows[block + 1], stats)
    most = stats[FACT_MAX : FACT_MAX + DEMANDED]
    index[11][block] = rank(stats[AREA_MAX], most, stats[COUNT] > 0, index[12])


@njit(cache=True)
def survey(index: Index) -> None:
    """The ranks of every row, the statistics of every block, then of every group."""
    stats, group_stats, block_rows, group_blocks = index[3:7]
    for row in range(block_rows[-1]):
        _rank_row(index, row)
    for block in range(len(block_rows) - 1):
        _measure_block(index, block)
    for group in range(len(group_blocks) - 1):
        merge(stats, group_blocks[group], group_blocks[group + 1], group_stats[group])


@njit(cache=True)
def refresh(index: Index, rows: Any) -> None:
    """The ranks of the rows, and the statistics of their blocks and groups, again."""
    stats, group_stats, block_rows, group_blocks = index[3:7]
    for row in rows:
        _rank_row(index, row)
        block = np.searchsorted(block_rows, row, side="right") - 1
        _measure_block(index, block)
        group = np.searchsorted(group_blocks, block, side="right") - 1
        merge(stats, group_blocks[group], group_blocks[group + 1], group_stats[group])


def warm() -> None:
    """Compile every kernel, or load what was compiled before, by laying two sites out."""
    index = example()
    survey(index)
    refresh(index, np.zeros(1, dtype=np.int64))


def example() -> Index:
    """The smallest index there is: two sites of one kind in one block."""
    facts, marks = np.ones((2, COLUMNS)), np.array([OPEN, OPEN | DIVISIBLE], dtype=np.uint8)
    both, one = np.array([0, 2], dtype=np.int64), np.array([0, 1], dtype=np.int32)
    none, stats = np.zeros(1, dtype=np.int32), np.zeros((1, STATS))
    sites, kinds = np.array([0, 1], dtype=np.int32), np.array([0, 1, 1, 1], dtype=np.int32)
    ranks, rungs = np.zeros(2, dtype=np.int64), np.zeros((DEMANDED + 1, AREA_RUNGS))
    return facts, marks, sites, stats, stats.copy(), both, one, none, none, kinds, ranks, ranks[:1].copy(), rungs
