"""规划一张图: towns, zones and restrictions as layers, and what they say of each site."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import dataframely as dy
import numpy as np
import polars as pl

from yipanqi.kernel import geometry, tables
from yipanqi.kernel.findings import Finding, Severity, in_order
from yipanqi.kernel.tables import amount, choice
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import Rulebook


class TownKind(StrEnum):
    """What kind of body governs the area."""

    TOWN = "town"
    STREET = "street"
    PARK = "park"


class ZoneKind(StrEnum):
    """The layer a polygon belongs to. Area class and functional type are separate layers."""

    AREA_CLASS = "area_class"
    FUNCTIONAL_TYPE = "functional_type"
    PLANNED_USE = "planned_use"
    RED_LINE = "red_line"
    BUFFER = "buffer"


class Town(dy.Schema):
    """One town, street or park of the district."""

    town_id = dy.String(
        primary_key=True, nullable=False, min_length=1, description="official code or the district's own"
    )
    name = dy.String(nullable=False)
    town_kind = choice(TownKind, nullable=False)
    lon_deg = dy.Float64(nullable=True, min=-180.0, max=180.0, description="where the name is written on the map")
    lat_deg = dy.Float64(nullable=True, min=-90.0, max=90.0)
    geometry_wkb = dy.Binary(nullable=True, description="polygon, CGCS2000 lon/lat")
    boundary_source = dy.String(nullable=True, description="where the border comes from; shown on every map")


class Zone(dy.Schema):
    """One polygon of a plan layer with the limits that hold inside it.

    ``value``: for area_class 104 | 195 | 198; for functional_type base | urban | community | scattered; for
    planned_use a use class; for red_line its kind (ecology, farmland, river, heritage); for buffer what it protects
    (housing, school, water).
    """

    zone_id = dy.String(primary_key=True, nullable=False)
    zone_kind = choice(ZoneKind, nullable=False)
    value = dy.String(nullable=False)
    name = dy.String(nullable=True)
    far_min_ratio = amount("lowest floor-area ratio", max=20.0)
    far_max_ratio = amount("highest floor-area ratio", max=20.0)
    height_max_m = amount("height limit", max=1000.0)
    industry_directions = dy.List(dy.String(), nullable=True, description="GB/T 4754 prefixes the zone is meant for")
    excluded_uses = dy.List(dy.String(), nullable=True, description="use classes a buffer keeps out, e.g. M2, M3")
    issued_by = dy.String(nullable=True)
    effective_from = dy.Date(nullable=True)
    effective_to = dy.Date(nullable=True)
    geometry_wkb = dy.Binary(nullable=False, description="polygon, CGCS2000 lon/lat")


class ZoneShare(dy.Schema):
    """How much of one site lies in one zone. Only overlaps with an area have a row."""

    site_id = dy.String(primary_key=True, nullable=False)
    zone_id = dy.String(primary_key=True, nullable=False)
    zone_kind = choice(ZoneKind, nullable=False)
    value = dy.String(nullable=False)
    excluded_uses = dy.List(dy.String(), nullable=True, description="use classes a buffer keeps out")
    area_m2 = dy.Float64(nullable=False, min=0.0)
    share = dy.Float64(nullable=False, min=0.0, max=1.0, description="of the site's drawn area")


@dataclass(frozen=True)
class Located:
    """Sites with their plan facts filled in, their shares in each zone (``ZoneShare``), and what does not agree."""

    sites: pl.DataFrame
    shares: pl.DataFrame
    findings: tuple[Finding, ...] = ()


#: Layer → the site's column it fills.
_FILLS = {
    ZoneKind.AREA_CLASS: "area_class",
    ZoneKind.FUNCTIONAL_TYPE: "functional_type",
    ZoneKind.PLANNED_USE: "use_class",
}
_LIMITS = ("far_min_ratio", "far_max_ratio", "height_max_m", "industry_directions")


def locate(sites: pl.DataFrame, zones: pl.DataFrame, rulebook: Rulebook, on: date) -> Located:
    """The sites with area class, functional type, use class and limits read from the zone layers in force on a day.

    A null attribute takes the value with the largest share of the site, if that share reaches
    ``planning.partial_least_share``; a limit (FAR, height, directions) comes from the zone with the largest share among
    those that state it. A stated attribute is kept; where the layer says otherwise, ``planning.contradiction`` tells.
    A site between the two partial shares is reported (``planning.partial``) with area and share. A site that is only a
    point (drawn, or given by its coordinates) lies wholly in the zones around it, with area 0. A site without either
    keeps its attributes, and nothing is known of its red lines: it has no row in ``shares``.
    """
    in_force = (pl.col("effective_from").is_null() | (pl.col("effective_from") <= on)) & (
        pl.col("effective_to").is_null() | (pl.col("effective_to") >= on)
    )
    layer = zones.filter(in_force).sort("zone_id")
    least = number(rulebook, "planning.partial_least_share", on)
    most = number(rulebook, "planning.partial_most_share", on)
    shares = _shares(sites.sort("site_id"), layer, int(number(rulebook, "planning.projected_epsg", on)))
    by_value = shares.group_by("site_id", "zone_kind", "value").agg(pl.col("area_m2", "share").sum())
    by_value = by_value.with_columns(pl.col("share").clip(0.0, 1.0)).sort("site_id", "zone_kind", "value")
    found = [_partial(row) for row in by_value.filter(pl.col("share").is_between(least, most)).iter_rows(named=True)]
    main = by_value.filter(pl.col("share") >= least).sort(["share", "value"], descending=[True, False])
    filled = sites
    for kind, column in _FILLS.items():
        filled, contradictions = _fill_value(filled, main.filter(pl.col("zone_kind") == kind.value), column)
        found += contradictions
    filled, crossed = _fill_limits(filled, shares.filter(pl.col("share") >= least), layer)
    return Located(filled.select(sites.columns), shares, in_order([*found, *crossed]))


def _shares(sites: pl.DataFrame, layer: pl.DataFrame, epsg: int) -> pl.DataFrame:
    points = geometry.point_wkbs(*(sites[c].fill_null(float("nan")).to_numpy() for c in ("lon_deg", "lat_deg")))
    drawn = sites.with_columns(pl.col("geometry_wkb").fill_null(pl.Series(points, dtype=pl.Binary)))
    drawn = drawn.filter(pl.col("geometry_wkb").is_not_null())
    if drawn.is_empty() or layer.is_empty():
        return tables.empty(ZoneShare)
    wkbs = drawn["geometry_wkb"].to_list()
    site_at, zone_at, areas = geometry.overlaps(wkbs, layer["geometry_wkb"].to_list(), epsg)
    whole = geometry.areas_m2(wkbs, epsg)[site_at]
    share = np.divide(areas, whole, out=np.ones_like(areas), where=whole > 0).clip(0.0, 1.0)
    pairs = pl.concat(
        [
            drawn.select("site_id")[site_at],
            layer.select("zone_id", "zone_kind", "value", "excluded_uses")[zone_at],
            pl.DataFrame({"area_m2": areas, "share": share}, schema={"area_m2": pl.Float64, "share": pl.Float64}),
        ],
        how="horizontal",
    )
    return pairs.select(ZoneShare.column_names()).sort("site_id", "zone_id")


def _fill_value(sites: pl.DataFrame, main: pl.DataFrame, column: str) -> tuple[pl.DataFrame, list[Finding]]:
    """The column with its nulls filled from the layer, and a finding where a stated value is not the layer's."""
    winners = main.group_by("site_id", maintain_order=True).first().select("site_id", "zone_kind", "value", "share")
    joined = sites.join(winners, on="site_id", how="left", maintain_order="left")
    differs = joined.filter(pl.col(column) != pl.col("value")).select("site_id", column, "value", "share")
    found = [
        Finding(
            "planning.contradiction",
            Severity.WARN,
            {"site": site, "stated": stated, "layer": value, "share": share},
            table="sites",
            column=column,
            value=stated,
        )
        for site, stated, value, share in differs.iter_rows()
    ]
    return sites.with_columns(joined[column].fill_null(joined["value"]).alias(column)), found


def _fill_limits(sites: pl.DataFrame, shares: pl.DataFrame, layer: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """The limits with their nulls filled; a filled pair of FAR limits that would cross is left empty and reported."""
    limits = shares.select("site_id", "zone_id", "share").join(layer.select("zone_id", *_LIMITS), on="zone_id")
    limits = limits.sort(["share", "zone_id"], descending=[True, False])
    first = limits.group_by("site_id").agg(pl.col(c).drop_nulls().first().alias(f"layer_{c}") for c in _LIMITS)
    joined = sites.join(first, on="site_id", how="left", maintain_order="left")
    filled = joined.with_columns(pl.col(c).fill_null(pl.col(f"layer_{c}")) for c in _LIMITS)
    crossed = (filled["far_min_ratio"] > filled["far_max_ratio"]).fill_null(value=False)
    rows = joined.filter(crossed).select(
        "site_id", "far_min_ratio", "far_max_ratio", *(f"layer_{c}" for c in _LIMITS[:2])
    )
    found = [
        Finding(
            "planning.far_limits_crossed",
            Severity.WARN,
            {
                "site": site,
                "lowest": low if low is not None else layer_low,
                "highest": high if high is not None else layer_high,
            },
            table="sites",
            column="far_max_ratio",
        )
        for site, low, high, layer_low, layer_high in rows.iter_rows()
    ]
    kept = [pl.when(crossed).then(joined[c]).otherwise(pl.col(c)).alias(c) for c in _LIMITS[:2]]
    return filled.with_columns(kept), found


def _partial(row: dict[str, Any]) -> Finding:
    return Finding(
        "planning.partial",
        Severity.NOTE,
        {
            "site": row["site_id"],
            "layer": row["zone_kind"],
            "zone": row["value"],
            "area": row["area_m2"],
            "share": row["share"],
        },
        table="sites",
        column="geometry_wkb",
        value=row["site_id"],
    )
