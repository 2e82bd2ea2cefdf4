"""The inventory laid out for the shortlist: rows grouped by kind, class and town, in blocks with statistics.

Within a group the open rows come first, in Z-order (sites near each other stand near each other); 256 rows make a
block. ``row`` is a place in this order, ``site`` a place in the order of the ids.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from yipanqi.matching.ground import BUILDING, KINDS, UTILITIES, Flags, Floats, Ground, Ints

Marks: TypeAlias = npt.NDArray[np.uint8]

BLOCK = 256


@dataclass(frozen=True, eq=False)
class Columns:
    """The sites in the order of their ids: facts (``_kernels.AREA`` …, one row a fact), marks, kind, class, town."""

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
    """The numbers of every site as rows of one array."""
    from yipanqi.matching import _kernels

    facts = np.empty((_kernels.COLUMNS, len(ground)))
    facts[_kernels.AREA] = ground.area
    for at, name in enumerate((*BUILDING, *UTILITIES)):
        facts[_kernels.FACT + at] = ground.numbers[name]
    facts[_kernels.RENT] = ground.numbers["rent_yuan_m2_day"]
    facts[_kernels.PRICE] = ground.numbers["price_wan_per_mu"]
    facts[_kernels.X], facts[_kernels.Y] = ground.x_km, ground.y_km
    facts[_kernels.MOVING] = ground.moving_cost
    return facts


def marks_of(open_: Flags, divisible: Flags) -> Marks:
    """The bits of every site."""
    from yipanqi.matching import _kernels

    return np.asarray(open_ * np.uint8(_kernels.OPEN) | divisible * np.uint8(_kernels.DIVISIBLE), dtype=np.uint8)


def laid(columns: Columns) -> Blocks:
    """The index of the columns, with the statistics of its blocks and groups."""
    from yipanqi.matching import _kernels

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
        facts=np.ascontiguousarray(columns.facts[:, order]),
        marks=columns.marks[order],
        site=order.astype(np.int32),
        stats=np.empty((group_blocks[-1], _kernels.STATS)),
        group_stats=np.empty((len(new), _kernels.STATS)),
        block_rows=block_rows.astype(np.int64),
        group_blocks=group_blocks,
        group_class=columns.of_class[first].astype(np.int32),
        group_town=columns.town[first].astype(np.int32),
        kind_groups=np.searchsorted(columns.kind[first], np.arange(len(KINDS) + 1)).astype(np.int32),
        row=row,
    )
    _kernels.survey(made.index)
    return made


def _group_keys(columns: Columns) -> npt.NDArray[np.int64]:
    classes, towns = columns.of_class.max(initial=0) + 1, columns.town.max(initial=0) + 1
    wide = (columns.kind.astype(np.int64) * classes + columns.of_class) * towns + columns.town
    return np.asarray(np.unique(wide, return_inverse=True)[1])


def _within(columns: Columns) -> npt.NDArray[np.int64]:
    """The order inside a group: open rows first, then by place."""
    from yipanqi.matching import _kernels

    closed = (columns.marks & _kernels.OPEN) == 0
    return np.asarray(closed.astype(np.int64) << 32 | _z_order(columns.facts[_kernels.X], columns.facts[_kernels.Y]))


def _z_order(x: Floats, y: Floats) -> npt.NDArray[np.int64]:
    """The bits of both coordinates in turn, 16 each; places that are not known come first."""
    code = np.zeros(len(x), dtype=np.int64)
    for shift, values in ((0, x), (1, y)):
        known = values[~np.isnan(values)]
        least = known.min(initial=np.inf)
        wide = max(known.max(initial=-np.inf) - least, 1e-9)
        cell = np.nan_to_num((values - least) / wide * 65535, nan=0.0, posinf=0.0, neginf=0.0).astype(np.int64)
        for bit in range(16):
            code |= (cell >> bit & 1) << (2 * bit + shift)
    return code
