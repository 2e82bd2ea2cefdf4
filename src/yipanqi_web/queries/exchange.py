"""What goes out and what an upload may refer to: frames cut to what the officer sees, imports of their body."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import QuerySet

from yipanqi.kernel import tables
from yipanqi.kernel.tables import keys
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.visibility import projects_filter, sees_inside
from yipanqi_web.queries import frames
from yipanqi_web.queries.sites import INSIDE
from yipanqi_web.records.models import (
    FACTS,
    District,
    ImportRecord,
    ProjectFact,
    ReferralRecord,
    Reservation,
    SiteFact,
    StageChange,
    TownFact,
)


def imports(actor: Actor) -> QuerySet[ImportRecord]:
    """The uploads of the actor's body at its place, the newest first."""
    mine = {"district_code": actor.district_code, "body": actor.body, "place": actor.place or ""}
    return ImportRecord.objects.filter(**mine).order_by("-id")


def one(actor: Actor, public_id: str) -> ImportRecord | None:
    """One upload; null: there is none, or it is another body's."""
    return imports(actor).filter(public_id=public_id).first()


def known(actor: Actor) -> dict[str, pl.DataFrame]:
    """What stands on record and may be referred to: towns and sites, and the projects the actor sees."""
    here: dict[str, Any] = {"district_code": actor.district_code, "superseded_at": None}
    towns = TownFact.objects.filter(**here).values_list("town_id", "name")
    sites = SiteFact.objects.filter(**here).values_list("site_id", flat=True)
    projects = _visible(actor)
    with_demand = FACTS["demands"]._default_manager.filter(**(here | {"project_id__in": projects}))
    demands = with_demand.values_list(*keys(FACTS["demands"].schema)[:1], flat=True)
    return {
        "towns": pl.DataFrame(list(towns), schema={"town_id": pl.String, "name": pl.String}, orient="row"),
        "sites": pl.DataFrame({"site_id": list(sites)}, schema={"site_id": pl.String}),
        "projects": pl.DataFrame({"project_id": projects}, schema={"project_id": pl.String}),
        "demands": pl.DataFrame({"project_id": list(demands)}, schema={"project_id": pl.String}),
    }


def _visible(actor: Actor) -> list[str]:
    rows = ProjectFact.objects.filter(projects_filter(actor), superseded_at=None)
    return list(rows.order_by("project_id").values_list("project_id", flat=True))


def live_holds(actor: Actor) -> list[tuple[str, str]]:
    """The live holds for projects the actor sees: site and project."""
    rows = Reservation.objects.filter(district_code=actor.district_code, ended_at=None)
    return list(rows.filter(project_id__in=_visible(actor)).values_list("site_id", "project_id"))


def district(actor: Actor) -> District:
    """The actor's district."""
    return District.objects.get(code=actor.district_code)


def pool(actor: Actor) -> dict[str, pl.DataFrame]:
    """The projects the actor sees, with their phases, wishes and milestones."""
    seen = pl.Series(_visible(actor), dtype=pl.String).implode()
    names = ("projects", "demands", "wishes", "milestones")
    return {name: _of(actor, name).filter(pl.col("project_id").is_in(seen)) for name in names}


def inventory(actor: Actor) -> dict[str, pl.DataFrame]:
    """All sites; price and holder, firms and leases only where the actor sees inside."""
    sites = _of(actor, "sites")
    inside = [town for town in sites["town_id"].unique() if sees_inside(actor, town)]
    own = pl.col("town_id").is_in(inside)
    cut = sites.with_columns(pl.when(own).then(pl.col(name)).alias(name) for name in INSIDE)
    ids = sites.filter(own)["site_id"].implode()
    return {
        "sites": cut,
        **{name: _of(actor, name).filter(pl.col("site_id").is_in(ids)) for name in ("incumbents", "leases")},
    }


def _of(actor: Actor, name: str) -> pl.DataFrame:
    return tables.ordered(FACTS[name].schema, frames.table(name, actor.district_code))


@dataclass(frozen=True)
class Line:
    """One line of the weekly sheet: a project, what happened, when, and what is said about it."""

    project: ProjectFact
    at: datetime | date
    codes: tuple[tuple[str, str], ...]
    note: str


def week(actor: Actor, until: date) -> tuple[date, dict[str, list[Line]]]:
    """What happened in the seven days up to ``until`` to the projects the actor sees: first day, lines by kind."""
    since = until - timedelta(days=6)
    seen = {p.project_id: p for p in ProjectFact.objects.filter(projects_filter(actor), superseded_at=None)}
    start = datetime.combine(since, time.min, settings.SHANGHAI)
    span = (start, start + timedelta(days=7))
    here: dict[str, Any] = {"district_code": actor.district_code, "project_id__in": list(seen)}
    moves = StageChange.objects.filter(**here, at__gte=span[0], at__lt=span[1]).exclude(from_stage="").order_by("id")
    referred = ReferralRecord.objects.filter(**here, offered_on__gte=since, offered_on__lte=until).order_by("id")
    held = Reservation.objects.filter(**here, held_at__gte=span[0], held_at__lt=span[1]).order_by("id")
    return since, {
        "leads": _instants(seen, "lead_at", span),
        "reported": _instants(seen, "reported_at", span),
        "moves": [
            Line(seen[m.project_id], m.at, (("stage", m.from_stage), ("stage", m.to_stage)), m.reason) for m in moves
        ],
        "referrals": [
            Line(seen[r.project_id], r.offered_on, (("referral_state", r.state),), r.reason) for r in referred
        ],
        "holds": [Line(seen[h.project_id], h.held_at, (), f"{h.site_id} → {h.held_until.isoformat()}") for h in held],
    }


def _instants(seen: dict[str, ProjectFact], column: str, span: tuple[datetime, datetime]) -> list[Line]:
    rows = [p for p in seen.values() if getattr(p, column) is not None and span[0] <= getattr(p, column) < span[1]]
    return [Line(p, getattr(p, column), (), "") for p in sorted(rows, key=lambda p: (getattr(p, column), p.project_id))]
