"""An independent checker of schemes: what is wrong with an answer, however it was found.

It shares no code with matching, planning or allocation: rules are written down again here, geometry is measured with
shapely and pyproj directly, one row at a time, as slowly as it likes. Every violation is ``(rule, who, detail)``.
``board_checker`` holds the placements of a whole board against it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl
import pyproj
import shapely

Row = dict[str, Any]
SLACK = 1e-6


class Violation(NamedTuple):
    """A rule broken by a scheme or by the whole board."""

    rule: str
    who: str
    detail: str


@dataclass(frozen=True)
class Rulings:
    """The tolerances an answer is held to."""

    epsg: int = 4549
    gap_m: float = 10.0
    most_units: int = 4
    land_oversize: float = 0.25
    floor_oversize: float = 0.5
    destination_oversize: float = 2.0
    part: float = 0.2
    interim: float = 0.1
    red_line: float = 0.001
    buffer: float = 0.05
    buffer_keeps_out: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {"housing": ("M2", "M3"), "school": ("M2", "M3", "W"), "water": ("M2", "M3")}
    )
    land_quota_categories: tuple[str, ...] = ("new_land", "rd_hq")
    unbuilt: tuple[str, ...] = ("available", "idle", "reserved")


OFFERABLE = ("available", "idle", "low_efficiency", "clearing")
BUILDING = ("clear_height_m", "floor_load_kn_m2", "column_span_m", "crane_t")
TOGETHER = ("power_kva", "gas_m3h", "water_m3d", "steam_th", "sewage_m3d")
DATES = ("cleared_on", "utilities_on", "plan_on", "quota_on")


class Checker:
    """The facts of a district, ready to hold answers against them."""

    def __init__(self, facts: Any, rulings: Rulings | None = None) -> None:
        self.rulings = rulings or Rulings()
        self.as_of: date = facts.as_of
        self.sites = by_key(facts.sites, "site_id")
        self.parents = {s["parent_site_id"] for s in self.sites.values()} - {None}
        self.projects = by_key(facts.projects, "project_id")
        self.demands = {(d["project_id"], d["phase"]): d for d in facts.demands.iter_rows(named=True)}
        self.firms = by_key(facts.incumbents, "firm_id")
        self.on_site: dict[str, set[str]] = defaultdict(set)
        for firm in self.firms.values():
            self.on_site[firm["site_id"]].add(firm["firm_id"])
        self.holders: dict[str, set[str]] = defaultdict(set)
        for hold in facts.holds.iter_rows(named=True):
            if hold["held_until"] >= self.as_of:
                self.holders[hold["site_id"]].add(hold["project_id"])
        for project in self.projects.values():
            for site_id in project["fixed_site_ids"] or ():
                self.holders[site_id].add(project["project_id"])
        self.zones = [z for z in facts.zones.iter_rows(named=True) if self._in_force(z)]
        self.quotas = list(facts.quotas.iter_rows(named=True))
        self.limits = list(facts.town_limits.iter_rows(named=True))
        self._metric = pyproj.Transformer.from_crs("EPSG:4490", f"EPSG:{self.rulings.epsg}", always_xy=True).transform

    def _in_force(self, zone: Row) -> bool:
        begun = zone["effective_from"] is None or zone["effective_from"] <= self.as_of
        return begun and (zone["effective_to"] is None or zone["effective_to"] >= self.as_of)

    @cached_property
    def shapes(self) -> dict[str, Any]:
        """Sites as polygons in metres."""
        return {k: self._shape(s["geometry_wkb"]) for k, s in self.sites.items() if s["geometry_wkb"] is not None}

    @cached_property
    def zone_shapes(self) -> list[Any]:
        """Zones as polygons in metres, in the order of ``zones``."""
        return [self._shape(z["geometry_wkb"]) for z in self.zones]

    def _shape(self, wkb: bytes) -> Any:
        return shapely.transform(shapely.from_wkb(wkb), self._metric, interleaved=False)

    def touch(self, a: str, b: str) -> bool:
        """Whether two sites lie side by side: parcels by their borders, rooms by their building."""
        one, other = self.sites[a], self.sites[b]
        if one["site_kind"] != "land" or other["site_kind"] != "land":
            return one["parent_site_id"] is not None and one["parent_site_id"] == other["parent_site_id"]
        return a in self.shapes and b in self.shapes and self.shapes[a].distance(self.shapes[b]) <= self.rulings.gap_m

    def connected(self, site_ids: Iterable[str]) -> bool:
        """Whether one can walk over all the sites without leaving them."""
        left = set(site_ids)
        reached = [left.pop()]
        while reached and left:
            here = reached.pop()
            near = {s for s in left if self.touch(here, s)}
            left -= near
            reached += near
        return not left

    def schemes(self, schemes: pl.DataFrame, units: pl.DataFrame, relocations: pl.DataFrame) -> list[Violation]:
        """What is wrong with each scheme on its own."""
        of_units, of_moves = grouped(units), grouped(relocations)
        found = [
            Violation("orphan", key, "units without a scheme") for key in set(of_units) - set(schemes["scheme_id"])
        ]
        for scheme in schemes.iter_rows(named=True):
            key = scheme["scheme_id"]
            broken = self._scheme(scheme, of_units.get(key, []), of_moves.get(key, []))
            found += [Violation(rule, key, detail) for rule, detail in broken]
        return sorted(found)

    def _scheme(self, scheme: Row, units: list[Row], moves: list[Row]) -> Iterator[tuple[str, str]]:
        project = self.projects.get(scheme["project_id"])
        if project is None or not units:
            yield "empty", "no such project, or no unit"
            return
        unknown = [u["site_id"] for u in units if u["site_id"] not in self.sites]
        if unknown:
            yield "unknown_site", str(unknown)
            return
        phases: dict[int, list[Row]] = defaultdict(list)
        for unit in units:
            phases[unit["phase"]].append(unit)
            yield from self._unit(project, unit)
        if project["fixed_site_ids"] and {u["site_id"] for u in units} != set(project["fixed_site_ids"]):
            yield "not_where_fixed", str(project["fixed_site_ids"])
        for (owner, number), demand in self.demands.items():
            mine = owner == project["project_id"] and not project["fixed_site_ids"]
            if mine and demand["commitment"] == "firm" and number not in phases:
                yield "phase_missing", f"phase {number} is firm and has no place"
        for number, taken in sorted(phases.items()):
            demand = self.demands.get((project["project_id"], number))
            if demand is None:
                yield "phase_unknown", str(number)
            elif not project["fixed_site_ids"]:
                yield from self._phase(project, demand, taken)
                yield from self._begun(scheme, demand, taken)
                yield from self._beside(demand, taken, phases)
        yield from self.capacity(units, moves)
        yield from self._moves(units, moves)
        yield from self._dates(scheme, units, moves)

    def _unit(self, project: Row, unit: Row) -> Iterator[tuple[str, str]]:
        site = self.sites[unit["site_id"]]
        name = site["site_id"]
        mine = project["project_id"] in self.holders[name]
        if name in self.parents:
            yield "not_a_leaf", name
        if site["state"] not in OFFERABLE and not (mine and site["state"] == "reserved"):
            yield "not_available", f"{name} is {site['state']}"
        if self.holders[name] and not mine:
            yield "held", f"{name} is held by {sorted(self.holders[name])}"
        if name in (project["declined_site_ids"] or ()):
            yield "declined", name
        if unit["take_m2"] > site["area_m2"] * (1 + SLACK):
            yield "too_much", f"{unit['take_m2']} of {site['area_m2']} of {name}"
        if not site["divisible"] and abs(unit["take_m2"] - site["area_m2"]) > SLACK * site["area_m2"]:
            yield "divided", f"{name} must be taken whole"

    def _own(self, demand: Row, taken: list[Row]) -> list[Row]:
        """The units that meet the demand itself: without the plant where a firm begins until its land is there."""
        return [u for u in taken if u not in self._interim(demand, taken)]

    def _interim(self, demand: Row, taken: list[Row]) -> list[Row]:
        plants = [u for u in taken if self.sites[u["site_id"]]["site_kind"] == "plant"]
        return plants if demand["need_kind"] == "land" and len(plants) < len(taken) else []

    def _begun(self, scheme: Row, demand: Row, taken: list[Row]) -> Iterator[tuple[str, str]]:
        """A plant leased until the land is there is one plant, large enough to begin, and there before the land."""
        plants = self._interim(demand, taken)
        floor = sum(u["take_m2"] for u in plants)
        least = demand["need_m2"] * (demand["far_ratio"] or 1.0) * self.rulings.interim
        if len(plants) > 1 or (plants and floor < least * (1 - SLACK)):
            yield "interim", f"{len(plants)} plants of {floor}, at least {least}"
        if plants and not (scheme["starts_on"] and scheme["starts_on"] < scheme["available_on"]):
            yield "interim", f"begins {scheme['starts_on']}, land {scheme['available_on']}"

    def _phase(self, project: Row, demand: Row, taken: list[Row]) -> Iterator[tuple[str, str]]:
        own = self._own(demand, taken)
        names = sorted({u["site_id"] for u in own})
        rule = self.rulings
        wrong = [n for n in names if self.sites[n]["site_kind"] != demand["need_kind"]]
        if wrong:
            yield "wrong_kind", str(wrong)
        size, need = sum(u["take_m2"] for u in own), demand["need_m2"]
        oversize = rule.land_oversize if demand["need_kind"] == "land" else rule.floor_oversize
        if not need * (1 - SLACK) <= size <= need * (1 + oversize) * (1 + SLACK):
            yield "size", f"{size} for {need}"
        if len(names) > rule.most_units:
            yield "too_many", str(names)
        if names and not self.connected(names):
            towns = {self.sites[n]["town_id"] for n in names}
            parts = all(u["take_m2"] >= rule.part * need * (1 - SLACK) for u in own)
            if not (demand["may_split"] and len(names) == 2 and len(towns) == 2 and parts):
                yield "not_adjacent", str(names)
        yield from self._technical(demand, names)
        for unit in own:
            yield from self._plan(project, demand, unit["site_id"])

    def _technical(self, demand: Row, names: list[str]) -> Iterator[tuple[str, str]]:
        """What is not stated, on either side, cannot be held against the scheme."""
        for column in BUILDING:
            for name in names:
                there = self.sites[name][column]
                if demand[column] and there is not None and there < demand[column] * (1 - SLACK):
                    yield column, f"{name} has {there}, needs {demand[column]}"
        for column in TOGETHER:
            there = [self.sites[name][column] for name in names]
            if demand[column] and None not in there and sum(there) < demand[column] * (1 - SLACK):
                yield column, f"{names} have {sum(there)}, need {demand[column]}"
        for name in names:
            rent, most = self.sites[name]["rent_yuan_m2_day"], demand["rent_max_yuan_m2_day"]
            if rent is not None and most is not None and rent > most * (1 + SLACK):
                yield "rent_yuan_m2_day", f"{name} asks {rent}, at most {most}"

    def _plan(self, project: Row, demand: Row, name: str) -> Iterator[tuple[str, str]]:
        """Red lines, buffers, and the reduction of the 198 area."""
        site = self.sites[name]
        if site["area_class"] == "198":
            yield "reduction_area", name
        if name not in self.shapes:
            return
        shape = self.shapes[name]
        for zone, outline in zip(self.zones, self.zone_shapes, strict=True):
            if zone["zone_kind"] not in ("red_line", "buffer") or not outline.intersects(shape):
                continue
            share = outline.intersection(shape).area / shape.area if shape.area else 1.0
            if zone["zone_kind"] == "red_line" and share > self.rulings.red_line:
                yield "red_line", f"{name}: {share:.1%} in {zone['zone_id']}"
            kept_out = zone["excluded_uses"] or self.rulings.buffer_keeps_out.get(zone["value"], ())
            if zone["zone_kind"] == "buffer" and share > self.rulings.buffer and demand["use_class"] in kept_out:
                yield "buffer", f"{name}: {share:.1%} in {zone['zone_id']}"

    def _beside(self, demand: Row, taken: list[Row], phases: dict[int, list[Row]]) -> Iterator[tuple[str, str]]:
        before = max((n for n in phases if n < demand["phase"]), default=None)
        if not demand["adjacent_to_previous"] or before is None:
            return
        earlier = self.demands[(demand["project_id"], before)]
        own = {u["site_id"] for u in self._own(demand, taken)}
        past = {u["site_id"] for u in self._own(earlier, phases[before])}
        if not any(a == b or self.touch(a, b) for a in own for b in past):
            yield "phases_apart", f"{sorted(own)} and {sorted(past)}"

    def capacity(self, units: list[Row], moves: list[Row]) -> Iterator[tuple[str, str]]:
        """No site gives more than it has, and an undivided one has one taker."""
        takers: dict[str, list[float]] = defaultdict(list)
        for unit in units:
            takers[unit["site_id"]].append(unit["take_m2"])
        for move in moves:
            if move["to_site_id"] is not None:
                takers[move["to_site_id"]].append(move["take_m2"])
        for name, takes in takers.items():
            site = self.sites.get(name)
            if site is None:
                yield "unknown_site", name
            elif sum(takes) > site["area_m2"] * (1 + SLACK) or (len(takes) > 1 and not site["divisible"]):
                yield "capacity", f"{name}: {takes} of {site['area_m2']}"

    def _moves(self, units: list[Row], moves: list[Row]) -> Iterator[tuple[str, str]]:
        must = {firm for u in units for firm in self.on_site.get(u["site_id"], ())}
        done = [m["firm_id"] for m in moves]
        if sorted(done) != sorted(must):
            yield "firms", f"sit there: {sorted(must)}; moved: {sorted(done)}"
        for move in moves:
            firm = self.firms.get(move["firm_id"])
            if firm is None:
                yield "firm_unknown", move["firm_id"]
                continue
            if move["from_site_id"] != firm["site_id"]:
                yield "from", f"{firm['firm_id']} sits on {firm['site_id']}"
            cost, months = firm["relocation_cost_wan"], firm["relocation_months"]
            if abs(move["cost_wan"] - cost) > SLACK * (1 + cost) or abs(move["months"] - months) > SLACK:
                yield "cost", f"{firm['firm_id']}: {cost} 万元, {months} months"
            if (move["to_site_id"] is None) != (firm["need_m2"] == 0):
                yield "destination", f"{firm['firm_id']} needs {firm['need_m2']} and goes to {move['to_site_id']}"
            elif move["to_site_id"] in self.sites:
                yield from self._destination(firm, self.sites[move["to_site_id"]], move["take_m2"])
        if cyclic({m["from_site_id"]: {m["to_site_id"]} for m in moves}):
            yield "cycle", str(done)

    def _destination(self, firm: Row, site: Row, take: float) -> Iterator[tuple[str, str]]:
        name, who = site["site_id"], firm["firm_id"]
        if name in self.parents or site["state"] not in OFFERABLE or self.holders[name] or self.on_site.get(name):
            yield "destination", f"{who} cannot move to {name}: not free"
        if site["site_kind"] != firm["need_kind"]:
            yield "destination", f"{who} needs {firm['need_kind']}, {name} is {site['site_kind']}"
        if take < firm["need_m2"] * (1 - SLACK):
            yield "destination", f"{who} needs {firm['need_m2']}, takes {take} of {name}"
        too_large = take > firm["need_m2"] * (1 + self.rulings.destination_oversize) * (1 + SLACK)
        if too_large or (not site["divisible"] and abs(take - site["area_m2"]) > SLACK * take):
            yield "destination", f"{who} takes {take} of {name} of {site['area_m2']}"
        if firm["destination_site_ids"] is not None and name not in firm["destination_site_ids"]:
            yield "destination", f"{who} accepts only {firm['destination_site_ids']}"
        for column in ("power_kva", "clear_height_m", "floor_load_kn_m2"):
            need, there = firm[column], site[column]
            if need and there is not None and there < need * (1 - SLACK):
                yield "destination", f"{who} needs {column} {need}, {name} has {there}"

    def _dates(self, scheme: Row, units: list[Row], moves: list[Row]) -> Iterator[tuple[str, str]]:
        """Nothing is available before each of its stated dates, nor before the firms are gone."""
        for (owner, number), demand in self.demands.items():
            taken = [u for u in units if u["phase"] == number]
            if owner != scheme["project_id"] or demand["commitment"] != "firm":
                continue
            for name in sorted(u["site_id"] for u in self._own(demand, taken)):
                stated = [self.sites[name][c] for c in DATES if self.sites[name][c] is not None]
                if max(stated, default=self.as_of) > scheme["available_on"]:
                    yield "date", f"{name}: {max(stated)}, scheme {scheme['available_on']}"
        months = [self.firms[m["firm_id"]]["relocation_months"] for m in moves if m["firm_id"] in self.firms]
        days = (scheme["available_on"] - self.as_of).days
        if days < int(max(months, default=0.0) * 30):
            yield "date", f"firms need {max(months)} months, available in {days} days"


def by_key(frame: pl.DataFrame, key: str) -> dict[str, Row]:
    """The rows by their key."""
    return {row[key]: row for row in frame.iter_rows(named=True)}


def grouped(frame: pl.DataFrame) -> dict[str, list[Row]]:
    """The rows by scheme."""
    out: dict[str, list[Row]] = defaultdict(list)
    for row in frame.iter_rows(named=True):
        out[row["scheme_id"]].append(row)
    return out


def cyclic(graph: dict[str, set[Any]]) -> bool:
    """Whether somebody waits for a place that becomes free only after they have moved."""
    left = {here: {there for there in to if there is not None} for here, to in graph.items()}
    while left:
        done = [here for here, to in left.items() if not to & set(left)]
        if not done:
            return True
        for here in done:
            del left[here]
    return False
