"""一盘棋: the key figures of the district as the actor sees it, what needs them today, and the map."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum

from yipanqi.delivery.milestones import on_schedule
from yipanqi.governance.profile import Act
from yipanqi.inventory.sites import FactState, SiteState
from yipanqi.kernel.geometry import geojson
from yipanqi.pipeline.reporting import overdue
from yipanqi.pipeline.stages import ON_THE_BOARD, SETTLED, Stage
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.acts import authorize
from yipanqi_web.permissions.visibility import asked_of, projects_filter
from yipanqi_web.queries import frames
from yipanqi_web.records.models import District, ProjectFact, Reservation, SiteFact, TownFact

_FREE = (SiteState.AVAILABLE.value, SiteState.IDLE.value)


@dataclass(frozen=True)
class Figure:
    """One key figure: its value and unit, what it says besides, and the list behind it."""

    name: str
    value: float | None
    unit: str
    digits: int
    aside: tuple[str, dict[str, Any]] | None
    behind: str


@dataclass(frozen=True)
class Todo:
    """Something that waits for the actor: a kind, a text id with its parameters, and where it is done."""

    kind: str
    message: str
    params: dict[str, Any]
    address: str


def district(actor: Actor) -> District:
    """The actor's district."""
    return District.objects.get(code=actor.district_code)


def figures(actor: Actor) -> list[Figure]:
    """The key figures, in the order of the four metaphors."""
    pool = ProjectFact.objects.filter(projects_filter(actor), superseded_at=None)
    sites = SiteFact.objects.filter(district_code=actor.district_code, superseded_at=None)
    free = sites.filter(state__in=_FREE)
    land = free.filter(site_kind="land").aggregate(area=Sum("area_m2"), count=Count("pk"))
    plant = free.filter(site_kind="plant").aggregate(area=Sum("area_m2"), count=Count("pk"))
    reliable = sites.filter(fact_state__in=[FactState.VERIFIED.value, FactState.IN_USE.value]).count()
    total = sites.count()
    playing = pool.filter(stage__in=[stage.value for stage in ON_THE_BOARD]).count()
    settled = pool.filter(stage__in=[stage.value for stage in SETTLED]).count()
    holds = Reservation.objects.filter(district_code=actor.district_code, ended_at=None)
    ending = holds.filter(held_until__lte=actor.on + timedelta(days=7)).count()
    punctual = _punctual(actor)
    return [
        Figure("projects", pool.count(), "count", 0, ("web.figure.playing", {"n": playing, "settled": settled}),
               "/projects/"),
        Figure("land", (land["area"] or 0.0) / 2000 * 3, "mu", 0, ("web.figure.places", {"n": land["count"]}),
               "/sites/?site_kind=land&state=available"),
        Figure("plant", (plant["area"] or 0.0) / 10_000, "wan_m2", 1, ("web.figure.places", {"n": plant["count"]}),
               "/sites/?site_kind=plant&state=available"),
        Figure("verified", 100 * reliable / total if total else None, "percent", 1,
               ("web.figure.of", {"part": reliable, "whole": total}), "/sites/?fact_state=verified"),
        punctual,
        Figure("holds", holds.count(), "place", 0, ("web.figure.ending", {"n": ending}), "/sites/?state=reserved"),
    ]  # fmt: skip


def _punctual(actor: Actor) -> Figure:
    """重大项目按期率 of the projects the actor sees."""
    ids = ProjectFact.objects.filter(projects_filter(actor), superseded_at=None).values_list("project_id", flat=True)
    seen = frames.table("projects", actor.district_code)
    seen = seen.filter(seen["project_id"].is_in(list(ids)))
    table = on_schedule(frames.table("milestones", actor.district_code), seen, actor.on)
    rows = [row for row in table.iter_rows(named=True) if row["major"]]
    if not rows:
        return Figure("on_schedule", None, "percent", 2, None, "/projects/")
    row = rows[0]
    aside = ("web.figure.late", {"n": row["projects_count"], "late": row["late_count"]})
    return Figure("on_schedule", row["on_schedule_share"] * 100, "percent", 2, aside, "/projects/")


def stages(actor: Actor) -> list[tuple[str, int]]:
    """How many of the projects the actor sees stand in each stage, in the order of the stages."""
    rows = ProjectFact.objects.filter(projects_filter(actor), superseded_at=None).values("stage")
    counts = {row["stage"]: row["n"] for row in rows.annotate(n=Count("pk"))}
    return [(stage.value, counts[stage.value]) for stage in Stage if counts.get(stage.value)]


def todo(actor: Actor) -> list[Todo]:
    """我的待办: what waits for the actor's body today, the most urgent first."""
    found: list[Todo] = []
    if actor.place and not actor.wide:
        found += _asked(actor)
    if authorize(actor, Act.VERIFY_SITE, actor.place).permitted:
        found += _to_verify(actor)
    found += _ending(actor)
    found += _unreported(actor)
    return found


def _asked(actor: Actor) -> list[Todo]:
    rows = ProjectFact.objects.filter(
        district_code=actor.district_code, superseded_at=None,
        project_id__in=asked_of(actor.place or "", actor.district_code),
    )  # fmt: skip
    return [Todo("referral", "web.todo.referral", {"project": p.name}, f"/projects/{p.public_id}/") for p in rows]


def _to_verify(actor: Actor) -> list[Todo]:
    rows = SiteFact.objects.filter(
        district_code=actor.district_code, superseded_at=None, fact_state=FactState.REPORTED.value
    )
    count = rows.count()
    where = "/sites/?fact_state=reported"
    return [Todo("verify", "web.todo.verify", {"n": count}, where)] if count else []


def _ending(actor: Actor) -> list[Todo]:
    soon = Reservation.objects.filter(
        district_code=actor.district_code, ended_at=None, held_until__lte=actor.on + timedelta(days=7)
    )
    seen = {
        p.project_id: p
        for p in ProjectFact.objects.filter(
            projects_filter(actor), superseded_at=None, project_id__in=[h.project_id for h in soon]
        )
    }
    return [
        Todo("hold", "web.todo.hold", {"site": h.site_id, "until": h.held_until.isoformat()},
             f"/projects/{seen[h.project_id].public_id}/")
        for h in soon.order_by("held_until", "site_id")
        if h.project_id in seen
    ]  # fmt: skip


def _unreported(actor: Actor) -> list[Todo]:
    rows = ProjectFact.objects.filter(projects_filter(actor), superseded_at=None)
    seen = {p.project_id: p for p in rows.filter(stage__in=[Stage.LEAD.value, Stage.NEGOTIATING.value])}
    pool = frames.table("projects", actor.district_code)
    late = overdue(pool.filter(pool["project_id"].is_in(list(seen))), frames.table("demands", actor.district_code),
                   actor.rulebook, actor.on).table  # fmt: skip
    return [
        Todo("report", "web.todo.report", {"project": seen[row["project_id"]].name, "days": row["late_days"]},
             f"/projects/{seen[row['project_id']].public_id}/")
        for row in late.iter_rows(named=True)
    ]  # fmt: skip


def map_layers(actor: Actor) -> dict[str, Any]:
    """Towns and sites as GeoJSON for the map; a site says what it is, where its card is, and whether it is held."""
    held = set(
        Reservation.objects.filter(district_code=actor.district_code, ended_at=None).values_list("site_id", flat=True)
    )
    towns = TownFact.objects.filter(district_code=actor.district_code, superseded_at=None).order_by("town_id")
    sites = SiteFact.objects.filter(district_code=actor.district_code, superseded_at=None).order_by("site_id")
    named = (
        "site_id", "name", "site_kind", "area_class", "state", "fact_state", "area_m2", "public_id", "geometry_wkb",
        "lon_deg", "lat_deg",
    )  # fmt: skip
    return {
        "towns": _collection(
            (t.geometry_wkb, (t.lon_deg, t.lat_deg), {"name": t.name, "source": t.boundary_source}) for t in towns
        ),
        "sites": _collection(
            (row["geometry_wkb"], (row["lon_deg"], row["lat_deg"]), _told(row, held)) for row in sites.values(*named)
        ),
    }


def _told(row: dict[str, Any], held: set[str]) -> dict[str, Any]:
    told = {
        name: row[name] for name in ("site_id", "name", "site_kind", "area_class", "state", "fact_state", "area_m2")
    }
    return told | {"public_id": str(row["public_id"]), "held": row["site_id"] in held}


def _collection(shapes: Any) -> dict[str, Any]:
    rows = list(shapes)
    drawn = geojson([None if wkb is None else bytes(wkb) for wkb, _, _ in rows])
    features = []
    for text, (_, point, told) in zip(drawn, rows, strict=True):
        shape = json.loads(text) if text is not None else None
        if shape is None and point[0] is not None:
            shape = {"type": "Point", "coordinates": list(point)}
        if shape is not None:
            features.append({"type": "Feature", "geometry": shape, "properties": told})
    return {"type": "FeatureCollection", "features": features}
