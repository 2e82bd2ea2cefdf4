"""One demand of the matching world as every peer is asked it, and the inventory as one flat frame.

All peers get what the index gets: who is open, the day each site is ready, what moving costs, and for each demand a
small table by zone (zone part, plan part, days; forbidden zones left out). They filter, score and take the best of
each town; an answer is three (site, score).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl

from yipanqi.matching.candidates import EXACT
from yipanqi.matching.figures import DAYS_PER_YEAR, YUAN_PER_WAN, ready_days, zone_fit
from yipanqi.matching.ground import BUILDING, DAYS_PER_MONTH, UTILITIES, Flags, Ground
from yipanqi.matching.needs import LAND, Need
from yipanqi.matching.rules import Rules

FACTS = (*BUILDING, *UTILITIES)
Answer: TypeAlias = list[tuple[int, float]]


@dataclass(frozen=True, eq=False)
class Asked:
    """A demand in numbers: what is least and most, what is demanded of the facts, wishes in km, weights of the parts.

    ``rate_name`` and ``rate_wan`` turn price or rent into 万元 for a square metre; ``zones`` has a row for each zone
    that is not forbidden; ``own`` sites are open to this demand only, ``barred`` ones were declined.
    """

    number: int
    kind: int
    need_m2: float
    least_m2: float
    most_m2: float
    rent_most: float
    wanted: int
    cost_half: float
    rate_name: str
    rate_wan: float
    demanded: Mapping[str, float]
    wishes: Sequence[tuple[float, float, float]]
    weights: tuple[float, ...]
    unknown: float
    date_half: float
    distance_half: float
    zones: pl.DataFrame
    own: Sequence[int]
    barred: Sequence[int]


def flat(ground: Ground, rules: Rules, able: Flags, zone: np.ndarray) -> pl.DataFrame:
    """The inventory as the peers load it, one row a site; nulls are unknown."""
    held = np.zeros(len(ground), dtype=np.bool_)
    held[list(ground.holders)] = True
    columns = {
        "site": np.arange(len(ground), dtype=np.int32),
        "kind": ground.kind,
        "town": ground.town_codes,
        "zone": zone.astype(np.int32),
        "open": ground.offerable & ~held & able,
        "divisible": ground.divisible,
        "area": ground.area,
        **{name: ground.numbers[name] for name in FACTS},
        "rent": ground.numbers["rent_yuan_m2_day"],
        "price": ground.numbers["price_wan_per_mu"],
        "x": ground.x_km,
        "y": ground.y_km,
        "ready": ready_days(ground, rules),
        "moving": ground.moving_cost,
    }
    return pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))


def asked_of(number: int, need: Need, ground: Ground, words: pl.DataFrame, able: Flags, rules: Rules) -> Asked:
    """One need as the peers are asked it; ``words`` are the plan's to this need, ``zone_no`` beside each site's."""
    land, total = need.kind == LAND, float(need.wish_weight.sum())
    first = words["first_site"].to_numpy()
    zones = pl.DataFrame(
        {
            "zone": words["zone_no"].cast(pl.Int32),
            "zone_part": zone_fit(ground, need, rules)[first],
            "plan_part": 0.5 ** words["change_count"].to_numpy(),
            "days": words["delay_days"],
            "forbidden": words["forbidden"],
        }
    )
    mine = [site for site, by in ground.holders.items() if need.project_id in by]
    can = ground.offerable | ground.reserved
    weights = [weight * (bool(total) or name != "distance") for name, weight in zip(_PARTS, rules.weights, strict=True)]
    return Asked(
        number=number,
        kind=need.kind,
        need_m2=need.need_m2,
        least_m2=need.need_m2 * EXACT,
        most_m2=need.most_m2(rules),
        rent_most=1e300 if need.rent_max is None else need.rent_max / EXACT,
        wanted=need.wanted,
        cost_half=need.cost_half_wan,
        rate_name="price" if land else "rent",
        rate_wan=3 / 2000 if land else DAYS_PER_YEAR * rules.rent_years / YUAN_PER_WAN,
        demanded={name: least * EXACT for name, least in (need.building | need.utilities).items()},
        wishes=[(float(x), float(y), float(w) / total) for x, y, w in zip(*_wishes(need), strict=True)],
        weights=tuple(weight / sum(weights) for weight in weights),
        unknown=rules.unknown_share,
        date_half=rules.date_half_months * DAYS_PER_MONTH,
        distance_half=rules.distance_half_km,
        zones=zones.filter(~pl.col("forbidden")).drop("forbidden"),
        own=sorted(site for site in mine if can[site] and able[site]),
        barred=sorted(ground.index[site_id] for site_id in need.declined),
    )


_PARTS = ("fit", "cost", "date", "plan", "distance", "zone")


def _wishes(need: Need) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return need.wish_x, need.wish_y, need.wish_weight


def agree(name: str, expected: Sequence[Answer], actual: Sequence[Answer]) -> None:
    """Refuse a peer whose sites are others, or whose scores differ by more than rounding.

    Raises:
        AssertionError: naming the first question they disagree on.
    """
    for number, (ours, theirs) in enumerate(zip(expected, actual, strict=True)):
        sites = [site for site, _ in ours] == [site for site, _ in theirs]
        if not sites or not np.allclose([s for _, s in ours], [s for _, s in theirs], rtol=0, atol=1e-9):
            raise AssertionError(f"{name} disagrees on question {number}: {ours} and {theirs}")


def sql(asked: Asked, *, distance: str, table: str = "site", best: str) -> str:
    """The question in SQL with its numbers in place; ``distance`` is a wish's distance with {x} and {y}.

    ``best`` picks the best of each town from ``scored`` (site, town, score).
    """
    a = asked
    tests = [f"({name} IS NULL OR {name} >= {least!r})" for name, least in a.demanded.items()]
    tests.append(
        f"((NOT divisible AND area BETWEEN {a.least_m2!r} AND {a.most_m2!r}) OR (divisible AND area >= {a.least_m2!r}))"
    )
    if a.rent_most < 1e300:
        tests.append(f"(rent IS NULL OR rent <= {a.rent_most!r})")
    if a.barred:
        tests.append(f"site NOT IN ({', '.join(map(str, a.barred))})")
    opened = f"(open OR site IN ({', '.join(map(str, a.own))}))" if a.own else "open"
    known = " + ".join(f"CASE WHEN {name} IS NULL THEN {a.unknown!r} ELSE 1.0 END" for name in a.demanded)
    fit = f"({a.need_m2!r} / take + ({known or '1.0'}) / {max(len(a.demanded), 1)}.0) / 2"
    cost = f"1 / (1 + (coalesce({a.rate_name} * {a.rate_wan!r} * take, 0) + moving) / {a.cost_half!r})"
    cost = f"CASE WHEN {a.rate_name} IS NULL THEN least({cost}, {a.unknown!r}) ELSE {cost} END"
    date = f"1 / (1 + greatest(ready + days - {a.wanted}, 0) / {a.date_half!r})"
    apart = " + ".join(f"{w!r} * {distance.format(x=repr(x), y=repr(y))}" for x, y, w in a.wishes)
    near = f"coalesce(1 / (1 + ({apart}) / {a.distance_half!r}), {a.unknown!r})" if a.wishes else "0"
    score = " + ".join(
        f"{w!r} * ({p})" for w, p in zip(a.weights, (fit, cost, date, "plan_part", near, "zone_part"), strict=True)
    )
    taken = f"CASE WHEN divisible THEN area - least(greatest(area - {a.need_m2!r}, 0), area) ELSE area END"
    return f"""
WITH passing AS (
  SELECT s.*, w.zone_part, w.plan_part, w.days, {taken} AS take
  FROM {table} s JOIN word w ON w.zone = s.zone AND w.question = {a.number}
  WHERE kind = {a.kind} AND {opened} AND {" AND ".join(tests)}),
scored AS (SELECT site, town, {score} AS score FROM passing)
{best}"""
