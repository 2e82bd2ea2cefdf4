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
    plan, columns, resources = _laid_out(problem), problem.columns, problem.resources
    starts, cols, weights = _matrix(plan)
    most, follow = _most_in_total(plan), np.zeros(plan.long.size + plan.spilling.size)
    schemes, projects = np.ones(plan.schemes), np.ones(plan.projects)
    taken = columns["fixed"] | columns["scheme_id"].is_in(list(stay))
    least, room = _bound(resources["floor"], -np.inf), _bound(resources["capacity"], np.inf)
    model = Model(
        cost=np.concatenate([columns["value_wan"].to_numpy(), follow]),
        lower=np.concatenate([taken.to_numpy().astype(float), follow]),
        upper=np.concatenate([schemes, most[plan.long], most[plan.spilling]]),
        integral=np.concatenate([schemes, follow]).astype(bool),
        starts=starts,
        columns=cols,
        weights=weights,
        row_lower=np.concatenate([projects * -np.inf, least / plan.scale, np.zeros(plan.long.size)]),
        row_upper=np.concatenate([projects, room / plan.scale, np.zeros(plan.long.size)]),
    )
    return Programme(
        model=model,
        groups=np.concatenate([plan.groups, np.full(follow.size, -1)]),
        scheme_ids=tuple(columns["scheme_id"]),
        scale=plan.scale,
        resource_rows=plan.projects + np.arange(resources.height),
        long=plan.long,
        spilling=plan.spilling,
    )


@dataclass(frozen=True)
class _Plan:
    """Where everything of a problem stands in its programme, by place: projects, schemes, resources and uses."""

    projects: int
    schemes: int
    #: The project of each scheme.
    groups: Ints
    #: Of each use: the resource, the scheme, the amount.
    of: Ints
    by: Ints
    amounts: Floats
    #: Of each resource: the divisor of its row.
    scale: Floats
    #: The resources with a total, those of them that may draw on a pot, and these pots.
    long: Ints
    spilling: Ints
    pots: Ints


def _laid_out(problem: Problem) -> _Plan:
    columns, resources, uses = problem.columns, problem.resources, problem.uses
    projects = columns["project_id"].unique().sort()
    spilling = np.flatnonzero(resources["overflow_id"].is_not_null().to_numpy())
    pots = _places(resources["overflow_id"].drop_nulls(), resources["resource_id"])
    collected = resources["kind"].is_in(TOTALS).to_numpy()
    of, amounts = _places(uses["resource_id"], resources["resource_id"]), uses["amount"].to_numpy()
    return _Plan(
        projects=projects.len(),
        schemes=columns.height,
        groups=_places(columns["project_id"], projects),
        of=of,
        by=_places(uses["scheme_id"], columns["scheme_id"]),
        amounts=amounts,
        scale=_scale(resources, collected, of, amounts),
        long=np.setdiff1d(np.flatnonzero(collected), pots),
        spilling=spilling,
        pots=pots,
    )


def _places(keys: pl.Series, among: pl.Series) -> Ints:
    """The place of each key among keys without repetition."""
    places = pl.DataFrame({"key": among}).with_row_index("place")
    found = pl.DataFrame({"key": keys}).join(places, on="key", how="left", maintain_order="left")["place"]
    return found.to_numpy().astype(np.int64)


def _scale(resources: pl.DataFrame, collected: Bools, of: Ints, amounts: Floats) -> Floats:
    """The divisor of each resource's row: its capacity, or for long resources and pots the largest use of the kind."""
    largest = np.zeros(resources.height)
    np.maximum.at(largest, of, amounts)
    of_kind = resources.select("kind", largest=pl.Series(largest)).select(pl.col("largest").max().over("kind"))
    scale = np.where(collected, of_kind.to_series().to_numpy(), _bound(resources["capacity"], 1.0))
    return np.where(scale > 0, scale, 1.0)


def _bound(column: pl.Series, missing: float) -> Floats:
    return column.fill_null(missing).to_numpy()


def _matrix(plan: _Plan) -> tuple[Ints, Ints, Floats]:
    """The entries of all rows, compressed by rows: uses, and the totals and overflows with what defines them."""
    longs, spills = plan.long.size, plan.spilling.size
    defining = plan.projects + plan.scale.size + np.arange(longs)
    totals, overflows = plan.schemes + np.arange(longs), plan.schemes + longs + np.arange(spills)
    row_of = plan.projects + np.arange(plan.scale.size)
    used_row = row_of.copy()
    used_row[plan.long] = defining
    parts = [
        (plan.groups, np.arange(plan.schemes), np.ones(plan.schemes)),
        (used_row[plan.of], plan.by, plan.amounts / plan.scale[plan.of]),
        (defining, totals, -np.ones(longs)),
        (row_of[plan.long], totals, np.ones(longs)),
        (row_of[plan.spilling], overflows, -np.ones(spills)),
        (row_of[plan.pots], overflows, np.ones(spills)),
    ]
    rows, columns, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    return by_rows(rows, columns, weights, plan.projects + plan.scale.size + longs)


def _most_in_total(plan: _Plan) -> Floats:
    """Twice the most that can be used of each resource, each project taking its largest use: a bound without effect."""
    uses = {"of": plan.of, "group": plan.groups[plan.by], "weight": plan.amounts / plan.scale[plan.of]}
    largest = pl.DataFrame(uses).group_by("of", "group").max().sort("of", "group")
    most = largest.group_by("of", maintain_order=True).agg(pl.col("weight").sum())
    out = np.zeros(plan.scale.size)
    out[most["of"].to_numpy()] = 2.0 * most["weight"].to_numpy()
    return out
