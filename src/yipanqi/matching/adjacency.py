"""Which parcels of a district touch, kept while parcels are surveyed anew, split and joined.

``assemblies.neighbours`` builds the graph of one day from the facts; this object keeps it between days for whoever
holds the facts (a register, a server): an edit costs its surroundings, not the district. Both mean the same by
touching: no further apart than ``matching.adjacency_gap_m``, as ``geometry.touching`` measures it. What may be offered
is not asked here: a parcel's state changes daily, its borders do not.
"""

from collections.abc import Iterable, Mapping, Sequence

import dataframely as dy
import numpy as np
import polars as pl

from yipanqi.kernel import geometry, tables
from yipanqi.matching.assemblies import Neighbours, joined
from yipanqi.matching.ground import Ints


class Edge(dy.Schema):
    """Two parcels that touch, each pair once, the smaller id first."""

    site_id = dy.String(primary_key=True, nullable=False)
    next_site_id = dy.String(primary_key=True, nullable=False)


class Rows:
    """The neighbours of site i are ``to[start[i]:start[i] + count[i]]``, ascending; any row can be replaced in place.

    A row that grows beyond its room moves behind the last one, with some room to spare.
    """

    def __init__(self, near: Neighbours) -> None:
        self.start = near.start[:-1].copy()
        self.count: Ints = np.diff(near.start).astype(np.int32)
        self.to = near.to.copy()
        self._room = self.count.copy()
        self._end = len(near.to)

    def __len__(self) -> int:
        return len(self.start)

    def of(self, site: int) -> Ints:
        """The neighbours of one site."""
        return self.to[self.start[site] : self.start[site] + self.count[site]]

    def put(self, site: int, neighbours: Ints) -> None:
        """Other neighbours, ascending, for one site."""
        size = len(neighbours)
        if size > self._room[site]:
            room = size + 4
            if self._end + room > len(self.to):
                self.to = np.concatenate([self.to, np.full(len(self.to) // 2 + room, -1, dtype=np.int32)])
            self.start[site], self._room[site] = self._end, room
            self._end += room
        self.count[site] = size
        self.to[self.start[site] : self.start[site] + size] = neighbours

    def add(self, many: int) -> list[int]:
        """Further sites without neighbours; their numbers."""
        first = len(self.start)
        none: Ints = np.zeros(many, dtype=np.int32)
        self.start, self.count, self._room = (np.concatenate([a, none]) for a in (self.start, self.count, self._room))
        return list(range(first, first + many))


class Adjacency:
    """The parcels that touch, by site id. ``changed``, ``added``, ``removed``, ``split`` and ``merged`` keep it.

    After any edits it is the one a fresh ``Adjacency`` of the same parcels would be. Parcels without a polygon touch
    nothing. Whoever has kept the ``edges`` gives them back, so that they need not be measured again.

    >>> boxes = [geometry.box_wkb(121.2 + k / 1000, 31.3, 121.201 + k / 1000, 31.301) for k in range(3)]
    >>> parcels = Adjacency(["A", "B", "C"], boxes, gap_m=10, epsg=4549)
    >>> parcels.of("A"), parcels.of("B")
    (('B',), ('A', 'C'))
    >>> parcels.removed(["B"])
    ('A', 'B', 'C')
    >>> parcels.of("A")
    ()
    """

    def __init__(
        self,
        site_ids: Sequence[str],
        wkbs: Iterable[bytes | None],
        *,
        gap_m: float,
        epsg: int,
        edges: pl.DataFrame | None = None,
    ) -> None:
        self._ids = list(site_ids)
        self._index = {site_id: at for at, site_id in enumerate(self._ids)}
        self._mosaic = geometry.Mosaic(wkbs, gap_m, epsg)
        if len(self._index) != len(self._ids) or len(self._ids) != len(self._mosaic):
            raise ValueError("every parcel needs an id of its own and a geometry, or null")
        pairs = self._mosaic.pairs() if edges is None else _places(edges, self._index)
        self.rows = Rows(joined(np.column_stack(pairs).astype(np.int32), len(self._ids)))

    def of(self, site_id: str) -> tuple[str, ...]:
        """The parcels one touches, by id.

        Raises:
            KeyError: there is no such parcel.
        """
        return tuple(sorted(self._ids[at] for at in self.rows.of(self._index[site_id]).tolist()))

    def edges(self) -> pl.DataFrame:
        """Every pair that touches (``Edge``), ordered."""
        ids = pl.Series(self._ids, dtype=pl.String)
        at, to = self._pairs()
        frame = pl.DataFrame({"site_id": ids.gather(at), "next_site_id": ids.gather(to)})
        return Edge.cast(frame.filter(pl.col("site_id") < pl.col("next_site_id")).sort(tables.keys(Edge)))

    def neighbours(self, site_ids: Sequence[str]) -> Neighbours:
        """Who touches whom among these parcels, numbered in the order given; an id not kept here touches nobody."""
        number: Ints = np.full(len(self._ids), -1, dtype=np.int32)
        for k, site_id in enumerate(site_ids):
            if site_id in self._index:
                number[self._index[site_id]] = k
        at, to = (number[side] for side in self._pairs())
        once = (at >= 0) & (to > at)
        return joined(np.column_stack([at[once], to[once]]), len(site_ids))

    def changed(self, site_ids: Sequence[str], wkbs: Iterable[bytes | None]) -> tuple[str, ...]:
        """Other polygons for these parcels; the ids of all parcels whose neighbours are looked at anew, sorted.

        Raises:
            KeyError: there is no such parcel.
        """
        return self._put([self._index[site_id] for site_id in site_ids], wkbs)

    def added(self, site_ids: Sequence[str], wkbs: Iterable[bytes | None]) -> tuple[str, ...]:
        """New parcels; the ids of all parcels whose neighbours are looked at anew, sorted.

        Raises:
            ValueError: a parcel of that id is there.
        """
        if known := sorted(site_id for site_id in site_ids if site_id in self._index):
            raise ValueError(f"these parcels are there already: {known}")
        places = self.rows.add(len(site_ids))
        self._ids += site_ids
        self._index |= dict(zip(site_ids, places, strict=True))
        return self._put(places, wkbs)

    def removed(self, site_ids: Sequence[str]) -> tuple[str, ...]:
        """Parcels taken away; the ids of all parcels whose neighbours are looked at anew, sorted.

        Raises:
            KeyError: there is no such parcel.
        """
        touched = self.changed(site_ids, [None] * len(site_ids))
        for site_id in site_ids:
            del self._index[site_id]
        return touched

    def split(self, site_id: str, into: Sequence[str], wkbs: Iterable[bytes | None]) -> tuple[str, ...]:
        """One parcel becomes several, of which one may keep the id; the ids of all parcels looked at anew, sorted."""
        return tuple(sorted({*self.removed([site_id]), *self.added(into, wkbs)}))

    def merged(self, site_ids: Sequence[str], into: str, wkb: bytes | None) -> tuple[str, ...]:
        """Several parcels become one, which may keep an id of theirs; the ids of all parcels looked at anew, sorted."""
        return tuple(sorted({*self.removed(site_ids), *self.added([into], [wkb])}))

    def _put(self, places: list[int], wkbs: Iterable[bytes | None]) -> tuple[str, ...]:
        self._mosaic.put(places, wkbs)
        touched = set(places)
        for at in places:
            before, now = set(self.rows.of(at).tolist()), set(self._mosaic.beside(at).tolist())
            touched |= before | now
            for other in before ^ now:
                row = set(self.rows.of(other).tolist())
                self._row(other, row | {at} if other in now else row - {at})
            self._row(at, now)
        return tuple(sorted(self._ids[at] for at in touched))

    def _row(self, at: int, neighbours: set[int]) -> None:
        self.rows.put(at, np.array(sorted(neighbours), dtype=np.int32))

    def _pairs(self) -> tuple[Ints, Ints]:
        """Both ways, by number."""
        rows = self.rows
        total = int(rows.count.sum())
        within = np.arange(total) - np.repeat(np.cumsum(rows.count) - rows.count, rows.count)
        return np.repeat(np.arange(len(rows)), rows.count), rows.to[np.repeat(rows.start, rows.count) + within]


def _places(edges: pl.DataFrame, index: Mapping[str, int]) -> tuple[Ints, Ints]:
    sides = (edges[name].to_list() for name in ("site_id", "next_site_id"))
    at, to = (np.array([index[site_id] for site_id in side], dtype=np.int32) for side in sides)
    return at, to
