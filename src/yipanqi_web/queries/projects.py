"""Projects for pages: the pool as the actor sees it, one project, referrals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db.models import QuerySet

from yipanqi.pipeline import contention, reporting
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.visibility import projects_filter
from yipanqi_web.queries import frames
from yipanqi_web.queries.sites import found
from yipanqi_web.records.models import FACTS, ProjectFact, ReferralRecord, Reservation, SiteFact, StageChange

_FILTERS = ("origin_town_id", "category", "stage")


def projects(actor: Actor, wanted: Mapping[str, str]) -> QuerySet[ProjectFact]:
    """The projects the actor sees that fit the filters, by number."""
    rows = ProjectFact.objects.filter(projects_filter(actor), superseded_at=None)
    rows = rows.filter(**{name: wanted[name] for name in _FILTERS if wanted.get(name)})
    return rows.filter(found(wanted.get("q", ""))).order_by("project_id")


def project(actor: Actor, public_id: str) -> ProjectFact | None:
    """One project; null: there is none, or the actor does not see it — nobody is told which."""
    return ProjectFact.objects.filter(projects_filter(actor), superseded_at=None, public_id=public_id).first()


@dataclass(frozen=True)
class File:
    """One project with its phases, stages passed, held sites and referral."""

    project: ProjectFact
    demands: list[Any]
    wishes: list[Any]
    milestones: list[Any]
    stages: list[StageChange]
    holds: list[tuple[Reservation, SiteFact | None]]
    referral: ReferralRecord | None


def file_of(actor: Actor, public_id: str) -> File | None:
    """Everything about one project the actor sees; null: not for this actor."""
    one = project(actor, public_id)
    if one is None:
        return None
    here = {"district_code": actor.district_code, "project_id": one.project_id}
    held = Reservation.objects.filter(**here, ended_at=None).order_by("site_id")
    places = SiteFact.objects.filter(
        district_code=actor.district_code, superseded_at=None, site_id__in=[h.site_id for h in held]
    )
    by_id = {site.site_id: site for site in places}
    return File(
        project=one,
        demands=_facts("demands", here, "phase"),
        wishes=_facts("wishes", here, "wish_no"),
        milestones=_facts("milestones", here, "planned_on"),
        stages=list(StageChange.objects.filter(**here).order_by("id")),
        holds=[(hold, by_id.get(hold.site_id)) for hold in held],
        referral=ReferralRecord.objects.filter(**here).order_by("-id").first(),
    )


def _facts(table: str, here: Mapping[str, Any], order: str) -> list[Any]:
    return list(FACTS[table]._default_manager.filter(**here, superseded_at=None).order_by(order))


def referrals(actor: Actor) -> list[tuple[ReferralRecord, ProjectFact]]:
    """The referrals of projects the actor sees, the newest first."""
    seen = {p.project_id: p for p in projects(actor, {})}
    records = ReferralRecord.objects.filter(district_code=actor.district_code, project_id__in=list(seen))
    return [(record, seen[record.project_id]) for record in records.order_by("-id")]


def _seen(actor: Actor) -> pl.DataFrame:
    """The projects the actor sees, as the engine's frame."""
    table = frames.table("projects", actor.district_code)
    return table.filter(pl.col("project_id").is_in(list(projects(actor, {}).values_list("project_id", flat=True))))


def contested(actor: Actor) -> list[list[dict[str, Any]]]:
    """争抢: the firms that several towns court, a list of claims each; seen by the district's bodies only."""
    if not actor.wide:
        return []
    found = contention.contested(_seen(actor), actor.rulebook, actor.on)
    by_id = {p.project_id: p for p in projects(actor, {})}
    clusters: dict[str, list[dict[str, Any]]] = {}
    for row in found.claims.iter_rows(named=True):
        clusters.setdefault(row["cluster_id"], []).append(row | {"project": by_id[row["project_id"]]})
    return list(clusters.values())


@dataclass(frozen=True)
class Pace:
    """How fast the pool works: medians by town, and the projects whose report is overdue."""

    towns: list[dict[str, Any]]
    overdue: list[dict[str, Any]]


def pace(actor: Actor) -> Pace:
    """三提前、三个第一时间 of the projects the actor sees, and 应报未报."""
    seen = _seen(actor)
    by_id = {p.project_id: p for p in projects(actor, {})}
    late = reporting.overdue(seen, frames.table("demands", actor.district_code), actor.rulebook, actor.on).table
    return Pace(
        towns=reporting.measured(seen).towns.to_dicts(),
        overdue=[row | {"project": by_id[row["project_id"]]} for row in late.iter_rows(named=True)],
    )
