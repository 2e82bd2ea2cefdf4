"""The best assemblies for one need among very many sites, without listing all of them.

``assemblies.clusters`` lists every assembly of a district that is minimal for some need; a district has some thousand
sites. A province has a million, and a hundred million assemblies. This index answers one need at a time: the same sets
(minimal, usable, supplied, not too large), in the order of the same score before the plan is asked, but only the best.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from yipanqi.kernel.units import M2_PER_MU
from yipanqi.matching import _assembly_kernels, _reach_kernels
from yipanqi.matching._asked_kernels import Asked
from yipanqi.matching._assembly_kernels import no_best
from yipanqi.matching._reach_kernels import Land, Near, no_bounds
from yipanqi.matching.adjacency import Rows
from yipanqi.matching.assemblies import Neighbours, joined
from yipanqi.matching.figures import DAYS_PER_YEAR, YUAN_PER_WAN, zone_fit
from yipanqi.matching.ground import BUILDING, UTILITIES, Days, Flags, Floats, Ground, Ints
from yipanqi.matching.needs import LAND, Need
from yipanqi.matching.rules import Rules
from yipanqi.matching.ways import Ways, ways_of

_FACTS = (*BUILDING, *UTILITIES)
#: Sites of a cell, inside which they are sorted by day.
_CELL = 256


@dataclass(frozen=True, eq=False)
class Found:
    """The best assemblies, best first, equal ones in the order of their sites, with their scores.

    What it took: blocks of sites opened, sites from which sets were started, sets looked at.
    """

    ways: Ways
    scores: Floats
    opened: int
    started: int
    looked: int


class AssemblySearch:
    """An index over the sites of a ground, for the best assemblies of two to four sites for one need.

    A site whose state, area or neighbours change is told to the index (``stand``, ``reshape``) and counts from the next
    question on; that costs its surroundings. Sites are numbered as in the ground; new ones ask for a new index.
    """

    def __init__(self, ground: Ground, near: Neighbours, ready: Days, able: Flags, rules: Rules) -> None:
        self._ground, self.rules = ground, rules
        self._order = _order(ground, ready, able)
        self._place: Ints = np.empty(len(ground), dtype=np.int32)
        self._place[self._order] = np.arange(len(ground), dtype=np.int32)
        codes, self._zones = _zone_codes(ground)
        self._land = _land(ground, rules, self._order, (ready, able, codes))
        self._rows = _renumbered(near, self._place)
        self._widest = int(self._rows.count.max(initial=1))
        self._bounds = no_bounds(len(ground))
        self._marks: Days = np.zeros(len(ground) + 1, dtype=np.int64)
        self._bound(np.arange(len(self._bounds.large)))
        held = defaultdict(list)
        for site, projects in ground.holders.items():
            for project_id in projects:
                held[project_id].append(site)
        self._held = {project_id: self._places(sites) for project_id, sites in held.items()}

    def best(self, need: Need, most: int = 10) -> Found:
        """Up to ``most`` assemblies for one need.

        They are those of ``ways.on_assemblies``, by ``figures.score`` with a plan that says nothing: a set is minimal,
        every site passes the tests of ``candidates`` and was movable when the index was built.
        """
        best = no_best(most)
        opened, started, looked = _assembly_kernels.search(
            self._land, self._near, self._bounds, self.asked(need), best, self._widest
        )
        found = int((best.score > -np.inf).sum())
        units = np.where(best.units >= 0, self._order[best.units], -1)[:found].astype(np.int32)
        return Found(ways_of(units, best.takes[:found]), best.score[:found], int(opened), int(started), int(looked))

    def stand(self, sites: Sequence[int], *, usable: bool, free: bool) -> None:
        """These sites may now be somebody's (``usable``: offerable or reserved), or anybody's (``free``: not held)."""
        at = self._places(sites)
        self._land.usable[at] = usable
        self._land.free[at] = usable and free
        self._bound(self._around(at))

    def reshape(self, sites: Sequence[int], area_m2: Sequence[float], neighbours: Sequence[Ints]) -> None:
        """These sites have now another area and other neighbours, who are given with them where theirs change too."""
        at = self._places(sites)
        before = self._around(at)
        self._land.area[at] = area_m2
        for place, near in zip(at.tolist(), neighbours, strict=True):
            self._rows.put(place, np.sort(self._place[near]))
            self._widest = max(self._widest, len(near))
        self._bound(np.union1d(before, self._around(at)))

    @property
    def _near(self) -> Near:
        return Near(self._rows.start, self._rows.count, self._rows.to)

    def _places(self, sites: Sequence[int]) -> Ints:
        return self._place[np.asarray(sites, dtype=np.int64)]

    def _around(self, places: Ints) -> Days:
        found: Days = _reach_kernels.surroundings(places.astype(np.int64), self._near, self._marks)
        return found

    def _bound(self, blocks: Days) -> None:
        _reach_kernels.bound(blocks.astype(np.int64), self._land, self._near, self._bounds, self._marks)

    def asked(self, need: Need) -> Asked:
        """The need as the kernels take it."""
        rules, index = self.rules, self._ground.index
        weights = np.array(rules.weights)
        wished = bool(need.wish_weight.sum())
        weights[4] *= wished
        asks = [name in need.building or name in need.utilities for name in _FACTS]
        placed = bool(np.isfinite(need.wish_x).all() and np.isfinite(need.wish_y).all())
        zone = zone_fit(self._zones, need, rules)
        return Asked(
            need=float(need.need_m2),
            most=float(need.most_m2(rules)),
            kind=int(need.kind),
            wanted=int(need.wanted),
            rent_max=np.inf if need.rent_max is None else float(need.rent_max),
            unknown=float(rules.unknown_share),
            building=np.array([need.building.get(name, 0.0) for name in BUILDING], dtype=np.float64),
            utilities=np.array([need.utilities.get(name, 0.0) for name in UTILITIES], dtype=np.float64),
            facts=_bits(np.array([asks]))[0],
            own=self._held.get(need.project_id, self._places([])),
            declined=self._places([index[site_id] for site_id in sorted(need.declined) if site_id in index]),
            zone=zone,
            ranked=np.argsort(-zone, kind="stable"),
            wish_x=need.wish_x if placed else np.full(len(need.wish_x), np.nan),
            wish_y=need.wish_y,
            wish_weight=need.wish_weight,
            weights=weights / weights.sum(),
            halves=np.array([need.cost_half_wan, rules.date_half_months, rules.distance_half_km]),
        )


def _bits(flags: Flags) -> Days:
    """Each row of flags as the bits of one number, the first flag lowest."""
    return np.asarray(flags @ (1 << np.arange(flags.shape[1], dtype=np.int64)), dtype=np.int64)


def _order(ground: Ground, ready: Days, able: Flags) -> Ints:
    """Kind by kind in cells of near sites; in a cell those that may be somebody's first, the sooner ready before."""
    curve = _along_a_curve(ground)
    usable = ((ground.offerable | ground.reserved) & able)[curve]
    return curve[np.lexsort((ready[curve], ~usable, np.arange(len(curve)) // _CELL, ground.kind[curve]))]


def _along_a_curve(ground: Ground) -> Ints:
    """The sites kind by kind along a curve that keeps near ones together (Morton's), placeless ones last."""
    key = np.zeros(len(ground), dtype=np.uint64)
    for shift, values in enumerate((ground.x_km, ground.y_km)):
        known = values[np.isfinite(values)]
        low, wide = (known.min(), max(float(np.ptp(known)), 1e-9)) if len(known) else (0.0, 1.0)
        steps = np.nan_to_num((values - low) / wide * 65_535, nan=65_535.0).astype(np.uint64)
        for bit in range(16):
            key |= ((steps >> np.uint64(bit)) & np.uint64(1)) << np.uint64(2 * bit + shift)
    return np.lexsort((key, ground.kind)).astype(np.int32)


def _zone_codes(ground: Ground) -> tuple[Ints, Ground]:
    """A number for each pair of area class and industry directions, and a ground of one site for each number."""
    (classes, _), (directions, many) = ground.area_classes, ground.direction_lists
    _, first, codes = np.unique(
        classes.astype(np.int64) * len(many) + directions, return_index=True, return_inverse=True
    )
    words = {"area_class": [ground.words["area_class"][at] for at in first.tolist()]}
    return codes.astype(np.int32), replace(
        ground, words=words, directions=[ground.directions[at] for at in first.tolist()]
    )


def _land(ground: Ground, rules: Rules, order: Ints, more: tuple[Days, Flags, Ints]) -> Land:
    ready, able, codes = more
    usable = (ground.offerable | ground.reserved) & able
    held = np.zeros(len(ground), dtype=np.bool_)
    held[list(ground.holders)] = True
    rent = ground.numbers["rent_yuan_m2_day"]
    price = ground.numbers["price_wan_per_mu"] / M2_PER_MU
    rate = np.where(ground.kind == LAND, price, rent * DAYS_PER_YEAR * rules.rent_years / YUAN_PER_WAN)
    return Land(
        site=order,
        kind=ground.kind[order],
        area=ground.area[order],
        divisible=ground.divisible[order],
        usable=usable[order],
        free=(usable & ~held & ~ground.reserved)[order],
        rate=rate[order],
        moving=ground.moving_cost[order],
        ready=ready[order],
        x=ground.x_km[order],
        y=ground.y_km[order],
        zone=codes[order],
        rent=rent[order],
        building=np.column_stack([ground.numbers[name][order] for name in BUILDING]),
        utilities=np.column_stack([ground.numbers[name][order] for name in UTILITIES]),
        blank=_bits(np.column_stack([np.isnan(ground.numbers[name][order]) for name in _FACTS])),
    )


def _renumbered(near: Neighbours, place: Ints) -> Rows:
    at = place[np.repeat(np.arange(len(place)), np.diff(near.start))]
    to = place[near.to]
    once = at < to
    return Rows(joined(np.column_stack([at[once], to[once]]), len(place)))
