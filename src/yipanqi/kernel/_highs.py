"""HiGHS behind ``kernel.solver``: what the child process does. Import it from nowhere else."""

from dataclasses import replace
from typing import Any

import highspy
import numpy as np

from yipanqi.kernel.solver import Basis, Floats, Ints, Limits, Model, Solution, Status

_ABSOLUTE_GAP = 1e-5
_TOLERANCE = 1e-7


def loaded(model: Model, relaxed: bool, wall_s: float | None = None) -> Any:
    """A quiet, seeded, single-threaded HiGHS holding the model as a minimisation."""
    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    options = {"output_flag": False, "threads": 1, "random_seed": 0, "mip_rel_gap": 0.0}
    options |= {"mip_abs_gap": _ABSOLUTE_GAP, "mip_feasibility_tolerance": _TOLERANCE}
    # Its inner searches cost time that no check point counts; looking for good answers is the caller's own part.
    options |= {"mip_heuristic_effort": 0.01}
    options |= {} if wall_s is None else {"time_limit": wall_s}
    for option, value in options.items():
        highs.setOptionValue(option, value)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = model.cost.size, model.row_lower.size
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -model.cost, model.lower, model.upper
    lp.row_lower_, lp.row_upper_ = model.row_lower, model.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = model.starts.astype(np.int32)
    lp.a_matrix_.index_ = model.columns.astype(np.int32)
    lp.a_matrix_.value_ = model.weights
    if not relaxed:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in model.integral]
    if highs.passModel(lp) == highspy.HighsStatus.kError:
        raise RuntimeError("the solver refused the model")
    return highs


def solve(model: Model, limits: Limits, start: Floats | Basis | None, *, better: Any) -> Solution:
    """``solver.solve``; ``better`` is handed every improvement on the way."""
    relaxed = not model.integral.any()
    highs = loaded(model, relaxed, limits.wall_s)
    highs.setOptionValue("mip_max_nodes", limits.nodes)
    highs.setOptionValue("mip_allow_restart", limits.restarts)
    if isinstance(start, Basis):
        states = [highspy.HighsBasisStatus(state) for state in range(5)]
        basis = highspy.HighsBasis()
        basis.col_status = [states[state] for state in start.columns]
        basis.row_status = [states[state] for state in start.rows]
        basis.valid = True
        highs.setBasis(basis)
    elif start is not None and not relaxed:
        given = highspy.HighsSolution()
        given.col_value = [float(v) for v in start]
        highs.setSolution(given)
    watch = _Watch(model, limits.checks, better)
    if not relaxed:
        highs.cbMipInterrupt += watch.check
        highs.cbMipImprovingSolution += watch.improved
    highs.run()
    answer = answered(highs, relaxed, watch.count)
    if answer.x is None or relaxed or abs(model.cost @ answer.x - answer.value) <= 1e-6 * max(1.0, abs(answer.value)):
        return answer
    # Seen in 1.16: where presolve improves on the start, the start's columns come back with the better value.
    again = solve(model, limits, None, better=better)
    spent = {name: getattr(again, name) + getattr(answer, name) for name in ("nodes", "checks", "iterations")}
    return replace(again, **spent)


class _Watch:
    """Counts the solver's own check points, stops it when they are used up, and hands on what it has found."""

    def __init__(self, model: Model, most: int, better: Any) -> None:
        self.model = model
        self.most = most
        self.count = 0
        self.better = better

    def check(self, event: Any) -> None:
        self.count += 1
        if self.count > self.most:
            event.data_in.user_interrupt = True

    def improved(self, event: Any) -> None:
        x = np.array(event.data_out.mip_solution)
        value, bound = float(self.model.cost @ x), -event.data_out.mip_dual_bound
        self.better(Solution(x, value, bound, np.zeros(0), Status.TIME, event.data_out.mip_node_count, self.count))


def answered(highs: Any, relaxed: bool, checks: int) -> Solution:
    ends = highspy.HighsModelStatus
    status = {
        ends.kOptimal: Status.OPTIMAL,
        ends.kModelEmpty: Status.OPTIMAL,
        ends.kTimeLimit: Status.TIME,
        ends.kInterrupt: Status.WORK,
        ends.kSolutionLimit: Status.WORK,
        ends.kInfeasible: Status.INFEASIBLE,
    }.get(highs.getModelStatus())
    if status is None:
        raise RuntimeError(f"the solver ended with {highs.modelStatusToString(highs.getModelStatus())}")
    info, solution = highs.getInfo(), highs.getSolution()
    if status is Status.INFEASIBLE:
        return Solution(None, -np.inf, -np.inf, np.zeros(0), status, 0, checks)
    usable = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    x = np.array(solution.col_value) if usable else None
    value = -info.objective_function_value if usable else -np.inf
    iterations = max(0, int(info.simplex_iteration_count))
    if relaxed:
        bound = value if status is Status.OPTIMAL else np.inf
        prices, basis = -np.array(solution.row_dual), highs.getBasis()
        ended = Basis(_states(basis.col_status), _states(basis.row_status)) if basis.valid else None
        return Solution(x, value, bound, prices, status, 0, checks, iterations, basis=ended)
    nodes = int(info.mip_node_count)
    return Solution(x, value, -info.mip_dual_bound, np.zeros(0), status, nodes, checks, iterations)


def _states(status: Any) -> Ints:
    return np.array([int(state) for state in status], dtype=np.int64)
