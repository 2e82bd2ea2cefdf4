"""HiGHS alone on a whole model: default options, one thread, no gap allowed."""

import time
from dataclasses import dataclass

import highspy
import numpy as np

from yipanqi.kernel.solver import Floats, Model


@dataclass(frozen=True)
class Answer:
    """The values found and the seconds after which each was, the best bound, and whether they met in time.

    ``x``: the best answer, None: none was found.
    """

    trajectory: list[tuple[float, float]]
    bound: float
    proven: bool
    x: Floats | None


def loaded(model: Model) -> highspy.Highs:
    """A quiet HiGHS that holds the model as a minimisation."""
    highs = highspy.Highs()
    highs.setOptionValue("log_to_console", False)
    highs.setOptionValue("output_flag", False)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = model.cost.size, model.row_lower.size
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -model.cost, model.lower, model.upper
    lp.row_lower_, lp.row_upper_ = model.row_lower, model.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = model.starts.astype(np.int32)
    lp.a_matrix_.index_ = model.columns.astype(np.int32)
    lp.a_matrix_.value_ = model.weights
    kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
    lp.integrality_ = [kinds[int(whole)] for whole in model.integral]
    highs.passModel(lp)
    return highs


def solve(model: Model, seconds: float, start: Floats | None) -> Answer:
    """What HiGHS finds in that wall time; the clock runs from the moment the model is loaded."""
    highs = loaded(model)
    for name, value in {"threads": 1, "mip_rel_gap": 0.0, "time_limit": seconds}.items():
        highs.setOptionValue(name, value)
    if start is not None:
        given = highspy.HighsSolution()
        given.col_value = start.tolist()
        highs.setSolution(given)
    found: list[tuple[float, float]] = []
    begun = time.perf_counter()

    def improved(event: highspy.HighsCallbackEvent) -> None:
        found.append((time.perf_counter() - begun, -event.data_out.objective_function_value))

    highs.cbMipImprovingSolution += improved
    highs.run()
    taken = time.perf_counter() - begun
    info = highs.getInfo()
    usable = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    x = np.array(highs.getSolution().col_value) if usable else None
    if x is not None and (not found or float(model.cost @ x) > found[-1][1]):
        found.append((taken, float(model.cost @ x)))
    proven = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return Answer(found, -info.mip_dual_bound, proven, x)
