"""A province's inventory: towns, zones, 10⁴–10⁶ sites of every state, and some hundred demands that ask for one.

Everything is drawn from one seed and a number of sites, as arrays; numbers are rounded, so that the last bit of a
machine's logarithm does not count. The frames have the columns of ``inventory.sites.Site`` (located, with
``available_on``) and of the pipeline's projects, demands and wishes that matching reads; the peers load the same.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks import seeds

AS_OF = date(2026, 6, 30)
TOWNS, ZONES_PER_TOWN, QUESTIONS = 32, 12, 300
KINDS = np.array(["land", "plant", "office"])
_STATES = ["available", "idle", "low_efficiency", "clearing", "reserved", "occupied", "reduction"]
_STATE_SHARES = [0.35, 0.10, 0.10, 0.05, 0.03, 0.35, 0.02]
_USES = np.array(["M1", "M2", "M3", "M4", "W", "C"])
_INDUSTRIES = ["13", "14", "26", "27", "29", "30", "33", "34", "35", "36", "38", "39", "40", "65", "73"]
_WEST, _SOUTH, _WIDE_KM = 120.9, 30.8, 60.0
_DEGREES_PER_KM = (1 / 95.2, 1 / 111.32)
_FIRMS, _HOLDS = 100, 2_000
_TODAY = (AS_OF - date(1970, 1, 1)).days

Rng = np.random.Generator
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class World:
    """The sites with the firms and holds on them, what is wanted, and what the plan says to each demand in each zone.

    ``sites`` carries ``zone_no`` besides its schema; one row of ``words`` is one demand in one zone: forbidden,
    change_count, delay_days.
    """

    sites: pl.DataFrame
    incumbents: pl.DataFrame
    holds: pl.DataFrame
    projects: pl.DataFrame
    demands: pl.DataFrame
    wishes: pl.DataFrame
    words: pl.DataFrame


def drawn(count: int, seed: int) -> World:
    """The world of a seed and a number of sites, refused where it is not the committed one."""
    world = _world(count, seed)
    seeds.check(f"sites/{count}/{seed}", _digest(world))
    return world


def digests(count: int, chosen: tuple[int, ...] = seeds.SEEDS) -> dict[str, str]:
    """What each seed gives at a size."""
    return {f"sites/{count}/{seed}": _digest(_world(count, seed)) for seed in chosen}


def _digest(world: World) -> str:
    return seeds.digest(frame.select(pl.exclude(pl.Binary)) for frame in vars(world).values())


def _world(count: int, seed: int) -> World:
    rng = np.random.Generator(np.random.PCG64([seed, count]))
    zones = _zones(rng)
    sites = _sites(zones, count, rng)
    demands, projects = _demands(rng)
    holds = _holds(sites, projects, rng)
    return World(
        sites=sites,
        incumbents=_incumbents(sites, rng),
        holds=holds,
        projects=_with_declined(projects, sites, rng),
        demands=demands,
        wishes=_wishes(zones, rng),
        words=_words(rng),
    )


@dataclass(frozen=True, eq=False)
class _Zones:
    town: NDArray[np.int64]
    x_km: Floats
    y_km: Floats
    reach_km: Floats
    share: Floats
    area_class: NDArray[np.str_]
    functional_type: NDArray[np.str_]
    use: NDArray[np.str_]
    directions: list[list[str] | None]
    level: Floats


def _zones(rng: Rng) -> _Zones:
    count = TOWNS * ZONES_PER_TOWN
    town = np.repeat(np.arange(TOWNS), ZONES_PER_TOWN)
    town_x, town_y = rng.uniform(3, _WIDE_KM - 3, (2, TOWNS)).round(3)
    share = rng.lognormal(0.0, 1.0, count).round(6)
    picks = [
        None if rng.random() < 0.3 else sorted(rng.choice(_INDUSTRIES, size=int(rng.integers(1, 5)), replace=False))
        for _ in range(count)
    ]
    return _Zones(
        town=town,
        x_km=(town_x[town] + rng.normal(0, 2.5, count)).round(3),
        y_km=(town_y[town] + rng.normal(0, 2.5, count)).round(3),
        reach_km=rng.uniform(0.3, 1.2, count).round(3),
        share=(share / share.sum()).round(9),
        area_class=rng.choice(np.array(["104", "195", "198"]), count, p=[0.5, 0.3, 0.2]),
        functional_type=rng.choice(np.array(["base", "urban", "community", "scattered"]), count),
        use=rng.choice(_USES, count, p=[0.4, 0.2, 0.05, 0.1, 0.1, 0.15]),
        directions=[None if p is None else [str(word) for word in p] for p in picks],
        level=rng.uniform(0.6, 1.8, count).round(3),
    )


def _sites(zones: _Zones, count: int, rng: Rng) -> pl.DataFrame:
    zone = rng.choice(len(zones.town), count, p=zones.share / zones.share.sum())
    kind = np.where(rng.random(count) < 0.3, 0, np.where(rng.random(count) < 0.75, 1, 2))
    kind = np.where((zones.use[zone] == "C") & (kind == 1), 2, kind)
    x = (zones.x_km[zone] + rng.normal(0, 1, count) * zones.reach_km[zone]).round(3)
    y = (zones.y_km[zone] + rng.normal(0, 1, count) * zones.reach_km[zone]).round(3)
    median = np.array([20_000.0, 3_000.0, 800.0])[kind]
    named = pl.int_range(count, eager=True).cast(pl.String).str.zfill(7)
    columns = {
        "site_id": "S" + named,
        "name": "地块" + named,
        "site_kind": KINDS[kind],
        "town_id": np.array([f"T{t:02d}" for t in range(TOWNS)])[zones.town[zone]],
        "zone_no": zone.astype(np.int64),
        "area_m2": (median * rng.lognormal(0, 0.8, count)).round(1),
        "divisible": rng.random(count) < 0.15,
        "area_class": zones.area_class[zone],
        "functional_type": zones.functional_type[zone],
        "use_class": zones.use[zone],
        "far_max_ratio": _some(rng.uniform(1.0, 3.0, count), 0.1, rng),
        "price_wan_per_mu": _some(90 * zones.level[zone] * rng.lognormal(0, 0.2, count), 0.1, rng, kind == 0),
        "rent_yuan_m2_day": _some(1.1 * zones.level[zone] * rng.lognormal(0, 0.25, count), 0.15, rng, kind > 0),
        "state": rng.choice(np.array(_STATES), count, p=_STATE_SHARES),
        "fact_state": rng.choice(np.array(["reported", "verified", "in_use"]), count),
        "stale": rng.random(count) < 0.1,
        "lon_deg": _some(_WEST + x * _DEGREES_PER_KM[0], 0.01, rng, digits=7),
        "lat_deg": (_SOUTH + y * _DEGREES_PER_KM[1]).round(7),
    }
    facts = {
        "clear_height_m": _some(rng.choice([4.5, 6.0, 8.0, 9.0, 12.0], count), 0.15, rng, kind == 1),
        "floor_load_kn_m2": _some(rng.choice([3.0, 5.0, 10.0, 20.0, 30.0], count), 0.2, rng, kind > 0),
        "column_span_m": _some(rng.choice([8.0, 9.0, 12.0, 18.0, 24.0], count), 0.25, rng, kind == 1),
        "crane_t": _some(rng.choice([0.0, 5.0, 10.0, 20.0, 50.0], count), 0.3, rng, kind == 1),
        "power_kva": _some(rng.lognormal(6.5, 1.2, count), 0.15, rng),
        "gas_m3h": _some(rng.lognormal(4.5, 1.2, count), 0.3, rng),
        "water_m3d": _some(rng.lognormal(5.0, 1.0, count), 0.2, rng),
        "steam_th": _some(rng.lognormal(1.0, 1.0, count), 0.4, rng),
        "sewage_m3d": _some(rng.lognormal(4.7, 1.0, count), 0.2, rng),
    }
    lists = pl.Series("d", zones.directions, dtype=pl.List(pl.String))
    frame = pl.DataFrame(columns | facts).with_columns(
        pl.col(pl.Float64).fill_nan(None),
        lists.gather(zone).alias("industry_directions"),
        *_dates(count, rng),
        pl.lit(None, dtype=pl.String).alias("parent_site_id"),
        pl.lit(None, dtype=pl.Binary).alias("geometry_wkb"),
    )
    whole = pl.all_horizontal(pl.col(_DATES).is_not_null())
    return frame.with_columns(available_on=pl.when(whole).then(pl.max_horizontal(_DATES)))


_DATES = ["cleared_on", "utilities_on", "plan_on", "quota_on"]


def _some(
    values: Floats, null_share: float, rng: Rng, where: NDArray[np.bool_] | None = None, digits: int = 2
) -> Floats:
    """The values rounded, unknown (NaN) for a share of them, and where they do not apply."""
    lost = rng.random(len(values)) < null_share
    return np.asarray(np.where(lost if where is None else lost | ~where, np.nan, values.round(digits)))


def _dates(count: int, rng: Rng) -> list[pl.Series]:
    """Half of what is stated has come, the rest comes within three years."""
    series = []
    for name in _DATES:
        days = _TODAY + np.where(rng.random(count) < 0.5, -rng.integers(0, 900, count), rng.integers(1, 1000, count))
        stated = pl.Series(name, days.astype(np.int32)).cast(pl.Date)
        series.append(stated.to_frame().select(pl.when(pl.Series(rng.random(count) < 0.9)).then(name))[name])
    return series


def _incumbents(sites: pl.DataFrame, rng: Rng) -> pl.DataFrame:
    """A firm on each of some low-efficiency sites; a third of them close, the others need a plant."""
    low = np.flatnonzero((sites["state"] == "low_efficiency").to_numpy())
    at = np.sort(rng.choice(low, min(_FIRMS, len(low)), replace=False))
    count = len(at)
    return pl.DataFrame(
        {
            "firm_id": [f"F{i:04d}" for i in range(count)],
            "name": [f"老厂{i}" for i in range(count)],
            "site_id": sites["site_id"][at],
            "need_kind": ["plant"] * count,
            "need_m2": np.where(rng.random(count) < 1 / 3, 0.0, rng.uniform(500, 5000, count).round()),
            "clear_height_m": rng.choice([4.5, 6.0], count),
            "floor_load_kn_m2": rng.choice([3.0, 5.0], count),
            "power_kva": rng.uniform(50, 400, count).round(),
            "relocation_cost_wan": rng.uniform(100, 5000, count).round(),
            "relocation_months": rng.uniform(3, 18, count).round(1),
            "destination_site_ids": pl.Series([None] * count, dtype=pl.List(pl.String)),
        }
    )


def _holds(sites: pl.DataFrame, projects: pl.DataFrame, rng: Rng) -> pl.DataFrame:
    """Live holds on a hundredth of the sites that can be offered, and on reserved ones, for projects of the board."""
    able = sites["state"].is_in(["available", "idle", "reserved"]).to_numpy()
    at = np.sort(rng.choice(np.flatnonzero(able), min(_HOLDS, sites.height // 100), replace=False))
    return pl.DataFrame(
        {
            "site_id": sites["site_id"][at],
            "project_id": projects["project_id"].gather(rng.integers(0, projects.height, len(at))),
            "held_until": pl.Series([date(2026, 12, 31)] * len(at)),
        }
    )


def _demands(rng: Rng) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One firm demand of each project: land, plants, offices; what it asks of the building and of the supplies."""
    count = QUESTIONS
    ids = [f"P{i:03d}" for i in range(count)]
    kind = rng.choice(3, count, p=[0.4, 0.4, 0.2])
    plant, built = kind == 1, kind > 0
    need = (np.array([20_000.0, 3_000.0, 800.0])[kind] * rng.lognormal(0, 0.6, count)).round()
    wanted = pl.Series((_TODAY + rng.integers(0, 900, count)).astype(np.int32)).cast(pl.Date)
    demands = pl.DataFrame(
        {
            "project_id": ids,
            "phase": np.ones(count, dtype=np.int64),
            "need_kind": KINDS[kind],
            "need_m2": need,
            "commitment": ["firm"] * count,
            "may_split": [False] * count,
            "adjacent_to_previous": [False] * count,
            "far_ratio": np.where(built, np.nan, 1.5),
            "rent_max_yuan_m2_day": _some(rng.uniform(1.0, 2.6, count), 0.4, rng, built),
            "clear_height_m": _some(rng.choice([4.5, 6.0, 8.0], count), 0.3, rng, plant),
            "floor_load_kn_m2": _some(rng.choice([3.0, 5.0, 10.0], count), 0.4, rng, built),
            "column_span_m": _some(rng.choice([8.0, 9.0, 12.0], count), 0.6, rng, plant),
            "crane_t": _some(rng.choice([5.0, 10.0], count), 0.7, rng, plant),
            "power_kva": _some(rng.lognormal(6.0, 0.8, count), 0.1, rng),
            "gas_m3h": _some(rng.lognormal(3.8, 0.8, count), 0.6, rng),
            "water_m3d": _some(rng.lognormal(4.4, 0.8, count), 0.4, rng),
            "steam_th": _some(rng.lognormal(0.5, 0.6, count), 0.8, rng),
            "sewage_m3d": _some(rng.lognormal(4.2, 0.8, count), 0.5, rng),
        }
    ).with_columns(
        pl.col(pl.Float64).fill_nan(None),
        wanted_on=pl.select(pl.when(pl.Series(rng.random(count) < 0.8)).then(wanted)).to_series(),
        from_year=pl.lit(2027, dtype=pl.Int64),
    )
    projects = pl.DataFrame(
        {
            "project_id": ids,
            "industry_code": [f"{rng.choice(_INDUSTRIES)}{int(rng.integers(10, 99))}" for _ in range(count)],
            "origin_town_id": [f"T{int(t):02d}" for t in rng.integers(0, TOWNS, count)],
            "total_investment_wan": _some(need * np.array([1.2, 1.0, 1.5])[kind], 0.2, rng),
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None), pl.lit(None, dtype=pl.List(pl.String)).alias("fixed_site_ids"))
    return demands, projects


def _with_declined(projects: pl.DataFrame, sites: pl.DataFrame, rng: Rng) -> pl.DataFrame:
    """A fifth of the projects have declined a few sites."""
    ids = sites["site_id"]
    told = [
        ids.gather(np.sort(rng.choice(len(ids), 5, replace=False))).to_list() if rng.random() < 0.2 else None
        for _ in range(projects.height)
    ]
    return projects.with_columns(pl.Series("declined_site_ids", told, dtype=pl.List(pl.String)))


def _wishes(zones: _Zones, rng: Rng) -> pl.DataFrame:
    """None to three wished-for points of each project, near some zone."""
    rows = []
    for project in range(QUESTIONS):
        for number in range(int(rng.integers(0, 4))):
            zone = int(rng.integers(len(zones.town)))
            x, y = zones.x_km[zone] + rng.normal(0, 3), zones.y_km[zone] + rng.normal(0, 3)
            lon, lat = _WEST + x * _DEGREES_PER_KM[0], _SOUTH + y * _DEGREES_PER_KM[1]
            weight = (0.2, 0.3, 0.5)[int(rng.integers(3))]
            rows.append((f"P{project:03d}", number + 1, round(float(lon), 7), round(float(lat), 7), weight))
    columns = {
        "project_id": pl.String,
        "wish_no": pl.Int64,
        "lon_deg": pl.Float64,
        "lat_deg": pl.Float64,
        "weight_share": pl.Float64,
    }
    return pl.DataFrame(rows, schema=columns, orient="row")


def _words(rng: Rng) -> pl.DataFrame:
    """The plan's word to each demand in each zone: a seventh forbidden, a quarter with one change or two."""
    zones = TOWNS * ZONES_PER_TOWN
    size = QUESTIONS * zones
    changes = rng.choice(3, size, p=[0.75, 0.2, 0.05]).astype(np.float64)
    return pl.DataFrame(
        {
            "project_id": np.repeat([f"P{i:03d}" for i in range(QUESTIONS)], zones),
            "phase": np.ones(size, dtype=np.int64),
            "zone_no": np.tile(np.arange(zones), QUESTIONS),
            "forbidden": rng.random(size) < 1 / 7,
            "change_count": changes,
            "delay_days": np.where(changes > 0, rng.choice([90, 180, 365], size), 0).astype(np.int64),
        }
    )
