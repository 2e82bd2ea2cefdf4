"""The search: good answers to large packing programmes, with a bound, in counted work.

Linear relaxation → keep the groups it settles → exact on the rest → small exact searches where the gap is → exact on
all that reduced costs have not ruled out. A *group* is a set of columns of which one at most is taken (a project's
schemes, an item's agents); the method knows nothing else of the board, so other packing problems run over it too.

**Where the gap is.** With prices y of the rows and reduced costs d = c − Aᵀy, the gap bound − value is a sum of local
losses: y·(b − Ax) for what is scarce and unused, −d·x for what is taken below its price, d·(u − x) for what is not
taken above it. Each small search begins where the largest of them lies. By the same sum a column whose loss alone
exceeds the gap is in no better answer and is ruled out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from yipanqi.allocation import cuts
from yipanqi.kernel import solver
from yipanqi.kernel.solver import Basis, Bools, Floats, Ints, Limits, Model, Solution, Status

#: Two values closer than this (万元) are the same.
SAME_WAN = 1e-4
#: Rounds of cuts at most, and the share of the bound a round must gain for another.
_CUT_ROUNDS, _CUT_WORTH = 8, 2e-5
#: Steps of the dive at most, and the share of the parts it takes in one.
_DIVES, _DIVE_SHARE = 40, 0.2
#: Groups freed at once in a small search: at first, at most, and by which factor more when nothing is found.
_SIZES = (40, 400, 2.0)
#: Small searches without success before their size grows.
_PATIENCE = 5
#: Solver checks and nodes of one small search.
_SMALL = Limits(nodes=300, checks=250, restarts=False)
#: Share of the work left for small searches before the whole is tried, and how many solver checks the whole needs to
#: be worth trying; else small searches get everything.
_SMALL_SHARE, _WHOLE_CHECKS = 0.15, 60
#: Work of asking the solver anything at all.
_CALL_WORK = 100.0


@dataclass(frozen=True)
class Effort:
    """How much work may be spent, and the safety net of wall time.

    A unit is one simplex iteration on a small model; on one of n thousand matrix entries an iteration is 1 + n/30
    units, a third of that in a linear relaxation, and every question to the solver costs 100 more: measured, time
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
    for _ in range(_CUT_ROUNDS):
        broken = [] if relaxed is None or run.done else cuts.broken_cliques(packed, relaxed)
        if not broken:
            break
        before = run.bound
        run.take(cuts.cut(run.model, broken))
        relaxed = run.relax()
        if before - run.bound < _CUT_WORTH * abs(before):
            break
    if relaxed is not None:
        run.dive(relaxed)
        run.search_where_the_gap_is()
        run.search_the_whole()
    return run.found()


def safe_bound(model: Model, row_prices: Floats) -> tuple[float, Floats]:
    """A bound on every feasible x that holds whatever the prices are, and the reduced costs at these prices.

    bound = Σ_i max of y_i·r over the row's range + Σ_j max of d_j·x_j over the column's range. Prices that lean on a
    side without limit count as 0. With optimal prices it is the optimum of the linear relaxation.
    """
    ends = np.where(row_prices > 0, model.row_upper, model.row_lower)
    prices = np.where(np.isinf(ends), 0.0, row_prices)
    reduced = model.priced(prices)
    rows = prices[prices != 0] * ends[prices != 0]
    return float(rows.sum() + np.maximum(reduced * model.lower, reduced * model.upper).sum()), reduced


def _check_work(entries: int) -> float:
    """About the work between two check points of the solver on a model with that many matrix entries."""
    return (entries / 1000.0) ** 2


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
        self.take(self.model)
        self.value = float(self.model.cost @ self.x)

    @property
    def done(self) -> bool:
        """Proven, out of work, or out of time."""
        if self.bound - self.value <= max(SAME_WAN, 1e-9 * abs(self.bound)):
            self.status = Status.OPTIMAL
        elif self.seconds >= self.effort.wall_s:
            self.status = Status.TIME
        return self.status is not Status.WORK or self.work >= self.effort.work

    def take(self, model: Model) -> None:
        """Go on with a tighter model of the same columns."""
        self.model, self.rows = model, model.row_of
        self.totalled = np.bincount(self.rows, ~model.integral[model.columns], model.row_lower.size) > 0

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
        weight = (1.0 + model.columns.size / 30_000.0) / (1.0 if model.integral.any() else 3.0)
        self.work += answer.iterations * weight + _CALL_WORK
        self.seconds += answer.seconds
        if answer.status is Status.TIME:
            self.status = Status.TIME
        return answer

    def improve(self, free: Bools, base: Floats, limits: Limits, start: bool = False) -> Solution:
        """Solve exactly over the free columns, the others as in ``base``; keep what is better."""
        part, columns = restricted(self.model, free, base)
        beside = float(self.model.cost[~free] @ base[~free])
        answer = self.ask(part, limits, base[columns] if start else None, beside)
        if answer.x is not None:
            x = base.copy()
            x[columns] = np.where(part.integral, np.round(answer.x), answer.x)
            value = float(self.model.cost @ x)
            if value > self.value + SAME_WAN and feasible(self.model, x):
                self.x, self.value = x, value
        return answer

    def dive(self, x: Floats) -> None:
        """Take what the relaxation takes whole and the largest of its parts, relax the rest again, and so on down.

        Where what was taken leaves no answer for the rest, fewer parts are tried; one that fails alone is closed.
        """
        whole, step = self.model.integral, _DIVE_SHARE
        taken, closed = np.zeros(x.size), np.zeros(x.size, dtype=bool)
        for _ in range(_DIVES):
            parts = np.flatnonzero(whole & (x > 1e-6) & (x < 1 - 1e-6))
            wanted = parts[np.lexsort((parts, -x[parts]))][: max(1, int(parts.size * step))]
            then = np.where(whole & (x >= 1 - 1e-6), 1.0, taken)
            for column in wanted:
                then[column] = 1.0
                if not self.has_room(then, column):
                    then[column], closed[column] = 0.0, True
            free = ~whole | ~(closed | np.isin(self.groups, self.groups[then > 0.5]))
            part, columns = restricted(self.model.relaxed, free, then)
            answer = self.ask(part, Limits())
            if answer.x is None:
                closed[wanted] |= wanted.size == 1
                step /= 4
                continue
            taken, x, step = then, then.copy(), _DIVE_SHARE
            x[columns] = answer.x
            if not np.any(whole & (x > 1e-6) & (x < 1 - 1e-6)):
                break
        self.improve(~whole, np.where(whole, x >= 1 - 1e-6, 0.0), _SMALL)

    def has_room(self, x: Floats, column: int) -> bool:
        """Whether the rows of a column without totals keep their upper bounds in x."""
        rows = self.rows[self.model.columns == column]
        inside = np.isin(self.rows, rows[~self.totalled[rows]])
        used = np.bincount(self.rows[inside], (self.model.weights * x[self.model.columns])[inside], self.totalled.size)
        return bool((used <= self.model.row_upper + 1e-9).all())

    def ruled_out(self) -> tuple[Bools, Floats]:
        """The columns that no better answer changes from one of their bounds, and that bound."""
        slack = self.root_bound - self.value - SAME_WAN
        low = self.model.integral & (self.reduced < -slack)
        high = self.model.integral & (self.reduced > slack)
        return low | high, np.where(high, self.model.upper, self.model.lower)

    @property
    def whole_pays(self) -> bool:
        """Whether the work left lets the solver go on for a while on what is not ruled out."""
        out, _ = self.ruled_out()
        entries = int(np.sum(~out[self.model.columns]))
        return self.effort.work - self.work > _WHOLE_CHECKS * _check_work(entries)

    def search_the_whole(self) -> None:
        """Exact on everything that is not ruled out, with all the work that is left; tightens the bound.

        How much a check point costs shows only in the doing: where the work left buys twice as many as were made, it
        begins anew, with what is known by then.
        """
        out, _ = self.ruled_out()
        cost, made = _check_work(int(np.sum(~out[self.model.columns]))), 0
        while not self.done:
            checks = int((self.effort.work - self.work) / max(cost, 1e-9))
            if checks < 2 * made:
                return
            begun = self.work
            made = self.settle_the_whole(max(checks, 1))
            cost = (self.work - begun) / max(made, 1)

    def settle_the_whole(self, checks: int) -> int:
        """One exact search over all that is not ruled out; the number of check points it came to."""
        out, at = self.ruled_out()
        base = np.where(out, at, self.x)
        answer = self.improve(~out, base, Limits(checks=checks), start=bool(np.array_equal(base, self.x)))
        if answer.status is Status.INFEASIBLE:
            self.bound = self.value
        else:
            self.bound = min(self.bound, max(self.value, answer.bound + float(self.model.cost[out] @ at[out])))
        return answer.checks

    def search_where_the_gap_is(self) -> None:
        """Small exact searches around the largest losses, wider when they find nothing."""
        size, most, growth = _SIZES
        most = min(most, int(np.unique(self.groups[self.groups >= 0]).size / 4))
        tried: set[int] = set()
        failures = 0
        begun = self.work
        while not self.done and size <= most:
            if self.whole_pays and self.work > begun + _SMALL_SHARE * (self.effort.work - begun):
                return
            seed = self.worst_place(tried)
            if seed is None or failures >= _PATIENCE:
                size, failures, tried = int(size * growth), 0, set()
                continue
            tried.add(seed)
            before = self.value
            out, _ = self.ruled_out()
            free = np.isin(self.groups, self.around(seed, size)) & (~out | (self.x > 0.5))
            self.improve(free | ~self.model.integral, self.x, _SMALL, start=True)
            failures = 0 if self.value > before else failures + 1

    def worst_place(self, tried: set[int]) -> int | None:
        """The row with the largest loss — its own and that of its groups' columns — not tried yet."""
        used = self.model.activity(self.x)
        ends = np.where(self.prices > 0, self.model.row_upper, self.model.row_lower)
        losses = np.where(self.prices != 0, self.prices, 0.0)
        losses = losses * (np.where(np.isinf(ends), used, ends) - used)
        other = np.where(self.reduced > 0, self.model.upper, self.model.lower)
        of_columns = self.reduced * (other - self.x)
        losses += np.bincount(self.rows, of_columns[self.model.columns], minlength=losses.size)
        for row in np.argsort(-losses, kind="stable"):
            if losses[row] <= SAME_WAN:
                return None
            if int(row) not in tried:
                return int(row)
        return None

    def around(self, row: int, size: int) -> Ints:
        """About ``size`` groups near a row: ring by ring over priced rows and columns that could still matter."""
        out, _ = self.ruled_out()
        live = ~out[self.model.columns] & (self.groups[self.model.columns] >= 0)
        rows, groups = self.rows[live], self.groups[self.model.columns[live]]
        linked = self.prices[rows] != 0
        chosen = np.unique(groups[rows == row])[:size]
        while chosen.size < size:
            touched = np.isin(rows, np.unique(rows[np.isin(groups, chosen) & linked]))
            ring = np.setdiff1d(groups[touched], chosen)
            if ring.size == 0:
                break
            count = np.bincount(groups[touched], minlength=int(groups.max()) + 1)
            ring = ring[np.lexsort((ring, -count[ring]))][: size - chosen.size]
            chosen = np.concatenate([chosen, ring])
        return chosen


def restricted(model: Model, free: Bools, x: Floats) -> tuple[Model, Ints]:
    """The model over the free columns only, the others fixed as in x, and which columns these are."""
    columns = np.flatnonzero(free)
    place = np.full(free.size, -1)
    place[columns] = np.arange(columns.size)
    held = model.activity(np.where(free, 0.0, x))
    rows, entries = model.row_of, free[model.columns]
    kept = np.unique(rows[entries])
    row_place = np.full(model.row_lower.size, -1)
    row_place[kept] = np.arange(kept.size)
    counts = np.bincount(row_place[rows[entries]], minlength=kept.size)
    part = Model(
        cost=model.cost[columns],
        lower=model.lower[columns],
        upper=model.upper[columns],
        integral=model.integral[columns],
        starts=np.concatenate(([0], np.cumsum(counts))),
        columns=place[model.columns[entries]],
        weights=model.weights[entries],
        row_lower=model.row_lower[kept] - held[kept],
        row_upper=model.row_upper[kept] - held[kept],
    )
    return part, columns


def feasible(model: Model, x: Floats, tolerance: float = 1e-6) -> bool:
    """Whether x keeps all rows and bounds of the model."""
    used = model.activity(x)
    rows = (used >= model.row_lower - tolerance) & (used <= model.row_upper + tolerance)
    return bool(rows.all() and (x >= model.lower - tolerance).all() and (x <= model.upper + tolerance).all())
