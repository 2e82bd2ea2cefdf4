"""The assignment problem of the board: which scheme for which project, under everything that is scarce.

``build`` reads the facts into a ``Problem`` of tables; ``programme`` writes that as a sparse integer programme. A
scheme is one column with a handful of uses; nothing is ever project × site. Plain packing problems of researchers are
solved by ``generalized_assignment`` and ``single_source`` (``allocation.packing``).
"""

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from yipanqi.allocation import limits
from yipanqi.allocation.packing import Assigned, generalized_assignment, single_source
from yipanqi.inventory.sites import leaves
from yipanqi.kernel.findings import Finding, Severity, in_order
from yipanqi.matching.schemes import Schemes
from yipanqi.pipeline.stages import SETTLED, Stage
from yipanqi.policy.rulebook import Rulebook

__all__ = ["Assigned", "Ground", "Problem", "build", "generalized_assignment", "single_source"]

#: Rounding of areas: what exceeds a capacity by no more than this share fits.
_TOLERANCE_SHARE = 1e-9


@dataclass(frozen=True)
class Ground:
    """What the board is played on: projects, sites, live holds, the quota ledger, the towns' floors and ceilings."""

    projects: pl.DataFrame
    sites: pl.DataFrame
    holds: pl.DataFrame
    quotas: pl.DataFrame
    town_limits: pl.DataFrame


@dataclass(frozen=True)
class Problem:
    """The board as tables, each in the order of its keys.

    columns: scheme_id, project_id, origin_town_id, value_wan, expected_wan, tax_wan, main_town_id (where most of it
        lies), own_town_ids (where the project lies), town_ids (those, and where firms are moved to), fixed. One row a
        scheme that may be chosen; of a project at most one is.
    uses: scheme_id, resource_id, amount > 0.
    resources: resource_id, kind, name, town_id, size (area of a site), capacity (null: none), floor (null: none),
        overflow_id. What is used beyond the capacity is drawn from ``overflow_id``: of a town's quota from the
        district's pot. Capacities cover what the fixed placements take, even where that is more than there was.
    Kinds: land, plant, office (m²; an indivisible site: 1 taker), firm (1 move), quota_land (m²), quota_energy (tce),
        quota_emission (t), quota_office (m²), town_projects (count), town_land (m²), town_tax (万元 a year).
    """

    columns: pl.DataFrame
    uses: pl.DataFrame
    resources: pl.DataFrame
    findings: tuple[Finding, ...] = ()

    def only(self, wanted: pl.Expr) -> "Problem":
        """The same board with only the wanted columns and the fixed ones."""
        columns = self.columns.filter(wanted | pl.col("fixed"))
        return replace(self, columns=columns, uses=self.uses.join(columns, on="scheme_id", how="semi"))

    def without_floors(self) -> "Problem":
        """The same board without what the towns must at least get."""
        return replace(self, resources=self.resources.with_columns(floor=pl.lit(None, pl.Float64)))


def build(schemes: Schemes, worth: pl.DataFrame, ground: Ground, rulebook: Rulebook, as_of: date) -> Problem:
    """The board of all schemes of the pool.

    A project with ``fixed_site_ids`` keeps that placement: of its schemes only the one on these sites is there, and
    fixed. From the permits on a project only blocks its sites. A live hold keeps all other projects off its site. A
    scheme that alone takes more than there is is left out.

    Findings: ``allocation.fixed_without_scheme`` (the sites stay blocked), ``allocation.overdrawn`` (fixed placements
    take more than there is), ``allocation.quota_unrationed`` (a town without a quota that other towns have, and no
    pot of the district: not rationed there).

    Raises:
        ValueError: a scheme takes a site that is not in ``ground`` or is not a leaf.
    """
    sites = leaves(ground.sites).select("site_id", "site_kind", "town_id", "area_m2", "divisible")
    takes = _takes(schemes)
    if strange := sorted(set(takes["site_id"]) - set(sites["site_id"])):
        raise ValueError(f"schemes take what is no allocatable site: {strange[:5]}")
    takes = takes.join(sites, on="site_id").sort("scheme_id", "site_id", "own")
    chosen, missing = _fixed(takes, worth, ground.projects)
    columns = _columns(worth, ground.projects, takes, chosen).join(
        _kept_off(takes, worth, ground, as_of), on="scheme_id", how="anti"
    )
    parts = [
        limits.of_sites(takes, sites),
        limits.of_firms(schemes.relocations, ground.sites),
        limits.of_quotas(columns, takes, ground.projects, ground.sites, ground.quotas, rulebook),
        limits.of_towns(columns, takes, ground.town_limits),
    ]
    uses = pl.concat([part.uses for part in parts]).join(columns, on="scheme_id", how="semi")
    resources = pl.concat([part.resources for part in parts]).sort("resource_id")
    resources, overdrawn = _widened(resources, uses.join(columns.filter("fixed"), on="scheme_id", how="semi"))
    columns = columns.join(_too_large(uses, resources, columns), on="scheme_id", how="anti").sort("scheme_id")
    uses = uses.join(columns, on="scheme_id", how="semi").sort("scheme_id", "resource_id")
    found = in_order([*missing, *overdrawn, *(f for part in parts for f in part.findings)])
    return Problem(columns, uses, resources, found)


def _takes(schemes: Schemes) -> pl.DataFrame:
    """scheme_id, site_id, own, take_m2: its units of all phases, and the destinations of firms it moves (own false)."""
    units = schemes.units.select("scheme_id", "site_id", "take_m2", own=pl.lit(True))
    moved = schemes.relocations.filter(pl.col("to_site_id").is_not_null() & (pl.col("take_m2") > 0))
    destinations = moved.select("scheme_id", site_id="to_site_id", take_m2="take_m2", own=pl.lit(False))
    both = pl.concat([units, destinations])
    return both.group_by("scheme_id", "site_id", "own").agg(pl.col("take_m2").sort().sum())


def _columns(worth: pl.DataFrame, projects: pl.DataFrame, takes: pl.DataFrame, chosen: list[str]) -> pl.DataFrame:
    """The columns of the board; of a project with fixed sites only the chosen scheme."""
    own_m2 = pl.col("take_m2").filter(pl.col("own"))
    towns = (
        takes.group_by("scheme_id", "town_id")
        .agg(own_m2.sort().sum(), own=pl.col("own").any())
        .sort(["scheme_id", "take_m2", "town_id"], descending=[False, True, False])
        .group_by("scheme_id", maintain_order=True)
        .agg(
            main_town_id=pl.col("town_id").first(),
            own_town_ids=pl.col("town_id").filter(pl.col("own")).sort(),
            town_ids=pl.col("town_id").sort(),
        )
    )
    bound = projects.filter(pl.col("fixed_site_ids").list.len() > 0)["project_id"]
    return (
        worth.join(projects.select("project_id", "origin_town_id"), on="project_id")
        .join(towns, on="scheme_id")
        .with_columns(fixed=pl.col("scheme_id").is_in(chosen))
        .filter(pl.col("fixed") | ~pl.col("project_id").is_in(bound.implode()))
        .sort("scheme_id")
    )


def _fixed(takes: pl.DataFrame, worth: pl.DataFrame, projects: pl.DataFrame) -> tuple[list[str], list[Finding]]:
    """The scheme of each project with fixed sites: it covers them, with as few others and as much value as can be."""
    built = [stage.value for stage in SETTLED if stage not in (Stage.AGREEMENT, Stage.LAND)]
    bound = projects.filter((pl.col("fixed_site_ids").list.len() > 0) & ~pl.col("stage").is_in(built))
    bound = bound.sort("project_id")
    pool = (
        takes.filter("own")
        .group_by("scheme_id")
        .agg("site_id")
        .join(worth.join(bound, on="project_id", how="semi"), on="scheme_id")
    )
    of_project = pool.partition_by("project_id", as_dict=True)
    chosen: list[str] = []
    found: list[Finding] = []
    for project_id, site_ids in bound.select("project_id", "fixed_site_ids").iter_rows():
        rows = of_project[project_id,].rows(named=True) if (project_id,) in of_project else []
        covering = [row for row in rows if set(site_ids) <= set(row["site_id"])]
        if covering:
            best = min(covering, key=lambda row: (len(row["site_id"]), -row["value_wan"], row["scheme_id"]))
            chosen.append(best["scheme_id"])
        else:
            params = {"project": project_id, "sites": "、".join(sorted(site_ids))}
            place = Finding("allocation.fixed_without_scheme", Severity.WARN, params, table="projects")
            found.append(place.at(column="fixed_site_ids", value=project_id))
    return chosen, found


def _kept_off(takes: pl.DataFrame, worth: pl.DataFrame, ground: Ground, as_of: date) -> pl.DataFrame:
    """The schemes that take a site held by, or fixed for, only other projects than their own."""
    held = ground.holds.filter(pl.col("held_until") >= as_of).select("site_id", owner_id="project_id")
    fixed = ground.projects.filter(pl.col("fixed_site_ids").list.len() > 0)
    fixed = fixed.select(site_id="fixed_site_ids", owner_id="project_id").explode("site_id")
    owners = pl.concat([held, fixed]).group_by("site_id").agg("owner_id")
    taken = takes.select("scheme_id", "site_id").join(owners, on="site_id").join(worth, on="scheme_id")
    return taken.filter(~pl.col("owner_id").list.contains(pl.col("project_id"))).select("scheme_id").unique()


def _widened(resources: pl.DataFrame, fixed_uses: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """The resources with capacity for what the fixed placements take, and a finding where there was not enough."""
    full = limits.taken(resources, fixed_uses)
    own = pl.when(pl.col("overflow_id").is_null()).then(pl.max_horizontal("taken", "drawn"))
    full = full.with_columns(needed=own)
    short = full.filter(pl.col("needed") > pl.col("capacity") * (1 + _TOLERANCE_SHARE))
    found = [
        Finding(
            "allocation.overdrawn",
            Severity.WARN,
            {"kind": row["kind"], "resource": row["name"], "taken": row["needed"], "capacity": row["capacity"]},
        )
        for row in short.iter_rows(named=True)
    ]
    wide = pl.when(pl.col("capacity").is_not_null()).then(pl.max_horizontal("capacity", "needed"))
    return full.with_columns(capacity=wide).select(resources.columns), found


def _too_large(uses: pl.DataFrame, resources: pl.DataFrame, columns: pl.DataFrame) -> pl.DataFrame:
    """The free schemes that alone take more of something than there is."""
    pots = resources.select(overflow_id="resource_id", pot="capacity")
    most = resources.join(pots, on="overflow_id", how="left", nulls_equal=False)
    most = most.select("resource_id", most=pl.col("capacity") + pl.col("pot").fill_null(0.0))
    large = uses.join(most, on="resource_id").filter(pl.col("amount") > pl.col("most") * (1 + _TOLERANCE_SHARE))
    return large.join(columns.filter(~pl.col("fixed")), on="scheme_id", how="semi").select("scheme_id").unique()
