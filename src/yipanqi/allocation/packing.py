"""Plain packing problems: generalized assignment and single-source facilities, with a proven bound, in counted work.

Linear relaxation → prices of items raised with exact knapsacks (Lagrange), the bound → a dive over patterns of agents →
moves with oscillation → where few pairs are not ruled out, the board's own search over the rest → what a few agents
hold reassigned at less loss.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dataframely as dy
import numpy as np
import polars as pl

from yipanqi.allocation import moves, parts, patterns, search
from yipanqi.kernel import solver
from yipanqi.kernel.solver import Floats, Ints, Limits, Model, Status, by_rows

if TYPE_CHECKING:
    from yipanqi.allocation import _bounds_kernels, _exchange_kernels

#: Kernel steps that make one unit of ``search.Effort.work`` (0.2 ms): cells of knapsacks, nodes of exchanges.
_CELLS_A_UNIT, _NODES_A_UNIT = 200_000.0, 14_000
#: Shares of the work: for the bound, of the rest for the dive, for moves (with opening costs: the second), for chunks.
_BOUND_SHARE, _DIVE_SHARE, _MOVE_SHARE, _OPEN_SHARE, _CHUNK_SHARE = 0.3, 0.75, 0.03, 0.1, 0.04
#: The rise of the bound that steps aim at, as a share of it: at first and at last.
_RISE, _LEAST_RISE = 0.02, 1e-5
#: Trials an item at least, so that a first answer is found, and how often that is tried at most.
_TRIALS_AN_ITEM, _STARTS = 20_000, 8
#: Columns of an item that moves look at; agents of an exchange in turn; nodes of one, from and to, and its growth.
_KEEP, _EXCHANGED, _NODES = 10, (2, 3, 4), (20_000, 160_000, 2)
#: Pairs not ruled out up to which the exact search is worth its work, and its share of what is left; up to the second
#: number it gets everything, for it is about to end.
_FEW, _NEARLY_DONE, _EXACT_SHARE = 1_500, 200, 0.5
#: The grid that sizes are rounded down to when they are not whole, or the room is larger: cells of the room.
_CELLS = 4_000
_EPS = 1e-6


class Pairs(dy.Schema):
    """One agent that may take one item, at what cost and size; pairs that are not there are not possible."""

    item_id = dy.String(primary_key=True)
    agent_id = dy.String(primary_key=True)
    cost = dy.Float64(nullable=False, description="the caller's unit")
    size = dy.Float64(nullable=False, min=0, description="the caller's unit, as the capacity")


class Agents(dy.Schema):
    """One agent or facility."""

    agent_id = dy.String(primary_key=True)
    capacity = dy.Float64(nullable=False, min=0, description="the caller's unit")
    opening_cost = dy.Float64(nullable=False, min=0, description="paid once something is assigned; the unit of cost")


@dataclass(frozen=True)
class Assigned:
    """The cheapest assignment found, and how far from the optimum it can be at most.

    assignment: ``Pairs`` rows, one an item, by item; empty when none was found in the work allowed (value inf).
    bound: no assignment costs less. gap_share: (value − bound) / bound. stopped_by: optimal (value = bound), work,
    time. work: units of ``search.Effort``.
    """

    assignment: pl.DataFrame
    value: float
    bound: float
    stopped_by: Status
    work: float

    @property
    def gap_share(self) -> float:
        """(value − bound) / |bound|."""
        return (self.value - self.bound) / max(abs(self.bound), 1e-12)

    @property
    def open_agents(self) -> list[str]:
        """The agents that take anything."""
        return sorted(set(self.assignment["agent_id"]))


def generalized_assignment(pairs: pl.DataFrame, agents: pl.DataFrame, *, effort: search.Effort) -> Assigned:
    """The cheapest assignment of every item to one agent within the capacities, found in that work, with a bound.

    ``pairs``: ``packing.Pairs``; ``agents``: agent_id, capacity (an opening_cost is ignored). The same input and work
    give the same answer, whatever the order of the rows, unless ``stopped_by`` is time.

    Raises:
        ValueError: an item has no agent with room for it alone, or the linear relaxation has no answer.

    >>> pairs = pl.DataFrame({"item_id": ["a", "a", "b", "b"], "agent_id": ["x", "y", "x", "y"],
    ...                       "cost": [1.0, 4.0, 2.0, 3.0], "size": [2.0, 2.0, 2.0, 2.0]})
    >>> agents = pl.DataFrame({"agent_id": ["x", "y"], "capacity": [3.0, 3.0]})
    >>> found = generalized_assignment(pairs, agents, effort=search.Effort(work=1_000.0))
    >>> found.value, found.bound, str(found.stopped_by), found.assignment["agent_id"].to_list()
    (4.0, 4.0, 'optimal', ['x', 'y'])
    """
    return _solved(pairs, agents.with_columns(opening_cost=pl.lit(0.0)), effort)


def single_source(pairs: pl.DataFrame, agents: pl.DataFrame, *, effort: search.Effort) -> Assigned:
    """The cheapest choice of facilities to open and of one facility for every customer within their capacities.

    As ``generalized_assignment``, with ``agents``: ``packing.Agents``; the value includes the opening costs of the
    facilities that take anything. ``size`` is the customer's demand, the same at every facility or not.

    Raises:
        ValueError: as ``generalized_assignment``.
    """
    return _solved(pairs, agents, effort)


@dataclass(frozen=True)
class _Instance:
    """The pairs by item as arrays: item, agent, cost, size of each; room and opening cost of each agent."""

    item: Ints
    agent: Ints
    cost: Floats
    size: Floats
    room: Floats
    opening: Floats
    items: int

    @property
    def whole(self) -> bool:
        """Whether every cost is a whole number, so that a bound may be rounded up."""
        return bool((self.cost == np.round(self.cost)).all() and (self.opening == np.round(self.opening)).all())

    def model(self, live: Ints) -> tuple[Model, Ints]:
        """The model over some pairs and the openings of their agents, and the group of each column."""
        agents = np.flatnonzero(self.opening > 0)
        place = np.full(self.room.size, -1)
        place[agents] = live.size + np.arange(agents.size)
        pairs = np.arange(live.size)
        rows = np.concatenate([self.item[live], self.items + self.agent[live], self.items + agents])
        columns = np.concatenate([pairs, pairs, place[agents]])
        weights = np.concatenate([np.ones(live.size), self.size[live], -self.room[agents]])
        starts, columns, weights = by_rows(rows, columns, weights, self.items + self.room.size)
        count = live.size + agents.size
        room = np.where(self.opening > 0, 0.0, self.room)
        model = Model(
            cost=-np.concatenate([self.cost[live], self.opening[agents]]),
            lower=np.zeros(count),
            upper=np.ones(count),
            integral=np.ones(count, dtype=bool),
            starts=starts,
            columns=columns,
            weights=weights,
            row_lower=np.concatenate([np.ones(self.items), np.full(room.size, -np.inf)]),
            row_upper=np.concatenate([np.ones(self.items), room]),
        )
        return model, np.concatenate([self.item[live], self.items + np.arange(agents.size)])


def _solved(pairs: pl.DataFrame, agents: pl.DataFrame, effort: search.Effort) -> Assigned:
    pairs = Pairs.validate(pairs.select(Pairs.column_names()), cast=True).sort("item_id", "agent_id")
    agents = Agents.validate(agents.select(Agents.column_names()), cast=True).sort("agent_id")
    if unknown := sorted(set(pairs["agent_id"]) - set(agents["agent_id"])):
        raise ValueError(f"pairs name agents without a capacity: {unknown[:5]}")
    fits = pairs.join(agents, on="agent_id").filter(pl.col("size") <= pl.col("capacity")).sort("item_id", "agent_id")
    if stranded := sorted(set(pairs["item_id"]) - set(fits["item_id"])):
        raise ValueError(f"no agent has room for these items, even alone: {stranded[:5]}")
    if fits.is_empty():
        return Assigned(fits.select(Pairs.column_names()), 0.0, 0.0, Status.OPTIMAL, 0.0)
    run = _Run(_instance(fits, agents), effort)
    run.relax()
    run.raise_prices()
    run.move()
    if run.live().size <= _FEW:
        run.search_the_rest()
    run.exchange()
    chosen = fits.select(Pairs.column_names())[run.chosen] if run.chosen is not None else fits.clear()
    return Assigned(chosen.select(Pairs.column_names()), run.value, run.bound, run.status, run.work)


def _instance(fits: pl.DataFrame, agents: pl.DataFrame) -> _Instance:
    item = fits["item_id"].rank("dense").to_numpy().astype(np.int64) - 1
    place = np.searchsorted(agents["agent_id"].to_numpy().astype(str), fits["agent_id"].to_numpy().astype(str))
    cost, size = fits["cost"].to_numpy(), fits["size"].to_numpy()
    return _Instance(
        item,
        place.astype(np.int64),
        cost,
        size,
        agents["capacity"].to_numpy(),
        agents["opening_cost"].to_numpy(),
        int(item[-1]) + 1,
    )


class _Run:
    """What one solution knows: the best choice (a pair for each item), bounds, prices, and what it has spent."""

    def __init__(self, of: _Instance, effort: search.Effort) -> None:
        self.of, self.effort = of, effort
        self.chosen: Ints | None = None
        self.value, self.bound, self.work = np.inf, -np.inf, 0.0
        self.status = Status.WORK
        self.regrets = np.zeros(of.item.size)
        self.lagrange, self.begin = -np.inf, np.zeros(of.items, dtype=np.int64)
        self.worth, self.room_price = np.zeros(of.items), np.zeros(of.room.size)

    @property
    def done(self) -> bool:
        """Proven or out of work."""
        if self.value - self.bound <= _EPS * max(1.0, abs(self.bound)):
            self.status, self.bound = Status.OPTIMAL, min(self.bound, self.value)
        return self.status is not Status.WORK or self.work >= self.effort.work

    def keep(self, chosen: Ints) -> None:
        """Take a choice that keeps the capacities if it is better."""
        used = np.bincount(self.of.agent[chosen], self.of.size[chosen], self.of.room.size)
        if (used <= self.of.room + _EPS * np.maximum(1.0, self.of.room)).all():
            opened = self.of.opening[np.unique(self.of.agent[chosen])].sum()
            value = float(self.of.cost[chosen].sum() + opened)
            if value < self.value:
                self.chosen, self.value = chosen, value

    def prove(self, bound: float) -> None:
        """Take a bound if it is better, rounded up where all costs are whole."""
        self.bound = max(self.bound, math.ceil(bound - 1e-5) if self.of.whole else bound)

    def relax(self) -> None:
        """The linear relaxation: a bound and the first prices.

        Raises:
            ValueError: it has no answer.
        """
        model, _ = self.of.model(np.arange(self.of.item.size))
        answer = solver.solve(model.relaxed, Limits(wall_s=self.effort.wall_s))
        if answer.status is Status.INFEASIBLE:
            raise ValueError("the capacities do not suffice: even in parts the items do not fit")
        self.work += answer.iterations * (1.0 + model.columns.size / 30_000.0) / 3.0 + 100.0
        if answer.x is not None and answer.status is Status.OPTIMAL:
            self.prove(-parts.safe_bound(model, answer.row_prices)[0])
            self.worth = -answer.row_prices[: self.of.items]
            self.room_price = np.maximum(0.0, answer.row_prices[self.of.items :])

    def raise_prices(self) -> None:
        """Raise the bound by subgradient steps, then settle one agent after the other by patterns."""
        from yipanqi.allocation import _bounds_kernels as kernels

        agents, prices, back = _of_agents(self.of, self.worth)
        first = kernels.bound(agents, prices, False)
        scale = max(1.0, abs(first))
        prices.state[0], prices.state[1] = first, _RISE * scale
        limit = _BOUND_SHARE * self.effort.work * _CELLS_A_UNIT
        while prices.state[3] < limit and prices.state[1] > _LEAST_RISE * scale:
            kernels.ascend(agents, prices, _LEAST_RISE * scale, 50)
        lagrange = kernels.bound(agents, prices, True)
        self.lagrange, self.regrets = lagrange, prices.regret[back]
        self.prove(lagrange)
        self.work += prices.state[3] / _CELLS_A_UNIT
        self.settle(agents, prices)

    def settle(self, agents: "_bounds_kernels.Agents", prices: "_bounds_kernels.Prices") -> None:
        """Where a dive over patterns ends, for moves to begin with; items left out go where they lose least."""
        cost = np.zeros((self.of.items, self.of.room.size))
        cost[self.of.item, self.of.agent] = self.of.cost
        dive = patterns.Dive(cost, agents, prices, _DIVE_SHARE * (self.effort.work - self.work))
        held = dive.held()
        self.work += dive.work
        own = held[self.of.item] == self.of.agent
        order = np.lexsort((self.of.agent, self.losses(), ~own, self.of.item))
        self.begin = order[np.searchsorted(self.of.item[order], np.arange(self.of.items))]
        self.keep(self.begin)

    def live(self) -> Ints:
        """The pairs that an answer better than the best may have."""
        slack = self.value - (1.0 if self.of.whole else 0.0) - self.lagrange + 1e-5
        own = np.zeros(self.regrets.size, dtype=bool)
        if self.chosen is not None:
            own[self.chosen] = True
        return np.flatnonzero((self.regrets <= slack) | own)

    def move(self) -> None:
        """Moves with oscillation from where the dive ended, over the most promising columns of each item."""
        own = np.isin(np.arange(self.of.item.size), self.begin)
        order = np.lexsort((self.of.agent, self.losses(), ~own, self.of.item))
        rank = np.arange(order.size) - np.searchsorted(self.of.item[order], self.of.item[order])
        opens = bool(self.of.opening.any())
        columns = order[rank < (3 * _KEEP if opens else _KEEP)]
        entries = moves.Entries(np.arange(columns.size), self.of.agent[columns], self.of.size[columns])
        nothing = np.full(self.of.room.size, -1)
        rows = moves.Rows(self.of.room, np.full(nothing.size, -np.inf), nothing, self.of.opening)
        net = moves.net_of(self.of.item[columns], self.of.cost[columns], np.full(self.of.items, np.inf), entries, rows)
        share, start = (_OPEN_SHARE if opens else _MOVE_SHARE), net.starts[:-1]
        penalties = moves.penalties(net, self.room_price)
        for seed in range(1, _STARTS + 1):
            left = int((self.effort.work - self.work) * moves.TRIALS_A_UNIT)
            trials = min(left, max(int(share * left), _TRIALS_AN_ITEM * self.of.items))
            best, spent = moves.run(net, start, penalties, trials, seed)
            self.work += spent / moves.TRIALS_A_UNIT
            self.keep(columns[best])
            if self.chosen is not None or self.done:
                return

    def losses(self) -> Floats:
        """What each pair loses at the prices of items and of room; the room of a facility costs its opening too."""
        of = self.of
        price = np.maximum(self.room_price, np.where(of.opening > 0, of.opening / np.maximum(of.room, 1e-12), 0.0))
        return of.cost + price[of.agent] * of.size - self.worth[of.item]

    def search_the_rest(self) -> None:
        """The board's search over the pairs that are not ruled out; where it ends, the answer is proven."""
        live = self.live()
        if self.done or self.chosen is None:
            return
        model, groups = self.of.model(live)
        start = np.zeros(model.cost.size)
        start[np.searchsorted(live, self.chosen)] = 1.0
        opened = np.isin(np.flatnonzero(self.of.opening > 0), self.of.agent[self.chosen])
        start[live.size :] = opened
        left = (1.0 if live.size <= _NEARLY_DONE else _EXACT_SHARE) * (self.effort.work - self.work)
        found = search.search(model, groups, search.Effort(left, self.effort.wall_s), start)
        self.work += found.work
        self.keep(live[found.x[: live.size] > 0.5])
        self.prove(min(self.value, -found.bound))
        if found.status is Status.TIME:
            self.status = Status.TIME

    def exchange(self) -> None:
        """Exchanges among a few agents at a time, deeper while they find nothing, until the work is done."""
        from yipanqi.allocation import _exchange_kernels as kernels

        if self.chosen is None or self.done:
            return
        field, table, pair_of = self.field()
        first, deepest, growth = _NODES
        nodes = first
        sizes = np.minimum(_EXCHANGED, self.of.room.size).astype(np.int32)
        chunk = _CHUNK_SHARE * (self.effort.work - self.work)
        while not self.done:
            before = table.marks[0]
            part = min(chunk, self.effort.work - self.work)
            gains = kernels.exchanges(field, table, sizes, nodes, int(before + part * _NODES_A_UNIT) + 1)
            self.work += float(table.marks[0] - before) / _NODES_A_UNIT
            self.keep(pair_of[np.arange(self.of.items), table.agent])
            nodes = first if gains else min(deepest, nodes * growth)

    def field(self) -> "tuple[_exchange_kernels.Field, _exchange_kernels.Table, Ints]":
        """Losses and sizes as items × agents (closed facilities forbidden), the answer as it stands, and the pairs."""
        from yipanqi.allocation import _exchange_kernels as kernels

        assert self.chosen is not None
        of, shape = self.of, (self.of.items, self.of.room.size)
        pair_of = np.full(shape, -1)
        pair_of[of.item, of.agent] = np.arange(of.item.size)
        held = of.agent[self.chosen]
        loss, size = np.full(shape, np.inf), np.zeros(shape)
        loss[of.item, of.agent] = of.cost + self.room_price[of.agent] * of.size - self.worth[of.item]
        loss[:, (of.opening > 0) & ~np.isin(np.arange(of.room.size), held)] = np.inf
        size[of.item, of.agent] = of.size
        field = kernels.Field(
            loss, size, of.room.copy(), self.room_price, np.argsort(loss, axis=1, kind="stable").astype(np.int32)
        )
        left = of.room - np.bincount(held, of.size[self.chosen], of.room.size)
        return field, kernels.table(held, left, max(_EXCHANGED)), pair_of


def _of_agents(of: _Instance, worth: Floats) -> "tuple[_bounds_kernels.Agents, _bounds_kernels.Prices, Ints]":
    """The instance by agents with whole sizes (rounded down where they are not: the bound holds), prices to begin
    with, and the place of each pair there."""
    from yipanqi.allocation import _bounds_kernels as kernels

    order = np.lexsort((of.item, of.agent))
    back = np.empty(order.size, dtype=np.int64)
    back[order] = np.arange(order.size)
    whole = bool((of.size == np.floor(of.size)).all()) and float(of.room.max()) <= _CELLS
    unit = np.ones(of.room.size) if whole else np.maximum(of.room, 1e-12) / _CELLS
    size = np.floor(of.size[order] / unit[of.agent[order]] + 1e-9).astype(np.int32)
    room = np.floor(of.room / unit + 1e-9).astype(np.int32)
    counts = np.bincount(of.agent, minlength=of.room.size)
    starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    item = of.item[order].astype(np.int32)
    agents = kernels.Agents(starts, item, of.cost[order].astype(np.float64), size, room, of.opening.astype(np.float64))
    return agents, kernels.prices(agents, worth), back
