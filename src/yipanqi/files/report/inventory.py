"""Sites, firms and quotas as the page shows them."""

from typing import Any

import polars as pl

from yipanqi.allocation.board import Plan
from yipanqi.files.report.rows import plain, rows
from yipanqi.inventory.availability import available
from yipanqi.inventory.sites import OFFERABLE, SiteKind, SiteState, leaves
from yipanqi.inventory.stocktaking import RELIABLE, fresh
from yipanqi.kernel.units import mu
from yipanqi.planning.quotas import balances

_COLUMNS = [
    "site_id", "site_kind", "name", "town_id", "area_m2", "state", "area_class", "functional_type", "use_class",
    "far_max_ratio", "height_max_m", "power_kva", "clear_height_m", "floor_load_kn_m2", "price_wan_per_mu",
    "rent_yuan_m2_day", "divisible", "ownership", "holder", "address", "available_on", "waits_for", "fact_state",
    "fact_source", "fact_on", "valid_until", "stale",
]  # fmt: skip
_OFFER = [state.value for state in OFFERABLE]


def stock(plan: Plan) -> pl.DataFrame:
    """The sites that can be given, with available_on, waits_for, valid_until and stale, in the order of their ids."""
    sites = available(leaves(plan.facts.sites))
    return fresh(sites, plan.rulebook, plan.facts.as_of).sort("site_id")


def table(sites: pl.DataFrame) -> dict[str, Any]:
    """The rows of the site list; facts without any date are stale and have no ``valid_until``."""
    return rows(sites, _COLUMNS)


def firms(plan: Plan) -> dict[str, Any]:
    """Incumbent firms: firm_id, name, site_id."""
    return rows(plan.facts.incumbents.sort("firm_id"), ["firm_id", "name", "site_id"])


def quotas(plan: Plan) -> dict[str, Any]:
    """The balance of each quota; ``town_id`` null: the district's own pot."""
    return rows(
        balances(plan.facts.quotas),
        ["quota_kind", "town_id", "issued", "reserved", "used", "returned", "available"],
    )


def land_figure(sites: pl.DataFrame, plan: Plan) -> dict[str, Any]:
    """Land on offer in mu; of it cleared on the data date, and the share of area with verified and fresh facts."""
    land = _offered(sites, SiteKind.LAND)
    cleared = (pl.col("state") == SiteState.AVAILABLE.value) & (pl.col("available_on") <= plan.facts.as_of)
    sure = pl.col("fact_state").is_in([state.value for state in RELIABLE]) & ~pl.col("stale")
    whole = float(land["area_m2"].sum())
    return {
        "id": "land",
        "value": plain(mu(whole)),
        "cleared": plain(mu(float(land.filter(cleared)["area_m2"].sum()))),
        "verified": plain(float(land.filter(sure)["area_m2"].sum()) / whole, 4) if whole else None,
    }


def plant_figure(sites: pl.DataFrame, plan: Plan) -> dict[str, Any]:
    """Plants on offer in 万㎡; of it free on the data date, and how many units there are."""
    plants = _offered(sites, SiteKind.PLANT)
    free = plants.filter(pl.col("available_on") <= plan.facts.as_of)
    return {
        "id": "plant",
        "value": plain(float(plants["area_m2"].sum()) / 1e4),
        "free": plain(float(free["area_m2"].sum()) / 1e4),
        "units": plants.height,
    }


def _offered(sites: pl.DataFrame, kind: SiteKind) -> pl.DataFrame:
    return sites.filter((pl.col("site_kind") == kind.value) & pl.col("state").is_in(_OFFER))
