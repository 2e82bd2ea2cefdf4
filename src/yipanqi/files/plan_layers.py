"""``plan.geojson`` and ``plan.gpkg``: the plan on the map, for any GIS program."""

from pathlib import Path

import polars as pl

from yipanqi.allocation.board import Plan
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files.gis import write_geojson, write_gpkg
from yipanqi.kernel.units import M2_PER_MU
from yipanqi.policy.wording import label


def write(plan: Plan, folder: Path, language: str = "zh") -> None:
    """Write the placed sites as GeoJSON, and towns, zones, sites and placed sites as a GeoPackage."""
    placed = placed_sites(plan, language)
    write_geojson(folder / "plan.geojson", placed)
    facts = plan.facts
    towns = facts.towns.select("town_id", "name", "town_kind", "boundary_source", "geometry_wkb")
    zones = facts.zones.select(
        "zone_id", "zone_kind", "value", "name", "far_min_ratio", "far_max_ratio", "height_max_m", "geometry_wkb"
    )
    sites = facts.sites.select(
        "site_id", "name", "site_kind", "town_id", "area_m2", "area_class", "functional_type", "use_class", "state",
        "available_on", "fact_state", "stale", "geometry_wkb",
    )  # fmt: skip
    layers = {"towns": towns, "zones": zones, "sites": sites, "placements": placed}
    kept = {name: frame.filter(pl.col("geometry_wkb").is_not_null()) for name, frame in layers.items()}
    write_gpkg(folder / "plan.gpkg", {n: f for n, f in kept.items() if f.height}, facts.as_of)


def placed_sites(plan: Plan, language: str = "zh") -> pl.DataFrame:
    """One row a site the board takes for a project, with the words an officer needs beside the polygon.

    Columns: project_id, project, phase, site_id, site, host_town, origin_town, kind, take_m2, take_mu, available_on,
    value_wan, tax_wan, moved, fixed, geometry_wkb (null where the site has none).
    """
    facts, found = plan.facts, plan.schemes
    towns = facts.towns.select("town_id", "name")
    words = {kind: label("scheme_kind", kind, language) for kind in found.schemes["kind"].unique()}
    return (
        plan.scenarios[ScenarioName.BOARD]
        .placements.join(found.schemes.select("scheme_id", "kind", "available_on"), on="scheme_id")
        .join(found.units, on="scheme_id")
        .join(facts.projects.select("project_id", "origin_town_id", project="name"), on="project_id")
        .join(facts.sites.select("site_id", "town_id", "geometry_wkb", site="name"), on="site_id")
        .join(towns.rename({"name": "host_town"}), on="town_id", how="left")
        .join(towns.rename({"name": "origin_town", "town_id": "origin_town_id"}), on="origin_town_id", how="left")
        .with_columns(
            kind=pl.col("kind").replace_strict(words, return_dtype=pl.String),
            take_mu=(pl.col("take_m2") / M2_PER_MU).round(4),
        )
        .select("project_id", "project", "phase", "site_id", "site", "host_town", "origin_town", "kind", "take_m2",
                "take_mu", "available_on", "value_wan", "tax_wan", "moved", "fixed", "geometry_wkb")
        .sort("project_id", "phase", "site_id")
    )  # fmt: skip
