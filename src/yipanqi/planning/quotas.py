"""统筹各项指标: the quota ledger for new construction land, energy, emissions and office area."""

from enum import StrEnum

import dataframely as dy
import polars as pl

from yipanqi.kernel.findings import Finding, Severity, in_order
from yipanqi.kernel.tables import choice, empty
from yipanqi.planning.rules import book
from yipanqi.policy.rulebook import Rulebook


class QuotaKind(StrEnum):
    """What is rationed, and its unit: land m², energy tce a year, emission t a year, office m²."""

    LAND = "land"
    ENERGY = "energy"
    EMISSION = "emission"
    OFFICE = "office"


class QuotaEntry(StrEnum):
    """What an entry does to the balance: issued and returned add, reserved and used take."""

    ISSUED = "issued"
    RESERVED = "reserved"
    USED = "used"
    RETURNED = "returned"


class QuotaLine(dy.Schema):
    """One entry of the ledger. ``town_id`` null: the district's own pot."""

    entry_id = dy.String(primary_key=True, nullable=False)
    quota_kind = choice(QuotaKind, nullable=False)
    town_id = dy.String(nullable=True)
    entry = choice(QuotaEntry, nullable=False)
    # The unit goes with quota_kind, so the column bears none.
    amount = dy.Float64(nullable=False, min=0.0, description="m², tce or t by quota kind")
    project_id = dy.String(nullable=True)
    entered_on = dy.Date(nullable=True)
    reference = dy.String(nullable=True, description="document that grants or takes it")


def balances(ledger: pl.DataFrame) -> pl.DataFrame:
    """What is left of each quota: quota_kind, town_id, issued, reserved, used, returned, available.

    A quota kind with no entry has no row: it is not rationed. Rows are ordered by kind and town.
    """
    sums = [pl.col("amount").filter(pl.col("entry") == e.value).sort().sum().alias(e.value) for e in QuotaEntry]
    return (
        ledger.group_by("quota_kind", "town_id")
        .agg(sums)
        .with_columns(available=pl.col("issued") + pl.col("returned") - pl.col("reserved") - pl.col("used"))
        .sort("quota_kind", "town_id", nulls_last=False)
    )


class QuotaNeed(dy.Schema):
    """What one case (a scheme, a placement) takes of one quota. ``town_id``: the town most of it lies in."""

    case_id = dy.String(primary_key=True, nullable=False)
    quota_kind = choice(QuotaKind, nullable=False, primary_key=True)
    town_id = dy.String(nullable=False, primary_key=True)
    amount = dy.Float64(nullable=False, min_exclusive=0.0, description="m², tce or t by quota kind")


def needs(projects: pl.DataFrame, units: pl.DataFrame, sites: pl.DataFrame, rulebook: Rulebook) -> pl.DataFrame:
    """The quota each case takes (``QuotaNeed``), by kind and town.

    ``units``: case_id, project_id, site_id, take_m2 — what the case takes of which site. New construction land is the
    land of the categories, on sites in the states, that ``quotas`` of planning.yaml names (land built on before needs
    none); office area is the floor taken in offices; both are counted in the town of the site. Energy and emissions
    are the project's own, counted in the town with most of the area taken (of equals, the first by id). A project that
    does not state them has no row: ask ``unstated``.
    """
    rule = book(rulebook).quotas
    taken = units.join(projects.select("project_id", "category", "energy_tce", "emission_t"), on="project_id")
    taken = taken.join(sites.select("site_id", "site_kind", "state", "town_id"), on="site_id")
    is_land = (
        (pl.col("site_kind") == "land")
        & pl.col("category").is_in([c.value for c in rule.land_categories])
        & pl.col("state").is_in([s.value for s in rule.unbuilt_states])
    )
    by_town = taken.group_by("case_id", "town_id").agg(
        pl.col("take_m2").sort().sum(),
        pl.col("take_m2").filter(is_land).sort().sum().alias(QuotaKind.LAND.value),
        pl.col("take_m2").filter(pl.col("site_kind") == "office").sort().sum().alias(QuotaKind.OFFICE.value),
        pl.col("energy_tce").first().alias(QuotaKind.ENERGY.value),
        pl.col("emission_t").first().alias(QuotaKind.EMISSION.value),
    )
    main = by_town.sort(["case_id", "take_m2", "town_id"], descending=[False, True, False]).unique(
        "case_id", keep="first", maintain_order=True
    )
    parts = [
        (by_town, QuotaKind.LAND),
        (by_town, QuotaKind.OFFICE),
        (main, QuotaKind.ENERGY),
        (main, QuotaKind.EMISSION),
    ]
    rows = [
        table.select("case_id", pl.lit(kind.value).alias("quota_kind"), "town_id", pl.col(kind.value).alias("amount"))
        for table, kind in parts
    ]
    return pl.concat([empty(QuotaNeed), *rows]).filter(pl.col("amount") > 0).sort("case_id", "quota_kind", "town_id")


def unstated(projects: pl.DataFrame, ledger: pl.DataFrame) -> tuple[Finding, ...]:
    """A finding for each project that does not state what it takes of a quota the ledger rations."""
    rationed = set(ledger["quota_kind"])
    found = [
        Finding(
            "planning.quota_unstated",
            Severity.WARN,
            {"project": project, "quota": kind.value},
            table="projects",
            column=column,
        )
        for kind, column in ((QuotaKind.ENERGY, "energy_tce"), (QuotaKind.EMISSION, "emission_t"))
        if kind.value in rationed
        for project in projects.filter(pl.col(column).is_null())["project_id"]
    ]
    return in_order(found)


def overdrawn(ledger: pl.DataFrame) -> tuple[Finding, ...]:
    """A finding for each quota of which more is reserved and used than was issued and returned."""
    found = [
        Finding(
            "planning.quota_overdrawn",
            Severity.WARN,
            {"quota": row["quota_kind"], "town": row["town_id"], "amount": -row["available"]},
            table="quotas",
            column="amount",
        )
        for row in balances(ledger).filter(pl.col("available") < -1e-6).iter_rows(named=True)
    ]
    return in_order(found)
