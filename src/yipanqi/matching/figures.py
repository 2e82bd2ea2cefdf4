"""What a way is worth to the investor: fit, cost, date, plan risk, distance, zone — figures, their parts, one score."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeAlias

import numpy as np

from yipanqi.inventory.sites import AreaClass
from yipanqi.kernel.units import M2_PER_MU, RENT_DAYS_PER_YEAR
from yipanqi.matching.candidates import known_share
from yipanqi.matching.ground import DAYS_PER_MONTH, Days, Flags, Floats, Ground, Ints
from yipanqi.matching.needs import LAND, Need
from yipanqi.matching.rules import Rules
from yipanqi.matching.ways import Ways

DAYS_PER_YEAR = RENT_DAYS_PER_YEAR
YUAN_PER_WAN = 10_000
#: The parts of the score, in the order of ``Rules.weights``.
PARTS = ("fit", "cost", "date", "plan", "distance", "zone")


#: Some sites by their places, or every one.
Sites: TypeAlias = Ints | slice
_EVERY = slice(None)


@dataclass(frozen=True, eq=False)
class PlanWord:
    """What the plan says to one need on every site: forbidden, how many changes, how many days they take."""

    forbidden: Flags
    changes: Floats
    days: Days

    def __or__(self, other: "PlanWord") -> "PlanWord":
        """Both words together; they speak of different sites."""
        return PlanWord(
            self.forbidden | other.forbidden, self.changes + other.changes, np.maximum(self.days, other.days)
        )


@dataclass(frozen=True)
class Figures:
    """The figures of one scheme.

    ``cost_wan`` is what is known of price, rent and moving; ``cost_known`` says whether that is all. ``day`` is when
    everything is ready, ``start`` when the firm can begin (days since 1970); ``late_months`` is how far ``start`` is
    behind the wanted day. ``changes`` counts plan changes. ``distance_km`` is NaN where there is no wish or no place.
    """

    fit: float
    cost_wan: float
    cost_known: bool
    day: int
    start: int
    late_months: float
    changes: float
    distance_km: float
    zone: float

    def later(self, day: int, wanted: int) -> "Figures":
        """The same figures, ready no sooner than the day."""
        if day <= self.day:
            return self
        start = day if self.start == self.day else self.start
        late = max(start - wanted, 0) / DAYS_PER_MONTH
        return replace(self, day=day, start=start, late_months=max(late, self.late_months))


@dataclass(frozen=True, eq=False)
class FigureColumns:
    """The figures of many ways or schemes, one entry each."""

    fit: Floats
    cost_wan: Floats
    cost_known: Flags
    day: Days
    start: Days
    late_months: Floats
    changes: Floats
    distance_km: Floats
    zone: Floats

    def only(self, rows: Ints) -> "FigureColumns":
        """The figures of the given ways."""
        return FigureColumns(**{name: column[rows] for name, column in vars(self).items()})

    def row(self, at: int) -> Figures:
        """The figures of one way."""
        return Figures(**{name: column[at].item() for name, column in vars(self).items()})


def columns_of(many: Sequence[Figures]) -> FigureColumns:
    """The figures of many schemes, one entry each."""
    return FigureColumns(**{f.name: np.array([getattr(of, f.name) for of in many]) for f in fields(Figures)})


def ready_days(ground: Ground, rules: Rules, sites: Sites = _EVERY) -> Days:
    """The day each site is ready: dated facts, its firms moved, low-efficiency stock renovated."""
    day, occupied = ground.day[sites], ground.occupied[sites]
    moved = ground.as_of + np.ceil(ground.moving_months[sites] * DAYS_PER_MONTH)
    renovation = np.where(ground.low[sites] & ~occupied, np.ceil(rules.renovation_months * DAYS_PER_MONTH), 0)
    return np.where(occupied, np.maximum(day, moved), day + renovation).astype(np.int64)


def distances_km(ground: Ground, need: Need, sites: Sites = _EVERY) -> Floats:
    """Weighted mean distance of each site to the wishes; NaN without wishes (or weight) or without a place."""
    total = need.wish_weight.sum()
    east, north = ground.x_km[sites], ground.y_km[sites]
    if not total:
        return np.full(len(east), np.nan)
    apart = np.zeros(len(east))
    for x, y, weight in zip(need.wish_x, need.wish_y, need.wish_weight, strict=True):
        apart += weight * np.hypot(east - x, north - y)
    return np.asarray(apart / total)


def zone_fit(ground: Ground, need: Need, rules: Rules, sites: Sites = _EVERY) -> Floats:
    """How well each site's zone suits the need: the mean of area class and industry direction, each 0–1."""
    codes, words = ground.area_classes
    area_class = area_class_parts(words, rules)[codes[sites]]
    codes, lists = ground.direction_lists
    suits = [
        rules.unknown_share if d is None else 1.0 if need.industry.startswith(d) else rules.off_direction_share
        for d in lists
    ]
    return np.asarray((area_class + np.array(suits)[codes[sites]]) / 2)


def area_class_parts(words: Sequence[str | None], rules: Rules) -> Floats:
    """What each area class is worth, 0–1."""
    classes = {
        AreaClass.BLOCK_104.value: rules.zone_104_share,
        AreaClass.AREA_195.value: rules.zone_195_share,
        AreaClass.AREA_198.value: rules.zone_198_share,
    }
    return np.array([classes.get(word or "", rules.unknown_share) for word in words])


def merit(ground: Ground, need: Need, ready: Days, rules: Rules, sites: Ints) -> Floats:
    """How good each of some sites is as a part of something larger: known facts, earliness, nearness, zone, summed."""
    late = np.maximum(ready[sites] - need.wanted, 0) / DAYS_PER_MONTH
    far = np.nan_to_num(distances_km(ground, need, sites), nan=rules.distance_half_km)
    known, zone = known_share(ground, need, sites[:, None], rules), zone_fit(ground, need, rules, sites)
    return known + half_at(late, rules.date_half_months) + half_at(far, rules.distance_half_km) + zone


def figures(ground: Ground, need: Need, ways: Ways, plan: PlanWord, rules: Rules) -> FigureColumns:
    """The figures of each way. An interim plant counts for cost and start, not for fit."""
    there = ways.units >= 0
    total = ways.takes.sum(axis=1)
    # A need uses a few of many sites: what is told of a site is worked out for these only.
    used = ways.used()
    place = np.zeros(len(ground) + 1, dtype=np.int32)
    place[used] = np.arange(len(used))
    units = place[ways.units]

    def mean(values: Floats) -> Floats:
        return np.asarray((np.where(there, values[units], 0.0) * ways.takes).sum(axis=1) / total)

    ready = ready_days(ground, rules, used) + plan.days[used]
    day = np.where(there, ready[units], 0).max(axis=1)
    leased = ways.lease >= 0
    start = np.where(leased, ready[place[ways.lease]], day)
    cost, known = _cost(ground, need, ways, rules)
    changes = np.where(there, plan.changes[ways.units], 0.0).sum(axis=1)
    changes += np.where(leased, plan.changes[ways.lease], 0.0)
    rent = ground.numbers["rent_yuan_m2_day"][ways.lease] * ways.lease_take * (day - start) / YUAN_PER_WAN
    interim = np.where(leased, rent, 0.0)
    return FigureColumns(
        fit=(need.need_m2 / total + known_share(ground, need, ways.units, rules)) / 2,
        cost_wan=cost + np.nan_to_num(interim, nan=0.0),
        cost_known=known & ~np.isnan(interim),
        day=day,
        start=start,
        late_months=np.maximum(start - need.wanted, 0) / DAYS_PER_MONTH,
        changes=changes,
        distance_km=mean(distances_km(ground, need, used)),
        zone=mean(zone_fit(ground, need, rules, used)),
    )


def _cost(ground: Ground, need: Need, ways: Ways, rules: Rules) -> tuple[Floats, Flags]:
    """Land price, or rent over the years counted, and moving the firms: 万元 known of it, and whether that is all."""
    if need.kind == LAND:
        rate = ground.numbers["price_wan_per_mu"] / M2_PER_MU
    else:
        rate = ground.numbers["rent_yuan_m2_day"] * DAYS_PER_YEAR * rules.rent_years / YUAN_PER_WAN
    there = ways.units >= 0
    each = np.where(there, rate[ways.units], 0.0) * ways.takes
    moving = np.where(there, ground.moving_cost[ways.units], 0.0).sum(axis=1)
    return np.nansum(each, axis=1) + moving, np.asarray(~np.isnan(each).any(axis=1))


def half_at(value: Floats | float, half: float) -> Floats:
    """A falling score: 1 at zero, one half at ``half``, toward 0 beyond."""
    return np.asarray(1 / (1 + value / half))


def parts(of: FigureColumns, need: Need, rules: Rules) -> Floats:
    """The parts of the score in the order of ``PARTS``, each 0–1 and better the larger; NaN: no wish was stated.

    Cost, lateness and distance fall by half at the rulebook's amounts; each plan change halves. What is unknown scores
    ``unknown_share`` at most.
    """
    cost = half_at(of.cost_wan, need.cost_half_wan)
    distance = half_at(of.distance_km, rules.distance_half_km)
    if need.wish_weight.sum():
        distance = np.where(np.isnan(distance), rules.unknown_share, distance)
    return np.stack(
        [
            of.fit,
            np.where(of.cost_known, cost, np.minimum(cost, rules.unknown_share)),
            half_at(of.late_months, rules.date_half_months),
            0.5**of.changes,
            distance,
            of.zone,
        ],
        axis=-1,
    )


def score(of: Floats, rules: Rules) -> Floats:
    """The weighted mean of the parts that count, 0–1.

    >>> from types import SimpleNamespace
    >>> float(score(np.array([1.0, 0.5, np.nan]), SimpleNamespace(weights=(0.5, 0.5, 1.0))))
    0.75
    """
    weights = np.moveaxis(np.where(np.isnan(of), 0.0, np.array(rules.weights)), -1, 0)
    # Added one after the other, so that the compiled twin in ``_kernels`` gives the same last bit.
    return np.asarray(sum(np.moveaxis(np.nan_to_num(of), -1, 0) * weights) / sum(weights))
