"""Floors of the towns: how much of them can be met without making the board worse than referral."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import polars as pl

from yipanqi.allocation.assignment import Problem
from yipanqi.allocation.programme import Programme, programme
from yipanqi.kernel import solver
from yipanqi.kernel.findings import Finding, Severity
from yipanqi.kernel.solver import Bools, Floats, Limits, Model, by_rows

#: A floor is called met when less than this share of it is missing.
_MET_SHARE = 1e-6


def attainable(
    problem: Problem, start: Collection[str], limits: Limits
) -> tuple[Problem, Collection[str], tuple[Finding, ...]]:
    """The board with floors that can be kept, schemes that keep them, and a finding for each floor that was lowered.

    The sum of what is missing, each as a share of its floor, is made as small as can be while the value stays at least
    that of ``start``: a floor never makes the board worth less than the schemes it starts from. A floor that is not
    met then is lowered to what is reached (``allocation.floor_lowered``).
    """
    floored = problem.resources["floor"].fill_null(0.0).to_numpy() > 0
    if not floored.any():
        return problem, start, ()
    whole = programme(problem)
    x = whole.start(start)
    model, x = _with_shortfalls(whole, floored, x)
    answer = solver.solve(model, limits, x)
    best = x if answer.x is None else answer.x
    schemes = len(whole.scheme_ids)
    chosen = whole.chosen(np.round(best[:schemes]))
    reached = whole.model.activity(whole.start(chosen))[whole.resource_rows] * whole.scale
    lowered = pl.Series("reached", reached)
    resources = problem.resources.with_columns(lowered)
    missed = resources.filter(pl.col("reached") < pl.col("floor") * (1 - _MET_SHARE))
    found = tuple(
        Finding(
            "allocation.floor_lowered",
            Severity.WARN,
            {"kind": row["kind"], "town": row["town_id"], "floor": row["floor"], "reached": row["reached"]},
            table="town_limits",
        )
        for row in missed.sort("resource_id").iter_rows(named=True)
    )
    kept = resources.with_columns(
        floor=pl.when(pl.col("floor").is_not_null()).then(pl.min_horizontal("floor", "reached"))
    )
    return replace(problem, resources=kept.drop("reached")), chosen, found


def _with_shortfalls(whole: Programme, floored: Bools, x: Floats) -> tuple[Model, Floats]:
    """The model that minimises the shares of the floors that are missing, at a value not below that of x."""
    model, rows = whole.model, whole.resource_rows[floored]
    count, columns = rows.size, model.cost.size
    floors = model.row_lower[rows]
    missing = np.maximum(0.0, floors - model.activity(x)[rows]) / floors
    valued = np.flatnonzero(model.cost)
    largest = float(np.max(np.abs(model.cost), initial=1.0))
    starts, cols, weights = by_rows(
        np.concatenate([model.row_of, rows, np.full(valued.size, model.row_lower.size)]),
        np.concatenate([model.columns, columns + np.arange(count), valued]),
        np.concatenate([model.weights, floors, model.cost[valued] / largest]),
        model.row_lower.size + 1,
    )
    least = float(model.cost @ x) / largest
    wide = Model(
        cost=np.concatenate([np.zeros(columns), -np.ones(count)]),
        lower=np.concatenate([model.lower, np.zeros(count)]),
        upper=np.concatenate([model.upper, np.ones(count)]),
        integral=np.concatenate([model.integral, np.zeros(count, dtype=bool)]),
        starts=starts,
        columns=cols,
        weights=weights,
        row_lower=np.concatenate([model.row_lower, [least]]),
        row_upper=np.concatenate([model.row_upper, [np.inf]]),
    )
    return wide, np.concatenate([x, missing])
