"""Moves: better answers to packing programmes by shifts, swaps and ejection chains, in counted work.

A deterministic local search over a ``kernel.solver.Model`` of which one column a group is taken. It may overfill rows
on its way, at a price that rises while they stay overfull and falls while they do not (strategic oscillation; Glover;
Yagiura, Ibaraki and Glover 2004); what it hands back keeps every row and is never worse than what it was given.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yipanqi.allocation.parts import feasible
from yipanqi.kernel.solver import Bools, Floats, Ints, Model, by_rows

if TYPE_CHECKING:
    from yipanqi.allocation import _kernels

Places = NDArray[np.int32]

#: Trials of the kernel that make one unit of ``search.Effort.work`` (about 0.2 ms).
TRIALS_A_UNIT = 6_000


@dataclass(frozen=True)
class Moved:
    """The best x, the work spent (units of ``search.Effort``), and why nothing was tried (None: it was).

    ``refused``: ``columns`` (whole columns without group or not between 0 and 1; continuous columns that are neither
    totals nor overflows), ``rows`` (negative weights, floors on rows that may overflow), ``start`` (x breaks a row).
    """

    x: Floats
    work: float
    refused: str | None = None


def improve(model: Model, groups: Ints, x: Floats, work: float, prices: Floats | None = None, seed: int = 1) -> Moved:
    """A better x found by moves with about so much work, never worse than ``x``, which must keep all rows.

    ``groups``: of each column the group it belongs to, of which one is taken at most; −1 for columns that follow from
    the others: totals (defined by a row Σ w x − total = 0) and overflows (what a total exceeds its row by, drawn on
    another row, the pot). ``prices``: what a unit of each row is worth, as of the linear relaxation; they order the
    columns of a group and begin the penalties. The same call gives the same x.
    """
    if not feasible(model, x):
        return Moved(x, 0.0, "start")
    read = _read(model, groups)
    if isinstance(read, str):
        return Moved(x, 0.0, read)
    prices = np.zeros(model.row_upper.size) if prices is None else prices
    net, order = _net(model, groups, read, prices)
    start = np.full(net.empty.size, -1, dtype=np.int32)
    taken = np.flatnonzero(x[order] > 0.5)
    start[net.group[taken]] = taken
    best, spent = run(net, start, penalties(net, np.abs(prices)[read.rows]), int(work * TRIALS_A_UNIT), seed)
    better = read.answer(model, order[best[best >= 0]])
    if float(model.cost @ better) > float(model.cost @ x) and feasible(model, better):
        return Moved(better, spent / TRIALS_A_UNIT)
    return Moved(x, spent / TRIALS_A_UNIT)


def run(net: "_kernels.Net", start: Ints | Places, penalty: Floats, trials: int, seed: int) -> tuple[Ints, int]:
    """The best choice of a column for each group that the kernel finds from a start, and the trials it took.

    ``start`` may break bounds; where nothing better is found that does not, the choice is the start.
    """
    from yipanqi.allocation import _oscillation_kernels as kernels

    state = state_of(net, start, penalty, seed)
    kernels.recount(net, state)
    best = state.chosen.copy()
    if kernels.excess(net, state) > 0.0:
        best[:] = -2
    kernels.oscillate(net, state, best, trials)
    return (start if best.size and best[0] == -2 else best).astype(np.int64), int(state.marks[2])


def state_of(net: "_kernels.Net", start: Ints | Places, penalty: Floats, seed: int) -> "_kernels.State":
    """Working memory of the kernel, the start chosen but not yet counted."""
    from yipanqi.allocation import _kernels

    groups, rows, entries = net.empty.size, net.upper.size, net.row.size
    return _kernels.State(
        chosen=start.astype(np.int32),
        load=np.zeros(rows),
        penalty=penalty.copy(),
        inside=np.zeros(entries, dtype=np.int32),
        members=np.zeros(rows, dtype=np.int32),
        stand=np.zeros(entries, dtype=np.int32),
        log=np.zeros(16, dtype=np.int32),
        queue=np.zeros(max(groups, 1), dtype=np.int32),
        queued=np.zeros(groups, dtype=np.bool_),
        seed=np.array([0x9E3779B97F4A7C15 ^ (seed * 0xBF58476D1CE4E5B9 % 2**64)], dtype=np.uint64),
        marks=np.zeros(3, dtype=np.int64),
    )


@dataclass(frozen=True)
class Entries:
    """The entries of a packing problem: column, row, weight > 0."""

    column: Ints
    row: Ints
    weight: Floats


@dataclass(frozen=True)
class Rows:
    """Of each row: the bounds, the pot it may draw on (−1: none) and what it costs as soon as something is in it."""

    upper: Floats
    lower: Floats
    pot: Ints
    opening: Floats


def net_of(groups: Ints, cost: Floats, empty: Floats, entries: Entries, rows: Rows) -> "_kernels.Net":
    """The kernel's form of a problem whose columns stand in the order of their groups, the most promising first."""
    from yipanqi.allocation import _kernels

    by_column, by_row = (
        np.lexsort((entries.row, entries.column)),
        entries.row[np.lexsort((entries.row, entries.column))],
    )
    columns = entries.column[by_column]
    return _kernels.Net(
        starts=_starts(groups, empty.size),
        empty=empty.astype(np.float64),
        group=groups.astype(np.int32),
        cost=cost.astype(np.float64),
        entries=_starts(columns, cost.size),
        column=columns.astype(np.int32),
        row=by_row.astype(np.int32),
        weight=entries.weight[by_column].astype(np.float64),
        row_starts=_starts(by_row, rows.upper.size),
        row_entries=np.argsort(by_row, kind="stable").astype(np.int32),
        upper=rows.upper.astype(np.float64),
        lower=rows.lower.astype(np.float64),
        pot=rows.pot.astype(np.int32),
        opening=rows.opening.astype(np.float64),
    )


def _starts(places: Ints, count: int) -> Places:
    return np.concatenate(([0], np.cumsum(np.bincount(places, minlength=count)))).astype(np.int32)


def penalties(net: "_kernels.Net", prices: Floats) -> Floats:
    """What a unit beyond each row costs at first: twice its price, at least the mean worth of a unit of its columns."""
    worth = np.abs(net.cost[net.column]) / np.maximum(net.weight, 1e-12)
    rows = np.bincount(net.row, minlength=net.upper.size)
    mean = np.bincount(net.row, worth, minlength=net.upper.size) / np.maximum(rows, 1)
    return np.maximum(2.0 * prices, np.where(mean > 0, 0.2 * mean, float(np.abs(net.cost).mean())))


# --- reading a model ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reading:
    """What a model means to the kernel: its entries over whole columns, totals put in their places, and its rows."""

    entries: Entries
    limits: Rows
    #: The model's row of each of the kernel's rows.
    rows: Ints
    #: Total columns with their defining rows; overflow columns with the row each relieves.
    totals: tuple[Ints, Ints]
    overflows: tuple[Ints, Ints]

    def answer(self, model: Model, columns: Ints) -> Floats:
        """The x that takes these whole columns, totals and overflows following."""
        x = np.zeros(model.cost.size)
        x[columns] = 1.0
        x[self.totals[0]] = model.activity(x)[self.totals[1]]
        over = model.activity(x)[self.overflows[1]] - model.row_upper[self.overflows[1]]
        x[self.overflows[0]] = np.maximum(0.0, over)
        return x


def _read(model: Model, groups: Ints) -> _Reading | str:
    """The reading of a model, or the name of what is not understood."""
    whole, rows = model.integral, model.row_of
    if (whole & ((groups < 0) | (model.lower < 0) | (model.upper > 1))).any() or model.cost[~whole].any():
        return "columns"
    defining = (model.row_lower == 0) & (model.row_upper == 0)
    loose = ~whole[model.columns]
    is_definition = loose & defining[rows] & (model.weights == -1)
    relieving = loose & ~defining[rows] & (model.weights == -1)
    totals = (model.columns[is_definition], rows[is_definition])
    overflows = (model.columns[relieving], rows[relieving])
    named = np.concatenate([totals[0], overflows[0]])
    if np.unique(named).size != named.size or np.setdiff1d(np.flatnonzero(~whole), named).size:
        return "columns"
    if np.unique(totals[1]).size != totals[1].size or np.setdiff1d(np.flatnonzero(defining), totals[1]).size:
        return "rows"
    if np.unique(overflows[1]).size != overflows[1].size or np.isfinite(model.row_lower[overflows[1]]).any():
        return "rows"
    return _put_together(model, (totals, overflows), _group_rows(model, groups), is_definition | relieving)


def _group_rows(model: Model, groups: Ints) -> Bools:
    """The rows that only say that of a group one is taken, at most or exactly."""
    rows, of = model.row_of, groups[model.columns]
    least, most = np.full(model.row_upper.size, np.iinfo(np.int64).max), np.full(model.row_upper.size, -2)
    np.minimum.at(least, rows, of)
    np.maximum.at(most, rows, of)
    ones = np.bincount(rows, model.weights != 1, minlength=least.size) == 0
    full = np.zeros(least.size, dtype=bool)
    single = np.flatnonzero((least == most) & ones & (most >= 0) & (model.row_upper == 1))
    sizes = np.bincount(groups[groups >= 0], minlength=1)
    full[single] = (sizes[most[single]] == np.diff(model.starts)[single]) | ~(model.row_lower[single] > 0)
    return full


def _put_together(
    model: Model, loose: tuple[tuple[Ints, Ints], tuple[Ints, Ints]], of_groups: Bools, linking: Bools
) -> _Reading | str:
    (totals, definitions), (overflows, relieved) = loose
    rows = model.row_of
    definition_of = np.full(model.cost.size, -1)
    definition_of[totals] = definitions
    defining = np.zeros(model.row_upper.size, dtype=bool)
    defining[definitions] = True
    kept = np.flatnonzero(~of_groups & ~defining)
    place = np.full(model.row_upper.size, -1)
    place[kept] = np.arange(kept.size)
    direct = model.integral[model.columns]
    if (model.weights[~linking] <= 0).any():
        return "rows"
    column, row, weight = model.columns[direct], rows[direct], model.weights[direct]
    inside = defining[row]
    parts = [(column[~inside], row[~inside], weight[~inside])]
    for total, definition in zip(totals.tolist(), definitions.tolist(), strict=True):
        own = inside & (row == definition)
        for entry in np.flatnonzero((model.columns == total) & ~linking):
            target = np.full(int(own.sum()), rows[entry])
            parts.append((column[own], target, weight[own] * model.weights[entry]))
    column, row, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
    pots = np.full(kept.size, -1)
    for overflow, under in zip(overflows.tolist(), relieved.tolist(), strict=True):
        drawn = (model.columns == overflow) & ~linking
        if drawn.sum() != 1 or model.weights[drawn][0] != 1:
            return "rows"
        pots[place[under]] = place[rows[drawn][0]]
    if (pots[pots[pots >= 0]] >= 0).any():
        return "rows"
    column, row, weight = column[place[row] >= 0], place[row], weight[place[row] >= 0]
    row = row[row >= 0]
    starts, columns, weights = by_rows(row, column, weight, kept.size)
    entries = Entries(columns, np.repeat(np.arange(kept.size), np.diff(starts)), weights)
    limits = Rows(model.row_upper[kept], model.row_lower[kept], pots, np.zeros(kept.size))
    return _Reading(entries, limits, kept, (totals, definitions), (overflows, relieved))


def _net(model: Model, groups: Ints, read: _Reading, prices: Floats) -> tuple["_kernels.Net", Ints]:
    """The kernel's form of a model, and the model's column of each of its columns.

    A fixed column is the only one of its group; closed columns are left out.
    """
    whole = np.flatnonzero(model.integral & (model.upper > 0.5))
    fixed = groups[whole[model.lower[whole] > 0.5]]
    whole = whole[(model.lower[whole] > 0.5) | ~np.isin(groups[whole], fixed)]
    value = model.cost - np.bincount(
        read.entries.column, read.entries.weight * prices[read.rows][read.entries.row], model.cost.size
    )
    order = whole[np.lexsort((whole, -value[whole], groups[whole]))]
    names, of = np.unique(groups[order], return_inverse=True)
    place = np.full(model.cost.size, -1)
    place[order] = np.arange(order.size)
    live = place[read.entries.column] >= 0
    entries = Entries(place[read.entries.column[live]], read.entries.row[live], read.entries.weight[live])
    needed = np.isin(names, fixed) | np.isin(names, _needed(model, groups))
    net = net_of(of, -model.cost[order], np.where(needed, np.inf, 0.0), entries, read.limits)
    return net, order


def _needed(model: Model, groups: Ints) -> Ints:
    """The groups of which one must be taken."""
    rows = np.flatnonzero(_group_rows(model, groups) & (model.row_lower > 0))
    return groups[model.columns[model.starts[rows]]]
