"""What officers do with sites: take a fact further, correct it, hold a site for a project."""

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from yipanqi.governance.profile import Act
from yipanqi.inventory.reservation import HoldEnd, hold_faults
from yipanqi.inventory.sites import FactState, Hold, SiteKind
from yipanqi.inventory.stocktaking import TRANSITIONS
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Finding
from yipanqi_web.actions import trail, versions
from yipanqi_web.actions.versions import StaleError
from yipanqi_web.clock import now
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.acts import require
from yipanqi_web.queries import frames
from yipanqi_web.records.models import ProjectFact, Reservation, SiteFact


def act_to(state: FactState) -> Act:
    """Which act takes a fact to a state: to verify is the district's word, all else the registrar's."""
    return Act.VERIFY_SITE if state in (FactState.VERIFIED, FactState.IN_USE) else Act.REGISTER_SITE


__all__ = ["NotPossibleError", "StaleError", "act_to", "correct", "expire_holds", "move_fact", "release", "reserve"]


class NotPossibleError(Exception):
    """The record does not allow it; ``finding`` says what stands in the way and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.rule)
        self.finding = finding


def move_fact(site: SiteFact, to: FactState, *, by: Actor, why: str = "") -> SiteFact:
    """Take the facts of a site one step further, or back to the survey with a reason.

    Raises:
        RefusedError: the actor may not. NotPossibleError: no such step from here, or back without a reason.
        StaleError: somebody else was faster.
    """
    require(by, act_to(to), site.town_id)
    state = FactState(site.fact_state)
    if to not in TRANSITIONS[state]:
        raise NotPossibleError(Finding("web.fact_no_such_step", params={"from": state.value, "to": to.value}))
    if to is FactState.SURVEYED and not why.strip():
        raise NotPossibleError(Finding("web.reason_needed"))
    changes: dict[str, Any] = {"fact_state": to.value}
    if to is FactState.VERIFIED:
        changes |= {"verified_by": by.name, "valid_until": None}
    with transaction.atomic():
        new = versions.revise(site, changes, by, by.on)
        trail.audit(by, f"fact_{to.value}", ("site", site.site_id), before={"fact_state": state.value}, after=changes,
                    why=why)  # fmt: skip
        trail.tell(by, "site.fact_moved", site=site.site_id, state=to.value)
    return SiteFact.objects.get(pk=new.pk)


def correct(site: SiteFact, changes: dict[str, Any], *, by: Actor, why: str) -> SiteFact:
    """Correct facts of a site: they fall back to the survey, and somebody verifies them anew.

    Raises:
        RefusedError, NotPossibleError (a value the schema refuses), StaleError.
    """
    require(by, Act.REGISTER_SITE, site.town_id)
    if not why.strip():
        raise NotPossibleError(Finding("web.reason_needed"))
    values = {name: getattr(site, name) for name in SiteFact.schema.column_names()} | changes
    row = {name: frames.plain(value) for name, value in values.items()}
    row |= {"fact_state": FactState.SURVEYED.value, "verified_by": None, "valid_until": None}
    _, found = tables.check(SiteFact.schema, frames.loose(SiteFact.schema, [row]), "sites")
    if found:
        raise NotPossibleError(found[0])
    with transaction.atomic():
        new = versions.revise(site, row, by, by.on)
        before = {name: getattr(site, name) for name in changes}
        trail.audit(by, "correct_site", ("site", site.site_id), before=before, after=changes, why=why)
    return SiteFact.objects.get(pk=new.pk)


def reserve(site: SiteFact, project: ProjectFact, until: date, *, by: Actor, reason: str = "") -> Reservation:
    """意向锁定: hold a whole unit for a project, if nobody else does. It gives no right to land.

    Raises:
        RefusedError: the actor may not. NotPossibleError: the unit cannot be held, or is held already: until when is
            told, by whom only to those who see that project.
    """
    act = Act.RESERVE_LAND if site.site_kind == SiteKind.LAND.value else Act.RESERVE_PROPERTY
    require(by, act, site.town_id)
    wanted = tables.frame(Hold, [{"site_id": site.site_id, "project_id": project.project_id, "held_until": until}])
    sites = frames.table("sites", by.district_code)
    if faults := [f for f in hold_faults(wanted, sites, by.rulebook, by.on) if f.blocks or f.severity.value == "warn"]:
        raise NotPossibleError(faults[0])
    try:
        with transaction.atomic():
            held = Reservation.objects.create(
                district_code=by.district_code,
                site_id=site.site_id,
                project_id=project.project_id,
                held_until=until,
                held_at=now(),
                held_by=by.name,
                reason=reason,
            )
            trail.audit(by, "reserve", ("site", site.site_id), after={"project": project.project_id, "until": until},
                        why=reason)  # fmt: skip
            trail.tell(by, "site.reserved", site=site.site_id, project=project.project_id, until=until)
    except IntegrityError as error:
        raise NotPossibleError(_taken(site, by)) from error
    return held


def _taken(site: SiteFact, by: Actor) -> Finding:
    """Who was faster: until when, and which project only where the actor may see it."""
    from yipanqi_web.permissions.visibility import sees_project

    held = Reservation.objects.filter(district_code=by.district_code, site_id=site.site_id, ended_at=None).first()
    if held is None:
        return Finding("web.hold_just_ended", params={"site": site.site_id})
    params = {"site": site.site_id, "until": held.held_until.isoformat()}
    project = ProjectFact.objects.filter(
        district_code=by.district_code, project_id=held.project_id, superseded_at=None
    ).first()
    if project is not None and sees_project(by, project):
        return Finding("web.held_by", params=params | {"project": project.name})
    return Finding("web.held", params=params)


def release(held: Reservation, *, by: Actor, end: HoldEnd, why: str) -> None:
    """End a hold before its day.

    Raises:
        RefusedError; NotPossibleError: it has ended already, or no reason is given.
    """
    site = SiteFact.objects.get(district_code=by.district_code, site_id=held.site_id, superseded_at=None)
    act = Act.RESERVE_LAND if site.site_kind == SiteKind.LAND.value else Act.RESERVE_PROPERTY
    require(by, act, site.town_id)
    if not why.strip():
        raise NotPossibleError(Finding("web.reason_needed"))
    with transaction.atomic():
        live = Reservation.objects.filter(pk=held.pk, ended_at=None)
        if not live.update(ended_at=now(), ended_by=by.name, end=end.value):
            raise NotPossibleError(Finding("web.hold_just_ended", params={"site": held.site_id}))
        trail.audit(by, "release", ("site", held.site_id), before={"project": held.project_id},
                    after={"end": end.value}, why=why)  # fmt: skip
        trail.tell(by, "site.released", site=held.site_id, project=held.project_id)


def expire_holds(by: Actor) -> int:
    """End the holds whose last day has passed; the tick does this every morning. How many ended."""
    overdue = Reservation.objects.filter(district_code=by.district_code, ended_at=None, held_until__lt=by.on)
    count = 0
    for held in overdue.order_by("pk"):
        with transaction.atomic():
            live = Reservation.objects.filter(pk=held.pk, ended_at=None)
            if live.update(ended_at=now(), ended_by=by.name, end=HoldEnd.EXPIRED.value):
                count += 1
                trail.audit(by, "expire_hold", ("site", held.site_id), before={"project": held.project_id})
                trail.tell(by, "site.hold_expired", site=held.site_id, project=held.project_id)
    return count
