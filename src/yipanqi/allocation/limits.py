"""What is scarce on the board: sites, firms that can be moved once, quotas, the towns' floors and ceilings.

Every function gives the resources of one kind and what each scheme uses of them, in the columns of
``assignment.Problem``.
"""

from dataclasses import dataclass

import polars as pl

from yipanqi.kernel.findings import Finding, Severity
from yipanqi.planning import quotas
from yipanqi.policy.rulebook import Rulebook

USES = pl.Schema({"scheme_id": pl.String, "resource_id": pl.String, "amount": pl.Float64})
RESOURCES = pl.Schema(
    {
        "resource_id": pl.String,
        "kind": pl.String,
        "name": pl.String,
        "town_id": pl.String,
        "size": pl.Float64,
        "capacity": pl.Float64,
        "floor": pl.Float64,
        "overflow_id": pl.String,
    }
)
#: Kinds whose rows are long: the model gives each a variable of its own.
TOTALS = ("quota_land", "quota_energy", "quota_emission", "quota_office", "town_projects", "town_land", "town_tax")


@dataclass(frozen=True)
class Part:
    """The resources of one kind, their uses, and what was found wrong with them."""

    uses: pl.DataFrame
    resources: pl.DataFrame
    findings: tuple[Finding, ...] = ()


def _part(uses: pl.DataFrame, resources: pl.DataFrame, findings: tuple[Finding, ...] = ()) -> Part:
    """The part with its columns complete, in order and typed; uses of 0 are dropped."""
    missing = {name: pl.lit(None, dtype) for name, dtype in RESOURCES.items() if name not in resources.columns}
    return Part(
        uses.select(pl.col(name).cast(dtype) for name, dtype in USES.items()).filter(pl.col("amount") > 0),
        resources.with_columns(**missing).select(pl.col(name).cast(dtype) for name, dtype in RESOURCES.items()),
        findings,
    )


def taken(resources: pl.DataFrame, uses: pl.DataFrame) -> pl.DataFrame:
    """The resources with ``taken``, what the uses add up to, and ``drawn``, what is drawn on a pot beyond own quotas.

    Both 0 where there is nothing.
    """
    sums = uses.group_by("resource_id").agg(taken=pl.col("amount").sort().sum())
    table = resources.join(sums, on="resource_id", how="left").with_columns(pl.col("taken").fill_null(0.0))
    beyond = pl.max_horizontal(pl.lit(0.0), pl.col("taken") - pl.col("capacity"))
    spilling = table.filter(pl.col("overflow_id").is_not_null())
    drawn = spilling.group_by(resource_id="overflow_id").agg(drawn=beyond.sort().sum())
    table = table.join(drawn, on="resource_id", how="left").with_columns(pl.col("drawn").fill_null(0.0))
    return table.sort("resource_id")


def of_sites(takes: pl.DataFrame, sites: pl.DataFrame) -> Part:
    """Area of divisible sites in m²; a whole site has room for one taker that fits.

    A project and a firm it moves may not both sit on a whole site: they count as two takers.
    """
    key = pl.format("site:{}", "site_id")
    whole = ~pl.col("divisible")
    fits = pl.col("take_m2") <= pl.col("area_m2") * (1 + 1e-9)
    taker = pl.when(fits).then(1.0).otherwise(pl.lit(2.0))
    uses = takes.with_columns(amount=pl.when(whole).then(taker).otherwise(pl.col("take_m2")))
    uses = uses.group_by("scheme_id", resource_id=key).agg(pl.col("amount").sum())
    used = sites.join(takes, on="site_id", how="semi")
    resources = used.select(
        "town_id",
        resource_id=key,
        kind="site_kind",
        name="site_id",
        size="area_m2",
        capacity=pl.when(whole).then(1.0).otherwise(pl.col("area_m2")),
    )
    return _part(uses, resources)


def of_firms(relocations: pl.DataFrame, sites: pl.DataFrame) -> Part:
    """Each firm is moved at most once. Its town is where it sits now."""
    key = pl.format("firm:{}", "firm_id")
    uses = relocations.select("scheme_id", resource_id=key, amount=pl.lit(1.0))
    seats = relocations.select("firm_id", site_id="from_site_id").unique("firm_id")
    firms = seats.join(sites, on="site_id", how="left").select("town_id", resource_id=key, name="firm_id")
    return _part(uses, firms.with_columns(kind=pl.lit("firm"), capacity=pl.lit(1.0)))


def of_quotas(
    columns: pl.DataFrame,
    takes: pl.DataFrame,
    projects: pl.DataFrame,
    sites: pl.DataFrame,
    ledger: pl.DataFrame,
    rulebook: Rulebook,
) -> Part:
    """Quotas by kind and town: a town draws on its own, then on the district's pot. Kinds without entry are free.

    A town that has no quota of its own draws on the pot alone; where the district has no pot either, nothing says how
    much the town may use: it is not rationed, and ``allocation.quota_unrationed`` says so.
    """
    units = takes.filter("own").join(columns, on="scheme_id")
    units = units.select("project_id", "site_id", "take_m2", case_id="scheme_id")
    key = pl.format("quota:{}:{}", "quota_kind", "town_id")
    needed = quotas.needs(projects, units, sites, rulebook).with_columns(resource_id=key)
    left = quotas.balances(ledger).select("quota_kind", "town_id", left=pl.col("available").clip(lower_bound=0.0))
    pots = left.filter(pl.col("town_id").is_null()).select("quota_kind", pot="left")
    towns = needed.select("quota_kind", "town_id").unique().join(left.select("quota_kind").unique(), on="quota_kind")
    towns = towns.join(left, on=["quota_kind", "town_id"], how="left").join(pots, on="quota_kind", how="left")
    free = towns.filter(pl.col("left").is_null() & pl.col("pot").is_null())
    rationed = towns.join(free, on=["quota_kind", "town_id"], how="anti")
    pot_id = pl.format("quota:{}:", "quota_kind")
    kind = pl.format("quota_{}", "quota_kind")
    resources = pl.concat(
        [
            rationed.select(
                "town_id",
                resource_id=key,
                kind=kind,
                name="town_id",
                capacity=pl.col("left").fill_null(0.0),
                overflow_id=pl.when(pl.col("pot").is_not_null()).then(pot_id),
            ),
            pots.select(resource_id=pot_id, kind=kind, capacity="pot"),
        ],
        how="diagonal",
    )
    uses = needed.rename({"case_id": "scheme_id"}).join(resources, on="resource_id", how="semi")
    found = tuple(
        Finding("allocation.quota_unrationed", Severity.NOTE, {"quota": quota, "town": town}, table="quotas")
        for quota, town in free.select("quota_kind", "town_id").sort("quota_kind", "town_id").iter_rows()
    )
    return _part(uses, resources, found)


def of_towns(columns: pl.DataFrame, takes: pl.DataFrame, town_limits: pl.DataFrame) -> Part:
    """Floors and ceilings of the towns: placed projects, land in m², yearly tax in 万元.

    A project on two towns counts, with its tax, in the town where most of it lies: tax follows registration. Land
    counts where it lies.
    """
    limits = pl.col("town_id")
    bounds = {
        "town_projects": ("projects_min_count", "projects_max_count"),
        "town_land": (None, "land_max_m2"),
        "town_tax": ("tax_min_wan", None),
    }
    resources = pl.concat(
        town_limits.select(
            "town_id",
            resource_id=pl.format("{}:{}", pl.lit(kind), limits),
            kind=pl.lit(kind),
            name=limits,
            floor=pl.col(least).cast(pl.Float64) if least else pl.lit(None, pl.Float64),
            capacity=pl.col(most).cast(pl.Float64) if most else pl.lit(None, pl.Float64),
        ).filter(pl.col("floor").is_not_null() | pl.col("capacity").is_not_null())
        for kind, (least, most) in bounds.items()
    )
    land = takes.filter(pl.col("own") & (pl.col("site_kind") == "land")).group_by("scheme_id", "town_id")
    main = columns.select("scheme_id", "tax_wan", town_id="main_town_id")
    amounts = [
        main.select("scheme_id", "town_id", kind=pl.lit("town_projects"), amount=pl.lit(1.0)),
        main.select("scheme_id", "town_id", kind=pl.lit("town_tax"), amount="tax_wan"),
        land.agg(amount=pl.col("take_m2").sort().sum()).select(
            "scheme_id", "town_id", kind=pl.lit("town_land"), amount="amount"
        ),
    ]
    uses = pl.concat(amounts).with_columns(resource_id=pl.format("{}:{}", "kind", "town_id"))
    return _part(uses.join(resources, on="resource_id", how="semi"), resources)
