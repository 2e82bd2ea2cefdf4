"""Facts over time: what the record knows of a thing, version by version. Nothing is overwritten, nothing is deleted.

A thing (a site, a project, …) is its ``public_id``; each of its rows is one version. The version in force has no
``superseded_at``; a new one supersedes it in the same transaction. ``effective_on`` is when the facts were true,
``recorded_at`` when the record learned them. The database refuses every other change (``records.guards``).
"""

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

import dataframely as dy
from django.db import models

from yipanqi.allocation.board import TABLES, TownLimit
from yipanqi.delivery.milestones import Milestone
from yipanqi.inventory.sites import Incumbent, Lease, Site
from yipanqi.kernel.tables import keys
from yipanqi.pipeline.projects import Demand, Project, Wish
from yipanqi.planning.quotas import QuotaLine
from yipanqi.planning.zones import Town, Zone
from yipanqi_web.records.columns import columns


class Fact(models.Model):
    """One version of one row of a fact table of one district."""

    #: The engine's schema of the table.
    schema: ClassVar[type[dy.Schema]]

    id = models.BigAutoField(primary_key=True)
    district_code = models.CharField(max_length=12)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    version = models.PositiveIntegerField(default=1)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=150)
    superseded_at = models.DateTimeField(null=True)
    #: Pairs of neighbouring characters of what is searched for, between spaces: two-character Chinese words are found.
    search_pairs = models.TextField(default="", editable=False)

    class Meta:
        abstract = True

    if TYPE_CHECKING:  # the columns of the schema

        def __getattr__(self, name: str) -> Any: ...


def _meta(schema: type[dy.Schema], table: str) -> Any:
    """Constraints of a fact table: one version in force per key and district, one row per version of a thing."""
    key = ["district_code", *keys(schema)]
    constraints = [
        models.UniqueConstraint(fields=key, condition=models.Q(superseded_at=None), name=f"{table}_in_force"),
        models.UniqueConstraint(fields=["public_id", "version"], name=f"{table}_version"),
    ]
    return type("Meta", (), {"db_table": f"fact_{table}", "constraints": constraints})


class TownFact(Fact):
    """A town, street or park of the district."""

    schema = Town
    locals().update(columns(Town))
    Meta = _meta(Town, "town")


class ZoneFact(Fact):
    """A polygon of a plan layer."""

    schema = Zone
    locals().update(columns(Zone))
    Meta = _meta(Zone, "zone")


class SiteFact(Fact):
    """A land parcel, plant, floor, unit or office."""

    schema = Site
    locals().update(columns(Site))
    Meta = _meta(Site, "site")


class IncumbentFact(Fact):
    """A firm sitting on a site."""

    schema = Incumbent
    locals().update(columns(Incumbent))
    Meta = _meta(Incumbent, "incumbent")


class LeaseFact(Fact):
    """A lease."""

    schema = Lease
    locals().update(columns(Lease))
    Meta = _meta(Lease, "lease")


class ProjectFact(Fact):
    """A project of the pool."""

    schema = Project
    locals().update(columns(Project))
    Meta = _meta(Project, "project")


class DemandFact(Fact):
    """One phase of a project."""

    schema = Demand
    locals().update(columns(Demand))
    Meta = _meta(Demand, "demand")


class WishFact(Fact):
    """A place a project wishes to be near to."""

    schema = Wish
    locals().update(columns(Wish))
    Meta = _meta(Wish, "wish")


class QuotaFact(Fact):
    """An entry of the quota ledger."""

    schema = QuotaLine
    locals().update(columns(QuotaLine))
    Meta = _meta(QuotaLine, "quota")


class TownLimitFact(Fact):
    """The least and the most a town shall get from the board."""

    schema = TownLimit
    locals().update(columns(TownLimit))
    Meta = _meta(TownLimit, "town_limit")


class MilestoneFact(Fact):
    """A milestone of a project, planned and actual."""

    schema = Milestone
    locals().update(columns(Milestone))
    Meta = _meta(Milestone, "milestone")


#: The board's table → its facts. Holds are no facts but reservations (``records.models.reservation``).
FACTS: dict[str, type[Fact]] = {
    "towns": TownFact,
    "zones": ZoneFact,
    "sites": SiteFact,
    "incumbents": IncumbentFact,
    "leases": LeaseFact,
    "projects": ProjectFact,
    "demands": DemandFact,
    "wishes": WishFact,
    "quotas": QuotaFact,
    "town_limits": TownLimitFact,
    "milestones": MilestoneFact,
}
assert FACTS.keys() == TABLES.keys() - {"holds"}
