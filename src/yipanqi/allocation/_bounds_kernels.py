# mypy: disable-error-code="no-any-return,untyped-decorator,call-overload,return-value"
"""The Lagrangian bound of single-source packing as machine code: prices of items, exact knapsacks of agents.

Every item has a price; each agent takes the set of items whose prices less costs are worth most and fit; what the
items are worth together, less what the agents gain, is a bound on the cost of every assignment (Lagrange; Fisher,
Jaikumar and Van Wassenhove 1986). It is at least as tight as the linear relaxation.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int32]

#: Steps without gain until the rise that is aimed at is lessened, by which factor, and how much of a direction is kept.
_PATIENCE, _LESS, _SHARE = 12.0, 0.6, 0.6
#: Steps whose patterns are remembered.
_HISTORY = 64


class Agents(NamedTuple):
    """Items an agent can take, by agent: its pairs are ``starts[a]:starts[a + 1]``; sizes and room are whole."""

    starts: Places
    item: Places
    cost: Floats
    size: Places
    room: Places
    opening: Floats


class Prices(NamedTuple):
    """Where the ascent stands; everything is overwritten."""

    #: Best prices so far and those at hand; the direction of the last step.
    best: Floats
    at: Floats
    direction: Floats
    #: How often each item is taken; per pair whether it is; and per pair what forcing it in costs at the least.
    taken: Places
    pattern: NDArray[np.bool_]
    regret: Floats
    #: Gains by room used, and per candidate and room whether it is taken.
    gains: Floats
    marks: NDArray[np.bool_]
    wanted: Places
    #: The patterns of the last steps of an ascent, over and over.
    history: NDArray[np.bool_]
    #: [bound, the rise aimed at, steps without gain, cells of work, steps]
    state: Floats


@njit(cache=True)
def knapsack(agents: Agents, prices: Prices, agent: int) -> float:
    """The most an agent gains at these prices; its set goes to ``pattern``, ``gains`` holds the gain for less room."""
    first, last, room = agents.starts[agent], agents.starts[agent + 1], agents.room[agent]
    count, total = 0, 0
    for pair in range(first, last):
        prices.pattern[pair] = False
        if prices.at[agents.item[pair]] > agents.cost[pair] and agents.size[pair] <= room:
            prices.wanted[count] = pair
            count += 1
            total += agents.size[pair]
    gains = prices.gains
    gains[: room + 1] = 0.0
    prices.state[3] += (last - first) + room + count * (room + 1)
    for k in range(count):
        pair = prices.wanted[k]
        size, gain = agents.size[pair], prices.at[agents.item[pair]] - agents.cost[pair]
        marks = prices.marks[k]
        for used in range(room, size - 1, -1):
            other = gains[used - size] + gain
            marks[used] = other > gains[used]
            if marks[used]:
                gains[used] = other
    left = room
    for k in range(count - 1, -1, -1):
        pair = prices.wanted[k]
        if left >= agents.size[pair] and prices.marks[k, left]:
            prices.pattern[pair] = True
            left -= agents.size[pair]
    return gains[room]


@njit(cache=True)
def bound(agents: Agents, prices: Prices, with_regrets: bool) -> float:
    """The bound at the prices at hand; ``taken`` and ``pattern`` follow, and on demand the regrets of all pairs."""
    total = prices.at.sum()
    prices.taken[:] = 0
    for agent in range(agents.room.size):
        gain = knapsack(agents, prices, agent)
        net = gain - agents.opening[agent]
        total -= max(0.0, net)
        first, last = agents.starts[agent], agents.starts[agent + 1]
        for pair in range(first, last):
            prices.pattern[pair] = prices.pattern[pair] and net > 0.0
            if prices.pattern[pair]:
                prices.taken[agents.item[pair]] += 1
            if with_regrets:
                prices.regret[pair] = _regret(agents, prices, agent, pair, net)
    return total


@njit(cache=True)
def _regret(agents: Agents, prices: Prices, agent: int, pair: int, net: float) -> float:
    """What the bound rises by at the least when a pair is forced in."""
    size = agents.size[pair]
    if size > agents.room[agent]:
        return np.inf
    own = prices.at[agents.item[pair]] - agents.cost[pair]
    forced = own + prices.gains[agents.room[agent] - size] - agents.opening[agent]
    return max(0.0, max(0.0, net) - forced)


@njit(cache=True)
def ascend(agents: Agents, prices: Prices, least: float, rounds: int) -> None:
    """Subgradient steps, with a share of the last direction, towards the best bound and a rise beyond it.

    The rise (``state[1]``) is lessened after steps without gain, down to ``least``; the best prices stand in the end.
    """
    state = prices.state
    for _ in range(rounds):
        now = bound(agents, prices, False)
        prices.history[int(state[4]) % prices.history.shape[0]] = prices.pattern
        state[4] += 1.0
        state[2] = 0.0 if now > state[0] + 0.03 * state[1] else state[2] + 1.0
        if now > state[0]:
            state[0] = now
            prices.best[:] = prices.at
        if state[2] >= _PATIENCE:
            state[1] *= _LESS
            state[2] = 0.0
            if state[1] < least:
                break
        norm = 0.0
        for item in range(prices.at.size):
            step = (1.0 - prices.taken[item]) + _SHARE * prices.direction[item]
            prices.direction[item] = step
            norm += step * step
        if norm < 1e-9:
            break
        prices.at[:] += (state[0] + state[1] - now) / norm * prices.direction
    prices.at[:] = prices.best


def prices(agents: Agents, worth: Floats) -> Prices:
    """Working memory of an ascent from these prices."""
    items, pairs = worth.size, agents.item.size
    deep, room = int(np.diff(agents.starts).max()), int(agents.room.max())
    return Prices(
        best=worth.copy(),
        at=worth.copy(),
        direction=np.zeros(items),
        taken=np.zeros(items, dtype=np.int32),
        pattern=np.zeros(pairs, dtype=np.bool_),
        regret=np.zeros(pairs),
        gains=np.zeros(room + 1),
        marks=np.zeros((deep, room + 1), dtype=np.bool_),
        wanted=np.zeros(deep, dtype=np.int32),
        history=np.zeros((_HISTORY, pairs), dtype=np.bool_),
        state=np.array([-np.inf, 1.0, 0.0, 0.0, 0.0]),
    )


def warm() -> None:
    """Compile the kernels: one item, one agent."""
    one = np.ones(1, dtype=np.int32)
    agents = Agents(np.array([0, 1], dtype=np.int32), np.zeros(1, dtype=np.int32), np.ones(1), one, one, np.zeros(1))
    memory = prices(agents, np.ones(1))
    bound(agents, memory, True)
    ascend(agents, memory, 1.0, 1)
