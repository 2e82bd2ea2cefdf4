"""Adjacent sites and the assemblies of two to four of them, enumerated exactly and once for the whole district.

A set of sites is an assembly when it is connected in the graph of neighbours. Every connected set of k + 1 sites holds
a connected set of k, so the sets are grown one site at a time, each once. A set is *minimal* for a need when it
suffices and no connected part of it does; only minimal sets are assemblies worth offering.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from yipanqi.kernel import geometry
from yipanqi.matching.ground import KINDS, Flags, Floats, Ground, Ints
from yipanqi.matching.rules import Rules

#: Most sites in one assembly.
MOST = 4
_LAND = KINDS.index("land")


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Who touches whom, both ways: the neighbours of site i are ``to[start[i]:start[i + 1]]``, ascending."""

    start: Ints
    to: Ints

    def of(self, site: int) -> Ints:
        """The neighbours of one site."""
        return self.to[self.start[site] : self.start[site + 1]]

    def places(self, sites: Iterable[int]) -> int:
        """Over how many places some sites lie: sites that touch, or hang together by others of them, are one place."""
        left, count = set(sites), 0
        while left:
            count += 1
            reached = [left.pop()]
            while reached:
                beside = left.intersection(self.of(reached.pop()).tolist())
                left -= beside
                reached += beside
        return count

    def linked(self, left: Ints, right: Ints) -> Flags:
        """Whether each pair touches."""
        size = np.int64(len(self.start) - 1)
        keys = np.repeat(np.arange(size), np.diff(self.start)) * size + self.to
        wanted = left.astype(np.int64) * size + right
        at = np.searchsorted(keys, wanted)
        found = np.zeros(wanted.shape, dtype=np.bool_)
        inside = at < len(keys)
        found[inside] = keys[at[inside]] == wanted[inside]
        return found


def neighbours(ground: Ground, sites: pl.DataFrame, rules: Rules, epsg: int) -> Neighbours:
    """Which sites can be joined: parcels no further apart than the gap, and units of one building near each other.

    Units of one parent and kind stand in the order of floor, unit and id; each is joined with those up to
    ``unit_reach_count`` places away. Sites that can be offered to nobody have no neighbours.
    """
    usable = ground.offerable | ground.reserved
    parcels = np.flatnonzero(usable & (ground.kind == _LAND))
    left, right = geometry.touching([ground.geometry[i] for i in parcels.tolist()], rules.adjacency_gap_m, epsg)
    pairs = [np.column_stack([parcels[left], parcels[right]])]
    rooms = (
        sites.filter(pl.col("parent_site_id").is_not_null() & (pl.col("site_kind") != KINDS[_LAND]))
        .sort("parent_site_id", "site_kind", "floor_no", "unit_no", "site_id")
        .select("site_id", "parent_site_id", "site_kind")
    )
    for _, group in rooms.group_by("parent_site_id", "site_kind", maintain_order=True):
        row = [ground.index[s] for s in group["site_id"].to_list() if s in ground.index]
        row = [i for i in row if usable[i]]
        reach = int(rules.unit_reach_count)
        near = [(a, b) for n, a in enumerate(row) for b in row[n + 1 : n + 1 + reach]]
        pairs.append(np.array(near, dtype=np.int64).reshape(-1, 2))
    return joined(np.concatenate(pairs), len(ground))


def joined(pairs: Ints, size: int) -> Neighbours:
    """The neighbours of ``size`` sites from pairs of sites, each pair once in either order."""
    both = np.concatenate([pairs, pairs[:, ::-1]]).astype(np.int64)
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    start = np.searchsorted(both[:, 0], np.arange(size + 1)).astype(np.int32)
    return Neighbours(start, both[:, 1].astype(np.int32))


@dataclass(frozen=True, eq=False)
class Clusters:
    """Connected sets of two to ``MOST`` sites, ordered by their total area.

    ``units`` holds the sites ascending, then -1; ``total`` their area; ``short`` the largest area a connected part of
    one site less has. The set is minimal for every need with ``short`` < need ≤ ``total``.
    """

    units: Ints
    total: Floats
    short: Floats

    def for_need(self, need_m2: float) -> Ints:
        """The rows minimal for a need. The total has no upper bound here: a divisible site may give a part."""
        first = int(np.searchsorted(self.total, need_m2 * (1 - 1e-9)))
        return (first + np.flatnonzero(self.short[first:] < need_m2 * (1 - 1e-9))).astype(np.int32)


def clusters(near: Neighbours, area: Floats, most_need_m2: float) -> Clusters:
    """Every connected set of two to ``MOST`` sites that is minimal for some need up to ``most_need_m2``."""
    rows: Ints = np.flatnonzero(np.diff(near.start)).astype(np.int32)[:, None]
    found = []
    for size in range(2, MOST + 1):
        rows = _grown(rows[area[rows].sum(axis=1) < most_need_m2], near)
        found.append(np.pad(rows, ((0, 0), (0, MOST - size)), constant_values=-1))
    units = np.concatenate(found)
    areas = np.where(units >= 0, area[units], 0.0)
    total = areas.sum(axis=1)
    short = (total[:, None] - np.where(_removable(units, near), areas, np.inf)).max(axis=1)
    order = np.lexsort((*units.T[::-1], total))
    order = order[short[order] < most_need_m2]
    return Clusters(units[order], total[order], short[order])


def _grown(rows: Ints, near: Neighbours) -> Ints:
    """The connected sets one site larger than the given ones, each once, ascending."""
    degree = np.diff(near.start)
    grown = []
    for column in rows.T:
        count = degree[column]
        parent = np.repeat(np.arange(len(rows)), count)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        added = near.to[np.repeat(near.start[:-1][column], count) + within]
        fresh = (rows[parent] != added[:, None]).all(axis=1)
        grown.append(np.column_stack([rows[parent][fresh], added[fresh]]))
    sets = np.sort(np.concatenate(grown), axis=1)
    sets = sets[np.lexsort(sets.T[::-1])]
    once = np.ones(len(sets), dtype=np.bool_)
    once[1:] = (sets[1:] != sets[:-1]).any(axis=1)
    return sets[once].astype(np.int32)


def _removable(units: Ints, near: Neighbours) -> Flags:
    """For each site of each set whether the others stay connected without it.

    Three sites with two links, or two with one, are connected, so counting links is enough up to sets of four.
    """
    size = (units >= 0).sum(axis=1)
    links = np.zeros((len(units), MOST, MOST), dtype=np.bool_)
    for i in range(MOST):
        for j in range(i + 1, MOST):
            both = (units[:, i] >= 0) & (units[:, j] >= 0)
            links[both, i, j] = near.linked(units[both, i], units[both, j])
            links[:, j, i] = links[:, i, j]
    total = links.sum(axis=(1, 2)) // 2
    without = total[:, None] - links.sum(axis=2)
    return np.asarray((units >= 0) & (without >= (size - 2)[:, None]))
