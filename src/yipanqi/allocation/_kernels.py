# mypy: disable-error-code="no-any-return,untyped-decorator,call-overload,return-value"
"""The moves of ``allocation.moves`` as machine code: shift, swap and ejection chains over packing rows.

A group holds one of its columns or none; a column takes weights of rows. What a row takes beyond its capacity costs
its penalty, and so does what it lacks to its floor; a row may draw what is beyond on a pot instead. Everything is
minimised. Loads are changed, measured and changed back: exact for any number of rows a column has.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int32]

#: Kernels that allocate nothing are compiled without reference counting: that alone makes them 15 times faster.
bare = njit(cache=True, _nrt=False)

#: Moves of one chain at most, members of a row looked at in one step, and the least gain.
_DEPTH, _LOOK, GAIN = 5, 40, 1e-7


class Net(NamedTuple):
    """A packing problem: columns stand in the order of their groups, within a group the most promising first."""

    #: Of each group: its columns are ``starts[g]:starts[g + 1]``; what it costs to leave it empty (inf: it may not be).
    starts: Places
    empty: Floats
    #: Of each column: group, cost, its entries ``entries[c]:entries[c + 1]``.
    group: Places
    cost: Floats
    entries: Places
    #: Of each entry: column, row, weight.
    column: Places
    row: Places
    weight: Floats
    #: Of each row: its entries ``row_entries[row_starts[r]:row_starts[r + 1]]``, bounds, pot (−1: none), opening cost.
    row_starts: Places
    row_entries: Places
    upper: Floats
    lower: Floats
    pot: Places
    opening: Floats


class State(NamedTuple):
    """Where the search stands: the column of each group (−1: none), the loads, who is in each row, the penalties."""

    chosen: Places
    load: Floats
    penalty: Floats
    #: The entries inside each row, packed to the left of the row's own stretch; how many; where each entry stands.
    inside: Places
    members: Places
    stand: Places
    #: Log of a chain: group and the column it had.
    log: Places
    #: The groups whose moves are worth trying: a queue and whether a group is in it.
    queue: Places
    queued: NDArray[np.bool_]
    #: Random state; places of the queue: first and length; work done.
    seed: NDArray[np.uint64]
    marks: NDArray[np.int64]


@bare
def draw(state: State, below: int) -> int:
    """The next number of a xorshift generator, from 0 to below − 1."""
    x = state.seed[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state.seed[0] = x
    return np.int64((x >> np.uint64(11)) % np.uint64(below))


@bare
def _raise(net: Net, state: State, row: int, by: float) -> float:
    """Add to the load of a row; what that costs."""
    old = state.load[row]
    new = old + by
    state.load[row] = new
    upper, lower, opening = net.upper[row], net.lower[row], net.opening[row]
    over = max(0.0, new - upper) - max(0.0, old - upper)
    costs = state.penalty[row] * (max(0.0, lower - new) - max(0.0, lower - old))
    if opening > 0.0:
        costs += opening * ((1.0 if new > 1e-7 else 0.0) - (1.0 if old > 1e-7 else 0.0))
    pot = net.pot[row]
    if pot < 0:
        return costs + state.penalty[row] * over
    if over != 0.0:
        before = state.load[pot]
        state.load[pot] = before + over
        room = net.upper[pot]
        costs += state.penalty[pot] * (max(0.0, before + over - room) - max(0.0, before - room))
    return costs


@bare
def put(net: Net, state: State, column: int, sign: float) -> float:
    """Put a column in (+1) or take it out (−1); what that costs."""
    if column < 0:
        return 0.0
    costs = sign * net.cost[column]
    for entry in range(net.entries[column], net.entries[column + 1]):
        costs += _raise(net, state, net.row[entry], sign * net.weight[entry])
    return costs


@bare
def _empty_cost(net: Net, group: int, column: int) -> float:
    return net.empty[group] if column < 0 else 0.0


@bare
def enlist(net: Net, state: State, column: int) -> None:
    """Write a column into the lists of its rows."""
    if column < 0:
        return
    for entry in range(net.entries[column], net.entries[column + 1]):
        row = net.row[entry]
        place = net.row_starts[row] + state.members[row]
        state.inside[place], state.stand[entry] = entry, place
        state.members[row] += 1


@bare
def _delist(net: Net, state: State, column: int) -> None:
    """Take a column out of the lists of its rows."""
    if column < 0:
        return
    for entry in range(net.entries[column], net.entries[column + 1]):
        row = net.row[entry]
        state.members[row] -= 1
        last = state.inside[net.row_starts[row] + state.members[row]]
        place = state.stand[entry]
        state.inside[place], state.stand[last] = last, place


@bare
def move(net: Net, state: State, group: int, column: int) -> float:
    """Give a group another column, lists included; what that costs."""
    old = state.chosen[group]
    costs = put(net, state, old, -1.0) + put(net, state, column, 1.0)
    _delist(net, state, old)
    enlist(net, state, column)
    state.chosen[group] = column
    return costs + _empty_cost(net, group, column) - _empty_cost(net, group, old)


@bare
def best_for(net: Net, state: State, group: int, row: int) -> tuple[int, float]:
    """The cheapest other column (or none) for a group, out of a row if one is given; what the change costs."""
    old = state.chosen[group]
    leave = put(net, state, old, -1.0) - _empty_cost(net, group, old)
    best, least = -2, np.inf
    if old >= 0 and net.empty[group] < np.inf:
        best, least = -1, leave + net.empty[group]
    for column in range(net.starts[group], net.starts[group + 1]):
        state.marks[2] += 1
        if column == old or _takes(net, column, row):
            continue
        costs = leave + put(net, state, column, 1.0)
        put(net, state, column, -1.0)
        if costs < least:
            best, least = column, costs
    put(net, state, old, 1.0)
    return best, least


@bare
def _takes(net: Net, column: int, row: int) -> bool:
    if row >= 0:
        for entry in range(net.entries[column], net.entries[column + 1]):
            if net.row[entry] == row:
                return True
    return False


@bare
def _logged(state: State, group: int, depth: int) -> bool:
    found = False
    for k in range(depth):
        found = found or state.log[2 * k] == group
    return found


@bare
def _worst_row(net: Net, state: State, column: int) -> int:
    """The row of a column whose excess costs most; −1: all keep their capacity."""
    worst, most = -1, 1e-9
    if column >= 0:
        for entry in range(net.entries[column], net.entries[column + 1]):
            row = net.row[entry]
            over = (state.load[row] - net.upper[row]) * state.penalty[row]
            if net.pot[row] >= 0:
                pot = net.pot[row]
                over = min(over, (state.load[pot] - net.upper[pot]) * state.penalty[pot])
            if over > most:
                worst, most = row, over
    return worst


@bare
def _eject(net: Net, state: State, row: int, depth: int) -> tuple[int, int]:
    """The group inside an overfull row, and its column elsewhere, whose move costs least; −1: none."""
    first, count = net.row_starts[row], state.members[row]
    found, target, least = -1, -1, np.inf
    offset = draw(state, count) if count > _LOOK else 0
    for k in range(min(count, _LOOK)):
        group = net.group[net.column[state.inside[first + (offset + k) % count]]]
        if _logged(state, group, depth):
            continue
        column, costs = best_for(net, state, group, row)
        if column > -2 and costs < least:
            found, target, least = group, column, costs
    return found, target


@bare
def _fill(net: Net, state: State, row: int, depth: int) -> tuple[int, int]:
    """The group outside a row that has room, and its column in the row, whose move costs least; −1: none."""
    first, count = net.row_starts[row], net.row_starts[row + 1] - net.row_starts[row]
    found, target, least = -1, -1, np.inf
    offset = draw(state, count) if count > 4 * _LOOK else 0
    for k in range(min(count, 4 * _LOOK)):
        entry = net.row_entries[first + (offset + k) % count]
        column = net.column[entry]
        group = net.group[column]
        old = state.chosen[group]
        if old == column or state.load[row] + net.weight[entry] > net.upper[row] or _logged(state, group, depth):
            continue
        state.marks[2] += 1
        costs = put(net, state, old, -1.0) - _empty_cost(net, group, old) + put(net, state, column, 1.0)
        put(net, state, column, -1.0)
        put(net, state, old, 1.0)
        if costs < least:
            found, target, least = group, column, costs
    return found, target


@bare
def _vacated(net: Net, state: State, column: int) -> int:
    """The row with room that a column has left, the dearest first; −1: none."""
    best, most = -1, 0.0
    if column >= 0:
        for entry in range(net.entries[column], net.entries[column + 1]):
            row = net.row[entry]
            worth = state.penalty[row] * net.weight[entry]
            if worth > most and net.upper[row] > state.load[row]:
                best, most = row, worth
    return best


@bare
def chain(net: Net, state: State, group: int, column: int) -> float:
    """Move a group, then eject from what is overfull or fill what is vacated, until that pays; else undo. The gain."""
    old = state.chosen[group]
    state.log[0], state.log[1] = group, old
    costs = move(net, state, group, column)
    depth, last, hole = 1, column, old
    while costs > -GAIN and depth < _DEPTH:
        row = _worst_row(net, state, last)
        if row >= 0:
            other, target = _eject(net, state, row, depth)
        else:
            row = _vacated(net, state, hole)
            if row < 0:
                break
            other, target = _fill(net, state, row, depth)
        if other < 0:
            break
        hole = state.chosen[other]
        state.log[2 * depth], state.log[2 * depth + 1] = other, hole
        costs += move(net, state, other, target)
        last = target
        depth += 1
    if costs <= -GAIN:
        _awaken(net, state, depth)
        return -costs
    for k in range(depth - 1, -1, -1):
        move(net, state, state.log[2 * k], state.log[2 * k + 1])
    return 0.0


@bare
def _awaken(net: Net, state: State, depth: int) -> None:
    """Queue the groups of a chain and those in the rows it touched."""
    for k in range(depth):
        group, old = state.log[2 * k], state.log[2 * k + 1]
        queue(state, group)
        for column in (old, state.chosen[group]):
            if column >= 0:
                for entry in range(net.entries[column], net.entries[column + 1]):
                    row = net.row[entry]
                    for m in range(min(state.members[row], _LOOK)):
                        queue(state, net.group[net.column[state.inside[net.row_starts[row] + m]]])


@bare
def queue(state: State, group: int) -> None:
    if not state.queued[group]:
        state.queued[group] = True
        size = state.queue.size
        state.queue[(state.marks[0] + state.marks[1]) % size] = group
        state.marks[1] += 1
