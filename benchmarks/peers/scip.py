"""SCIP alone on a whole model: default parameters, one thread, no gap allowed."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pyscipopt

from benchmarks.peers.highs_alone import Answer, loaded
from yipanqi.kernel.solver import Floats, Model


def solve(model: Model, seconds: float, start: Floats | None) -> Answer:
    """What SCIP finds in that wall time; the clock runs from the moment the model is read."""
    scip = _read(model)
    place = {variable.name: variable for variable in scip.getVars()}
    columns = [place[f"c{column}"] for column in range(model.cost.size)]
    scip.setParam("limits/time", seconds)
    scip.setParam("lp/threads", 1)
    if start is not None:
        given = scip.createSol()
        for column in np.flatnonzero(start).tolist():
            scip.setSolVal(given, columns[column], float(start[column]))
        scip.addSol(given)
    watch = _Watch()
    scip.includeEventhdlr(watch, "watch", "notes every better answer")
    watch.begun = time.perf_counter()
    scip.optimize()
    bound, proven = -scip.getDualbound(), scip.getStatus() == "optimal"
    if scip.getNSols() == 0:
        return Answer([], bound, proven, None)
    best = scip.getBestSol()
    x = np.array([scip.getSolVal(best, column) for column in columns])
    value = float(model.cost @ x)
    if not watch.found or watch.found[-1][1] < value - 1e-6:
        watch.found.append((time.perf_counter() - watch.begun, value))
    return Answer(watch.found, bound, proven, x)


def _read(model: Model) -> pyscipopt.Model:
    """The model, handed over as a file: written by HiGHS, for entry by entry takes minutes on large ones."""
    scip = pyscipopt.Model()
    scip.hideOutput()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.mps")
        loaded(model).writeModel(path)
        scip.readProblem(path)
    return scip


class _Watch(pyscipopt.Eventhdlr):
    def __init__(self) -> None:
        self.begun = 0.0
        self.found: list[tuple[float, float]] = []

    def eventinit(self) -> None:
        self.model.catchEvent(pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND, self)

    def eventexit(self) -> None:
        self.model.dropEvent(pyscipopt.SCIP_EVENTTYPE.BESTSOLFOUND, self)

    def eventexec(self, event: object) -> None:
        value = -self.model.getSolObjVal(self.model.getBestSol())
        self.found.append((time.perf_counter() - self.begun, value))
