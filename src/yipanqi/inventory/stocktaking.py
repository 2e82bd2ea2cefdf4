"""全面摸→重点查→及时报→跟踪核→统筹用: the life of a fact, and until when it may be relied on."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

import polars as pl

from yipanqi.inventory.sites import FactState, SiteKind
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import Rulebook

#: Where a fact may go next. Every state can fall back to the survey: the fact expired, was returned or has changed.
TRANSITIONS: Mapping[FactState, tuple[FactState, ...]] = MappingProxyType(
    {
        FactState.SURVEYED: (FactState.CHECKED,),
        FactState.CHECKED: (FactState.REPORTED, FactState.SURVEYED),
        FactState.REPORTED: (FactState.VERIFIED, FactState.SURVEYED),
        FactState.VERIFIED: (FactState.IN_USE, FactState.SURVEYED),
        FactState.IN_USE: (FactState.SURVEYED,),
    }
)
#: States in which somebody answers for the fact.
RELIABLE = (FactState.VERIFIED, FactState.IN_USE)


def fresh(sites: pl.DataFrame, rulebook: Rulebook, as_of: date) -> pl.DataFrame:
    """The sites with ``valid_until`` filled in and ``stale``: whether their facts may no longer be relied on.

    A null ``valid_until`` becomes ``fact_on`` plus the days the rulebook grants the kind of site
    (``inventory.valid_land_days``, ``valid_plant_days``, ``valid_office_days``); the last day is still valid. Facts
    without any date stay without ``valid_until`` and are stale: nobody knows how old they are. Stale facts are used,
    marked; they keep nothing out.

    Raises:
        KeyError: the rulebook has no such parameter in force on the day.
    """
    days = {kind.value: int(number(rulebook, f"inventory.valid_{kind.value}_days", as_of)) for kind in SiteKind}
    granted = pl.col("site_kind").replace_strict(days, return_dtype=pl.Int64)
    return sites.with_columns(
        valid_until=pl.coalesce("valid_until", pl.col("fact_on") + pl.duration(days=granted))
    ).with_columns(stale=(pl.col("valid_until") < as_of).fill_null(True))


def to_recheck(sites: pl.DataFrame, rulebook: Rulebook, as_of: date) -> pl.DataFrame:
    """The list of stale facts: site_id, name, town_id, fact_state, fact_source, fact_on, valid_until, overdue_days.

    The longest overdue first, those without a date (``overdue_days`` null) before all others.
    """
    overdue = (pl.lit(as_of) - pl.col("valid_until")).dt.total_days().alias("overdue_days")
    columns = ["site_id", "name", "town_id", "fact_state", "fact_source", "fact_on", "valid_until"]
    return (
        fresh(sites, rulebook, as_of)
        .filter(pl.col("stale"))
        .select(*columns, overdue)
        .sort("overdue_days", "site_id", descending=[True, False], nulls_last=False)
    )
