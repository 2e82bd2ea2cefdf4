"""The ground of a district as a fine raster: which town owns a spot, and what is already taken."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from yipanqi.simulation.geography import Points

_PIXEL_M = 60.0
FREE, WATER, BUILT = 0, 1, 2


class Ground:
    """A raster of the towns. Spots are points in metres; a spot outside every town belongs to −1."""

    def __init__(self, polygons: Sequence[Sequence[Points]]) -> None:
        """``polygons``: the rings of each town; inside and outside by the even–odd rule."""
        every = np.concatenate([ring for rings in polygons for ring in rings])
        self.low = every.min(axis=0)
        columns, rows = (np.ceil((every.max(axis=0) - self.low) / _PIXEL_M).astype(int) + 1).tolist()
        self.town = np.full((rows, columns), -1, dtype=np.int64)
        for town, rings in enumerate(polygons):
            self.town[self._inside(rings, rows, columns)] = town
        self.use = np.full((rows, columns), FREE, dtype=np.int64)
        self._found: dict[int, NDArray[np.int64]] = {}

    @property
    def area_m2(self) -> float:
        """The area of all towns."""
        return float((self.town >= 0).sum()) * _PIXEL_M**2

    @property
    def extent(self) -> Points:
        """How far the ground reaches to the east and to the north, in metres."""
        return np.array(self.town.shape[::-1]) * _PIXEL_M

    def _inside(self, rings: Sequence[Points], rows: int, columns: int) -> NDArray[np.bool_]:
        """Pixels whose middle lies inside: every crossing of a row's middle line flips the rest of the row."""
        flips = np.zeros((rows, columns + 1), dtype=np.int64)
        for ring in rings:
            x, y = (ring[:, 0] - self.low[0]) / _PIXEL_M - 0.5, (ring[:, 1] - self.low[1]) / _PIXEL_M - 0.5
            for x0, y0, x1, y1 in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True):
                first, last = int(np.ceil(min(y0, y1))), int(np.ceil(max(y0, y1)))
                line = np.arange(max(first, 0), min(last, rows))
                if line.size:
                    at = np.ceil(x0 + (line - y0) * (x1 - x0) / (y1 - y0)).astype(int)
                    np.add.at(flips, (line, np.clip(at, 0, columns)), 1)
        return (np.cumsum(flips, axis=1)[:, :columns] % 2).astype(bool)

    def _pixels(self, points: Points) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        at = np.floor((points - self.low) / _PIXEL_M).astype(np.int64)
        return (
            np.clip(at[:, 1], 0, self.town.shape[0] - 1),
            np.clip(at[:, 0], 0, self.town.shape[1] - 1),
        )

    def spots(self, town: int, count: int, rng: np.random.Generator) -> Points:
        """``count`` random spots inside a town; none when the town is smaller than a pixel."""
        where = self._pixels_of(town)
        if not len(where):
            return np.empty((0, 2))
        rows = where[rng.integers(0, len(where), count)][:, ::-1]
        return np.asarray(self.low + (rows + rng.uniform(0, 1, rows.shape)) * _PIXEL_M)

    def _pixels_of(self, town: int) -> NDArray[np.int64]:
        """Row and column of every pixel of a town, looked up once: the towns do not change."""
        if town not in self._found:
            self._found[town] = np.argwhere(self.town == town)
        return self._found[town]

    def owner(self, points: Points) -> NDArray[np.int64]:
        """The town of every point."""
        inside = np.all((points >= self.low) & (points < self.low + _PIXEL_M * np.array(self.town.shape[::-1])), axis=1)
        return np.where(inside, self.town[self._pixels(points)], -1)

    def free(self, points: Points, town: int, *, wet: bool = False) -> bool:
        """Whether all points lie in the town and nothing is there yet; ``wet``: river banks count as free."""
        most = WATER if wet else FREE
        return bool(np.all(self.owner(points) == town) and self.use[self._pixels(points)].max() <= most)

    def take(self, points: Points, use: int) -> None:
        """Mark the points with what is there now."""
        self.use[self._pixels(points)] = use


def grid(length: float, width: float, margin: float) -> Points:
    """Points that cover a rectangle around the origin and a margin about it, closer together than the pixels."""
    u = np.linspace(-length / 2 - margin, length / 2 + margin, max(2, int((length + 2 * margin) / 45) + 2))
    v = np.linspace(-width / 2 - margin, width / 2 + margin, max(2, int((width + 2 * margin) / 45) + 2))
    return np.array(np.meshgrid(u, v)).reshape(2, -1).T


def turned(points: Points, angle: float, middle: Points) -> Points:
    """Points turned by an angle (radians) and moved from the origin to the middle."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]) + middle)
