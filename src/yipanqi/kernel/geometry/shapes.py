"""Measures of geometries and relations between them."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from yipanqi.kernel.geometry.frames import projection

Wkbs: TypeAlias = Iterable[bytes | None]
Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

_EARTH_KM = 6371.0088
#: Below a square centimetre an overlap is the rounding of a shared border.
_LEAST_M2 = 1e-4


def box_wkb(west: float, south: float, east: float, north: float) -> bytes:
    """The rectangle between four coordinates as WKB."""
    return bytes(shapely.to_wkb(shapely.box(west, south, east, north)))


def point_wkbs(lon: ArrayLike, lat: ArrayLike) -> list[bytes | None]:
    """Points as WKB; null where a coordinate is NaN."""
    xy = np.column_stack([np.asarray(lon, np.float64), np.asarray(lat, np.float64)])
    known = np.isfinite(xy).all(axis=1)
    points: list[bytes | None] = [None] * len(xy)
    for i, wkb in zip(np.flatnonzero(known), shapely.to_wkb(shapely.points(xy[known])), strict=True):
        points[i] = bytes(wkb)
    return points


def geojson(wkbs: Wkbs, digits: int = 6) -> list[str | None]:
    """Each shape as a GeoJSON geometry with so many decimals of a degree (6: 0.1 m); null stays null.

    >>> geojson([box_wkb(121, 31, 122, 32)], 0)[0][:40]
    '{"type":"Polygon","coordinates":[[[122.0'
    """
    rounded = shapely.set_precision(shapes(wkbs), 10.0**-digits, mode="pointwise")
    return [None if text is None else str(text) for text in shapely.to_geojson(rounded)]


def areas_m2(wkbs: Wkbs, epsg: int) -> Floats:
    """The area of each geometry in m² in the projected system; 0 for points, NaN for null.

    >>> areas_m2([box_wkb(121.2, 31.3, 121.201, 31.301)], 4549).round(0).tolist()
    [10559.0]
    """
    return np.asarray(shapely.area(metric(wkbs, epsg)), np.float64)


def bounds(wkbs: Wkbs) -> Floats:
    """West, south, east, north of each geometry, one row each; NaN for null."""
    return np.asarray(shapely.bounds(shapes(wkbs)), np.float64).reshape(-1, 4)


def inside_points(wkbs: Wkbs) -> tuple[Floats, Floats]:
    """Longitude and latitude of a point that lies inside each geometry (not its centroid); NaN for null."""
    points = shapely.point_on_surface(shapes(wkbs))
    return np.asarray(shapely.get_x(points), np.float64), np.asarray(shapely.get_y(points), np.float64)


def overlaps(sites: Wkbs, zones: Wkbs, epsg: int) -> tuple[Indices, Indices, Floats]:
    """Which site lies in which zone, and on how many m²: site indices, zone indices, areas, ordered by both indices.

    A point inside a zone (or on its border) is a pair with area 0. Polygons that only share a border are no pair.
    """
    left, right = metric(sites, epsg), metric(zones, epsg)
    i, j = shapely.STRtree(right).query(left, predicate="intersects")
    i, j = _in_order(i, j)
    area = np.asarray(shapely.area(shapely.intersection(left[i], right[j])), np.float64)
    kept = (area > _LEAST_M2) | (shapely.get_dimensions(left[i]) == 0)
    return i[kept], j[kept], area[kept]


def outside_shares(wkbs: Wkbs, cover: Wkbs, epsg: int) -> Floats:
    """The share of each geometry outside the union of the cover, 0–1; a point gives 0 or 1, null NaN.

    With an empty cover everything lies outside.
    """
    things, parts = metric(wkbs, epsg), metric(cover, epsg)
    whole = shapely.union_all(parts)
    shapely.prepare(whole)
    share = np.where(shapely.covers(whole, things), 0.0, 1.0)
    share[shapely.is_missing(things)] = np.nan
    # Cut with the neighbouring parts only: a cut with the whole cover costs as much as the cover is large.
    cut = np.flatnonzero((share == 1.0) & (shapely.get_dimensions(things) == 2))
    thing, part = _in_order(*shapely.STRtree(parts).query(things[cut], predicate="intersects"))
    hit, first = np.unique(thing, return_index=True)
    for i, near in zip(cut[hit], np.split(parts[part], first[1:]), strict=False):  # no hit: one empty split
        share[i] = shapely.area(shapely.difference(things[i], shapely.union_all(near))) / shapely.area(things[i])
    return np.asarray(share, np.float64)


def rings(wkb: bytes | None, tolerance_deg: float = 0.0) -> list[Floats]:
    """The outer and inner rings of a polygon or multipolygon for drawing, each an array of longitude, latitude rows.

    Rings are simplified by ``tolerance_deg`` without crossing themselves; fill them by the even-odd rule. Points and
    null give no ring.
    """
    if wkb is None:
        return []
    shape = shapely.from_wkb(wkb)
    if tolerance_deg > 0:
        shape = shapely.simplify(shape, tolerance_deg, preserve_topology=True)
    parts = shapely.get_parts(shape)
    return [np.asarray(shapely.get_coordinates(ring), np.float64) for ring in shapely.get_rings(parts)]


def distances_km(lon: ArrayLike, lat: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Floats:
    """Great-circle distances in km on the mean sphere, broadcast over the arrays; NaN where a coordinate is NaN.

    Haversine with radius 6371.0088 km (IUGG mean); within 0.5 % of the ellipsoid.

    >>> distances_km([121.2], [31.3], [121.3], [31.3]).round(2).tolist()
    [9.5]
    """
    x1, y1, x2, y2 = (np.radians(np.asarray(v, np.float64)) for v in (lon, lat, lon2, lat2))
    h = np.sin((y2 - y1) / 2) ** 2 + np.cos(y1) * np.cos(y2) * np.sin((x2 - x1) / 2) ** 2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0))), np.float64)


def shapes(wkbs: Wkbs) -> NDArray[Any]:
    """The geometries as shapely's objects, for the modules of this package."""
    given = list(wkbs)
    array = np.empty(len(given), dtype=object)
    array[:] = given
    return np.asarray(shapely.from_wkb(array), dtype=object)


def metric(wkbs: Wkbs, epsg: int) -> NDArray[Any]:
    """The geometries in the metres of a projected system, for the modules of this package."""
    given = shapes(wkbs)
    xy = shapely.get_coordinates(given)
    if not len(xy):
        return given
    east, north = projection(epsg).transform(xy[:, 0], xy[:, 1])
    return np.asarray(shapely.set_coordinates(given, np.column_stack([east, north])), dtype=object)


def _in_order(i: NDArray[Any], j: NDArray[Any]) -> tuple[Indices, Indices]:
    order = np.lexsort((j, i))
    return i[order].astype(np.int64), j[order].astype(np.int64)
