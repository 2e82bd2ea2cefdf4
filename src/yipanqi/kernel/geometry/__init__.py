"""The only door to shapely and pyproj: arrays in, arrays out, geometries as WKB at the border.

Every geometry that reaches the engine is a polygon, multipolygon or point in CGCS2000 longitude and latitude
(EPSG:4490), two-dimensional, and has passed ``gate`` and ``faults``. Areas and distances in metres are measured in a
projected system whose EPSG code the caller names (EPSG:4549 for Shanghai). Null geometries are allowed everywhere and
give NaN, no pair, or no ring.
"""

from yipanqi.kernel.geometry.frames import (
    CANONICAL_EPSG,
    Frame,
    is_projected,
    misplaced,
    old_datum,
    to_canonical,
    unshifted,
)
from yipanqi.kernel.geometry.gate import (
    faults,
    from_wkt,
    gate,
    kind,
    line_as_polygon,
)
from yipanqi.kernel.geometry.mosaic import Mosaic, touching
from yipanqi.kernel.geometry.shapes import (
    areas_m2,
    bounds,
    box_wkb,
    distances_km,
    geojson,
    inside_points,
    outside_shares,
    overlaps,
    point_wkbs,
    rings,
)

__all__ = [
    "CANONICAL_EPSG",
    "Frame",
    "Mosaic",
    "areas_m2",
    "bounds",
    "box_wkb",
    "distances_km",
    "faults",
    "from_wkt",
    "gate",
    "geojson",
    "inside_points",
    "is_projected",
    "kind",
    "line_as_polygon",
    "misplaced",
    "old_datum",
    "outside_shares",
    "overlaps",
    "point_wkbs",
    "rings",
    "to_canonical",
    "touching",
    "unshifted",
]
