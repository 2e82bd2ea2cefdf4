"""Polygons that can be asked which lie within a gap of which, all at once or one by one, and changed one by one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from yipanqi.kernel.geometry.shapes import Floats, Indices, Wkbs, metric


class Mosaic:
    """Polygons by place 0, 1, 2, …, in metres; null, points and what was taken away lie beside nothing.

    Two polygons lie beside each other when they are no further apart than ``gap_m`` (a lane, a ditch). A search tree
    holds the polygons first given. Those changed later stand in a list that is looked through as a whole, so that a
    change never costs a new tree.
    """

    def __init__(self, wkbs: Wkbs, gap_m: float, epsg: int) -> None:
        self.gap_m, self.epsg = gap_m, epsg
        self._polygons = _polygons(wkbs, epsg)
        self._count = len(self._polygons)
        self._tree = shapely.STRtree(self._polygons)
        self._late: dict[int, int] = {}
        self._late_at: Indices = np.zeros(0, dtype=np.int64)
        self._late_box: Floats = np.zeros((0, 4))

    def __len__(self) -> int:
        return self._count

    def pairs(self) -> tuple[Indices, Indices]:
        """Every pair i < j that lies beside each other, ordered."""
        polygons = self._polygons[: self._count]
        tree = shapely.STRtree(polygons) if self._late else self._tree
        there = np.flatnonzero(~shapely.is_missing(polygons) & ~shapely.is_empty(polygons))
        i, j = tree.query(_boxes(polygons[there], self.gap_m))
        i = there[i]
        once = i < j
        i, j = i[once], j[once]
        beside = shapely.dwithin(polygons[i], polygons[j], self.gap_m)
        i, j = i[beside], j[beside]
        order = np.lexsort((j, i))
        return i[order].astype(np.int64), j[order].astype(np.int64)

    def beside(self, at: int) -> Indices:
        """The places of the polygons beside one, ascending."""
        polygon = self._polygons[at]
        if polygon is None:
            return np.zeros(0, dtype=np.int64)
        west, south, east, north = shapely.bounds(polygon) + np.array([-1, -1, 1, 1]) * self.gap_m
        first = self._tree.query(shapely.box(west, south, east, north))
        first = first[[i not in self._late for i in first.tolist()]]
        box = self._late_box[: len(self._late)]
        near = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
        found = np.concatenate([first, self._late_at[: len(self._late)][near]])
        found = np.sort(found[found != at])
        # The smaller place first, as in ``pairs``: the same question gives the same answer to the last bit.
        mine = np.full(len(found), at)
        left, right = np.minimum(mine, found), np.maximum(mine, found)
        beside = shapely.dwithin(self._polygons[left], self._polygons[right], self.gap_m)
        return np.asarray(found[beside], dtype=np.int64)

    def put(self, places: Sequence[int], wkbs: Wkbs) -> None:
        """Other polygons at these places; a place after the last is a new one, null takes a polygon away.

        Raises:
            IndexError: a new place does not follow the last.
        """
        for at, polygon in zip(places, _polygons(wkbs, self.epsg), strict=True):
            if at > self._count:
                raise IndexError(f"place {at} does not follow the last, {self._count - 1}")
            if at == self._count:
                self._polygons = _roomy(self._polygons, at, None)
                self._count += 1
            self._polygons[at] = polygon
            row = self._late.setdefault(at, len(self._late))
            self._late_at = _roomy(self._late_at, row, -1)
            self._late_box = _roomy(self._late_box, row, np.nan)
            self._late_at[row] = at
            self._late_box[row] = shapely.bounds(polygon)


def touching(wkbs: Wkbs, gap_m: float, epsg: int) -> tuple[Indices, Indices]:
    """The pairs i < j of polygons no further apart than ``gap_m``, ordered. Points touch nothing."""
    return Mosaic(wkbs, gap_m, epsg).pairs()


def _polygons(wkbs: Wkbs, epsg: int) -> NDArray[Any]:
    """The polygons in metres; None for what is none."""
    found = metric(wkbs, epsg)
    found[shapely.get_dimensions(found) != 2] = None
    return found


def _boxes(polygons: NDArray[Any], gap_m: float) -> NDArray[Any]:
    bounds = shapely.bounds(polygons).reshape(-1, 4) + np.array([-1, -1, 1, 1]) * gap_m
    return np.asarray(shapely.box(*bounds.T), dtype=object)


def _roomy(array: NDArray[Any], row: int, blank: object) -> NDArray[Any]:
    """The array, half as long again if the row lies behind its end."""
    if row < len(array):
        return array
    more = np.full((max(len(array) // 2, 64), *array.shape[1:]), blank, dtype=array.dtype)
    return np.concatenate([array, more])
