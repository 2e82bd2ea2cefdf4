"""A small map of a scheme as SVG: its sites in blue, what lies around in grey, the borders of towns dashed.

The drawing holds no text: numbers of sites and the scale are laid over it by the page, in the page's font.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from yipanqi.files.report.outline import METRES, Grid, Ring, path, rings
from yipanqi.inventory.sites import SiteKind
from yipanqi.kernel import geometry

ASPECT = 1.5
#: Half the least height of a map, the room left around the sites, and half the side of a site known as a point.
_LEAST_DEG, _MARGIN, _POINT_DEG = 0.0024, 0.4, 0.00025
_SITE_M, _TOWN_M = 1.0, 10.0
#: A neighbour smaller than this part of the width is not drawn; one known as a point only on maps up to this width.
_SPECK, _WIDEST_WITH_POINTS_M = 1 / 150, 2_500.0
#: Lengths a scale bar may have, and the most of the width it may take.
_BARS, _BAR_SHARE = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000), 0.28
_TAKEN, _LEASED, _AROUND = "#2f6fd0", "#e09a3a", "#dbe2ea"


@dataclass(frozen=True)
class Place:
    """A site on a map: its number in the document, and whether it is only leased until the land is there."""

    site_id: str
    number: int
    leased: bool = False


@dataclass(frozen=True)
class Atlas:
    """Where the district's sites and towns are."""

    keys: list[str]
    shapes: dict[str, bytes]
    #: West, south, east, north of every site, in the order of ``keys``.
    boxes: NDArray[np.float64]
    points: dict[str, tuple[float, float]]
    borders: list[bytes]

    @classmethod
    def of(cls, sites: pl.DataFrame, towns: pl.DataFrame) -> "Atlas":
        """The sites that have a polygon or a point; land before what stands on it."""
        order = (pl.col("site_kind") != SiteKind.LAND.value, "site_id")
        placed = sites.filter(pl.any_horizontal(pl.col("geometry_wkb", "lon_deg").is_not_null())).sort(*order)
        found = geometry.bounds(placed["geometry_wkb"].to_list())
        spot = placed.select("lon_deg", "lat_deg").cast(pl.Float64).to_numpy()
        boxes = np.where(np.isnan(found), np.hstack([spot, spot]), found)
        shapes = dict(placed.select("site_id", "geometry_wkb").drop_nulls().iter_rows())
        middle = {k: ((w + e) / 2, (s + n) / 2) for k, (w, s, e, n) in zip(placed["site_id"], boxes, strict=True)}
        return cls(placed["site_id"].to_list(), shapes, boxes, middle, towns["geometry_wkb"].drop_nulls().to_list())

    def sketch(self, places: list[Place]) -> dict[str, Any] | None:
        """The map of some sites: ``svg``, ``marks`` (share of width, of height, numbers) and ``bar`` (share, metres).

        None where no site has a place.
        """
        known = [p for p in places if p.site_id in self.points]
        if not known:
            return None
        own = {p.site_id for p in known}
        grid = _framed(self.boxes[[i for i, key in enumerate(self.keys) if key in own]])
        parts = [f'<rect width="{grid.width}" height="{grid.height}" fill="#f4f7fb"/>']
        line = grid.width / 400
        look = f'fill="none" stroke="#9fb0c6" stroke-width="{1.4 * line:.1f}"'
        dash = f'stroke-dasharray="{6 * line:.1f} {4 * line:.1f}"'
        seen = [run for wkb in self.borders for ring in _rings(wkb, _TOWN_M) for run in _runs(ring, grid)]
        parts += [f'<path d="M{" ".join(f"{x},{y}" for x, y in run)}" {look} {dash}/>' for run in seen]
        parts += [self._shape(key, grid, _AROUND, "#ffffff", line) for key in self._near(grid, own)]
        parts += [self._shape(p.site_id, grid, _LEASED if p.leased else _TAKEN, "#ffffff", line) for p in known]
        box = f'width="{grid.width}" height="{grid.height}" viewBox="0 0 {grid.width} {grid.height}"'
        spots: dict[tuple[int, int], list[str]] = {}
        for p in known:  # units of one building share a point
            spots.setdefault(grid.place(*self.points[p.site_id]), []).append(str(p.number))
        bar = max((b for b in _BARS if b <= grid.width * METRES * _BAR_SHARE), default=_BARS[0])
        return {
            "svg": f'<svg xmlns="http://www.w3.org/2000/svg" {box} fill-rule="evenodd">{"".join(parts)}</svg>',
            "marks": [
                [round(x / grid.width, 4), round(y / grid.height, 4), " ".join(n)] for (x, y), n in spots.items()
            ],
            "bar": [round(bar / METRES / grid.width, 4), bar],
        }

    def _shape(self, key: str, grid: Grid, fill: str, edge: str, line: float) -> str:
        polygon = _rings(self.shapes.get(key), _SITE_M)
        x, y = grid.place(*self.points[key])
        half = max(grid.height * (0.012 if fill == _AROUND else 0.03), 1.0)
        spot = f"M{x - half:.1f},{y - half:.1f}h{2 * half:.1f}v{2 * half:.1f}h{-2 * half:.1f}z"
        return f'<path d="{path(polygon, grid) or spot}" fill="{fill}" stroke="{edge}" stroke-width="{line:.1f}"/>'

    def _near(self, grid: Grid, without: set[str]) -> list[str]:
        """The other sites whose box meets the frame, without specks."""
        west, south, east, north = _frame(grid)
        meets = (self.boxes[:, 0] <= east) & (self.boxes[:, 2] >= west)
        meets &= (self.boxes[:, 1] <= north) & (self.boxes[:, 3] >= south)
        size = np.maximum(self.boxes[:, 2] - self.boxes[:, 0], self.boxes[:, 3] - self.boxes[:, 1])
        clear = (size == 0) & (grid.width * METRES <= _WIDEST_WITH_POINTS_M)
        meets &= clear | (size >= (east - west) * _SPECK)
        return [key for i in np.flatnonzero(meets) if (key := self.keys[i]) not in without]


@lru_cache(maxsize=100_000)
def _rings(wkb: bytes | None, tolerance_m: float) -> list[Ring]:
    return rings(wkb, tolerance_m)


def _runs(ring: Ring, grid: Grid) -> list[list[tuple[int, int]]]:
    """The stretches of a border that meet the frame, each as points of the grid."""
    west, south, east, north = _frame(grid)
    low, high = np.minimum(ring[:-1], ring[1:]), np.maximum(ring[:-1], ring[1:])
    meets = np.flatnonzero((low <= (east, north)).all(axis=1) & (high >= (west, south)).all(axis=1))
    stretches = np.split(meets, np.flatnonzero(np.diff(meets) > 1) + 1)
    return [
        [grid.place(float(x), float(y)) for x, y in ring[part[0] : part[-1] + 2]] for part in stretches if len(part)
    ]


def _framed(boxes: NDArray[np.float64]) -> Grid:
    """A grid around the boxes with room about them, of one aspect for every map."""
    west, south = boxes[:, :2].min(axis=0) - _POINT_DEG
    east, north = boxes[:, 2:].max(axis=0) + _POINT_DEG
    shrink = float(np.cos(np.radians((south + north) / 2)))
    half = max((north - south) / 2, (east - west) * shrink / 2 / ASPECT) * (1 + _MARGIN)
    half = max(half, _LEAST_DEG)
    x, y = (west + east) / 2, (south + north) / 2
    return Grid.over([(x - half * ASPECT / shrink, y - half), (x + half * ASPECT / shrink, y + half)], margin=0.0)


def _frame(grid: Grid) -> tuple[float, float, float, float]:
    """West, south, east and north of a grid, in degrees."""
    across, down = grid.place(grid.west + 1.0, grid.north - 1.0)
    return grid.west, grid.north - grid.height / down, grid.west + grid.width / across, grid.north
