"""The board as a sparse integer programme, and back."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl

from yipanqi.allocation.assignment import Problem
from yipanqi.allocation.limits import TOTALS
from yipanqi.kernel.solver import Bools, Floats, Ints, Model, by_rows


@dataclass(frozen=True)
class Programme:
    """The model, the group (project) of each column, −1 for the rest, and what rows and columns stand for.

    Columns: the schemes in the problem's order; a total of each long resource; an overflow of each that may draw on a
    pot. Rows: the projects; the resources in the problem's order; the definitions of the totals. A long resource
    bounds its total, not the schemes: dense rows are slow. Resource rows are divided by ``scale`` (the capacity of a
    site, the largest use of a long kind), so that coefficients are about 1.
    """

    model: Model
    groups: Ints
    scheme_ids: tuple[str, ...]
    scale: Floats
    resource_rows: Ints
    #: The resources with a total, and those with an overflow, by their place among the resources.
    long: Ints
    spilling: Ints

    def start(self, scheme_ids: Collection[str]) -> Floats:
        """The x that takes these schemes; totals and overflows follow from them."""
        wanted = frozenset(scheme_ids)
        schemes, totals = len(self.scheme_ids), self.long.size
        x = np.zeros(self.model.cost.size)
        x[:schemes] = [key in wanted for key in self.scheme_ids]
        x[schemes : schemes + totals] = self.model.activity(x)[self.model.row_upper.size - totals :]
        spilling = x[schemes + np.searchsorted(self.long, self.spilling)]
        capacity = self.model.row_upper[self.resource_rows[self.spilling]]
        x[schemes + totals :] = np.maximum(0.0, spilling - capacity)
        return x

    def chosen(self, x: Floats) -> tuple[str, ...]:
        """The schemes that an x takes."""
        return tuple(key for key, taken in zip(self.scheme_ids, x, strict=False) if taken > 0.5)


def programme(problem: Problem, stay: Collection[str] = ()) -> Programme:
    """The integer programme of a board: the most valuable set of schemes that keeps all limits.

    ``stay``: schemes that are taken in every answer, besides the fixed ones.
    """
    columns, resources = problem.columns, problem.resources
    projects = columns["project_id"].unique().sort()
    groups = _places(columns["project_id"], projects)
    schemes, first = columns.height, projects.len()
    pots = resources["resource_id"].is_in(resources["overflow_id"].drop_nulls().implode()).to_numpy()
    is_long = resources["kind"].is_in(TOTALS).to_numpy() & ~pots
    long, spilling = np.flatnonzero(is_long), np.flatnonzero(resources["overflow_id"].is_not_null().to_numpy())
    of, by = (
        _places(problem.uses["resource_id"], resources["resource_id"]),
        _places(problem.uses["scheme_id"], columns["scheme_id"]),
    )
    amounts = problem.uses["amount"].to_numpy()
    scale = _scale(resources, is_long | pots, of, amounts)
    weights = amounts / scale[of]
    defined = first + resources.height + np.searchsorted(long, of)
    total_columns = schemes + np.arange(long.size)
    over_columns = schemes + long.size + np.arange(spilling.size)
    drawn_from = _places(resources["overflow_id"].gather(spilling), resources["resource_id"])
    entries = [
        (groups, np.arange(schemes), np.ones(schemes)),
        (np.where(is_long[of], defined, first + of), by, weights),
        (first + resources.height + np.arange(long.size), total_columns, -np.ones(long.size)),
        (first + long, total_columns, np.ones(long.size)),
        (first + spilling, over_columns, -np.ones(spilling.size)),
        (first + drawn_from, over_columns, np.ones(spilling.size)),
    ]
    rows, cols, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    row_count = first + resources.height + long.size
    starts, cols, values = by_rows(rows, cols, values, row_count)
    most = _most_in_total(groups[by], of, weights, resources.height)
    beyond = np.zeros(long.size + spilling.size)
    taken = columns["fixed"] | columns["scheme_id"].is_in(list(stay))
    model = Model(
        cost=np.concatenate([columns["value_wan"].to_numpy(), beyond]),
        lower=np.concatenate([taken.to_numpy().astype(float), beyond]),
        upper=np.concatenate([np.ones(schemes), most[long], most[spilling]]),
        integral=np.concatenate([np.ones(schemes, dtype=bool), beyond.astype(bool)]),
        starts=starts,
        columns=cols,
        weights=values,
        row_lower=np.concatenate(
            [np.full(first, -np.inf), _bound(resources["floor"], -np.inf) / scale, np.zeros(long.size)]
        ),
        row_upper=np.concatenate([np.ones(first), _bound(resources["capacity"], np.inf) / scale, np.zeros(long.size)]),
    )
    return Programme(
        model=model,
        groups=np.concatenate([groups, np.full(beyond.size, -1)]),
        scheme_ids=tuple(columns["scheme_id"]),
        scale=scale,
        resource_rows=first + np.arange(resources.height),
        long=long,
        spilling=spilling,
    )


def _places(keys: pl.Series, among: pl.Series) -> Ints:
    """The place of each key among the sorted keys."""
    places = pl.DataFrame({"key": among}).with_row_index("place")
    found = pl.DataFrame({"key": keys}).join(places, on="key", how="left", maintain_order="left")["place"]
    return found.to_numpy().astype(np.int64)


def _scale(resources: pl.DataFrame, grouped: Bools, of: Ints, amounts: Floats) -> Floats:
    """The divisor of each resource's row: its capacity, or for long resources and pots the largest use of the kind."""
    largest = np.zeros(resources.height)
    np.maximum.at(largest, of, amounts)
    of_kind = resources.select("kind", largest=pl.Series(largest)).select(pl.col("largest").max().over("kind"))
    scale = np.where(grouped, of_kind.to_series().to_numpy(), _bound(resources["capacity"], 1.0))
    return np.where(scale > 0, scale, 1.0)


def _bound(column: pl.Series, missing: float) -> Floats:
    return column.fill_null(missing).to_numpy()


def _most_in_total(groups: Ints, of: Ints, weights: Floats, resource_count: int) -> Floats:
    """Twice the most that can be used of each resource, each group taking its largest use: a bound that never binds."""
    largest = pl.DataFrame({"group": groups, "of": of, "weight": weights}).group_by("of", "group").max()
    most = largest.sort("of", "group").group_by("of", maintain_order=True).agg(pl.col("weight").sum())
    out = np.zeros(resource_count)
    out[most["of"].to_numpy()] = 2.0 * most["weight"].to_numpy()
    return out
