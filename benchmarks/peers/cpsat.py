"""CP-SAT alone on a whole model: default parameters, one worker, no gap allowed. It knows whole numbers only."""

import time

import numpy as np
from ortools.sat.python import cp_model

from benchmarks.peers.highs_alone import Answer
from yipanqi.kernel.solver import Floats, Model

#: Rows are multiplied by this and rounded, values by the other: what is not whole is kept to so many places.
_STEPS, _VALUE_STEPS = 10**8, 100


def solve(model: Model, seconds: float, start: Floats | None) -> Answer:
    """What CP-SAT finds in that wall time, from the moment the model is loaded; ``start`` is given as a hint."""
    whole, columns = _as_whole_numbers(model)
    if start is not None:
        steps = np.where(model.integral, 1, _STEPS)
        for column, value in zip(columns, np.round(start * steps).astype(int).tolist(), strict=True):
            whole.add_hint(column, value)
    solver, watch = cp_model.CpSolver(), _Watch()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(whole, watch)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer([], solver.best_objective_bound / _VALUE_STEPS, False, None)
    x = np.array(solver.response_proto.solution, dtype=float) / np.where(model.integral, 1, _STEPS)
    return Answer(watch.found, solver.best_objective_bound / _VALUE_STEPS, status == cp_model.OPTIMAL, x)


class _Watch(cp_model.CpSolverSolutionCallback):
    def __init__(self) -> None:
        super().__init__()
        self.begun = time.perf_counter()
        self.found: list[tuple[float, float]] = []

    def on_solution_callback(self) -> None:
        self.found.append((time.perf_counter() - self.begun, self.objective_value / _VALUE_STEPS))


def _as_whole_numbers(model: Model) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    """The model with every column and weight a whole number."""
    whole, steps = cp_model.CpModel(), np.where(model.integral, 1, _STEPS)
    lower, upper = np.ceil(model.lower * steps - 1e-6).astype(int), np.floor(model.upper * steps + 1e-6).astype(int)
    columns = [whole.new_int_var(a, b, "") for a, b in zip(lower.tolist(), upper.tolist(), strict=True)]
    weights = np.round(model.weights * _STEPS / steps[model.columns]).astype(int)
    for row in range(model.row_lower.size):
        part = slice(model.starts[row], model.starts[row + 1])
        of = [columns[column] for column in model.columns[part].tolist()]
        least, most = model.row_lower[row], model.row_upper[row]
        least = -(2**60) if np.isinf(least) else int(np.ceil(least * _STEPS - 1.0))
        most = 2**60 if np.isinf(most) else int(np.floor(most * _STEPS + 1.0))
        if least == -1 and most == 1:
            least = most = 0
        whole.add_linear_constraint(cp_model.LinearExpr.weighted_sum(of, weights[part].tolist()), least, most)
    values = np.round(model.cost * _VALUE_STEPS / steps).astype(int)
    whole.maximize(cp_model.LinearExpr.weighted_sum(columns, values.tolist()))
    return whole, columns
