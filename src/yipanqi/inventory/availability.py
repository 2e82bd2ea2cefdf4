"""可供时间: from which day a site can be given, and what it still waits for."""

from enum import StrEnum

import polars as pl

from yipanqi.inventory.sites import SiteKind, SiteState


class Condition(StrEnum):
    """What must be done before a site can be given; the city's published bottleneck is utilities (配套工程)."""

    CLEARING = "clearing"
    UTILITIES = "utilities"
    PLAN = "plan"
    QUOTA = "quota"


_DATES = {
    Condition.CLEARING: "cleared_on",
    Condition.UTILITIES: "utilities_on",
    Condition.PLAN: "plan_on",
    Condition.QUOTA: "quota_on",
}
#: Built on before: it takes no quota of new construction land.
_BUILT_BEFORE = (SiteState.LOW_EFFICIENCY.value, SiteState.OCCUPIED.value, SiteState.CLEARING.value)
#: Somebody has to leave first, and only the date says when. From low-efficiency sites the scheme moves the firms.
_IN_USE = (SiteState.OCCUPIED.value, SiteState.CLEARING.value)


def available(sites: pl.DataFrame) -> pl.DataFrame:
    """The sites with ``available_on`` (the latest of clearing, utilities, plan and quota) and ``waits_for``.

    Every stated date counts. A date that is not stated:

    - land: makes ``available_on`` null (unknown), except the quota of land built on before, which needs none, and the
      clearing of low-efficiency land, whose firms the scheme itself moves;
    - plant and office: needs nothing, for the building stands, except clearing: one occupied or being cleared is
      unknown, any other counts from the day its facts were true (``fact_on``; null: unknown).

    ``waits_for`` names the condition whose date comes last (of equal ones the first of clearing, utilities, plan,
    quota), or, where ``available_on`` is null, the first condition that is not stated. It is null only where nothing
    is waited for. The rows keep their order.
    """
    land = pl.col("site_kind") == SiteKind.LAND.value
    free = ~land & ~pl.col("state").is_in(_IN_USE)
    cleared = pl.when(free).then(pl.coalesce("cleared_on", "fact_on")).otherwise(pl.col("cleared_on"))
    dates = {condition: pl.col(name) for condition, name in _DATES.items()} | {Condition.CLEARING: cleared}
    needed = {
        Condition.CLEARING: ~land | (pl.col("state") != SiteState.LOW_EFFICIENCY.value),
        Condition.UTILITIES: land,
        Condition.PLAN: land,
        Condition.QUOTA: land & ~pl.col("state").is_in(_BUILT_BEFORE),
    }
    unknown = {c: needed[c] & dates[c].is_null() for c in Condition}
    latest = pl.max_horizontal(dates.values())
    undated = pl.coalesce(pl.when(unknown[c]).then(pl.lit(c.value)) for c in Condition)
    last = pl.coalesce(pl.when(dates[c] == latest).then(pl.lit(c.value)) for c in Condition)
    return sites.with_columns(
        available_on=pl.when(~pl.any_horizontal(unknown.values())).then(latest),
        waits_for=pl.coalesce(undated, last),
    )
