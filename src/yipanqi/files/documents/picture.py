"""A small map of a scheme's sites as SVG: its units in teal, neighbours in grey; no text, so no font is needed."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from yipanqi.files.report.outline import Grid, path, rings
from yipanqi.kernel import geometry

_MARGIN = 0.35
_ASPECT = 1.6
_DEGREES_OF_A_POINT = 0.0006
#: A distance long enough to tell the scale of a grid by.
_PROBE_DEG = 0.05


@dataclass(frozen=True)
class Pictures:
    """Polygons and boxes of the district's sites, for drawing any of them with its neighbours."""

    shapes: dict[str, bytes]
    points: dict[str, tuple[float, float]]
    keys: tuple[str, ...]
    boxes: np.ndarray

    @classmethod
    def of(cls, sites: pl.DataFrame) -> "Pictures":
        """The sites that have a polygon or a point."""
        drawn = sites.filter(pl.col("geometry_wkb").is_not_null())
        wkbs = drawn["geometry_wkb"].to_list()
        boxes = np.asarray(geometry.bounds(drawn["geometry_wkb"]), dtype=np.float64) if wkbs else np.zeros((0, 4))
        stated = sites.filter(pl.col("lon_deg").is_not_null() & pl.col("lat_deg").is_not_null())
        places = {k: (lon, lat) for k, lon, lat in stated.select("site_id", "lon_deg", "lat_deg").iter_rows()}
        keys = tuple(drawn["site_id"].to_list())
        return cls(dict(zip(keys, wkbs, strict=True)), places, keys, boxes)

    def svg(self, site_ids: list[str], *, neighbours: bool) -> str:
        """The map of some sites, with their neighbours if wanted; empty where none of them has a place."""
        own = [rings(self.shapes[s], 0.0) for s in site_ids if s in self.shapes]
        corners = [(float(x), float(y)) for polygon in own for ring in polygon for x, y in ring]
        marks = [self.points[s] for s in site_ids if s not in self.shapes and s in self.points]
        for lon, lat in marks:
            corners += [
                (lon - _DEGREES_OF_A_POINT, lat - _DEGREES_OF_A_POINT),
                (lon + _DEGREES_OF_A_POINT, lat + _DEGREES_OF_A_POINT),
            ]
        if not corners:
            return ""
        grid = _framed(corners)
        grey = self._near(grid, set(site_ids)) if neighbours else []
        parts = [f'<path d="{path(rings(self.shapes[s], 0.0), grid)}" fill="#dfe5ec" stroke="#fff"/>' for s in grey]
        parts += [f'<path d="{path(p, grid)}" fill="#0e8f84" stroke="#0b6f67" stroke-width="1"/>' for p in own]
        for lon, lat in marks:
            x, y = grid.place(lon, lat)
            parts.append(f'<circle cx="{x}" cy="{y}" r="{max(grid.width // 40, 2)}" fill="#0e8f84"/>')
        size = f'width="{grid.width}" height="{grid.height}" viewBox="0 0 {grid.width} {grid.height}"'
        body = f'<rect width="100%" height="100%" fill="#f5f7fa"/>{"".join(parts)}'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} fill-rule="evenodd">{body}</svg>'

    def _near(self, grid: Grid, without: set[str]) -> list[str]:
        """The sites whose box meets the frame of the grid."""
        east, south = _corner(grid)
        hits = (self.boxes[:, 0] <= east) & (self.boxes[:, 2] >= grid.west)
        hits &= (self.boxes[:, 1] <= grid.north) & (self.boxes[:, 3] >= south)
        return [self.keys[i] for i in np.flatnonzero(hits) if self.keys[i] not in without]


def _framed(corners: list[tuple[float, float]]) -> Grid:
    """A grid around the corners with room about them, in one aspect for every map."""
    lon, lat = np.array(corners).T
    shrink = float(np.cos(np.radians(lat.mean())))
    half_y = max((lat.max() - lat.min()) / 2, (lon.max() - lon.min()) * shrink / 2 / _ASPECT, 0.0005) * (1 + _MARGIN)
    half_x = half_y * _ASPECT / shrink
    x, y = (lon.max() + lon.min()) / 2, (lat.max() + lat.min()) / 2
    return Grid.over([(x - half_x, y - half_y), (x + half_x, y + half_y)], margin=0.0)


def _corner(grid: Grid) -> tuple[float, float]:
    """The longitude of the east and the latitude of the south edge of a grid."""
    x, y = grid.place(grid.west + _PROBE_DEG, grid.north - _PROBE_DEG)
    return grid.west + _PROBE_DEG * grid.width / x, grid.north - _PROBE_DEG * grid.height / y
