"""At most one live hold of a site: sixteen officers at once, and what happens without the database's word."""

import threading
from dataclasses import replace
from datetime import timedelta

import officers
import pytest
from django.db import connection, connections
from django.db.utils import OperationalError

from yipanqi.governance.profile import Act
from yipanqi.inventory.reservation import HoldEnd
from yipanqi_web.actions import sites
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.clock import now
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.acts import authorize
from yipanqi_web.records import guards
from yipanqi_web.records.models import AuditRow, ProjectFact, Reservation, SiteFact

CLIENTS = 16


def holder(site: SiteFact) -> Actor:
    """An officer who may hold the site."""
    act = Act.RESERVE_LAND if site.site_kind == "land" else Act.RESERVE_PROPERTY
    bodies = officers.officer("town", site.town_id).profile.bodies
    able = [officers.officer(b, site.town_id if bodies[b].each else None) for b in sorted(bodies)]
    return next(actor for actor in able if authorize(actor, act, site.town_id).permitted)


def free_site() -> SiteFact:
    """A whole site that nobody holds and that can be held."""
    held = Reservation.objects.filter(ended_at=None).values_list("site_id", flat=True)
    parents = SiteFact.objects.exclude(parent_site_id=None).values_list("parent_site_id", flat=True)
    rows = SiteFact.objects.filter(superseded_at=None, state="available")
    return rows.exclude(site_id__in=held).exclude(site_id__in=parents).order_by("site_id")[0]


def race(site: SiteFact, wanted: list[ProjectFact]) -> list[str]:
    """What each of the clients was told, all starting at once."""
    by, until = holder(site), officers.made().as_of + timedelta(days=10)
    start, told = threading.Barrier(len(wanted)), []

    def client(project: ProjectFact) -> None:
        start.wait()
        try:
            sites.reserve(site, project, until, by=by)
            told.append("held")
        except NotPossibleError as error:
            told.append(error.finding.rule)
        except OperationalError as error:
            told.append(str(error))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=client, args=(project,)) for project in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(told)


@pytest.mark.usefixtures("committed")
def test_of_sixteen_officers_at_once_one_holds_the_site_and_all_others_are_told() -> None:
    officers.loaded()
    projects = list(ProjectFact.objects.filter(superseded_at=None).order_by("project_id")[:CLIENTS])
    for _ in range(6):
        site = free_site()
        told = race(site, projects)
        assert told == ["held"] + ["web.held_by"] * (CLIENTS - 1)
        assert Reservation.objects.filter(site_id=site.site_id, ended_at=None).count() == 1
        assert AuditRow.objects.filter(act="reserve", object_id=site.site_id).count() == 1


@pytest.mark.usefixtures("committed")
def test_without_the_unique_index_the_same_race_books_twice() -> None:
    officers.loaded()
    constraint = next(c for c in Reservation._meta.constraints if c.name == "reservation_one_live_hold")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Reservation, constraint)
    try:
        projects = list(ProjectFact.objects.filter(superseded_at=None).order_by("project_id")[:CLIENTS])
        site = free_site()
        assert race(site, projects).count("held") > 1
    finally:
        guards.remove(next(guard for guard in guards.GUARDS if guard.model is Reservation))
        Reservation.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Reservation, constraint)


@pytest.mark.django_db
def test_a_released_site_can_be_held_again_and_the_ended_hold_stays_on_record() -> None:
    officers.loaded()
    site, project = free_site(), ProjectFact.objects.filter(superseded_at=None).order_by("project_id")[0]
    by, until = holder(site), officers.made().as_of + timedelta(days=10)
    held = sites.reserve(site, project, until, by=by)
    sites.release(held, by=by, end=HoldEnd.PROJECT_LEFT, why="企业改选")
    with pytest.raises(NotPossibleError):
        sites.release(held, by=by, end=HoldEnd.PROJECT_LEFT, why="再次")
    sites.reserve(site, project, until, by=by)
    rows = Reservation.objects.filter(site_id=site.site_id).order_by("pk").values_list("end", flat=True)
    assert list(rows) == ["project_left", ""]


@pytest.mark.django_db
def test_a_town_that_may_not_see_the_project_is_told_only_until_when() -> None:
    officers.loaded()
    site = free_site()
    own = ProjectFact.objects.filter(superseded_at=None, stage="reported").order_by("project_id")[0]
    until = officers.made().as_of + timedelta(days=10)
    sites.reserve(site, own, until, by=holder(site))
    stranger = next(t for t in officers.towns() if t not in (own.origin_town_id, site.town_id))
    finding = sites._taken(site, officers.officer("town", stranger))
    assert ("web.held", {"site": site.site_id, "until": until.isoformat()}) == (finding.rule, dict(finding.params))


@pytest.mark.django_db
def test_holds_end_the_morning_after_their_last_day() -> None:
    officers.loaded()
    site, project = free_site(), ProjectFact.objects.filter(superseded_at=None).order_by("project_id")[0]
    by = holder(site)
    sites.reserve(site, project, by.on, by=by)
    assert sites.expire_holds(by) == 0
    Reservation.objects.exclude(site_id=site.site_id).update(ended_at=now())
    assert sites.expire_holds(replace(by, on=by.on + timedelta(days=1))) == 1
    assert Reservation.objects.get(site_id=site.site_id).end == "expired"
