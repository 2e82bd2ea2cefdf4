"""Linear programmes of many columns behind ``kernel.solver``, solved over the few that matter: in the child process.

The solver holds the columns that have been of use so far. Its prices tell what every other column would earn; those
that earn more than rounding are added, the best of each kind first, and the programme goes on from where it was. When
none is left the answer is the optimum over all columns. Import it from nowhere else.
"""

from dataclasses import replace
from typing import Any

import highspy
import numpy as np

from yipanqi.kernel import _highs
from yipanqi.kernel.solver import Bools, Family, Floats, Ints, Limits, Model, Solution

#: A column earns more than rounding beyond this; it is also the solver's own tolerance.
_TOLERANCE = 1e-7
#: Columns of one kind (those whose first row is the same: a project's) that are added at a time.
_AT_ONCE = 3
_ENDS = highspy.HighsModelStatus


class Restricted:
    """A linear programme whose solver holds some columns only; the others are at 0 and priced out.

    A column that may not be 0, or costs and earns nothing itself, is held from the start.
    """

    def __init__(self, model: Model, wall_s: float | None = None) -> None:
        self.model = model
        order = np.argsort(model.columns, kind="stable")
        self.rows, self.weights = model.row_of[order], model.weights[order]
        self.starts = np.concatenate(([0], np.cumsum(np.bincount(model.columns, minlength=model.cost.size))))
        self.kind = np.full(model.cost.size, -1)
        used = np.diff(self.starts) > 0
        self.kind[used] = self.rows[self.starts[:-1][used]]
        self.open = np.ones(model.cost.size, dtype=bool)
        self.outside = np.ones(model.cost.size, dtype=bool)
        self.held = np.zeros(0, dtype=np.int64)
        self.highs = _highs.loaded(_without_columns(model), relaxed=True, wall_s=wall_s)
        self._hold(np.flatnonzero((model.lower != 0) | (model.cost == 0)))

    def allow(self, wanted: Bools) -> None:
        """Only the wanted columns may be taken; the others are fixed at their lower bound."""
        changed = np.flatnonzero(wanted[self.held] != self.open[self.held]).astype(np.int32)
        columns = self.held[changed]
        upper = np.where(wanted[columns], self.model.upper[columns], self.model.lower[columns])
        self.highs.changeColsBounds(changed.size, changed, self.model.lower[columns], upper)
        self.open = wanted

    def optimum(self) -> Any:
        """The solver's status with every open column held that can matter."""
        status = self._run()
        while status in (_ENDS.kOptimal, _ENDS.kModelEmpty, _ENDS.kInfeasible):
            more = self._missing(status)
            if not more.size:
                break
            self._hold(more)
            status = self._run()
        return status

    def _run(self) -> Any:
        self.highs.run()
        if self.highs.getModelStatus() == _ENDS.kUnknown:  # seen in 1.16, from another coalition
            self.highs.clearSolver()
            self.highs.run()
        return self.highs.getModelStatus()

    def _missing(self, status: Any) -> Ints:
        """The open columns to add: the best of each kind; where too few make a solution at all, every one."""
        if status == _ENDS.kInfeasible:
            return np.flatnonzero(self.outside & self.open)
        prices = -np.array(self.highs.getSolution().row_dual)
        earned = self.model.priced(prices)
        earning = np.flatnonzero(self.outside & self.open & (earned > _TOLERANCE) & (self.model.upper > 0))
        earning = earning[np.lexsort((earning, -earned[earning], self.kind[earning]))]
        kind = self.kind[earning]
        place = np.arange(kind.size) - np.searchsorted(kind, kind)
        return np.sort(earning[place < _AT_ONCE])

    def _hold(self, columns: Ints) -> None:
        counts = self.starts[columns + 1] - self.starts[columns]
        starts = np.cumsum(counts) - counts
        entries = np.repeat(self.starts[columns] - starts, counts) + np.arange(counts.sum())
        model, rows, weights = self.model, self.rows[entries].astype(np.int32), self.weights[entries]
        cost, lower, upper = -model.cost[columns], model.lower[columns], model.upper[columns]
        self.highs.addCols(columns.size, cost, lower, upper, rows.size, starts.astype(np.int32), rows, weights)
        self.held = np.concatenate([self.held, columns])
        self.outside[columns] = False


def _without_columns(model: Model) -> Model:
    nothing = np.zeros(0)
    none = dict.fromkeys(("cost", "lower", "upper", "weights"), nothing)
    starts = np.zeros(model.row_lower.size + 1, dtype=np.int64)
    return replace(model, **none, integral=nothing.astype(bool), starts=starts, columns=nothing.astype(np.int64))


def solve_relaxed(model: Model, limits: Limits, *, better: Any) -> Solution:
    """``solver.solve_relaxed``; nothing is handed on before the end."""
    small = Restricted(model, limits.wall_s)
    small.optimum()
    answer = _highs.answered(small.highs, relaxed=True, checks=0)
    if answer.x is None:
        return answer
    x = np.zeros(model.cost.size)
    x[small.held] = answer.x
    return Solution(x, answer.value, answer.bound, answer.row_prices, answer.status, 0, 0, answer.iterations)


def open_values(family: Family, *, better: Any) -> Floats:
    """``solver.open_values``; nothing is handed on before the end."""
    model = family.model
    small = Restricted(model)
    members = np.arange(family.endowments.shape[1])
    rows = family.rows.astype(np.int32)
    values = np.empty(family.masks.size)
    for place, mask in enumerate(family.masks):
        small.allow((family.tags & ~mask) == 0)
        caps = np.asarray(family.rest + family.endowments @ (mask >> members & 1), dtype=float)
        small.highs.changeRowsBounds(rows.size, rows, model.row_lower[family.rows], caps)
        status = small.optimum()
        if status not in (_ENDS.kOptimal, _ENDS.kModelEmpty, _ENDS.kInfeasible):
            raise RuntimeError(f"the solver ended with {small.highs.modelStatusToString(status)}")
        infeasible = status == _ENDS.kInfeasible
        values[place] = -np.inf if infeasible else -small.highs.getInfo().objective_function_value
    return values
