"""Who may do what follows from the profile; who sees what is one rule, as a check and as a filter."""

import officers
import pytest
from django.db.models import QuerySet

from yipanqi.governance.profile import Act
from yipanqi.pipeline.stages import SETTLED, Stage
from yipanqi.policy.rulebook import PROFILES
from yipanqi_web.accounts.models import AdminRole
from yipanqi_web.actions import projects
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.acts import RefusedError, authorize
from yipanqi_web.permissions.visibility import projects_filter, sees_inside, sees_project
from yipanqi_web.records.models import ProjectFact

pytestmark = pytest.mark.django_db


def everybody(profile: str) -> list[Actor]:
    """An officer of every body of the profile, in every town where it stands in each, and the administrators."""
    found = [officers.administrator(role) for role in AdminRole]
    bodies = officers.officer("town", "x", profile).profile.bodies
    centres = sorted(set(officers.made().projects["centre"].drop_nulls()))
    for key, body in bodies.items():
        places = (centres if key == "promotion_centre" else officers.towns()) if body.each else [None]
        found += [officers.officer(key, place, profile) for place in places]
    return found


def seen_by(actor: Actor) -> QuerySet[ProjectFact]:
    """The projects in force that the filter lets through."""
    return ProjectFact.objects.filter(projects_filter(actor), superseded_at=None)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_filter_of_many_and_the_check_of_one_say_the_same(profile: str) -> None:
    officers.loaded(profile)
    _some_referrals()
    pool = list(ProjectFact.objects.filter(superseded_at=None))
    for actor in everybody(profile):
        listed = set(seen_by(actor).values_list("pk", flat=True))
        assert {p.pk for p in pool if sees_project(actor, p)} == listed, actor.name


def _some_referrals() -> None:
    district = officers.officer("lead_body", profile="jiading")
    towns = officers.towns()
    reported = ProjectFact.objects.filter(superseded_at=None, stage=Stage.REPORTED.value).order_by("project_id")
    for project in reported[:3]:
        town = officers.officer("town", project.origin_town_id)
        record = projects.refer(project, "无地", by=town)
        other = next(t for t in towns if t != project.origin_town_id)
        projects.ask_town(record, other, by=_asker(district))


def _asker(fallback: Actor) -> Actor:
    bodies = fallback.profile.bodies
    able = [b for b in bodies if not bodies[b].each]
    return next(
        officer for b in able if authorize(officer := officers.officer(b), Act.CONFIRM_ALLOCATION, None).permitted
    )


def test_a_town_sees_its_own_projects_and_not_its_neighbours() -> None:
    officers.loaded()
    town = next(t for t in officers.towns() if t in set(officers.made().projects["origin_town_id"]))
    seen = seen_by(officers.officer("town", town))
    unsettled = seen.exclude(stage__in=[stage.value for stage in SETTLED])
    assert {town} == set(unsettled.values_list("origin_town_id", flat=True))
    assert 0 < seen.count() < officers.made().projects.height


def test_a_town_that_is_asked_sees_the_project_and_after_declining_no_more() -> None:
    officers.loaded()
    project = ProjectFact.objects.filter(superseded_at=None, stage=Stage.REPORTED.value).order_by("project_id")[0]
    other = next(t for t in officers.towns() if t != project.origin_town_id)
    asked = officers.officer("town", other)
    assert not sees_project(asked, project)
    record = projects.refer(project, "无地", by=officers.officer("town", project.origin_town_id))
    record = projects.ask_town(record, other, by=_asker(asked))
    assert sees_project(asked, project)
    projects.decline(record, "容积率不足", by=asked)
    assert not sees_project(asked, project)


def test_a_decline_needs_a_reason_and_only_the_asked_town_answers() -> None:
    officers.loaded()
    project = ProjectFact.objects.filter(superseded_at=None, stage=Stage.REPORTED.value).order_by("project_id")[0]
    first, second = [t for t in officers.towns() if t != project.origin_town_id][:2]
    record = projects.refer(project, "无地", by=officers.officer("town", project.origin_town_id))
    record = projects.ask_town(record, first, by=_asker(officers.officer("town", first)))
    with pytest.raises(NotPossibleError):
        projects.decline(record, "  ", by=officers.officer("town", first))
    with pytest.raises(RefusedError):
        projects.accept(record, by=officers.officer("town", second))
    assert projects.accept(record, by=officers.officer("town", first)).state == "accepted"


def test_a_pudong_town_cannot_open_a_negotiation_but_hands_its_lead_in_and_a_jiading_town_negotiates() -> None:
    town = officers.towns()[0]
    assert not authorize(officers.officer("town", town, "pudong"), Act.OPEN_NEGOTIATION, town).permitted
    assert authorize(officers.officer("town", town, "pudong"), Act.REGISTER_LEAD, town).permitted
    assert authorize(officers.officer("town", town, "pudong"), Act.SERVE_FIRM, town).permitted
    assert authorize(officers.officer("town", town), Act.OPEN_NEGOTIATION, town).permitted


def test_an_officer_of_one_town_does_nothing_in_another() -> None:
    here, there = officers.towns()[:2]
    for act in Act:
        assert not authorize(officers.officer("town", here), act, there).permitted, act


def test_administrators_do_no_business_and_see_no_project() -> None:
    officers.loaded()
    for role in AdminRole:
        admin = officers.administrator(role)
        assert not any(authorize(admin, act, None).permitted for act in Act)
        assert not ProjectFact.objects.filter(projects_filter(admin)).exists()
        assert not sees_inside(admin, officers.towns()[0])
