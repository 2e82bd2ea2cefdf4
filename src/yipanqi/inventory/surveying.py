"""重点查: do the stated facts of a site agree with its drawing, with the borders, and with themselves?"""

from datetime import date

import numpy as np
import polars as pl

from yipanqi.inventory.sites import SiteKind
from yipanqi.inventory.stocktaking import RELIABLE
from yipanqi.kernel import geometry
from yipanqi.kernel.findings import Finding, Scalar, Severity, in_order
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import Rulebook


def survey(sites: pl.DataFrame, towns: pl.DataFrame, rulebook: Rulebook, as_of: date) -> tuple[Finding, ...]:
    """What does not agree, as warnings with ``params["site"]``; the stated facts stay as they are.

    - ``inventory.area_differs``: the drawing of a land parcel and its certificate differ by more than
      ``inventory.area_tolerance_share`` of the certificate (which governs);
    - ``inventory.outside_district``: more than ``inventory.outside_tolerance_share`` of it lies outside all towns
      (asked only where every town has a border: otherwise the note ``inventory.no_border`` says so, with
      ``params["towns"]``);
    - ``inventory.other_town``: less than half of it lies in the town it states, by that town's border;
    - ``inventory.nobody_answers``: verified facts without a source or a verifier;
    - ``inventory.fact_from_future``: facts dated after the day.

    ``towns`` needs town_id and geometry_wkb. A site without polygon is judged by its coordinates; one without either,
    and a town without border, by nothing.
    """
    epsg = int(number(rulebook, "planning.projected_epsg", as_of))
    area_tolerance = number(rulebook, "inventory.area_tolerance_share", as_of)
    outside_tolerance = number(rulebook, "inventory.outside_tolerance_share", as_of)
    placed = _placed(sites)
    return in_order(
        [
            *_areas(placed, epsg, area_tolerance),
            *_without_border(placed, towns),
            *_outside(placed, towns, epsg, outside_tolerance),
            *_other_town(placed, towns, epsg),
            *_nobody_answers(sites),
            *_from_future(sites, as_of),
        ]
    )


def _placed(sites: pl.DataFrame) -> pl.DataFrame:
    """The sites that are somewhere, each with its polygon or its point."""
    lon, lat = (sites[name].fill_null(float("nan")).to_numpy() for name in ("lon_deg", "lat_deg"))
    points = pl.Series(geometry.point_wkbs(lon, lat), dtype=pl.Binary)
    return sites.with_columns(pl.col("geometry_wkb").fill_null(points)).filter(pl.col("geometry_wkb").is_not_null())


def _areas(placed: pl.DataFrame, epsg: int, tolerance: float) -> list[Finding]:
    land = placed.filter(pl.col("site_kind") == SiteKind.LAND.value)
    drawn = geometry.areas_m2(land["geometry_wkb"], epsg)
    stated = land["area_m2"].to_numpy()
    apart = np.abs(drawn - stated) / stated
    wrong = np.flatnonzero((drawn > 0) & (apart > tolerance))
    return [
        _finding(
            "inventory.area_differs",
            land["site_id"][i],
            "area_m2",
            {"stated": float(stated[i]), "drawn": float(drawn[i]), "share": float(apart[i])},
        )
        for i in wrong.tolist()
    ]


def _without_border(placed: pl.DataFrame, towns: pl.DataFrame) -> list[Finding]:
    """A note that names the towns for want of whose border nobody can say what lies outside the district."""
    missing = towns.filter(pl.col("geometry_wkb").is_null())["town_id"].sort().to_list()
    if placed.is_empty() or not missing:
        return []
    params: dict[str, Scalar] = {"towns": "、".join(missing), "count": len(missing)}
    return [Finding("inventory.no_border", Severity.NOTE, params, table="towns", column="geometry_wkb")]


def _outside(placed: pl.DataFrame, towns: pl.DataFrame, epsg: int, tolerance: float) -> list[Finding]:
    if towns.is_empty() or towns["geometry_wkb"].null_count():
        return []
    share = geometry.outside_shares(placed["geometry_wkb"], towns["geometry_wkb"], epsg)
    return [
        _finding("inventory.outside_district", placed["site_id"][i], "geometry_wkb", {"share": float(share[i])})
        for i in np.flatnonzero(share > tolerance).tolist()
    ]


def _other_town(placed: pl.DataFrame, towns: pl.DataFrame, epsg: int) -> list[Finding]:
    found = []
    for town in placed["town_id"].unique().sort().to_list():
        group = placed.filter(pl.col("town_id") == town)
        border = towns.filter(pl.col("town_id") == town)["geometry_wkb"].drop_nulls()
        if border.is_empty():
            continue
        share = geometry.outside_shares(group["geometry_wkb"], border, epsg)
        found += [
            _finding(
                "inventory.other_town", group["site_id"][i], "town_id", {"town": str(town), "share": float(share[i])}
            )
            for i in np.flatnonzero(share > 0.5).tolist()
        ]
    return found


def _nobody_answers(sites: pl.DataFrame) -> list[Finding]:
    reliable = pl.col("fact_state").is_in([state.value for state in RELIABLE])
    bare = sites.filter(reliable & (pl.col("fact_source").is_null() | pl.col("verified_by").is_null()))
    return [
        _finding("inventory.nobody_answers", site, "verified_by", {"state": state})
        for site, state in bare.select("site_id", "fact_state").iter_rows()
    ]


def _from_future(sites: pl.DataFrame, as_of: date) -> list[Finding]:
    return [
        _finding("inventory.fact_from_future", site, "fact_on", {"on": on.isoformat(), "as_of": as_of.isoformat()})
        for site, on in sites.filter(pl.col("fact_on") > as_of).select("site_id", "fact_on").iter_rows()
    ]


def _finding(rule: str, site: str, column: str, params: dict[str, Scalar]) -> Finding:
    return Finding(rule, Severity.WARN, {"site": site, **params}, table="sites", column=column, value=site)
