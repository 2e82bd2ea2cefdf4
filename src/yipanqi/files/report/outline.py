"""Polygons as short SVG paths: whole numbers on a local grid, simplified, each step relative to the last."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from yipanqi.kernel import geometry

Point = tuple[float, float]
Step = tuple[int, int]
Ring = NDArray[np.float64]

#: Metres of one unit of the grid; the sites of a district are drawn to this precision.
METRES = 2.0
_METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True)
class Grid:
    """A plane over a district: x to the east, y to the south, in units of ``METRES`` from its north-west corner."""

    west: float
    north: float
    width: int
    height: int
    shrink: float

    @classmethod
    def over(cls, points: Iterable[Point], margin: float = 0.03) -> "Grid":
        """The grid that holds all points (lon, lat) with a margin; one unit wide where there are none."""
        given = np.asarray(list(points), np.float64).reshape(-1, 2)
        if not len(given):
            return cls(0.0, 0.0, 1, 1, 1.0)
        (west, south), (east, north) = given.min(axis=0), given.max(axis=0)
        shrink = math.cos(math.radians((south + north) / 2))
        pad = max(north - south, (east - west) * shrink, 0.01) * margin
        unit = _METRES_PER_DEGREE / METRES
        width, height = ((east - west) * shrink + 2 * pad) * unit, (north - south + 2 * pad) * unit
        return cls(float(west - pad / shrink), float(north + pad), round(width), round(height), shrink)

    def place(self, lon: float, lat: float) -> Step:
        """The unit of a point."""
        unit = _METRES_PER_DEGREE / METRES
        return round((lon - self.west) * self.shrink * unit), round((self.north - lat) * unit)


def rings(wkb: bytes | None, tolerance_m: float) -> list[Ring]:
    """The rings of a polygon in lon, lat, no corner moved by more than about ``tolerance_m``; none for a point."""
    return geometry.rings(wkb, tolerance_m / _METRES_PER_DEGREE)


def path(polygon: list[Ring], grid: Grid) -> str:
    """The SVG path of rings on the grid; a ring that shrinks to less than three corners is left out."""
    parts = []
    for ring in polygon:
        corners = [grid.place(float(lon), float(lat)) for lon, lat in ring]
        corners = [p for p, q in zip(corners, [*corners[1:], corners[0]], strict=True) if p != q]
        if len(corners) >= 3:
            steps = [f"{b[0] - a[0]},{b[1] - a[1]}" for a, b in pairwise(corners)]
            parts.append(f"M{corners[0][0]},{corners[0][1]}l{' '.join(steps)}z")
    return "".join(parts)
