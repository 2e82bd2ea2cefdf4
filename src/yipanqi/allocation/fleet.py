"""Many districts under several scenarios: what each came to in one row, and what they come to together."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

import dataframely as dy
import polars as pl

from yipanqi.allocation.board import Plan
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Finding
from yipanqi.kernel.tables import amount, choice


class FleetState(StrEnum):
    """What became of a district: played; its data could not be read; it could not be played; its workers died."""

    PLAYED = "played"
    UNREAD = "unread"
    FAILED = "failed"
    LOST = "lost"


class FleetRow(dy.Schema):
    """One district under one scenario. Figures are those of the board, null where it was not played; money in 万元."""

    district = dy.String(primary_key=True, nullable=False)
    scenario = dy.String(primary_key=True, nullable=False)
    state = choice(FleetState, nullable=False)
    profile = dy.String(nullable=True)
    as_of = dy.Date(nullable=True)
    synthetic = dy.Bool(nullable=True)
    projects_count = dy.Int64(nullable=True, min=0)
    sites_count = dy.Int64(nullable=True, min=0)
    settled_count = dy.Int64(nullable=True, min=0)
    investment_wan = amount("stated total investment of the settled projects; those that state none add nothing")
    unstated_count = dy.Int64(nullable=True, min=0, description="settled projects that state no investment")
    tax_wan = amount("yearly tax at capacity of the settled projects")
    value_wan = dy.Float64(nullable=True)
    gain_low_wan = dy.Float64(nullable=True)
    gain_high_wan = dy.Float64(nullable=True)
    gap_share = dy.Float64(nullable=True)
    stopped_by = dy.String(nullable=True, description="optimal, work or time")
    blocking_count = dy.Int64(nullable=False, min=0, description="findings that block, of the files and of the plan")
    finding = dy.String(nullable=True, description="rule of the first finding that blocks")


class FleetTotal(dy.Schema):
    """One scenario over all districts that were played under it; the sums of ``FleetRow``'s figures."""

    scenario = dy.String(primary_key=True, nullable=False)
    districts_count = dy.Int64(nullable=False, min=0)
    played_count = dy.Int64(nullable=False, min=0)
    projects_count = dy.Int64(nullable=False, min=0)
    settled_count = dy.Int64(nullable=False, min=0)
    investment_wan = dy.Float64(nullable=False)
    unstated_count = dy.Int64(nullable=False, min=0)
    tax_wan = dy.Float64(nullable=False)
    value_wan = dy.Float64(nullable=False)
    gain_low_wan = dy.Float64(nullable=False)
    gain_high_wan = dy.Float64(nullable=False)
    blocking_count = dy.Int64(nullable=False, min=0)


def played(plan: Plan) -> dict[str, Any]:
    """The figures of a plan for its ``FleetRow``; money to two decimals, shares to six."""
    board = plan.scenarios[ScenarioName.BOARD]
    settled = plan.facts.projects.join(board.placements, on="project_id", how="semi")["total_investment_wan"]
    low, high = plan.gain_wan
    return {
        "state": FleetState.PLAYED.value,
        "profile": plan.rulebook.profile,
        "as_of": plan.facts.as_of,
        "synthetic": plan.facts.synthetic,
        "projects_count": plan.facts.projects.height,
        "sites_count": plan.facts.sites.height,
        "settled_count": board.settled,
        "investment_wan": round(float(settled.sort().sum()), 2),
        "unstated_count": settled.null_count(),
        "tax_wan": round(board.tax_wan, 2),
        "value_wan": round(board.value_wan, 2),
        "gain_low_wan": round(low, 2),
        "gain_high_wan": round(high, 2),
        "gap_share": round(board.gap_share, 6),
        "stopped_by": board.stopped_by.value,
    }


def blocking(findings: Iterable[Finding]) -> dict[str, Any]:
    """How many findings block, and the first of them, for a ``FleetRow``."""
    rules = [finding.rule for finding in findings if finding.blocks]
    return {"blocking_count": len(rules), "finding": rules[0] if rules else None}


def table(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """The rows of all districts and scenarios (``FleetRow``), by district and scenario, in whatever order they came."""
    return tables.ordered(FleetRow, tables.frame(FleetRow, rows))


def totals(fleet: pl.DataFrame) -> pl.DataFrame:
    """The sums of each scenario (``FleetTotal``). Districts that were not played add nothing but their number."""
    summed = [name for name in FleetTotal.column_names() if name in FleetRow.column_names() and name != "scenario"]
    played_count = (pl.col("state") == FleetState.PLAYED.value).sum().cast(pl.Int64).alias("played_count")
    sums = [pl.col(name).sum().round(2) for name in summed]
    counted = [pl.len().cast(pl.Int64).alias("districts_count"), played_count, *sums]
    found = fleet.sort("district", "scenario").group_by("scenario", maintain_order=True).agg(counted)
    return FleetTotal.validate(found.select(FleetTotal.column_names()).sort("scenario"))
