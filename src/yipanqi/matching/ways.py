"""The ways to place one need: on one site, on an assembly, over two towns, or leasing first and building later."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from yipanqi.matching.assemblies import MOST, Clusters
from yipanqi.matching.candidates import EXACT, supplied
from yipanqi.matching.ground import DAYS_PER_MONTH, KINDS, Days, Flags, Floats, Ground, Ints
from yipanqi.matching.needs import LAND, Need
from yipanqi.matching.rules import Rules

_PLANT = KINDS.index("plant")
#: Sites looked at as parts of a split, and as interim plants: the best by fit, distance and day.
_PARTS, _PARTS_PER_TOWN = 60, 8
_LANDS, _INTERIM = 6, 3


@dataclass(frozen=True, eq=False)
class Ways:
    """Rows of units (ascending, then -1) with what is taken of each; ``lease`` is an interim plant or -1.

    ``split`` marks rows whose units do not touch and lie in two towns.
    """

    units: Ints
    takes: Floats
    split: Flags
    lease: Ints
    lease_take: Floats

    def __len__(self) -> int:
        return len(self.units)

    def only(self, rows: Flags | Ints) -> "Ways":
        """The given rows."""
        return Ways(self.units[rows], self.takes[rows], self.split[rows], self.lease[rows], self.lease_take[rows])

    def used(self) -> Ints:
        """Every site some row uses, ascending."""
        most = max(self.units.max(initial=-1), self.lease.max(initial=-1))
        marked = np.zeros(most + 2, dtype=np.bool_)
        marked[self.units] = marked[self.lease] = True  # −1 marks the last place
        return np.flatnonzero(marked[:-1]).astype(np.int32)


def ways_of(units: Ints, takes: Floats, split: bool = False) -> Ways:
    """Ways without an interim plant."""
    count = len(units)
    none = np.full(count, -1, dtype=np.int32)
    return Ways(units, takes, np.full(count, split), none, np.zeros(count))


def all_of(many: list[Ways]) -> Ways:
    """The ways one after the other."""
    return Ways(
        np.concatenate([w.units for w in many]),
        np.concatenate([w.takes for w in many]),
        np.concatenate([w.split for w in many]),
        np.concatenate([w.lease for w in many]),
        np.concatenate([w.lease_take for w in many]),
    )


def on_one_site(ground: Ground, need: Need, usable: Flags, rules: Rules) -> Ways:
    """Single sites: a divisible one gives what is needed, another is taken whole if it is not too large."""
    large = usable & (ground.area >= need.need_m2 * EXACT)
    sites = np.flatnonzero(large & (ground.divisible | (ground.area <= need.most_m2(rules))))
    units = np.pad(sites[:, None], ((0, 0), (0, MOST - 1)), constant_values=-1).astype(np.int32)
    return _kept(ground, need, units, rules)


def on_assemblies(ground: Ground, need: Need, usable: Flags, found: Clusters, rules: Rules) -> Ways:
    """Minimal assemblies whose every site is usable."""
    units = found.units[found.for_need(need.need_m2)]
    fine = ((units < 0) | usable[units]).all(axis=1)
    return _kept(ground, need, units[fine], rules)


def over_two_towns(ground: Ground, need: Need, usable: Flags, merit: Callable[[Ints], Floats], rules: Rules) -> Ways:
    """Pairs of sites in two towns that suffice together, each a real part; from the sites of highest merit."""
    size = ground.area
    part = usable & (size >= need.need_m2 * rules.split_part_share) & (size < need.need_m2 * EXACT)
    sites = np.flatnonzero(part).astype(np.int32)
    sites = sites[np.lexsort((sites, -merit(sites)))]
    sites = np.sort(sites[_within_town(ground.town_codes[sites]) < _PARTS_PER_TOWN][:_PARTS])
    left, right = np.triu_indices(len(sites), 1)
    pairs = np.column_stack([sites[left], sites[right]])
    pairs = pairs[ground.town_codes[pairs[:, 0]] != ground.town_codes[pairs[:, 1]]]
    units = np.pad(pairs, ((0, 0), (0, MOST - 2)), constant_values=-1).astype(np.int32)
    found = _kept(ground, need, units, rules, split=True)
    least = need.need_m2 * rules.split_part_share * EXACT
    return found.only(np.asarray(((found.units < 0) | (found.takes >= least)).all(axis=1)))


def _within_town(towns: Ints) -> Ints:
    """The place of each entry among those of its town, in the order given."""
    order = np.argsort(towns, kind="stable")
    first = np.searchsorted(towns[order], towns[order])
    place = np.empty(len(towns), dtype=np.int32)
    place[order] = np.arange(len(towns)) - first
    return place


def lease_first(ground: Ground, need: Need, lands: Ways, ready: Days, rules: Rules) -> Ways:
    """Land that is long in coming, each with the plants where the firm can begin meanwhile.

    ``lands`` are ways in the order of preference, ``ready`` the day of every site. The plant must be free and hold
    ``interim_floor_share`` of the floor area to be built (floor-area ratio 1 where the demand states none).
    """
    if need.kind != LAND or not len(lands):
        return lands.only(np.zeros(0, dtype=np.int32))
    floor = need.need_m2 * (need.far_ratio or 1.0) * rules.interim_floor_share
    most = floor * (1 + rules.floor_oversize_share) / EXACT
    plants = ground.open_to(need.project_id) & (ground.kind == _PLANT) & ~ground.occupied & ~ground.low
    plants &= (ground.area >= floor * EXACT) & (ground.divisible | (ground.area <= most))
    plants[[ground.index[site_id] for site_id in need.declined if site_id in ground.index]] = False
    free = np.flatnonzero(plants)
    wait = rules.interim_wait_months * DAYS_PER_MONTH
    land_day = np.where(lands.units >= 0, ready[lands.units], 0).max(axis=1)
    late = np.flatnonzero(land_day >= need.wanted + wait)[:_LANDS]
    rows = []
    for row in late:
        anchor = lands.units[row, 0]
        apart = np.hypot(ground.x_km[free] - ground.x_km[anchor], ground.y_km[free] - ground.y_km[anchor])
        soon = ready[free] + wait <= land_day[row]
        order = np.lexsort((free, np.nan_to_num(apart, nan=np.inf), ~soon))
        rows += [(row, free[i]) for i in order[:_INTERIM] if soon[i]]
    at = np.array(rows, dtype=np.int32).reshape(-1, 2)
    paired = lands.only(at[:, 0])
    take = np.where(ground.divisible[at[:, 1]], floor, ground.area[at[:, 1]])
    return Ways(paired.units, paired.takes, paired.split, at[:, 1], take)


def _kept(ground: Ground, need: Need, units: Ints, rules: Rules, *, split: bool = False) -> Ways:
    """The rows that suffice, taken as little as possible are not too large, and are supplied."""
    takes = _takes(ground, need, units)
    total = takes.sum(axis=1)
    fine = (total >= need.need_m2 * EXACT) & (total <= need.most_m2(rules)) & supplied(ground, need, units)
    return ways_of(units[fine], takes[fine], split)


def _takes(ground: Ground, need: Need, units: Ints) -> Floats:
    """What is taken of each unit: the whole, but divisible ones give up what is not needed, the last one first."""
    takes = np.where(units >= 0, ground.area[units], 0.0)
    excess = np.maximum(takes.sum(axis=1) - need.need_m2, 0.0)
    single = units[:, 1] < 0
    for column in range(units.shape[1] - 1, -1, -1):
        most = (
            takes[:, column]
            * np.where(single, 1.0, 0.5)
            * (ground.divisible[units[:, column]] & (units[:, column] >= 0))
        )
        given = np.minimum(excess, most)
        takes[:, column] -= given
        excess -= given
    return takes
