"""Parts of large programmes: some columns free, the others held; and what prices say of the whole."""

from dataclasses import dataclass, replace

import numpy as np

from yipanqi.kernel.solver import Bools, Floats, Ints, Model


@dataclass(frozen=True)
class Part:
    """A model over some columns of another, the rest held; which columns and rows of the other its own are.

    ``held_value``: what the held columns are worth.
    """

    model: Model
    columns: Ints
    rows: Ints
    held_value: float

    def put(self, x: Floats, into: Floats) -> Floats:
        """The x of the other model that has ``x`` in the free columns and ``into`` elsewhere."""
        out = into.copy()
        out[self.columns] = np.where(self.model.integral, np.round(x), x)
        return out


def restricted(model: Model, free: Bools, x: Floats) -> Part:
    """The model over the free columns only, the others fixed as in x. Rows without free columns are left out."""
    columns = np.flatnonzero(free)
    place = np.full(free.size, -1)
    place[columns] = np.arange(columns.size)
    held = np.where(free, 0.0, x)
    rows, entries = model.row_of, free[model.columns]
    counts = np.bincount(rows[entries], minlength=model.row_lower.size)
    kept = np.flatnonzero(counts)
    used = model.activity(held)[kept]
    part = Model(
        cost=model.cost[columns],
        lower=model.lower[columns],
        upper=model.upper[columns],
        integral=model.integral[columns],
        starts=np.concatenate(([0], np.cumsum(counts[kept]))),
        columns=place[model.columns[entries]],
        weights=model.weights[entries],
        row_lower=model.row_lower[kept] - used,
        row_upper=model.row_upper[kept] - used,
    )
    return Part(part, columns, kept, float(model.cost @ held))


def broken_rows(model: Model, x: Floats, tolerance: float = 1e-6) -> Bools:
    """The rows that x does not keep."""
    used = model.activity(x)
    return (used < model.row_lower - tolerance) | (used > model.row_upper + tolerance)


def feasible(model: Model, x: Floats, tolerance: float = 1e-6) -> bool:
    """Whether x keeps all rows and bounds of the model."""
    inside = (x >= model.lower - tolerance).all() and (x <= model.upper + tolerance).all()
    return bool(inside and not broken_rows(model, x, tolerance).any())


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


def floors_priced(model: Model, row_prices: Floats) -> Model:
    """The model without its floors: what a column adds to them is added to its cost at their prices instead."""
    floors = np.isfinite(model.row_lower) & (model.row_lower < model.row_upper)
    cost = model.priced(np.where(floors & (row_prices < 0), row_prices, 0.0))
    return replace(model, cost=cost, row_lower=np.where(floors, -np.inf, model.row_lower))
