"""开发一盘棋: the facts of one district on one day, and the whole main job played over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date

import dataframely as dy
import polars as pl

from yipanqi.admission.verdict import Verdicts
from yipanqi.allocation.division import Division
from yipanqi.allocation.scenarios import Scenario, ScenarioName
from yipanqi.delivery.milestones import Milestone
from yipanqi.inventory.sites import Hold, Incumbent, Lease, Site
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Finding
from yipanqi.kernel.tables import amount
from yipanqi.matching.schemes import Schemes
from yipanqi.pipeline.projects import Demand, Project, Wish
from yipanqi.planning.quotas import QuotaLine
from yipanqi.planning.zones import Town, Zone
from yipanqi.policy.rulebook import Rulebook


class TownLimit(dy.Schema):
    """The least and the most a town shall get from the board: placed projects, land, yearly tax."""

    town_id = dy.String(primary_key=True, nullable=False)
    projects_min_count = dy.Int64(nullable=True, min=0)
    projects_max_count = dy.Int64(nullable=True, min=0)
    land_max_m2 = amount("most land the board may place in the town")
    tax_min_wan = amount("least yearly tax of what the board places in the town")


#: The tables of a board and their schemas, in the order of the workbook's sheets.
TABLES: dict[str, type[dy.Schema]] = {
    "towns": Town,
    "zones": Zone,
    "sites": Site,
    "incumbents": Incumbent,
    "leases": Lease,
    "holds": Hold,
    "projects": Project,
    "demands": Demand,
    "wishes": Wish,
    "quotas": QuotaLine,
    "town_limits": TownLimit,
    "milestones": Milestone,
}


def _none_of(name: str) -> pl.DataFrame:
    return field(default_factory=lambda: tables.empty(TABLES[name]))


@dataclass(frozen=True)
class Facts:
    """Everything the main job needs to know of a district as of one day. Tables keep ``TABLES``' schemas."""

    as_of: date
    towns: pl.DataFrame
    sites: pl.DataFrame
    projects: pl.DataFrame
    demands: pl.DataFrame
    zones: pl.DataFrame = _none_of("zones")
    incumbents: pl.DataFrame = _none_of("incumbents")
    leases: pl.DataFrame = _none_of("leases")
    holds: pl.DataFrame = _none_of("holds")
    wishes: pl.DataFrame = _none_of("wishes")
    quotas: pl.DataFrame = _none_of("quotas")
    town_limits: pl.DataFrame = _none_of("town_limits")
    milestones: pl.DataFrame = _none_of("milestones")
    #: Made by a generator: every output says so.
    synthetic: bool = False
    #: The district's name, for headings.
    district: str = ""

    def sorted(self) -> "Facts":
        """The same facts with every table in the order of its keys, so that no answer depends on the row order."""
        ordered = {name: getattr(self, name).sort(tables.keys(schema)) for name, schema in TABLES.items()}
        rest = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ordered}
        return Facts(**rest, **ordered)


@dataclass(frozen=True)
class Plan:
    """The answer of the main job. ``facts`` are the given ones, sorted, with plan facts of sites filled in."""

    facts: Facts
    rulebook: Rulebook
    preliminary: Verdicts
    schemes: Schemes
    worth: pl.DataFrame
    scenarios: Mapping[ScenarioName, Scenario]
    #: The gain from coordination: [board − bound of alone, bound of board − alone].
    gain_wan: tuple[float, float]
    #: loss_share (how many of the unmatched are lost when towns play alone) → gain_wan: an assumption, shown whole.
    loss_sensitivity: pl.DataFrame
    prices: pl.DataFrame
    division: Division
    findings: tuple[Finding, ...]
