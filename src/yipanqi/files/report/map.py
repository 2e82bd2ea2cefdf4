"""The map of the district as inline SVG: towns, zones, sites by state, placements, and arcs of projects that move.

Every shape carries the number of its row (``data-i`` site, ``data-t`` town, ``data-p`` project), so that the page
finds its facts; colours and visibility are the style sheet's. What has neither polygon nor point is not drawn.
"""

import math
from dataclasses import dataclass
from html import escape

import numpy as np
import polars as pl

from yipanqi.allocation.board import Plan
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files.report.outline import Grid, Point, Ring, Step, path, rings
from yipanqi.inventory.sites import OFFERABLE, SiteState

_OFFER = {state.value for state in OFFERABLE}
_AREA_CLASSES = {"104", "195", "198"}
#: Half the side, in grid units, of the square drawn for a site of which only a point is known.
_POINT = 22
#: How far a corner may be moved, in metres.
_TOWN_M, _ZONE_M, _SITE_M = 12.0, 6.0, 2.0


@dataclass(frozen=True)
class Shapes:
    """The grid of the district and what lies where on it."""

    grid: Grid
    towns: dict[str, list[Ring]]
    town_points: dict[str, Step]
    sites: dict[str, list[Ring]]
    site_points: dict[str, Step]


def shapes(plan: Plan, sites: pl.DataFrame) -> Shapes:
    """Polygons and points of towns and sites on one grid."""
    towns, places = plan.facts.towns.sort("town_id"), sites.sort("site_id")
    town_rings, site_rings = _rings(towns, "town_id", _TOWN_M), _rings(places, "site_id", _SITE_M)
    named, found = _points(towns, "town_id", town_rings), _points(places, "site_id", site_rings)
    corners = [(float(x), float(y)) for polygon in town_rings.values() for ring in polygon for x, y in ring]
    grid = Grid.over(corners or [*named.values(), *found.values()])
    return Shapes(
        grid,
        town_rings,
        {key: grid.place(*p) for key, p in named.items()},
        site_rings,
        {key: grid.place(*p) for key, p in found.items()},
    )


def _rings(frame: pl.DataFrame, key: str, tolerance_m: float) -> dict[str, list[Ring]]:
    given = frame.select(key, "geometry_wkb").drop_nulls()
    return {name: found for name, wkb in given.iter_rows() if (found := rings(wkb, tolerance_m))}


def _points(frame: pl.DataFrame, key: str, polygons: dict[str, list[Ring]]) -> dict[str, Point]:
    """A point for each row: the given one, else the middle of its polygon's box."""
    points: dict[str, Point] = {}
    for name, lon, lat in frame.select(key, "lon_deg", "lat_deg").iter_rows():
        if lon is not None and lat is not None:
            points[name] = (lon, lat)
        elif name in polygons:
            x, y = (polygons[name][0].min(axis=0) + polygons[name][0].max(axis=0)) / 2
            points[name] = (float(x), float(y))
    return points


def svg(plan: Plan, sites: pl.DataFrame) -> str:
    """The map. ``sites`` are the rows of the site list, in its order."""
    s = shapes(plan, sites)
    layers = [_towns(plan, s), _zones(plan, s), _sites(plan, sites, s), _arcs(plan, sites, s), _names(plan, s)]
    box = f'viewBox="0 0 {s.grid.width} {s.grid.height}"'
    return f'<svg id="map" {box} role="img" tabindex="0" preserveAspectRatio="xMidYMid meet">{"".join(layers)}</svg>'


def _group(name: str, parts: list[str]) -> str:
    return f'<g class="{name}">{"".join(parts)}</g>'


def _towns(plan: Plan, s: Shapes) -> str:
    keys = plan.facts.towns["town_id"].sort().to_list()
    return _group(
        "towns",
        [
            f'<path class="t t{i % 8}" data-t="{i}" d="{path(s.towns[key], s.grid)}"/>'
            for i, key in enumerate(keys)
            if key in s.towns
        ],
    )


def _zones(plan: Plan, s: Shapes) -> str:
    parts = []
    zones = plan.facts.zones.sort("zone_kind", "zone_id")
    for zone_id, kind, value, wkb in zones.select("zone_id", "zone_kind", "value", "geometry_wkb").iter_rows():
        look = f"z-{value}" if kind == "area_class" and value in _AREA_CLASSES else f"z-{kind}"
        d = path(rings(wkb, _ZONE_M), s.grid)
        parts.append(f'<path class="z {look}" data-z="{escape(zone_id)}" data-v="{escape(value)}" d="{d}"/>')
    return _group("zones", parts)


def _sites(plan: Plan, sites: pl.DataFrame, s: Shapes) -> str:
    taken = plan.scenarios[ScenarioName.BOARD].placements.select("scheme_id")
    placed = set(plan.schemes.units.join(taken, on="scheme_id", how="semi")["site_id"])
    held = set(plan.facts.holds.filter(pl.col("held_until") >= plan.facts.as_of)["site_id"])
    parts = []
    for i, (key, state, area) in enumerate(sites.select("site_id", "state", "area_class").iter_rows()):
        if key not in s.site_points:
            continue
        look = "placed" if key in placed else "held" if key in held else _look(state, area)
        parts.append(f'<path class="s s-{look}" data-i="{i}" d="{_site(key, s)}"/>')
    return _group("sites", parts)


def _look(state: str, area_class: str | None) -> str:
    if state == SiteState.RESERVED.value:
        return "held"
    if state not in _OFFER:
        return "busy"
    return area_class if area_class in _AREA_CLASSES else "plain"


def _site(key: str, s: Shapes) -> str:
    drawn = path(s.sites[key], s.grid) if key in s.sites else ""
    if drawn:
        return drawn
    x, y = s.site_points[key]
    side = 2 * _POINT
    return f"M{x - _POINT},{y - _POINT}l{side},0 0,{side} -{side},0z"


def _arcs(plan: Plan, sites: pl.DataFrame, s: Shapes) -> str:
    """A dashed arc from the origin town to each site of a project that moves."""
    numbers = {key: i for i, key in enumerate(plan.facts.projects["project_id"].sort())}
    moves = (
        plan.scenarios[ScenarioName.BOARD]
        .placements.filter(pl.col("moved"))
        .join(plan.schemes.units, on="scheme_id")
        .join(plan.facts.projects.select("project_id", "origin_town_id"), on="project_id")
        .select("project_id", "origin_town_id", "site_id")
        .unique()
        .sort("project_id", "site_id")
    )
    parts = []
    for project, town, site in moves.iter_rows():
        if town in s.town_points and site in s.site_points:
            start, end = s.town_points[town], s.site_points[site]
            number = numbers[project]
            parts.append(f'<path class="arc" data-p="{number}" d="{_arc(start, end)}"/>')
            parts.append(f'<circle class="pin" data-p="{number}" cx="{end[0]}" cy="{end[1]}" r="70"/>')
    return _group("arcs", parts)


def _arc(start: Step, end: Step) -> str:
    """A quadratic curve bent to the left of its direction by a sixth of its length."""
    (x1, y1), (x2, y2) = start, end
    bend = math.dist(start, end) / 6
    length = max(math.dist(start, end), 1.0)
    middle = ((x1 + x2) / 2 + (y2 - y1) / length * bend, (y1 + y2) / 2 - (x2 - x1) / length * bend)
    return f"M{x1},{y1}Q{round(middle[0])},{round(middle[1])} {x2},{y2}"


def _names(plan: Plan, s: Shapes) -> str:
    """The towns' names, the largest town first: where two names would touch, the page writes the first."""
    numbered = enumerate(plan.facts.towns.sort("town_id").select("town_id", "name").iter_rows())
    named = [(i, key, name) for i, (key, name) in numbered if key in s.town_points]
    return _group(
        "names",
        [
            f'<text data-t="{i}" x="{s.town_points[key][0]}" y="{s.town_points[key][1]}">{escape(name)}</text>'
            for i, key, name in sorted(named, key=lambda town: (-_extent(s.towns.get(town[1], [])), town[0]))
        ],
    )


def _extent(polygon: list[Ring]) -> float:
    """The area of the polygon's largest bounding box, in square degrees: good enough to tell large from small."""
    return max((float(np.prod(ring.max(axis=0) - ring.min(axis=0))) for ring in polygon), default=0.0)
