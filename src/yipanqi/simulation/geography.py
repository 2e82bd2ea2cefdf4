"""Invented town borders that look like borders, and the ground the sites are laid on.

A honeycomb of cells is shared out by growing all towns at once from their centres over rough ground, so every town is
one piece and neighbours share their border exactly. In a honeycomb three cells meet at a corner, so no ring touches
itself. Corners are then smoothed and every edge is bent by an amount that belongs to the edge, not to the town; where
that makes borders cross, it is done again more softly.
"""

import heapq
import struct
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yipanqi.kernel import geometry
from yipanqi.simulation.settings import Borders, TownPlace

Points = NDArray[np.float64]
Corner = tuple[int, int]

_NEIGHBOURS = {0: ((0, 1), (0, -1), (1, 0), (1, -1), (-1, 0), (-1, -1)),
               1: ((0, 1), (0, -1), (1, 1), (1, 0), (-1, 1), (-1, 0))}  # fmt: skip
#: Corners of a cell counter-clockwise from the south-east, and across which neighbour each edge to the next looks.
_CORNERS = ((1, -1), (1, 1), (0, 2), (-1, 1), (-1, -1), (0, -2))
_ACROSS = {0: ((0, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0)),
           1: ((0, 1), (1, 1), (1, 0), (0, -1), (-1, 0), (-1, 1))}  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """A local plane in metres around a point: x to the east, y to the north."""

    lon_deg: float
    lat_deg: float

    def _scale(self) -> NDArray[np.float64]:
        # Length of one degree on the ellipsoid at the latitude: series of the meridian arc and of the parallel.
        f = np.radians(self.lat_deg)
        east = 111_412.84 * np.cos(f) - 93.5 * np.cos(3 * f) + 0.118 * np.cos(5 * f)
        north = 111_132.92 - 559.82 * np.cos(2 * f) + 1.175 * np.cos(4 * f)
        return np.array([east, north])

    def degrees(self, points: Points) -> Points:
        """Points in metres as longitude and latitude."""
        return np.asarray(points / self._scale() + np.array([self.lon_deg, self.lat_deg]))

    def metres(self, points: Points) -> Points:
        """Longitudes and latitudes as metres from the centre."""
        return np.asarray((points - np.array([self.lon_deg, self.lat_deg])) * self._scale())


def frame_of(places: list[TownPlace]) -> Frame:
    """The plane around the middle of the towns."""
    return Frame(float(np.mean([p.lon_deg for p in places])), float(np.mean([p.lat_deg for p in places])))


def wkb(frame: Frame, rings: list[Points]) -> bytes:
    """A polygon in metres as WKB in longitude and latitude, rounded to 1e-7 degree (a centimetre)."""
    parts = [struct.pack("<BII", 1, 3, len(rings))]
    for ring in rings:
        corners = np.round(frame.degrees(ring), 7).astype("<f8")
        parts += [struct.pack("<I", len(corners)), corners.tobytes()]
    return b"".join(parts)


def borders(places: list[TownPlace], frame: Frame, setting: Borders, rng: np.random.Generator) -> list[list[Points]]:
    """The polygons of every town, in metres: one list of rings each, the outer ring first."""
    total = sum(p.size_km2 for p in places)
    width = float(np.sqrt(total * 1e6 / setting.cells / (np.sqrt(3) / 2)))
    centres = frame.metres(np.array([[p.lon_deg, p.lat_deg] for p in places])) * setting.closeness
    low = centres.min(axis=0) - 0.35 * np.ptp(centres, axis=0) - 4_000
    high = centres.max(axis=0) + 0.35 * np.ptp(centres, axis=0) + 4_000
    step = np.array([width, width * np.sqrt(3) / 2])
    columns, rows = (np.ceil((high - low) / step).astype(int) + 2).tolist()
    owner = _grow(places, (centres - low) / step, (rows, columns), setting, rng)
    _fill_lakes(owner)
    seed = int(rng.integers(2**62))
    for strength in (1.0, 0.6, 0.3):
        corners = _Corners(owner, low, width, _softened(setting, strength), np.random.Generator(np.random.PCG64(seed)))
        polygons = [corners.polygons(town) for town in range(len(places))]
        if not geometry.faults([wkb(frame, rings) for rings in polygons]):
            return polygons
    plain = _Corners(owner, low, width, _softened(setting, 0.0), np.random.Generator(np.random.PCG64(seed)))
    return [plain.polygons(town) for town in range(len(places))]


def _softened(setting: Borders, strength: float) -> Borders:
    """The same setting with all that moves a border weaker; at 0 borders follow the honeycomb and never cross."""
    moved = {name: getattr(setting, name) * strength for name in ("jitter", "smoothing", "displacement")}
    return setting.model_copy(update=moved)


def _grow(
    places: list[TownPlace], seeds: Points, shape: tuple[int, int], setting: Borders, rng: np.random.Generator
) -> NDArray[np.int64]:
    """The owner of every cell, −1 outside: towns grow at a speed that goes with the root of their size."""
    owner = np.full(shape, -1, dtype=np.int64)
    rough = np.exp(setting.roughness * rng.standard_normal(shape))
    speed = np.sqrt([p.size_km2 for p in places])
    queue: list[tuple[float, int, int, int]] = []
    begun: set[tuple[int, int]] = set()
    for town, (x, y) in enumerate(seeds):
        row, column = round(float(y)), round(float(x))
        while (row, column) in begun:
            column += 1
        begun.add((row, column))
        heapq.heappush(queue, (0.0, town, row, column))
    piece = list(range(len(places)))
    left = setting.cells
    # Beyond its size the district goes on growing until it is one piece.
    while queue and (left > 0 or len(set(piece)) > 1):
        cost, town, row, column = heapq.heappop(queue)
        if owner[row, column] >= 0:
            continue
        owner[row, column] = town
        left -= 1
        for dr, dc in _NEIGHBOURS[row & 1]:
            r, c = row + dr, column + dc
            if owner[r, c] >= 0:
                here, there = piece[town], piece[int(owner[r, c])]
                piece = [here if p == there else p for p in piece]
            elif 0 < r < shape[0] - 1 and 0 < c < shape[1] - 1:
                heapq.heappush(queue, (cost + float(rough[r, c]) / float(speed[town]), town, r, c))
    return owner


def _fill_lakes(owner: NDArray[np.int64]) -> None:
    """Give cells that the district encloses to a neighbour, so that the district has no hole."""
    outside = np.zeros(owner.shape, dtype=bool)
    stack = [(0, 0)]
    outside[0, 0] = True
    while stack:
        row, column = stack.pop()
        for dr, dc in _NEIGHBOURS[row & 1]:
            r, c = row + dr, column + dc
            if 0 <= r < owner.shape[0] and 0 <= c < owner.shape[1] and not outside[r, c] and owner[r, c] < 0:
                outside[r, c] = True
                stack.append((r, c))
    lakes = [(int(r), int(c)) for r, c in np.argwhere((owner < 0) & ~outside)]
    while lakes:
        later = []
        for r, c in lakes:
            around = [int(owner[r + dr, c + dc]) for dr, dc in _NEIGHBOURS[r & 1]]
            known = [town for town in around if town >= 0]
            if known:
                owner[r, c] = max(sorted(set(known)), key=known.count)
            else:
                later.append((r, c))
        lakes = later


class _Corners:
    """The corners of the honeycomb that lie on a border, moved, and the bends of the edges between them."""

    def __init__(
        self, owner: NDArray[np.int64], low: Points, width: float, setting: Borders, rng: np.random.Generator
    ) -> None:
        self.edges: dict[int, dict[Corner, Corner]] = defaultdict(dict)
        linked: dict[Corner, set[Corner]] = defaultdict(set)
        for r, c in np.argwhere(owner >= 0):
            row, column = int(r), int(c)
            town = int(owner[row, column])
            for i, (dr, dc) in enumerate(_ACROSS[row & 1]):
                if owner[row + dr, column + dc] == town:
                    continue
                start, end = _corner(row, column, i), _corner(row, column, (i + 1) % 6)
                self.edges[town][start] = end
                linked[start].add(end)
                linked[end].add(start)
        keys = sorted(linked)
        unit = np.array([width / 2, width / (2 * np.sqrt(3))])
        raw = {k: np.array(k) * unit + low + rng.normal(0, setting.jitter * width, 2) for k in keys}
        share = setting.smoothing
        self.at = {k: (1 - share) * raw[k] + share * np.mean([raw[n] for n in sorted(linked[k])], axis=0) for k in keys}
        pairs = sorted({(min(a, b), max(a, b)) for a in keys for b in linked[a]})
        self.bend = dict(zip(pairs, rng.normal(0, setting.displacement, (len(pairs), 3)).tolist(), strict=True))

    def polygons(self, town: int) -> list[Points]:
        """The rings of a town, the largest first."""
        left = dict(self.edges[town])
        rings = []
        while left:
            start = min(left)
            ring, here = [], start
            while here in left:
                following = left.pop(here)
                ring += self._bent(here, following)
                here = following
            rings.append(np.array([*ring, ring[0]]))
        return sorted(rings, key=lambda ring: -ring_area_m2(ring))

    def _bent(self, start: Corner, end: Corner) -> list[Points]:
        """The edge without its end: its start and three points beside the straight line."""
        forward = start < end
        low, high = (start, end) if forward else (end, start)
        a, b = self.at[low], self.at[high]
        along, across = b - a, np.array([a[1] - b[1], b[0] - a[0]])
        m1, m2, m3 = self.bend[(low, high)]
        middle = m1 * 0.9
        points = [a + t * along + s * across for t, s in ((0.27, middle / 2 + m2 / 2), (0.5, middle),
                                                          (0.74, middle / 2 + m3 / 2))]  # fmt: skip
        return [self.at[start], *(points if forward else points[::-1])]


def _corner(row: int, column: int, which: int) -> Corner:
    dx, dy = _CORNERS[which]
    return (2 * column + (row & 1) + dx, 3 * row + dy)


def ring_area_m2(ring: Points) -> float:
    """The area inside a closed ring."""
    x, y = ring[:, 0], ring[:, 1]
    return abs(float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2))
