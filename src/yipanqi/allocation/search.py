"""The search: good answers to large packing programmes, with a bound, in counted work.

Linear relaxation and cuts → dive → exact on what the relaxation leaves open → small exact searches where the gap is →
exact on all that reduced costs have not ruled out. A *group* is a set of columns of which one at most is taken (a
project's schemes, an item's agents); the method knows nothing else of the board, so other packing problems run over it.

With prices y of the rows and reduced costs d = c − Aᵀy, the gap bound − value is a sum of local losses (``losses``).
Each small search begins where the largest of them lies. By the same sum a column whose loss alone exceeds the gap is in
no better answer and is ruled out: what is left, the *core*, shrinks as answers improve, and all work is done on it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from yipanqi.allocation import cuts, moves
from yipanqi.allocation.losses import Losses
from yipanqi.allocation.parts import Part, broken_rows, feasible, floors_priced, restricted, safe_bound
from yipanqi.kernel import solver
from yipanqi.kernel.solver import Basis, Bools, Floats, Ints, Limits, Model, Solution, Status

#: Two values closer than this (万元) are the same.
SAME_WAN = 1e-4
#: Rounds of cuts at most, and the share of the bound a round must gain for another: at least, and a unit of its work.
_CUT_ROUNDS, _CUT_WORTH, _CUT_WORTH_A_UNIT = 8, 2e-5, 6e-8
#: Steps of the dive before the cuts and after them at most, and the share of the parts it takes in one.
_FIRST_DIVES, _DIVES, _DIVE_SHARE = 12, 40, 0.2
#: Up to so many matrix entries the whole is searched at once: there it finds better answers sooner than its parts do.
_FEW_ENTRIES = 20_000
#: Share of the work for moves after a dive.
_MOVES_SHARE = 0.015
#: Groups freed to mend floors the dive has missed, one try after the other, and how many columns of each.
_MENDS, _MEND_COLUMNS, _MEND = (20, 60, 240), 8, Limits(nodes=100, checks=40, restarts=False)
#: Groups freed at once in a small search: at first, at least; by which factor they grow when it was easy, shrink when
#: it was not, and grow when all places have been tried.
_FIRST, _LEAST, _EASIER, _HARDER, _WIDER = 40, 12, 1.1, 0.8, 1.5
#: Solver checks and nodes of one small search, and the work below which it was easy.
_SMALL, _EASY_WORK = Limits(nodes=300, checks=150, restarts=False), 600.0
#: Limits of the search over what the relaxation leaves open, and how many columns it looks at.
_OPEN, _OPEN_COLUMNS = Limits(nodes=300, checks=80, restarts=False), 1500
#: Share of the work left for small searches before the whole is tried, and how much work the whole needs to be worth
#: trying, by the square of its thousands of matrix entries; else small searches get everything.
_SMALL_SHARE, _WHOLE_WORK = 0.3, 30.0
#: About the work between two check points of the solver: each, and by the square of thousands of matrix entries.
_CHECK_WORK = (20.0, 0.05)
#: The core is cut out anew when less than this share of its columns is left.
_NARROWER = 0.8
#: Work of asking the solver anything at all.
_CALL_WORK = 100.0


@dataclass(frozen=True)
class Effort:
    """How much work may be spent, and the safety net of wall time.

    A unit is one simplex iteration on a small model; on one of n thousand matrix entries an iteration is 1 + n/30
    units, in a linear relaxation a third of 1 + n/75, and every question to the solver costs 100 more: measured, time
    grows like that (about 0.2 ms a unit).
    """

    work: float
    wall_s: float = 600.0


@dataclass(frozen=True)
class Found:
    """The best x, its value, a bound no x can beat, what ended the search, and the work spent."""

    x: Floats
    value: float
    bound: float
    status: Status
    work: float


def _unwatched(value: float) -> None:
    """Nobody looks on."""


def search(
    model: Model, groups: Ints, effort: Effort, start: Floats, *, watch: Callable[[float], None] = _unwatched
) -> Found:
    """The best x found for the model, never worse than ``start``, which must be feasible.

    ``groups``: the group of each column, −1 for columns that follow from the others (totals). Every column needs
    finite bounds. The same call gives the same answer unless the status is TIME; then the bound may be no more than
    the sum of all that could be taken. ``watch`` is told the value of every better answer as it is found.
    """
    packed = cuts.packing(model)
    run = _Run(cuts.cut(model, cuts.of_large_takers(packed)), groups, start, effort, watch)
    relaxed = run.relax()
    small = model.columns.size <= _FEW_ENTRIES
    if relaxed is not None:
        run.take(run.dive(relaxed, _FIRST_DIVES, _MENDS if small else _MENDS[:1]))
        run.move()
    for _ in range(_CUT_ROUNDS):
        broken = [] if relaxed is None or run.done else cuts.broken_cliques(packed, relaxed)
        if not broken:
            break
        before, spent = run.bound, run.work
        run.model = cuts.cut(run.model, broken)
        relaxed = run.relax()
        if before - run.bound < max(_CUT_WORTH, _CUT_WORTH_A_UNIT * (run.work - spent)) * abs(before):
            break
    if relaxed is not None:
        run.take(run.dive(relaxed))
        run.move()
        run.settle_the_open(relaxed)
        if not small:
            run.search_where_the_gap_is()
        run.search_the_whole()
    return run.found()


def _weight(model: Model) -> float:
    """The work of one simplex iteration."""
    entries = model.columns.size / 1000.0
    return 1.0 + entries / 30.0 if model.integral.any() else (1.0 + entries / 75.0) / 3.0


@dataclass(frozen=True)
class _Core:
    """The part of the model that no reduced cost has ruled out, with losses at the prices of the whole."""

    part: Part
    losses: Losses
    groups: Ints


@dataclass
class _Run:
    """What one search knows: the best x, the bound, the prices behind it, and what it has spent."""

    model: Model
    groups: Ints
    x: Floats
    effort: Effort
    watch: Callable[[float], None] = _unwatched
    bound: float = np.inf
    work: float = 0.0
    seconds: float = 0.0
    status: Status = Status.WORK
    prices: Floats = field(default_factory=lambda: np.zeros(0))
    reduced: Floats = field(default_factory=lambda: np.zeros(0))
    basis: Basis | None = None

    def __post_init__(self) -> None:
        self.value = float(self.model.cost @ self.x)

    @property
    def done(self) -> bool:
        """Proven, out of work, or out of time."""
        if self.bound - self.value <= max(SAME_WAN, 1e-9 * abs(self.bound)):
            self.status = Status.OPTIMAL
        elif self.seconds >= self.effort.wall_s:
            self.status = Status.TIME
        return self.status is not Status.WORK or self.work >= self.effort.work

    def relax(self) -> Floats | None:
        """Solve the linear relaxation: bound, prices and reduced costs follow. None: there was no time for it."""
        warm = self.basis and self.basis.with_rows(self.model.row_lower.size)
        answer = self.ask(self.model.relaxed, Limits(), warm)
        if answer.x is None or answer.status is not Status.OPTIMAL:
            return None
        self.basis = answer.basis
        bound, self.reduced = safe_bound(self.model, answer.row_prices)
        self.bound = min(self.bound, bound)
        self.prices, self.root_bound = answer.row_prices, bound
        return answer.x

    def found(self) -> Found:
        """The answer as it stands."""
        trivial = float(np.maximum(self.model.cost * self.model.lower, self.model.cost * self.model.upper).sum())
        bound = max(self.value, min(self.bound, trivial))
        return Found(self.x, self.value, bound, self.status, self.work)

    def ask(
        self, model: Model, limits: Limits, start: Floats | Basis | None = None, beside: float = np.inf
    ) -> Solution:
        """The solver's answer, its work and time written down; who looks on is told what is better with ``beside``."""
        left_s = max(0.1, self.effort.wall_s - self.seconds)
        told = self.value

        def better(answer: Solution) -> None:
            nonlocal told
            if np.isfinite(beside) and answer.value + beside > told + SAME_WAN:
                told = answer.value + beside
                self.watch(told)

        answer = solver.solve(model, replace(limits, wall_s=left_s), start, watch=better)
        self.work += answer.iterations * _weight(model) + _CALL_WORK
        self.seconds += answer.seconds
        if answer.status is Status.TIME:
            self.status = Status.TIME
        return answer

    def take(self, x: Floats) -> None:
        """Keep x if it is feasible and better."""
        value = float(self.model.cost @ x)
        if value > self.value + SAME_WAN and feasible(self.model, x):
            self.x, self.value = x, value
            self.watch(value)

    def improve(self, core: _Core, free: Bools, limits: Limits, start: bool = True) -> Solution:
        """Solve exactly over the free columns of the core, the others as in the best x; keep what is better."""
        inside = self.x[core.part.columns]
        part = restricted(core.part.model, free, inside)
        beside = core.part.held_value + part.held_value
        answer = self.ask(part.model, limits, inside[part.columns] if start else None, beside)
        if answer.x is not None:
            self.take(core.part.put(part.put(answer.x, inside), self.x))
        return answer

    def move(self) -> None:
        """Moves from the best x; a model they do not understand stays as it is."""
        if self.done:
            return
        moved = moves.improve(self.model, self.groups, self.x, _MOVES_SHARE * self.effort.work, self.prices)
        self.work += moved.work
        self.take(moved.x)

    def dive(self, x: Floats, steps: int = _DIVES, mends: tuple[int, ...] = _MENDS) -> Floats:
        """Take what the relaxation takes whole and the largest of its parts, relax the rest again, and so on down.

        Where what was taken leaves no answer for the rest, fewer parts are tried; one that fails alone is closed.
        Floors only have a price here; what misses them is mended afterwards.
        """
        model = floors_priced(self.model, self.prices)
        whole, step, room = model.integral, _DIVE_SHARE, _Room(model)
        taken, closed = np.zeros(x.size), np.zeros(x.size, dtype=bool)
        for _ in range(steps):
            if self.done:
                break
            parts = np.flatnonzero(whole & ~closed & (x > 1e-6) & (x < 1 - 1e-6))
            wanted = parts[np.lexsort((parts, -x[parts]))][: max(1, int(parts.size * step))]
            then = np.where(whole & (x >= 1 - 1e-6), 1.0, taken)
            closed |= room.filled(then, wanted)
            free = ~whole | ~(closed | np.isin(self.groups, self.groups[then > 0.5]))
            part = restricted(model.relaxed, free, then)
            answer = self.ask(part.model, Limits())
            if answer.x is None:
                closed[wanted] |= wanted.size == 1
                step /= 4
                continue
            taken, x, step = then, then.copy(), _DIVE_SHARE
            x[part.columns] = answer.x
            if not np.any(whole & (x > 1e-6) & (x < 1 - 1e-6)):
                break
        return self.mended(np.where(whole, np.round(np.where(x >= 1 - 1e-6, x, 0.0)), x), mends)

    def mended(self, x: Floats, sizes: tuple[int, ...]) -> Floats:
        """An x whose floors are missed, with the groups around them placed anew."""
        losses = Losses(self.model, self.groups, self.prices, self.reduced)
        for size in sizes:
            broken = np.flatnonzero(broken_rows(self.model, x))
            if broken.size == 0 or self.done:
                break
            near = np.isin(self.groups, losses.around(broken, size))
            free = losses.promising(near, x > 0.5, size * _MEND_COLUMNS)
            part = restricted(self.model, free, x)
            answer = self.ask(part.model, _MEND)
            if answer.x is not None:
                return part.put(answer.x, x)
        return x

    def ruled_out(self) -> tuple[Bools, Floats]:
        """The columns that no better answer changes from one of their bounds, and that bound."""
        slack = self.root_bound - self.value - SAME_WAN
        low = self.model.integral & (self.reduced < -slack)
        high = self.model.integral & (self.reduced > slack)
        return low | high, np.where(high, self.model.upper, self.model.lower)

    def core(self, old: _Core | None = None) -> _Core:
        """What is not ruled out, or taken by the best x; the old core where little would change."""
        out, at = self.ruled_out()
        free = ~out | (self.x != at)
        if old is not None and free.sum() > _NARROWER * old.part.columns.size:
            return old
        part = restricted(self.model, free, self.x)
        groups = np.unique(self.groups[part.columns], return_inverse=True)[1]
        groups = np.where(self.groups[part.columns] < 0, -1, groups)
        prices, reduced = self.prices[part.rows], self.reduced[part.columns]
        return _Core(part, Losses(part.model, groups, prices, reduced), groups)

    def settle_the_open(self, relaxed: Floats) -> None:
        """Exact on the most promising columns of the groups where the best x is not what the relaxation takes."""
        if self.done:
            return
        core = self.core()
        differs = np.abs(relaxed - self.x)[core.part.columns] > 1e-6
        open_ = np.isin(core.groups, core.groups[differs & (core.groups >= 0)])
        free = core.losses.promising(open_, differs, _OPEN_COLUMNS)
        if free.sum() < _NARROWER * free.size:
            self.improve(core, free, _OPEN)

    def search_where_the_gap_is(self) -> None:
        """Small exact searches around the largest losses; wider where they are easy and when all places were tried."""
        core, size, begun = self.core(), float(_FIRST), self.work
        places, tried = self.places(core), set[bytes]()
        while not self.done and size <= core.groups.max(initial=0):
            if self.whole_pays(core) and self.work > begun + _SMALL_SHARE * (self.effort.work - begun):
                return
            if not places:
                size *= _WIDER
                places = self.places(core)
                if not places:
                    return
            near = core.losses.around(np.array(places[:1]), int(size))
            places = places[1:]
            if near.tobytes() in tried:
                continue
            tried.add(near.tobytes())
            free = np.isin(core.groups, near)
            value, spent = self.value, self.work
            answer = self.improve(core, free | ~core.part.model.integral, _SMALL)
            easy = answer.status is Status.OPTIMAL and self.work - spent < _EASY_WORK
            size = size * _EASIER if easy else max(_LEAST, size * _HARDER if answer.status is Status.WORK else size)
            if self.value > value:
                core, tried = self.core(core), set()
                places = self.places(core)

    def places(self, core: _Core) -> list[int]:
        """The rows of the core with a loss, the largest first."""
        losses = core.losses.by_row(self.x[core.part.columns])
        rows = np.argsort(-losses, kind="stable")
        return [int(row) for row in rows[losses[rows] > SAME_WAN]]

    def whole_pays(self, core: _Core) -> bool:
        """Whether the work left lets the solver go on for a while on what is not ruled out."""
        return self.effort.work - self.work > _WHOLE_WORK * (core.part.model.columns.size / 1000.0) ** 2

    def search_the_whole(self) -> None:
        """Exact on everything that is not ruled out, with all the work that is left; tightens the bound.

        How much a check point costs shows only in the doing: where the work left buys twice as many as were made, it
        begins anew, with what is known by then.
        """
        cost, made = 0.0, 0
        while not self.done:
            core = self.core()
            each, square = _CHECK_WORK
            cost = cost or each + square * (core.part.model.columns.size / 1000.0) ** 2
            checks = int((self.effort.work - self.work) / max(cost, 1e-9))
            if checks < 2 * made:
                return
            begun = self.work
            answer = self.improve(core, np.ones(core.groups.size, dtype=bool), Limits(checks=max(checks, 1)))
            if answer.status is Status.INFEASIBLE:
                self.bound = self.value
            else:
                self.bound = min(self.bound, max(self.value, answer.bound + core.part.held_value))
            made = answer.checks
            cost = (self.work - begun) / max(made, 1)


class _Room:
    """What columns without totals have room for."""

    def __init__(self, model: Model) -> None:
        rows = model.row_of
        totalled = np.bincount(rows, ~model.integral[model.columns], model.row_lower.size) > 0
        order = np.argsort(model.columns, kind="stable")
        self.model = model
        self.starts = np.concatenate(([0], np.cumsum(np.bincount(model.columns, minlength=model.cost.size))))
        self.rows, self.weights = rows[order], model.weights[order]
        self.upper = np.where(totalled, np.inf, model.row_upper) + 1e-9

    def filled(self, x: Floats, wanted: Ints) -> Bools:
        """Take the wanted columns into x one by one as far as rows have room; those for which there was none."""
        used, without = self.model.activity(x), np.zeros(x.size, dtype=bool)
        for column in wanted.tolist():
            part = slice(self.starts[column], self.starts[column + 1])
            rows, weights = self.rows[part], self.weights[part]
            if (used[rows] + weights <= self.upper[rows]).all():
                x[column] = 1.0
                used[rows] += weights
            else:
                without[column] = True
        return without
