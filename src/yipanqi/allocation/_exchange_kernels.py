# mypy: disable-error-code="no-any-return,untyped-decorator,call-overload,return-value"
"""Exchanges among a few agents, enumerated by what they lose, as machine code.

With prices of items and of room, the cost of an assignment is a constant plus what every item loses at its agent
(reduced cost) plus what unused room is worth. Of a few agents everything is reassigned by depth-first search: a branch
ends where it has lost as much as the present answer. Losses are small near the optimum, so that is fast.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from yipanqi.allocation._kernels import bare

Floats = NDArray[np.float64]
Places = NDArray[np.int32]

_EPS = 1e-6


class Field(NamedTuple):
    """Items × agents: what each pair loses (inf: forbidden) and its size; per agent room and the price of room."""

    loss: Floats
    size: Floats
    room: Floats
    price: Floats
    #: Per item the agents by rising loss.
    order: Places


class Table(NamedTuple):
    """The answer (agent of each item, room left) and working memory of one exchange."""

    agent: Places
    left: Floats
    agents: Places
    items: Places
    #: Per depth: its options by rising loss (agent and loss beyond the least), how many, which one is tried.
    option: Places
    extra: Floats
    options: Places
    tried: Places
    kept: Places
    #: Per depth: the most that the rest can fill, by price; what is spent before it; spread for sorting.
    fill: Floats
    spent: Floats
    spread: Floats
    seed: NDArray[np.uint64]
    #: [nodes of work, subsets tried, gains]
    marks: NDArray[np.int64]


@bare
def _draw(table: Table, below: int) -> int:
    x = table.seed[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    table.seed[0] = x
    return np.int64((x >> np.uint64(11)) % np.uint64(below))


@bare
def _gather(field: Field, table: Table, agents: int) -> tuple[int, float]:
    """List the items of the chosen agents, hardest first, and their options; how many, and the loss to beat."""
    count, loss = 0, 0.0
    for k in range(agents):
        loss += field.price[table.agents[k]] * table.left[table.agents[k]]
    for item in range(table.agent.size):
        now = -1
        for k in range(agents):
            if table.agents[k] == table.agent[item]:
                now = table.agent[item]
        if now < 0:
            continue
        least, second = np.inf, np.inf
        for k in range(agents):
            other = field.loss[item, table.agents[k]]
            if other < least:
                least, second = other, least
            elif other < second:
                second = other
        loss += field.loss[item, now] - least
        place = count
        while place > 0 and table.spread[place - 1] < second - least:
            table.items[place], table.spread[place] = table.items[place - 1], table.spread[place - 1]
            place -= 1
        table.items[place], table.spread[place] = item, second - least
        count += 1
    _list_options(field, table, agents, count)
    return count, loss


@bare
def _list_options(field: Field, table: Table, agents: int, count: int) -> None:
    width = table.agents.size
    table.fill[count] = 0.0
    for depth in range(count - 1, -1, -1):
        item, most, size = table.items[depth], 0.0, 0
        for k in range(agents):
            agent = table.agents[k]
            loss = field.loss[item, agent]
            if loss == np.inf:
                continue
            most = max(most, field.price[agent] * field.size[item, agent])
            place = depth * width + size
            while place > depth * width and table.extra[place - 1] > loss:
                table.option[place], table.extra[place] = table.option[place - 1], table.extra[place - 1]
                place -= 1
            table.option[place], table.extra[place] = agent, loss
            size += 1
        least = table.extra[depth * width]
        for k in range(size):
            table.extra[depth * width + k] -= least
        table.options[depth] = size
        table.fill[depth] = table.fill[depth + 1] + most


@bare
def exchange(field: Field, table: Table, agents: int, limit: int) -> bool:  # noqa: C901 (one loop, one state)
    """Reassign the items of the first ``agents`` of ``table.agents`` at less loss, if the nodes allowed find how."""
    count, loss = _gather(field, table, agents)
    width, budget, found = table.agents.size, loss - _EPS, False
    free = 0.0
    for k in range(agents):
        agent = table.agents[k]
        table.left[agent] = field.room[agent]
        free += field.price[agent] * field.room[agent]
    for item in range(count):
        table.kept[item] = table.agent[table.items[item]]
    depth, nodes = 0, 0
    table.spent[0], table.tried[0] = 0.0, -1
    while depth >= 0:
        place = depth * width + table.tried[depth]
        item = table.items[depth]
        if table.tried[depth] >= 0:  # come back: give back what was taken here
            agent = table.option[place]
            table.left[agent] += field.size[item, agent]
            free += field.price[agent] * field.size[item, agent]
        table.tried[depth] += 1
        place += 1
        while table.tried[depth] < table.options[depth]:
            agent = table.option[place]
            size = field.size[item, agent]
            if size <= table.left[agent] + _EPS:
                break
            table.tried[depth] += 1
            place += 1
        nodes += 1
        if table.tried[depth] >= table.options[depth] or nodes > limit:
            depth -= 1
            continue
        agent = table.option[place]
        spent = table.spent[depth] + table.extra[place]
        if spent >= budget:
            depth -= 1
            continue
        size = field.size[item, agent]
        table.left[agent] -= size
        free -= field.price[agent] * size
        if spent + max(0.0, free - table.fill[depth + 1]) >= budget:
            continue
        if depth + 1 == count:
            budget, found = spent + free - _EPS, True
            for k in range(count):
                table.kept[k] = table.option[k * width + table.tried[k]]
            continue
        depth += 1
        table.spent[depth], table.tried[depth] = spent, -1
    table.marks[0] += nodes
    _settle(field, table, agents, count)
    return found


@bare
def _settle(field: Field, table: Table, agents: int, count: int) -> None:
    for k in range(agents):
        table.left[table.agents[k]] = field.room[table.agents[k]]
    for k in range(count):
        item, agent = table.items[k], table.kept[k]
        table.agent[item] = agent
        table.left[agent] -= field.size[item, agent]


@bare
def _choose(field: Field, table: Table, agents: int) -> int:
    """Agents that could do with each other's items: from a random one along items to where they lose little."""
    count = field.room.size
    table.agents[0] = _draw(table, count)
    size, tries = 1, 0
    while size < min(agents, count) and tries < 40 * agents:
        tries += 1
        anchor = table.agents[_draw(table, size)]
        item = _draw(table, table.agent.size)
        for _ in range(8 * count):
            if table.agent[item] == anchor:
                break
            item = (item + 1) % table.agent.size
        other = field.order[item, min(_draw(table, 6), count - 1)]
        known = False
        for k in range(size):
            known = known or table.agents[k] == other
        if not known:
            table.agents[size] = other
            size += 1
    return size


@njit(cache=True)
def exchanges(field: Field, table: Table, sizes: Places, limit: int, budget: int) -> int:
    """Exchanges among random agents, so many at a time as ``sizes`` says in turn, until the work is done; the gains."""
    gains = 0
    while table.marks[0] < budget:
        size = _choose(field, table, sizes[table.marks[1] % sizes.size])
        table.marks[1] += 1
        table.marks[0] += table.agent.size // 4
        if exchange(field, table, size, limit):
            gains += 1
    return gains


def table(agent: NDArray[np.int64], left: Floats, most: int) -> Table:
    """Working memory of exchanges among at most so many agents, from an answer and the room it leaves."""
    depth = agent.size + 1
    return Table(
        agent=agent.astype(np.int32),
        left=left.astype(np.float64),
        agents=np.zeros(most, dtype=np.int32),
        items=np.zeros(depth, dtype=np.int32),
        option=np.zeros(depth * most, dtype=np.int32),
        extra=np.zeros(depth * most),
        options=np.zeros(depth, dtype=np.int32),
        tried=np.zeros(depth, dtype=np.int32),
        kept=np.zeros(depth, dtype=np.int32),
        fill=np.zeros(depth),
        spent=np.zeros(depth),
        spread=np.zeros(depth),
        seed=np.array([0x9E3779B97F4A7C15], dtype=np.uint64),
        marks=np.zeros(3, dtype=np.int64),
    )


def warm() -> None:
    """Compile the kernels: one item, one agent."""
    field = Field(np.zeros((1, 1)), np.ones((1, 1)), np.ones(1), np.ones(1), np.zeros((1, 1), dtype=np.int32))
    exchanges(field, table(np.zeros(1, dtype=np.int64), np.zeros(1), 2), np.ones(1, dtype=np.int32), 10, 10)
