"""The inventory laid out for the shortlist: rows grouped by kind, class and town, in blocks with statistics.

Within a group the open rows come first; then like stands by like: whole or divisible, size, then day, rate and place
along a Z-curve, since a block bounds the score of its rows the closer the more alike they are. ``row`` is a place in
this order, ``site`` a place in the order of the ids. ``ranks`` and ``block_ranks`` hold the levels, on ``rungs``, of
area and demanded facts in one number: most rows and blocks that cannot pass are told by it alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from yipanqi.matching.ground import BUILDING, KINDS, UTILITIES, Flags, Floats, Ground, Ints
from yipanqi.matching.needs import LAND

Marks: TypeAlias = npt.NDArray[np.uint8]

#: Rows of a block: few, since a bound costs little more than a row.
BLOCK = 32
#: Whole sites within this factor count as of one size.
_STEP = 1.1
#: Sites that say about how a fact is spread.
_SAMPLE = 20_000


@dataclass(frozen=True, eq=False)
class Columns:
    """The sites in the order of their ids: facts (one row each), marks, kind, class, town."""

    facts: Floats
    marks: Marks
    kind: Ints
    of_class: Ints
    town: Ints


@dataclass(frozen=True, eq=False)
class Blocks:
    """The arrays ``_kernels.search`` walks over, and the row of each site."""

    facts: Floats
    marks: Marks
    site: Ints
    stats: Floats
    group_stats: Floats
    block_rows: npt.NDArray[np.int64]
    group_blocks: Ints
    group_class: Ints
    group_town: Ints
    kind_groups: Ints
    ranks: npt.NDArray[np.int64]
    block_ranks: npt.NDArray[np.int64]
    rungs: Floats
    row: Ints

    @property
    def index(self) -> tuple[object, ...]:
        """The arrays in the order the kernels take them."""
        return tuple(vars(self).values())[:-1]

    @property
    def bytes(self) -> int:
        """The memory of it all."""
        return int(sum(array.nbytes for array in vars(self).values()))


def facts_of(ground: Ground) -> Floats:
    """The numbers of every site, one row each."""
    from yipanqi.matching import _block_kernels

    facts = np.empty((len(ground), _block_kernels.COLUMNS))
    facts[:, _block_kernels.AREA] = ground.area
    for at, name in enumerate((*BUILDING, *UTILITIES)):
        facts[:, _block_kernels.FACT + at] = ground.numbers[name]
    facts[:, _block_kernels.RENT] = ground.numbers["rent_yuan_m2_day"]
    facts[:, _block_kernels.PRICE] = ground.numbers["price_wan_per_mu"]
    facts[:, _block_kernels.X], facts[:, _block_kernels.Y] = ground.x_km, ground.y_km
    facts[:, _block_kernels.MOVING] = ground.moving_cost
    return facts


def marks_of(open_: Flags, divisible: Flags) -> Marks:
    """The bits of every site."""
    from yipanqi.matching import _block_kernels

    return np.asarray(
        open_ * np.uint8(_block_kernels.OPEN) | divisible * np.uint8(_block_kernels.DIVISIBLE), dtype=np.uint8
    )


def laid(columns: Columns) -> Blocks:
    """The index of the columns, with the statistics of its blocks and groups."""
    from yipanqi.matching import _block_kernels

    key = _group_keys(columns)
    order = np.argsort((key << 33) | _within(columns), kind="stable")
    key = key[order]
    new = np.flatnonzero(np.diff(key, prepend=-1))
    sizes = np.diff(np.append(new, len(key)))
    blocks = -(-sizes // BLOCK)
    group_blocks = np.concatenate([[0], np.cumsum(blocks)]).astype(np.int32)
    within = np.arange(group_blocks[-1]) - np.repeat(group_blocks[:-1], blocks)
    block_rows = np.append(np.repeat(new, blocks) + within * BLOCK, len(key))
    row = np.empty(len(order), dtype=np.int32)
    row[order] = np.arange(len(order))
    first = order[new]
    made = Blocks(
        facts=columns.facts[order],
        marks=columns.marks[order],
        site=order.astype(np.int32),
        stats=np.empty((group_blocks[-1], _block_kernels.STATS)),
        group_stats=np.empty((len(new), _block_kernels.STATS)),
        block_rows=block_rows.astype(np.int64),
        group_blocks=group_blocks,
        group_class=columns.of_class[first].astype(np.int32),
        group_town=columns.town[first].astype(np.int32),
        kind_groups=np.searchsorted(columns.kind[first], np.arange(len(KINDS) + 1)).astype(np.int32),
        ranks=np.empty(len(order), dtype=np.int64),
        block_ranks=np.empty(group_blocks[-1], dtype=np.int64),
        rungs=_rungs(columns.facts),
        row=row,
    )
    _block_kernels.survey(made.index)
    return made


def _rungs(facts: Floats) -> Floats:
    """Values that part a sample of each demanded fact, and of the areas, evenly; they say how much a rank spares."""
    from yipanqi.matching import _block_kernels

    rungs = np.zeros((_block_kernels.DEMANDED + 1, _block_kernels.AREA_RUNGS))
    columns = (*range(_block_kernels.FACT, _block_kernels.FACT + _block_kernels.DEMANDED), _block_kernels.AREA)
    for at, column in enumerate(columns):
        count = _block_kernels.AREA_RUNGS if column == _block_kernels.AREA else _block_kernels.RUNGS
        sample = facts[:: max(len(facts) // _SAMPLE, 1), column]
        known = np.sort(sample[~np.isnan(sample)])
        if len(known):
            rungs[at, :count] = known[np.arange(count) * len(known) // count]
    return rungs


def _group_keys(columns: Columns) -> npt.NDArray[np.int64]:
    classes, towns = columns.of_class.max(initial=0) + 1, columns.town.max(initial=0) + 1
    wide = (columns.kind.astype(np.int64) * classes + columns.of_class) * towns + columns.town
    return np.asarray(np.unique(wide, return_inverse=True)[1])


def _within(columns: Columns) -> npt.NDArray[np.int64]:
    """The order inside a group: open rows first, whole ones by size before divisible ones, then by likeness.

    Of divisible ones the size hardly counts: they give what is needed.
    """
    from yipanqi.matching import _block_kernels

    facts, marks = columns.facts, columns.marks
    closed, parted = (marks & _block_kernels.OPEN) == 0, (marks & _block_kernels.DIVISIBLE) > 0
    size = np.clip(np.log(facts[:, _block_kernels.AREA]) / np.log(_STEP), 0, 255).astype(np.int64)
    rate = np.where(columns.kind == LAND, facts[:, _block_kernels.PRICE], facts[:, _block_kernels.RENT])
    order = (closed.astype(np.int64) << 1 | parted) << 8 | np.where(parted, 0, size)
    alike = (facts[:, _block_kernels.READY], rate, facts[:, _block_kernels.X], facts[:, _block_kernels.Y])
    return np.asarray(order << 4 * len(alike) | _z_order([_sixteenth(values) for values in alike]))


def _sixteenth(values: Floats) -> npt.NDArray[np.int64]:
    """Which 16th of all each value lies in, equal ones in the same; unknown ones last."""
    known = np.sort(values[~np.isnan(values)])
    below = np.searchsorted(known, values) * 15 // max(len(known), 1)
    return np.where(np.isnan(values), 15, below).astype(np.int64)


def _z_order(numbers: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """The four bits of each number in turn: what is near in all of them stands near."""
    code = np.zeros(len(numbers[0]), dtype=np.int64)
    for bit in range(4):
        for at, number in enumerate(numbers):
            code |= (number >> bit & 1) << (len(numbers) * bit + at)
    return code
