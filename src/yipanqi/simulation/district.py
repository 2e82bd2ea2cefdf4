"""A seeded synthetic district: real names of towns, everything else invented and marked so.

Same profile, sizes, seed and day → same facts, whatever the machine: one PCG64 stream for each part of the district,
so that a change in one part leaves the others as they were.
"""

from datetime import date

import numpy as np
import polars as pl

from yipanqi.allocation.board import TABLES, Facts
from yipanqi.kernel import geometry, tables
from yipanqi.policy.rulebook import Rulebook
from yipanqi.simulation import buildings, firms, ledger, pool, sites
from yipanqi.simulation.geography import Frame, Points, borders, frame_of, ring_area_m2, wkb
from yipanqi.simulation.ground import Ground
from yipanqi.simulation.layout import Parcel, Plan, lay_out
from yipanqi.simulation.settings import Settings, TownPlace, settings
from yipanqi.simulation.sites import Row

#: The day of the shipped demo.
DEMO_AS_OF = date(2026, 6, 30)
_BORDER = "合成示意镇界，非真实边界"
_PARTS = ("borders", "layout", "land", "plants", "offices", "firms", "projects", "wishes", "ledger")


def district(rulebook: Rulebook, *, projects: int = 372, sites: int = 5000, seed: int, as_of: date) -> Facts:
    """The facts of a synthetic district of the profile, as of a day.

    ``sites`` counts the rows of the site table (parcels, buildings, floors, units). Vacant plants and offices sum to
    the published totals of the calibration, in proportion to ``sites``.

    Raises:
        ValueError: fewer than 12 sites or no project, or the district has no room for so many parcels.

    >>> from yipanqi.policy.rulebook import load
    >>> facts = district(load("recommended"), projects=6, sites=60, seed=1, as_of=date(2026, 6, 30))
    >>> facts.synthetic, facts.projects.height, facts.sites.height
    (True, 6, 60)
    """
    given = settings(rulebook)
    streams = _streams(seed)
    frame = frame_of(given.towns)
    polygons = borders(given.towns, frame, given.borders, streams["borders"])
    towns = _towns(given, frame, polygons)
    return _filled(given, frame, polygons, towns, (projects, sites, as_of), streams)


def place_in(
    towns: pl.DataFrame, rulebook: Rulebook, *, projects: int = 372, sites: int = 5000, seed: int, as_of: date
) -> Facts:
    """The facts of a synthetic district laid inside given town polygons, e.g. real ones; the towns stay as they are.

    ``towns`` keeps ``planning.zones.Town``; towns without a polygon keep their row and get neither sites nor projects.
    A town the profile does not know plays a balanced role. Sites, firms and projects are synthetic as ever.

    Raises:
        ValueError: no town has a polygon, or as ``district``.
    """
    given = settings(rulebook)
    drawn = towns.sort("town_id").filter(pl.col("geometry_wkb").is_not_null())
    if drawn.is_empty():
        raise ValueError("no town has a polygon")
    known = {place.code: place.role for place in given.towns}
    shapes = drawn["geometry_wkb"].to_list()
    lons, lats = geometry.inside_points(shapes)
    frame = Frame(float(lons.mean()), float(lats.mean()))
    polygons = [[frame.metres(ring) for ring in geometry.rings(shape)] for shape in shapes]
    places = [
        TownPlace(code=row["town_id"], name=row["name"], kind=row["town_kind"], lon_deg=float(lon), lat_deg=float(lat),
                  role=known.get(row["town_id"], "balanced"), size_km2=max(ring_area_m2(r) for r in rings) / 1e6)
        for row, rings, lon, lat in zip(drawn.iter_rows(named=True), polygons, lons, lats, strict=True)
    ]  # fmt: skip
    there = given.model_copy(update={"towns": places})
    return _filled(there, frame, polygons, towns.to_dicts(), (projects, sites, as_of), _streams(seed))


def _streams(seed: int) -> dict[str, np.random.Generator]:
    children = np.random.Generator(np.random.PCG64(seed)).spawn(len(_PARTS))
    return dict(zip(_PARTS, children, strict=True))


def _towns(given: Settings, frame: Frame, polygons: list[list[Points]]) -> list[Row]:
    shapes = [wkb(frame, rings) for rings in polygons]
    lons, lats = geometry.inside_points(shapes)
    return [
        {"town_id": place.code, "name": place.name, "town_kind": place.kind, "geometry_wkb": shape,
         "boundary_source": _BORDER, "lon_deg": round(float(lon), 6), "lat_deg": round(float(lat), 6)}
        for place, shape, lon, lat in zip(given.towns, shapes, lons, lats, strict=True)
    ]  # fmt: skip


def _filled(
    given: Settings,
    frame: Frame,
    polygons: list[list[Points]],
    towns: list[Row],
    want: tuple[int, int, date],
    streams: dict[str, np.random.Generator],
) -> Facts:
    """The facts on the ground of the given towns."""
    count, rows, as_of = want
    if rows < 12 or count < 1:
        raise ValueError("a district needs at least 12 sites and one project")
    plants, offices = round(rows * given.rows["plant"]), round(rows * given.rows["office"])
    plan = lay_out(Ground(polygons), frame, given, rows - plants - offices, streams["layout"])
    places = _sites(given, frame, plan, (plants, offices, as_of), streams)
    pool_rows, demands = pool.projects(given, count, as_of, streams["projects"])
    rng = streams["ledger"]
    ledger.settle(given, pool_rows, demands, places, rng)
    content: dict[str, list[Row]] = {
        "towns": towns,
        "zones": plan.zones,
        "sites": places,
        "incumbents": firms.incumbents(given, places, streams["firms"]),
        "leases": firms.leases(given, places, as_of, streams["firms"]),
        "holds": ledger.holds(given, pool_rows, demands, places, (as_of, rng)),
        "milestones": ledger.major_projects(given, pool_rows, as_of, rng),
        "wishes": pool.wishes(given, pool_rows, places, streams["wishes"]),
        "projects": pool_rows,
        "demands": demands,
        "quotas": ledger.quotas(given, pool_rows, demands, as_of),
        "town_limits": ledger.limits(given, pool_rows, demands),
    }
    return Facts(as_of=as_of, synthetic=True, district=given.district, **_frames(content))


def _frames(content: dict[str, list[Row]]) -> dict[str, pl.DataFrame]:
    return {name: tables.frame(schema, content[name]) for name, schema in TABLES.items()}


def _sites(
    given: Settings, frame: Frame, plan: Plan, want: tuple[int, int, date], streams: dict[str, np.random.Generator]
) -> list[Row]:
    """Parcels, then plants and offices on parcels in use, scaled to the published totals."""
    plants, offices, as_of = want
    land = sites.land(plan.parcels, frame, given, as_of, streams["land"])
    used = _in_use(land, plan.parcels)
    total = (len(land) + plants + offices) / given.calibration["sites"].value
    halls = buildings.plants(used, frame, given, (plants, as_of), streams["plants"])
    buildings.scaled(halls, given.calibration["plants_available_m2"].value * total)
    desks = buildings.offices(used, frame, given, (offices, as_of), streams["offices"])
    buildings.scaled(desks, given.calibration["offices_available_m2"].value * total)
    return land + halls + desks


def _in_use(land: list[Row], parcels: list[Parcel]) -> list[tuple[Row, Parcel]]:
    """The parcels buildings may stand on: those in use, or all when none is."""
    every = list(zip(land, parcels, strict=True))
    return [(row, parcel) for row, parcel in every if row["state"] == "occupied"] or every
