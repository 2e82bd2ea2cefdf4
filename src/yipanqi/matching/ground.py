"""The sites as arrays: turned once from frames into numpy, in the order of their ids.

An unknown number is NaN, an unknown word is None; nothing here decides what an unknown means.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from yipanqi.inventory.sites import OFFERABLE, FactState, SiteKind, SiteState, leaves
from yipanqi.kernel import units
from yipanqi.matching.contract import Supply

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int32]
Days: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

Word = TypeVar("Word")

#: Facts of the building: every unit of a scheme must have them.
BUILDING = ("clear_height_m", "floor_load_kn_m2", "column_span_m", "crane_t")
#: What pipes and cables bring: the units of a scheme have it together.
UTILITIES = ("power_kva", "gas_m3h", "water_m3d", "steam_th", "sewage_m3d")

KINDS = tuple(kind.value for kind in SiteKind)
KM_PER_DEGREE = 111.32
DAYS_PER_MONTH = units.DAYS_PER_MONTH
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Firm:
    """A firm on a site: what it needs elsewhere, and what moving it costs. A null need is no need."""

    firm_id: str
    name: str
    at: int
    kind: int
    need_m2: float
    facts: Mapping[str, float]
    cost_wan: float
    months: float
    destinations: frozenset[str] | None


@dataclass(frozen=True, eq=False)
class Ground:
    """Every allocatable site (``inventory.sites.leaves``), one array a fact, sorted by id.

    ``day`` counts days since 1970; where a date is not stated (``dated`` false) it stands at the assumed one.
    ``firms`` are the incumbents by site; ``holders`` the projects that hold or are fixed on a site.
    """

    as_of: int
    ids: tuple[str, ...]
    names: tuple[str, ...]
    towns: tuple[str, ...]
    kind: Ints
    area: Floats
    divisible: Flags
    offerable: Flags
    reserved: Flags
    low: Flags
    numbers: Mapping[str, Floats]
    day: Days
    dated: Flags
    words: Mapping[str, Sequence[str | None]]
    directions: Sequence[tuple[str, ...] | None]
    x_km: Floats
    y_km: Floats
    stale: Flags
    unverified: Flags
    geometry: Sequence[bytes | None]
    firms: Mapping[int, tuple[Firm, ...]]
    holders: Mapping[int, frozenset[str]]

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """site id → its place in the arrays."""
        return {site_id: i for i, site_id in enumerate(self.ids)}

    @cached_property
    def town_codes(self) -> Ints:
        """The towns as numbers, in the order of their ids."""
        order = {town: code for code, town in enumerate(sorted(set(self.towns)))}
        return np.array([order[t] for t in self.towns], dtype=np.int32)

    @cached_property
    def class_codes(self) -> Ints:
        """Area class × functional type as numbers: sites of one class share the standard they are judged by."""
        pairs = list(zip(self.words["area_class"], self.words["functional_type"], strict=True))
        order = {pair: code for code, pair in enumerate(sorted(set(pairs), key=lambda p: (p[0] or "", p[1] or "")))}
        return np.array([order[p] for p in pairs], dtype=np.int32)

    @cached_property
    def area_classes(self) -> tuple[Ints, list[str | None]]:
        """The area class of each site as a number, and the words in that order."""
        return _coded(self.words["area_class"])

    @cached_property
    def direction_lists(self) -> tuple[Ints, list[tuple[str, ...] | None]]:
        """The industry directions of each site as a number, and the lists in that order."""
        return _coded(self.directions)

    @cached_property
    def occupied(self) -> Flags:
        """Sites on which a firm sits."""
        return _marked(len(self), self.firms)

    @cached_property
    def stock(self) -> Flags:
        """Plants, offices and low-efficiency or occupied land: built on before, no new construction land."""
        return np.asarray(self.low | self.occupied | (self.kind != KINDS.index(SiteKind.LAND.value)))

    @cached_property
    def moving_cost(self) -> Floats:
        """万元 it takes to move every firm off the site."""
        return self._by_site({at: sum(f.cost_wan for f in firms) for at, firms in self.firms.items()})

    @cached_property
    def moving_months(self) -> Floats:
        """Months until the last firm has left, once its destination is free."""
        return self._by_site({at: max(f.months for f in firms) for at, firms in self.firms.items()})

    def _by_site(self, figures: Mapping[int, float]) -> Floats:
        out = np.zeros(len(self))
        out[list(figures)] = list(figures.values())
        return out

    @cached_property
    def _held(self) -> Flags:
        """Sites that some project holds, or that are reserved."""
        return np.asarray(_marked(len(self), self.holders) | self.reserved)

    @cached_property
    def _own(self) -> Mapping[str, list[int]]:
        """project → the sites it holds."""
        own: dict[str, list[int]] = defaultdict(list)
        for at, by in self.holders.items():
            for project_id in by:
                own[project_id].append(at)
        return own

    def held_from(self, project_id: str) -> Flags:
        """Sites this project does not hold and another does, or that are reserved for whomever."""
        held = self._held.copy()
        held[self._own.get(project_id, [])] = False
        return held

    def open_to(self, project_id: str) -> Flags:
        """Sites that can be offered to the project: offerable, or reserved by itself, and held by no other."""
        return np.asarray((self.offerable | self.reserved) & ~self.held_from(project_id))


def _coded(values: Sequence[Word]) -> tuple[Ints, list[Word]]:
    order = {value: code for code, value in enumerate(dict.fromkeys(values))}
    return np.array([order[value] for value in values], dtype=np.int32), list(order)


def _marked(size: int, places: Mapping[int, object] | Sequence[int]) -> Flags:
    flags = np.zeros(size, dtype=np.bool_)
    flags[list(places)] = True
    return flags


def lay_out(supply: Supply, projects: pl.DataFrame, as_of: date, unknown_months: float) -> Ground:
    """The sites of a supply as arrays. An undated site counts as available ``unknown_months`` after the day."""
    sites = leaves(supply.sites).sort("site_id")
    ids = sites["site_id"].to_list()
    index = {site_id: i for i, site_id in enumerate(ids)}
    today = (as_of - EPOCH).days
    x_km, y_km = plane(sites["lon_deg"], sites["lat_deg"])
    day, dated = _days(sites, supply.incumbents, today, today + round(unknown_months * DAYS_PER_MONTH))
    state = sites["state"]
    names = [*BUILDING, *UTILITIES, "rent_yuan_m2_day", "price_wan_per_mu", "far_max_ratio"]
    return Ground(
        as_of=today,
        ids=tuple(ids),
        names=tuple(sites["name"].to_list()),
        towns=tuple(sites["town_id"].to_list()),
        kind=np.array([KINDS.index(k) for k in sites["site_kind"].to_list()], dtype=np.int32),
        area=numbers(sites["area_m2"]),
        divisible=sites["divisible"].to_numpy(),
        offerable=state.is_in([s.value for s in OFFERABLE]).to_numpy(),
        reserved=(state == SiteState.RESERVED.value).to_numpy(),
        low=(state == SiteState.LOW_EFFICIENCY.value).to_numpy(),
        numbers={name: numbers(sites[name]) for name in names},
        day=day,
        dated=dated,
        words={name: sites[name].to_list() for name in ("area_class", "functional_type", "use_class")},
        directions=[None if d is None else tuple(d) for d in sites["industry_directions"].to_list()],
        x_km=x_km,
        y_km=y_km,
        stale=sites["stale"].fill_null(False).to_numpy(),
        unverified=(~sites["fact_state"].is_in([FactState.VERIFIED.value, FactState.IN_USE.value])).to_numpy(),
        geometry=sites["geometry_wkb"].to_list(),
        firms=_firms(supply.incumbents, index),
        holders=_holders(supply.holds, projects, index, as_of),
    )


def _days(sites: pl.DataFrame, incumbents: pl.DataFrame, today: int, assumed: int) -> tuple[Days, Flags]:
    """The day each site is available, today at the earliest, and whether every date behind it is stated.

    Where firms sit and only the clearing date is missing, moving them clears the site. Where another date is missing,
    it is the assumed day or the latest of the stated ones, whichever is later.
    """
    others = ["utilities_on", "plan_on", "quota_on"]
    occupied = pl.col("site_id").is_in(incumbents["site_id"].unique().implode())
    moving = occupied & pl.col("cleared_on").is_null() & pl.all_horizontal(pl.col(others).is_not_null())
    known = pl.coalesce("available_on", pl.when(moving).then(pl.max_horizontal(others)))
    told = sites.select(known=known.cast(pl.Int32), stated=pl.max_horizontal("cleared_on", *others).cast(pl.Int32))
    day = told.select(pl.coalesce("known", pl.max_horizontal("stated", pl.lit(assumed)))).to_series()
    return np.maximum(day.cast(pl.Int64).to_numpy(), today), told["known"].is_not_null().to_numpy()


def numbers(column: pl.Series) -> Floats:
    """A numeric column as float64; null becomes NaN."""
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)


def plane(lon: pl.Series, lat: pl.Series) -> tuple[Floats, Floats]:
    """Kilometres east and north of the equator's zero on a cylinder true at 31.2° N: good to 1 % inside a district."""
    return numbers(lon) * KM_PER_DEGREE * float(np.cos(np.radians(31.2))), numbers(lat) * KM_PER_DEGREE


def _firms(incumbents: pl.DataFrame, index: Mapping[str, int]) -> Mapping[int, tuple[Firm, ...]]:
    found: dict[int, list[Firm]] = defaultdict(list)
    for row in incumbents.sort("firm_id").iter_rows(named=True):
        if row["site_id"] not in index:
            continue
        allowed = row["destination_site_ids"]
        found[index[row["site_id"]]].append(
            Firm(
                row["firm_id"],
                row["name"],
                index[row["site_id"]],
                KINDS.index(row["need_kind"]),
                row["need_m2"],
                {n: row[n] for n in ("clear_height_m", "floor_load_kn_m2", "power_kva") if row[n] is not None},
                row["relocation_cost_wan"],
                row["relocation_months"],
                None if allowed is None else frozenset(allowed),
            )
        )
    return {at: tuple(firms) for at, firms in found.items()}


def _holders(
    holds: pl.DataFrame, projects: pl.DataFrame, index: Mapping[str, int], as_of: date
) -> Mapping[int, frozenset[str]]:
    """Who holds each site, whole: live holds, and the sites projects are fixed on."""
    live = holds.filter(pl.col("held_until") >= as_of).select("site_id", "project_id")
    fixed = projects.select("fixed_site_ids", "project_id").explode("fixed_site_ids").drop_nulls()
    found: dict[int, set[str]] = defaultdict(set)
    for site_id, project_id in [*live.iter_rows(), *fixed.iter_rows()]:
        if site_id in index:
            found[index[site_id]].add(project_id)
    return {at: frozenset(by) for at, by in found.items()}
