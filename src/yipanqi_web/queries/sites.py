"""Sites for pages: lists with filters, one site's card, its history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
from django.db.models import Q, QuerySet

from yipanqi.inventory.stocktaking import fresh
from yipanqi.kernel import tables
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.visibility import projects_filter, sees_inside
from yipanqi_web.queries import frames
from yipanqi_web.records.models import FACTS, AuditRow, LeaseFact, ProjectFact, Reservation, SiteFact
from yipanqi_web.records.search import pairs

#: What only the district and the site's own town see.
INSIDE = ("price_wan_per_mu", "holder")
_FILTERS = ("town_id", "site_kind", "area_class", "state", "fact_state")


def sites(actor: Actor, wanted: Mapping[str, str]) -> QuerySet[SiteFact]:
    """The sites of the district that fit the filters, by id; ``wanted["q"]`` is searched for in names and numbers."""
    rows = SiteFact.objects.filter(district_code=actor.district_code, superseded_at=None)
    rows = rows.filter(**{name: wanted[name] for name in _FILTERS if wanted.get(name)})
    return rows.filter(found(wanted.get("q", ""))).order_by("site_id")


def found(text: str) -> Q:
    """The filter of what holds every pair of characters searched for."""
    wanted = Q()
    for pair in pairs(text).split():
        wanted &= Q(search_pairs__contains=f" {pair} ") if len(pair) > 1 else Q(search_pairs__contains=pair)
    return wanted


@dataclass(frozen=True)
class Card:
    """一地一档: one site, what the actor may see of it, and what hangs on it."""

    site: SiteFact
    facts: list[tuple[str, Any]]
    inside: bool
    hold: Reservation | None
    hold_project: ProjectFact | None
    incumbents: list[Any]
    leases: list[Any]
    units: list[SiteFact]
    versions: list[SiteFact]
    trail: list[AuditRow]
    stale: bool
    valid_until: date | None


def card(actor: Actor, public_id: str) -> Card | None:
    """One site; null: there is none in the actor's district."""
    site = SiteFact.objects.filter(public_id=public_id, district_code=actor.district_code, superseded_at=None).first()
    if site is None:
        return None
    inside = sees_inside(actor, site.town_id)
    here = {"district_code": actor.district_code, "superseded_at": None, "site_id": site.site_id}
    hold = Reservation.objects.filter(district_code=actor.district_code, site_id=site.site_id, ended_at=None).first()
    held_for = None
    if hold is not None:
        visible = ProjectFact.objects.filter(projects_filter(actor), superseded_at=None)
        held_for = visible.filter(project_id=hold.project_id).first()
    until, stale = _freshness(actor, site)
    return Card(
        site=site,
        facts=_facts(site, inside),
        inside=inside,
        hold=hold,
        hold_project=held_for,
        incumbents=list(FACTS["incumbents"]._default_manager.filter(**here)) if inside else [],
        leases=list(FACTS["leases"]._default_manager.filter(**here).order_by("lease_id")) if inside else [],
        units=list(
            SiteFact.objects.filter(
                district_code=actor.district_code, superseded_at=None, parent_site_id=site.site_id
            ).order_by("site_id")
        ),
        versions=list(SiteFact.objects.filter(public_id=site.public_id).order_by("-version")) if inside else [],
        trail=list(
            AuditRow.objects.filter(
                district_code=actor.district_code, object_kind="site", object_id=site.site_id
            ).order_by("-id")[:30]
        )
        if inside
        else [],
        stale=stale,
        valid_until=until,
    )


_HIDDEN = {"geometry_wkb", "site_id", "name", "lon_deg", "lat_deg", "parent_site_id"}


def _facts(site: SiteFact, inside: bool) -> list[tuple[str, Any]]:
    """The columns that are stated, in the schema's order, without what the actor may not see."""
    names = [name for name in SiteFact.schema.column_names() if name not in _HIDDEN]
    shown = [name for name in names if inside or name not in INSIDE]
    return [(name, value) for name in shown if (value := getattr(site, name)) is not None]


def _freshness(actor: Actor, site: SiteFact) -> tuple[date | None, bool]:
    row = {name: frames.plain(getattr(site, name)) for name in SiteFact.schema.column_names()}
    answer = fresh(frames.loose(SiteFact.schema, [row]), actor.rulebook, actor.on).row(0, named=True)
    return answer["valid_until"], bool(answer["stale"])


def due(actor: Actor, months: int = 12) -> list[dict[str, Any]]:
    """到期雷达: leases, tenure and facts that end within so many months, the soonest first."""
    until = actor.on + timedelta(days=round(months * 30.5))
    inside = None if actor.wide else actor.place
    rows = []
    for site in SiteFact.objects.filter(
        district_code=actor.district_code, superseded_at=None, tenure_end__gte=actor.on, tenure_end__lte=until
    ):
        rows.append({"kind": "tenure", "on": site.tenure_end, "site": site})
    leases = LeaseFact.objects.filter(
        district_code=actor.district_code, superseded_at=None, ends_on__gte=actor.on, ends_on__lte=until
    )
    by_id = {s.site_id: s for s in sites(actor, {})}
    rows += [{"kind": "lease", "on": lease.ends_on, "site": by_id.get(lease.site_id)} for lease in leases]
    seen = [row for row in rows if row["site"] is not None and (inside is None or row["site"].town_id == inside)]
    return sorted(seen, key=lambda row: (row["on"], row["site"].site_id, row["kind"]))


def stale_list(actor: Actor) -> pl.DataFrame:
    """The sites of the actor's place whose facts may no longer be relied on (``stocktaking.to_recheck``)."""
    from yipanqi.inventory.stocktaking import to_recheck

    table = tables.ordered(SiteFact.schema, frames.table("sites", actor.district_code))
    listed = to_recheck(table, actor.rulebook, actor.on)
    return listed if actor.wide else listed.filter(pl.col("town_id") == actor.place)
