"""Random boards of any size: sites, firms, projects and a pool of schemes, straight as tables, without matching."""

from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import polars as pl

from yipanqi.allocation.assignment import Ground, Problem, build
from yipanqi.allocation.valuation import worth
from yipanqi.inventory.sites import Hold
from yipanqi.kernel import tables
from yipanqi.planning.quotas import QuotaLine
from yipanqi.policy import rulebook

AS_OF = date(2026, 6, 30)
NO_LIMITS = pl.DataFrame(
    schema={"town_id": pl.String, "projects_min_count": pl.Int64, "projects_max_count": pl.Int64,
            "land_max_m2": pl.Float64, "tax_min_wan": pl.Float64}
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """How large a board is and what makes it hard."""

    projects: int
    sites: int
    towns: int = 12
    pool: int = 30
    #: Share of the sites that can be had: the fewer, the harder.
    offered_share: float = 0.1
    divisible_share: float = 0.3
    relocating_share: float = 0.1
    fixed_share: float = 0.03


@dataclass(frozen=True)
class Board:
    """A random board: the ground it is played on, its schemes and their worth."""

    schemes: SimpleNamespace
    worth: pl.DataFrame
    ground: Ground

    def problem(self) -> Problem:
        return build(self.schemes, self.worth, self.ground, rulebook.load("jiading"), AS_OF)


def board(shape: Shape, seed: int, **ground: pl.DataFrame) -> Board:
    """A random board; ``ground`` replaces tables of its ground (holds, quotas, town_limits)."""
    rng = np.random.default_rng(seed)
    sites = _sites(shape, rng)
    projects = _projects(shape, rng)
    pool = [scheme for project in projects.iter_rows(named=True) for scheme in _pool(project, sites, shape, rng)]
    schemes = _schemes(pool, sites.table.select("site_id", "town_id"))
    projects = _fixed(projects, schemes, shape, rng)
    facts = {
        "projects": projects,
        "sites": sites.table,
        "holds": tables.empty(Hold),
        "quotas": tables.empty(QuotaLine),
        "town_limits": NO_LIMITS,
    } | ground
    return Board(schemes, worth(schemes.schemes, projects, rulebook.load("jiading"), AS_OF), Ground(**facts))


def _town(number: int) -> str:
    return f"T{number:02d}"


def _sites(shape: Shape, rng: np.random.Generator) -> SimpleNamespace:
    count = shape.sites
    xy = rng.random((count, 2))
    town = np.minimum((xy[:, 0] * shape.towns).astype(int), shape.towns - 1)
    area = np.round(rng.lognormal(10.3, 0.7, count)) + 100.0
    land = rng.random(count) < 0.6
    divisible = rng.random(count) < shape.divisible_share
    offered = np.flatnonzero(rng.random(count) < shape.offered_share)
    table = pl.DataFrame(
        {
            "site_id": [f"S{i:05d}" for i in range(count)],
            "site_kind": np.where(land, "land", "plant"),
            "town_id": [_town(t) for t in town],
            "area_m2": area,
            "divisible": divisible,
            "state": "available",
        }
    ).with_columns(parent_site_id=pl.lit(None, pl.String))
    names = table["site_id"].to_list()
    return SimpleNamespace(table=table, names=names, xy=xy, area=area, land=land, divisible=divisible, offered=offered)


def _projects(shape: Shape, rng: np.random.Generator) -> pl.DataFrame:
    count = shape.projects
    need = rng.lognormal(10.4, 0.8, count) + 100.0
    land = rng.random(count) < 0.6
    weights = rng.dirichlet(np.full(shape.towns, 2.0))
    return pl.DataFrame(
        {
            "project_id": [f"P{i:04d}" for i in range(count)],
            "origin_town_id": [_town(t) for t in rng.choice(shape.towns, count, p=weights)],
            "category": np.where(land, "new_land", "lease"),
            "stage": "siting",
            "consent": "not_asked",
            "tax_wan": np.round(need / 666 * rng.lognormal(3, 0.6, count), 1),
            "energy_tce": np.round(rng.lognormal(6, 1, count), 1),
            "emission_t": np.round(rng.lognormal(1, 1, count), 2),
            "need_m2": need,
            "land": land,
        }
    ).with_columns(acceptance_share=pl.lit(None, pl.Float64), fixed_site_ids=pl.lit(None, pl.List(pl.String)))


def _pool(project: dict, sites: SimpleNamespace, shape: Shape, rng: np.random.Generator) -> list[dict]:
    """Single sites near a wished-for place, then assemblies of near sites; some move a firm to a third site."""
    need = project["need_m2"]
    offered = sites.offered[sites.land[sites.offered] == project["land"]]
    area = sites.area[offered]
    fits = offered[(area >= need) & (sites.divisible[offered] | (area <= 2 * need))]
    distance = np.hypot(*(sites.xy[fits] - rng.random(2)).T)
    singles = fits[np.argsort(distance + rng.random(fits.size) / 2)][: shape.pool - shape.pool // 4]
    found = [[(s, need if sites.divisible[s] else sites.area[s])] for s in singles]
    small = offered[area < need]
    for _ in range(shape.pool // 4 if small.size >= 2 else 0):
        near = small[np.argsort(np.hypot(*(sites.xy[small] - sites.xy[rng.choice(small)]).T))[:4]]
        enough = int(np.searchsorted(np.cumsum(sites.area[near]), need)) + 1
        if enough <= near.size:
            found.append([(s, sites.area[s]) for s in near[:enough]])
    out = {}
    for taken in found:
        units = sorted((int(s), float(take)) for s, take in taken)
        key = f"{project['project_id']}/" + "-".join(str(s) for s, _ in units)
        moves = rng.random() < shape.relocating_share
        others = offered[~np.isin(offered, [s for s, _ in units])]
        goal = int(rng.choice(others)) if moves and others.size else None
        out[key] = {
            "scheme_id": key,
            "project_id": project["project_id"],
            "units": units,
            "goal": goal,
            "take": float(sites.area[goal]) if goal is not None else 0.0,
            "land_m2": sum(take for _, take in units) if project["land"] else 0.0,
            "available_on": AS_OF + timedelta(days=int(rng.integers(-200, 900))),
            "cost_wan": round(float(project["tax_wan"] * rng.random()), 1) if goal is not None else 0.0,
            "names": sites.names,
        }
    return list(out.values())


def _schemes(pool: list[dict], sites: pl.DataFrame) -> SimpleNamespace:
    """The three tables of a pool that the board reads."""
    schemes = pl.DataFrame(
        [
            (s["scheme_id"], s["project_id"], "single", s["land_m2"], s["available_on"], s["cost_wan"]) for s in pool
        ],
        schema={"scheme_id": pl.String, "project_id": pl.String, "kind": pl.String, "land_m2": pl.Float64,
                "available_on": pl.Date, "relocation_cost_wan": pl.Float64},
        orient="row",
    )  # fmt: skip
    units = pl.DataFrame(
        [(s["scheme_id"], s["names"][site], take) for s in pool for site, take in s["units"]],
        schema={"scheme_id": pl.String, "site_id": pl.String, "take_m2": pl.Float64},
        orient="row",
    )
    towns = units.join(sites, on="site_id").group_by("scheme_id").agg(town_ids=pl.col("town_id").unique().sort())
    schemes = schemes.join(towns, on="scheme_id", maintain_order="left")
    moved = pl.DataFrame(
        [
            (s["scheme_id"], f"F{s['units'][0][0]:05d}", s["names"][s["units"][0][0]], s["names"][s["goal"]], s["take"])
            for s in pool
            if s["goal"] is not None
        ],
        schema={"scheme_id": pl.String, "firm_id": pl.String, "from_site_id": pl.String, "to_site_id": pl.String,
                "take_m2": pl.Float64},
        orient="row",
    )  # fmt: skip
    return SimpleNamespace(schemes=schemes, units=units, relocations=moved)


def _fixed(projects: pl.DataFrame, schemes: SimpleNamespace, shape: Shape, rng: np.random.Generator) -> pl.DataFrame:
    """Some projects bound to the sites of their first scheme, no site twice."""
    taken: set[str] = set()
    bound: dict[str, list[str]] = {}
    sites_of = schemes.units.group_by("scheme_id", maintain_order=True).agg("site_id")
    first = schemes.schemes.unique("project_id", keep="first", maintain_order=True).join(sites_of, on="scheme_id")
    for project_id, site_ids in first.sort("project_id").select("project_id", "site_id").iter_rows():
        if rng.random() < shape.fixed_share and not taken & set(site_ids):
            taken |= set(site_ids)
            bound[project_id] = site_ids
    column = pl.Series("fixed_site_ids", [bound.get(p) for p in projects["project_id"]], pl.List(pl.String))
    return projects.with_columns(column)
