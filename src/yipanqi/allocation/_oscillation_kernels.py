# mypy: disable-error-code="no-any-return,untyped-decorator,call-overload,return-value"
"""Strategic oscillation over the chains of ``_kernels`` as machine code."""

import numpy as np
from numba import njit

from yipanqi.allocation._kernels import GAIN, Net, Places, State, bare, best_for, chain, draw, enlist, move, put, queue

#: Penalties of broken rows rise by this factor after each round, while no answer is known by the second; all fall
#: where nothing is broken. Rounds without a better answer before the search goes back to the best.
_RAISED, _URGED, _EASED, _PATIENCE = 1.05, 1.3, 0.98, 3000


@bare
def descend(net: Net, state: State, budget: int) -> None:
    """Chains from every queued group until none pays or the budget of trials is spent."""
    while state.marks[1] > 0 and state.marks[2] < budget:
        group = state.queue[state.marks[0]]
        state.marks[0] = (state.marks[0] + 1) % state.queue.size
        state.marks[1] -= 1
        state.queued[group] = False
        first, last = net.starts[group], net.starts[group + 1]
        if state.chosen[group] >= 0 and net.empty[group] < np.inf and chain(net, state, group, -1) > 0.0:
            continue
        for column in range(first, last):
            if column != state.chosen[group] and chain(net, state, group, column) > 0.0:
                break


@bare
def awaken_all(net: Net, state: State) -> None:
    """Queue every group, in a random turn of their order."""
    groups = state.chosen.size
    offset = draw(state, groups)
    for k in range(groups):
        queue(state, (offset + k) % groups)


@njit(cache=True)
def recount(net: Net, state: State) -> None:
    """Loads and lists from what is chosen, without the rounding that changes leave."""
    state.load[:] = 0.0
    state.members[:] = 0
    for group in range(state.chosen.size):
        put(net, state, state.chosen[group], 1.0)
        enlist(net, state, state.chosen[group])


@bare
def excess(net: Net, state: State) -> float:
    """By how much bounds are broken, all together; a group that is empty and may not be counts 1."""
    broken = 0.0
    for row in range(net.upper.size):
        if net.pot[row] < 0:
            broken += max(0.0, state.load[row] - net.upper[row] - 1e-9 * max(1.0, net.upper[row]))
        broken += max(0.0, net.lower[row] - state.load[row] - 1e-9 * max(1.0, net.lower[row]))
    for group in range(state.chosen.size):
        if state.chosen[group] < 0 and net.empty[group] == np.inf:
            broken += 1.0
    return broken


@bare
def value(net: Net, state: State) -> float:
    """The cost of what is chosen, without penalties."""
    total = 0.0
    for group in range(state.chosen.size):
        column = state.chosen[group]
        total += net.cost[column] if column >= 0 else min(net.empty[group], 1e300)
    for row in range(net.upper.size):
        if net.opening[row] > 0.0 and state.load[row] > 1e-7:
            total += net.opening[row]
    return total


@bare
def _reweigh(net: Net, state: State, raised: float) -> None:
    """Penalties of broken rows rise and who is in them is queued; where nothing is broken all penalties fall."""
    any_broken = False
    for row in range(net.upper.size):
        over = net.pot[row] < 0 and state.load[row] > net.upper[row] + 1e-9
        if over or state.load[row] < net.lower[row] - 1e-9:
            any_broken = True
            state.penalty[row] *= raised
            for k in range(min(state.members[row], 40)):
                queue(state, net.group[net.column[state.inside[net.row_starts[row] + k]]])
    if not any_broken:
        for row in range(net.upper.size):
            state.penalty[row] *= _EASED


@bare
def _switch(net: Net, state: State) -> None:
    """Close a random row that costs something to open, or open one for all who are cheaper there, where they fit."""
    row = draw(state, net.upper.size)
    if net.opening[row] == 0.0:
        return
    if state.load[row] > 1e-7:
        while state.members[row] > 0:
            group = net.group[net.column[state.inside[net.row_starts[row]]]]
            column, _ = best_for(net, state, group, row)
            if column < -1:
                return
            move(net, state, group, column)
            queue(state, group)
        return
    for place in range(net.row_starts[row], net.row_starts[row + 1]):
        entry = net.row_entries[place]
        column = net.column[entry]
        group = net.group[column]
        old = state.chosen[group]
        if old >= 0 and net.cost[column] < net.cost[old] and state.load[row] + net.weight[entry] <= net.upper[row]:
            move(net, state, group, column)
            queue(state, group)


@bare
def _kick(net: Net, state: State, strength: int) -> None:
    """Some groups get another of their best columns; each next one stands in a row of the one before."""
    group = draw(state, state.chosen.size)
    for _ in range(strength):
        first, size = net.starts[group], net.starts[group + 1] - net.starts[group]
        row = np.int64(-1)
        if size > 0:
            column = first + min(draw(state, size), draw(state, size))
            if column != state.chosen[group]:
                move(net, state, group, column)
            queue(state, group)
            if net.entries[column + 1] > net.entries[column]:
                row = np.int64(
                    net.row[net.entries[column] + draw(state, net.entries[column + 1] - net.entries[column])]
                )
        if row >= 0 and state.members[row] > 1:
            group = np.int64(net.group[net.column[state.inside[net.row_starts[row] + draw(state, state.members[row])]]])
        else:
            group = draw(state, state.chosen.size)
        queue(state, group)


@bare
def _back(net: Net, state: State, to: Places) -> None:
    for group in range(to.size):
        if state.chosen[group] != to[group]:
            move(net, state, group, to[group])


@njit(cache=True)
def oscillate(net: Net, state: State, best: Places, budget: int) -> float:
    """Kick, descend, go on from there unless it is worse at the penalties, which breathe. The least cost.

    Until a first answer is known nothing is kicked and every place is gone on from.

    ``best`` holds the best choice so far on entry (feasible, or all −2) and on leaving.
    """
    least = np.inf
    if best[0] > -2:
        least = value(net, state)
    awaken_all(net, state)
    descend(net, state, budget)
    here = state.chosen.copy()
    idle, rounds = 0, 0
    while True:
        rounds += 1
        costs = value(net, state)
        if costs < least - GAIN and excess(net, state) == 0.0:
            least, idle = costs, 0
            best[:] = state.chosen
        if state.marks[2] >= budget:
            return least
        if rounds % 256 == 0:
            recount(net, state)
        idle += 1
        if idle > _PATIENCE and least < np.inf:
            idle = 0
            _back(net, state, best)
            here[:] = best
        _reweigh(net, state, _RAISED if least < np.inf else _URGED)
        before = value(net, state) + _broken(net, state)
        if least < np.inf:
            _kick(net, state, 1 + draw(state, 3))
        if rounds % 4 == 0:
            _switch(net, state)
        descend(net, state, budget)
        state.marks[2] += 1 + state.chosen.size // 2
        after = value(net, state) + _broken(net, state)
        if after <= before or least == np.inf:
            here[:] = state.chosen
        else:
            _back(net, state, here)


@bare
def _broken(net: Net, state: State) -> float:
    """What broken bounds cost at the penalties as they are."""
    costs = 0.0
    for row in range(net.upper.size):
        over = max(0.0, state.load[row] - net.upper[row]) if net.pot[row] < 0 else 0.0
        costs += state.penalty[row] * (over + max(0.0, net.lower[row] - state.load[row]))
    return costs


def warm() -> None:
    """Compile the kernels: one group with one column in one row."""
    from yipanqi.allocation import moves

    nothing = np.zeros(1, dtype=np.int64)
    rows = moves.Rows(np.ones(1), np.zeros(1), nothing - 1, np.zeros(1))
    net = moves.net_of(nothing, -np.ones(1), np.zeros(1), moves.Entries(nothing, nothing, np.ones(1)), rows)
    moves.run(net, nothing, np.ones(1), 100, 1)
