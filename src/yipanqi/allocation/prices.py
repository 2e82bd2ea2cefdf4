"""Prices of land and quota per town: what one more unit would be worth to the whole board."""

from collections.abc import Collection
from types import MappingProxyType

import dataframely as dy
import numpy as np
import polars as pl

from yipanqi.allocation import limits
from yipanqi.allocation.assignment import Problem
from yipanqi.allocation.programme import programme
from yipanqi.kernel import solver
from yipanqi.kernel.solver import Limits, Status
from yipanqi.kernel.units import M2_PER_MU

#: The town of a district-wide quota.
DISTRICT = "district"
#: kind → the unit its price is quoted in, and how many stored units (m², tce, t) one of it is.
_UNITS = MappingProxyType(
    {
        "land": ("mu", M2_PER_MU),
        "plant": ("1000m2", 1000.0),
        "office": ("1000m2", 1000.0),
        "quota_land": ("mu", M2_PER_MU),
        "quota_office": ("1000m2", 1000.0),
        "quota_energy": ("tce", 1.0),
        "quota_emission": ("t", 1.0),
    }
)


class Price(dy.Schema):
    """The shadow price of one resource in one town: dual values of the board's linear relaxation."""

    resource = dy.String(
        primary_key=True, nullable=False, description="land, plant, office, quota_land, quota_energy, …"
    )
    town_id = dy.String(primary_key=True, nullable=False, description="town, or 'district' for a district-wide quota")
    price_wan = dy.Float64(nullable=False, min=0.0, description="per mu, per 1,000 m² of floor, per tce or per t")
    unit = dy.String(nullable=False, description="mu, 1000m2, tce, t")
    used_share = dy.Float64(nullable=False, description="share of the capacity the board uses")


def prices(problem: Problem, scheme_ids: Collection[str]) -> pl.DataFrame:
    """The price of each kind of site and quota in each town (``Price``), by resource and town.

    A price is the dual value of the linear relaxation of the board: what one unit more would add to its value. For
    sites it is the rent of all sites of the kind in the town over their area; only sites that some scheme takes count.
    ``used_share``: how much of the area, or of the quota with the district's pot it may draw on, ``scheme_ids`` use.

    Raises:
        TimeoutError: the relaxation ran out of wall time.
    """
    whole = programme(problem)
    relaxed = solver.solve_relaxed(whole.model, Limits())
    if relaxed.status is not Status.OPTIMAL:
        raise TimeoutError("the linear relaxation of the board was not solved")
    per_unit = np.maximum(0.0, relaxed.row_prices[whole.resource_rows]) / whole.scale
    size = pl.col("size").fill_null(pl.col("capacity"))
    return Price.validate(
        problem.resources.with_columns(rent_wan=pl.Series(per_unit) * pl.col("capacity"), per_unit=pl.Series(per_unit))
        .join(_used(problem, scheme_ids), on="resource_id", how="left")
        .filter(pl.col("kind").is_in(list(_UNITS)))
        .group_by(resource="kind", town_id=pl.col("town_id").fill_null(DISTRICT))
        .agg(
            rate=pl.when(pl.col("size").is_null().any())
            .then(pl.col("per_unit").max())
            .otherwise(pl.col("rent_wan").sort().sum() / size.sort().sum()),
            used_share=(pl.col("used").sort().sum() / pl.col("room").sort().sum()).fill_nan(0.0),
        )
        .with_columns(
            price_wan=pl.col("rate") * pl.col("resource").replace_strict({k: u[1] for k, u in _UNITS.items()}),
            unit=pl.col("resource").replace_strict({k: u[0] for k, u in _UNITS.items()}),
        )
        .select(Price.column_names())
        .sort("resource", "town_id")
    )


def _used(problem: Problem, scheme_ids: Collection[str]) -> pl.DataFrame:
    """resource_id, used, room: in m², tce or t; a pot's use is what the towns draw beyond their own quota."""
    table = limits.taken(problem.resources, problem.uses.filter(pl.col("scheme_id").is_in(list(scheme_ids))))
    pots = problem.resources.select(overflow_id="resource_id", pot="capacity")
    table = table.join(pots, on="overflow_id", how="left")
    whole_size = pl.col("size").is_not_null()
    return table.select(
        "resource_id",
        used=pl.when(whole_size)
        .then(pl.col("taken") / pl.col("capacity") * pl.col("size"))
        .otherwise(pl.col("taken") + pl.col("drawn")),
        room=pl.when(whole_size).then(pl.col("size")).otherwise(pl.col("capacity") + pl.col("pot").fill_null(0.0)),
    )
