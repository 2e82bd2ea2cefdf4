"""Patterns: whole sets of items an agent may hold, chosen together by column generation and a dive.

A packing problem seen from the agents: each takes one of its patterns (sets of items that fit), every item is covered.
The linear relaxation of that is as tight as Lagrange with knapsacks (Dantzig and Wolfe 1960), and what it takes is
whole agents, so that a dive which settles one agent after the other and prices new patterns for the rest ends close to
the bound (Sadykov and others 2019). An item covered twice leaves one of its patterns: covering is enough.
"""

from typing import TYPE_CHECKING

import numpy as np

from yipanqi.kernel import solver
from yipanqi.kernel.solver import Basis, Bools, Floats, Ints, Limits, Model, Solution

if TYPE_CHECKING:
    from yipanqi.allocation import _bounds_kernels

#: Rounds of new patterns before anything is settled and after each agent, patterns kept of each agent; where agents
#: cost something to open (there fewer are settled in all, so that more can be spent on each).
_PLAIN, _OPENED = (8, 2, 15), (12, 4, 40)
#: Prices that patterns are priced at lie so far between the best known and the master's: nearer ones first.
_SHARES = (0.2, 0.6, 1.0)
#: Master and bound are the same when they differ by less than this share of the whole bound.
_CLOSE = 1e-5
#: Cells of knapsacks in a unit of work; work of asking the solver, and entries of the master that are one more.
_CELLS_A_UNIT, _CALL_WORK, _ENTRIES_A_UNIT = 200_000.0, 20.0, 200.0
_TAKEN = 1e-6


class Dive:
    """One dive: the patterns known, what is still free, and the work spent (units of ``search.Effort``)."""

    def __init__(
        self, cost: Floats, agents: "_bounds_kernels.Agents", memory: "_bounds_kernels.Prices", allowed: float
    ) -> None:
        """``cost``: items × agents; ``memory``: the best prices and the patterns of the last steps of an ascent."""
        items, count = cost.shape
        self.cost, self.agents, self.memory, self.allowed = cost, agents, memory, allowed
        self.has, self.owner = np.zeros((0, items), dtype=bool), np.zeros(0, dtype=np.int64)
        self.free, self.live = np.ones(items, dtype=bool), np.ones(count, dtype=bool)
        self.first_rounds, self.rounds, self.kept = _OPENED if agents.opening.any() else _PLAIN
        self.work = 0.0
        self.pair_agent = np.repeat(np.arange(count), np.diff(agents.starts))
        self.uncovered = 2.0 * float(np.abs(cost).max() + agents.opening.max())
        self.close = _CLOSE * abs(float(memory.state[0]))

    def held(self) -> Ints:
        """The agent of each item after the dive; −1 where no pattern was found."""
        for pattern in self.memory.history:
            self.add(self.sets(pattern), np.arange(self.live.size))
        held, centre, rounds = np.full(self.free.size, -1), self.memory.best.copy(), self.first_rounds
        while self.free.any() and self.live.any():
            x, centre = self.converge(centre, rounds)
            rounds = self.rounds if self.work < self.allowed else 1
            chosen = self.settled(x)
            if chosen.size == 0:
                break
            for pattern in chosen.tolist():
                got = self.has[pattern] & self.free
                held[got] = self.owner[pattern]
                self.free &= ~got
                self.live[self.owner[pattern]] = False
            self.narrow(centre)
        return held

    def settled(self, x: Floats) -> Ints:
        """The patterns taken whole, and the one taken most of the others; out of work: all that are taken mostly."""
        whole = x > (1.0 - _TAKEN if self.work < self.allowed else 0.5)
        rest = np.where(whole, 0.0, x)
        return np.append(np.flatnonzero(whole), np.argmax(rest)) if rest.max() > _TAKEN else np.flatnonzero(whole)

    def sets(self, pattern: Bools) -> Bools:
        """Pairs as agents × items."""
        has = np.zeros((self.live.size, self.free.size), dtype=bool)
        pairs = np.flatnonzero(pattern)
        has[self.pair_agent[pairs], self.agents.item[pairs]] = True
        return has

    def add(self, has: Bools, owner: Ints) -> int:
        """Add patterns that are not known yet; how many."""
        keys = np.column_stack([np.concatenate([self.owner, owner]), np.concatenate([self.has, has])])
        first = np.sort(np.unique(keys, axis=0, return_index=True)[1])
        new = first[first >= self.owner.size] - self.owner.size
        new = new[has[new].any(axis=1)]
        self.has, self.owner = np.concatenate([self.has, has[new]]), np.concatenate([self.owner, owner[new]])
        return int(new.size)

    def priced(self, worth: Floats) -> tuple[float, Bools]:
        """The bound at these prices over what is free, and the best pattern of each agent."""
        from yipanqi.allocation import _bounds_kernels as kernels

        before = float(self.memory.state[3])
        self.memory.at[:] = np.where(self.free, worth, 0.0)
        agents = self.agents._replace(room=np.where(self.live, self.agents.room, -1).astype(np.int32))
        bound = kernels.bound(agents, self.memory, False)
        self.work += (float(self.memory.state[3]) - before) / _CELLS_A_UNIT
        return bound, self.sets(self.memory.pattern)

    def reduced(self, has: Bools, owner: Ints, worth: Floats) -> Floats:
        """What patterns cost beyond the worth of their items."""
        beyond = np.where(has, self.cost.T[owner] - worth, 0.0).sum(axis=1)
        return np.asarray(beyond + self.agents.opening[owner], dtype=np.float64)

    def converge(self, centre: Floats, rounds: int) -> tuple[Floats, Floats]:
        """Master and new patterns in turn; how much of each pattern the master takes, and the best prices."""
        everyone, basis = np.arange(self.live.size), None
        best, has = self.priced(centre)
        self.add(has[self.live], everyone[self.live])
        for left in range(rounds - 1, -1, -1):
            answer, worth, gain = self.master(basis)
            basis, added = answer.basis, 0
            assert answer.x is not None
            x = answer.x[int(self.free.sum()) :]
            if left == 0 or -answer.value - best < self.close:
                break
            for share in _SHARES:
                at = share * worth + (1.0 - share) * centre
                bound, has = self.priced(at)
                if bound > best:
                    best, centre = bound, at
                good = (self.reduced(has, everyone, worth) + gain < -1e-7 * self.uncovered) & self.live
                added = self.add(has[good], everyone[good])
                if added:
                    break
            if not added:
                break
        return x, centre

    def master(self, basis: Basis | None) -> tuple[Solution, Floats, Floats]:
        """The cheapest cover by known patterns in parts, the worth of each item and the gain of each agent."""
        items, agents = np.flatnonzero(self.free), np.flatnonzero(self.live)
        item, pattern = np.nonzero(self.has[:, items].T)
        count, patterns = items.size, np.arange(self.owner.size)
        rows = np.concatenate([item, np.arange(count), count + np.searchsorted(agents, self.owner)])
        columns = np.concatenate([count + pattern, np.arange(count), count + patterns])
        starts, columns, weights = solver.by_rows(rows, columns, np.ones(rows.size), count + agents.size)
        width = count + patterns.size
        costs = self.reduced(self.has, self.owner, np.zeros(self.free.size))
        model = Model(
            cost=-np.concatenate([np.full(count, self.uncovered), costs]),
            lower=np.zeros(width),
            upper=np.full(width, np.inf),
            integral=np.zeros(width, dtype=bool),
            starts=starts,
            columns=columns,
            weights=weights,
            row_lower=np.concatenate([np.ones(count), np.full(agents.size, -np.inf)]),
            row_upper=np.concatenate([np.full(count, np.inf), np.ones(agents.size)]),
        )
        if basis is not None:
            new = np.zeros(width - basis.columns.size, dtype=np.int64)
            basis = Basis(np.concatenate([basis.columns, new]), basis.rows)
        answer = solver.solve(model, Limits(), basis)
        self.work += answer.iterations * (1.0 + columns.size / 75_000.0) / 3.0
        self.work += _CALL_WORK + columns.size / _ENTRIES_A_UNIT
        worth, gain = np.zeros(self.free.size), np.zeros(self.live.size)
        worth[items] = np.maximum(0.0, -answer.row_prices[:count])
        gain[agents] = np.maximum(0.0, answer.row_prices[count:])
        return answer, worth, gain

    def narrow(self, worth: Floats) -> None:
        """Take what is settled out of the patterns, and keep the best of each agent that is not."""
        keep = self.live[self.owner]
        has, owner = self.has[keep] & self.free, self.owner[keep]
        order = np.lexsort((self.reduced(has, owner, worth), owner))
        rank = np.arange(order.size) - np.searchsorted(owner[order], owner[order])
        kept = order[rank < self.kept]
        self.has, self.owner = self.has[:0], self.owner[:0]
        self.add(has[kept], owner[kept])
