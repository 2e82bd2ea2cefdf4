"""The best assemblies with Python's own sets and dictionaries: what one writes first."""

from heapq import nlargest
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.worlds.grounds import TODAY
from benchmarks.worlds.parcels import Parcels

if TYPE_CHECKING:
    from yipanqi.matching.assembly_search import Asked


class PlainSets:
    """Lists of facts, and for every usable parcel the set of its usable neighbours."""

    def __init__(self, parcels: Parcels, pairs: np.ndarray) -> None:
        usable = parcels.usable
        self.beside: dict[int, set[int]] = {int(k): set() for k in np.flatnonzero(usable)}
        for a, b in pairs[usable[pairs[:, 0]] & usable[pairs[:, 1]]].tolist():
            self.beside[a].add(b)
            self.beside[b].add(a)
        self.area, self.divisible = parcels.area_m2.tolist(), parcels.divisible.tolist()
        self.rate = (parcels.price_wan_per_mu * 3 / 2000).tolist()
        self.power, self.day, self.zone = parcels.power_kva.tolist(), parcels.day.tolist(), parcels.zone.tolist()
        self.place = (parcels.corners_m.mean(axis=1) / 1000).tolist()

    def best(self, asked: "Asked") -> list[tuple[list[int], float]]:
        """The ten best sets of one need with their scores, best first."""
        area, need, beside = self.area, asked.need, self.beside
        large = min(need, max((area[k] for k in beside), default=0.0))
        grown = {frozenset((k,)) for k in beside if area[k] < need and beside[k]}
        found = []
        for left in (2, 1, 0):
            wider = {s | {w} for s in grown for k in s for w in beside[k] if w not in s and area[w] < need}
            sums = {s: sum(area[k] for k in s) for s in wider}
            found += [s for s, total in sums.items() if total >= need and self._minimal(s, need)]
            grown = {s for s, total in sums.items() if need - left * large <= total < need}
        scored = ((self._score(sorted(s), asked), sorted(s)) for s in found)
        return [(s, score) for score, s in nlargest(10, (x for x in scored if x[0] > 0))]

    def _minimal(self, sites: frozenset[int], need: float) -> bool:
        return not any(self._suffices(sites - {k}, need) for k in sites)

    def _suffices(self, sites: frozenset[int], need: float) -> bool:
        """Whether the sites have the area and hang together."""
        if sum(self.area[k] for k in sites) < need:
            return False
        first = next(iter(sites))
        reached, left = [first], set(sites) - {first}
        while reached:
            near = left & self.beside[reached.pop()]
            left -= near
            reached += near
        return not left

    def _score(self, sites: list[int], asked: "Asked") -> float:
        """The score, or 0 where too much would be taken or too little is supplied."""
        take = [self.area[k] for k in sites]
        excess = sum(take) - asked.need
        for i in range(len(sites) - 1, -1, -1):
            given = min(excess, take[i] / 2) if self.divisible[sites[i]] else 0.0
            take[i] -= given
            excess -= given
        total, least = sum(take), float(asked.utilities.max())
        power = sum(self.power[k] for k in sites)
        if total > asked.most or power < least:
            return 0.0
        rates = [self.rate[k] for k in sites]
        cost = sum(r * t for r, t in zip(rates, take, strict=True) if not isnan(r))
        cheap = 1 / (1 + cost / asked.halves[0])
        late = max(max(self.day[k] for k in sites) - (asked.wanted - TODAY), 0) / (365.25 / 12)
        weight = asked.wish_weight / asked.wish_weight.sum()
        wishes = list(zip(asked.wish_x.tolist(), asked.wish_y.tolist(), weight.tolist(), strict=True))
        km = (
            sum(
                t * sum(w * ((self.place[k][0] - x) ** 2 + (self.place[k][1] - y) ** 2) ** 0.5 for x, y, w in wishes)
                for k, t in zip(sites, take, strict=True)
            )
            / total
        )
        zone = sum(asked.zone[self.zone[k]] * t for k, t in zip(sites, take, strict=True)) / total
        parts = (
            (asked.need / total + (asked.unknown if least and isnan(power) else 1.0)) / 2,
            cheap if not any(map(isnan, rates)) else min(cheap, asked.unknown),
            1 / (1 + late / asked.halves[1]),
            1.0,
            1 / (1 + km / asked.halves[2]),
            zone,
        )
        return float(sum(w * p for w, p in zip(asked.weights.tolist(), parts, strict=True)))
