"""统筹各项指标: the quota ledger for new construction land, energy, emissions and office area."""

from enum import StrEnum

import dataframely as dy
import polars as pl

from yipanqi.kernel.tables import choice


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
    sums = [pl.col("amount").filter(pl.col("entry") == entry.value).sum().alias(entry.value) for entry in QuotaEntry]
    return (
        ledger.group_by("quota_kind", "town_id")
        .agg(sums)
        .with_columns(available=pl.col("issued") + pl.col("returned") - pl.col("reserved") - pl.col("used"))
        .sort("quota_kind", "town_id", nulls_last=False)
    )
