"""消息: told once, to the bodies concerned, and never to somebody who may not see the project."""

import ast
from datetime import timedelta
from pathlib import Path

import officers
import pytest
from django.test import Client

import yipanqi_web
from yipanqi.pipeline.stages import Stage
from yipanqi.policy.wording import say
from yipanqi_web.accounts.models import AdminRole, Membership, User
from yipanqi_web.actions import inbox, projects, trail
from yipanqi_web.actions.inbox import TOPICS
from yipanqi_web.actions.tasks import hand_out
from yipanqi_web.clock import now
from yipanqi_web.jobs.tick import ORDERS
from yipanqi_web.permissions.actor import actor_of
from yipanqi_web.permissions.visibility import sees_project
from yipanqi_web.queries import inbox as queries
from yipanqi_web.records.models import InboxItem, OutboxRow, ProjectFact, ReferralRecord, Reservation, SiteFact

pytestmark = pytest.mark.django_db


def everybody() -> list[User]:
    """An account of every body of the profile, in every place where it stands in each, and the administrators."""
    known = officers.officer("lead_body").profile.bodies
    centres = sorted(set(officers.made().projects["centre"].drop_nulls()))
    found = [User.objects.create(username=role.value, admin_role=role.value) for role in AdminRole]
    for key, body in known.items():
        places = (centres if key == "promotion_centre" else officers.towns()) if body.each else [""]
        found += [officers.member(key, place) for place in places]
    return found


def one(stage: str) -> ProjectFact:
    """The first project at a stage."""
    return ProjectFact.objects.filter(superseded_at=None, stage=stage).order_by("project_id")[0]


def test_no_topic_tells_anybody_of_a_project_they_do_not_see() -> None:
    officers.loaded()
    users = everybody()
    by, site = officers.officer("lead_body"), SiteFact.objects.filter(superseded_at=None).order_by("site_id")[0]
    stages = sorted(set(ProjectFact.objects.filter(superseded_at=None).values_list("stage", flat=True)))
    for stage in stages:
        project = one(stage)
        other = next(t for t in officers.towns() if t != project.origin_town_id)
        for topic in TOPICS:
            where = {"site": site.site_id} if topic.startswith("site.") else {"rows": 3}
            trail.tell(by, topic, project=project.project_id, town=other, stage=stage, state="verified",
                       until="2026-07-01", **where)  # fmt: skip
    done = inbox.deliver()
    assert (done["undelivered"], done["delivered"]) == (0, len(TOPICS) * len(stages))
    assert done["messages"] == InboxItem.objects.count() > 0
    pool = {p.project_id: p for p in ProjectFact.objects.filter(superseded_at=None)}
    for user in users:
        items = list(InboxItem.objects.filter(user=user))
        if user.admin_role:
            assert items == []
            continue
        actor = actor_of(user)
        assert [i.topic for i in items if i.project_id and not sees_project(actor, pool[i.project_id])] == []
        hidden = {p.name for p in pool.values() if not sees_project(actor, p)}
        told = " ".join(say(t.message, "zh", **t.params) for t in queries.told(actor, items))
        assert [name for name in hidden if name in told] == []


def test_every_topic_that_an_action_tells_is_delivered_or_handed_out_and_has_words() -> None:
    folder = Path(yipanqi_web.__file__).parent
    told = set()
    for path in sorted(folder.glob("**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("tell") and len(node.args) > 1:
                topic = node.args[1]
                told |= {topic.value} if isinstance(topic, ast.Constant) else set()
    assert told - TOPICS.keys() - ORDERS.keys() == set()
    params = {"project": "甲", "site": "乙", "stage": "lead", "state": "verified", "until": "2026-07-01", "rows": 3}
    assert all(say(f"web.inbox.{topic}", lang, **params) for topic in TOPICS for lang in ("zh", "en"))


def test_a_move_is_told_to_the_lead_body_and_the_town_and_to_no_other_town() -> None:
    officers.loaded()
    project = one("lead")
    other = next(t for t in officers.towns() if t != project.origin_town_id)
    officers.member("lead_body", name="lead")
    officers.member("town", project.origin_town_id, name="own")
    officers.member("town", other, name="other")
    projects.move(project, Stage.NEGOTIATING, by=officers.officer("town", project.origin_town_id))
    assert inbox.deliver()["messages"] == 2
    assert inbox.deliver() == {"delivered": 0, "messages": 0, "undelivered": 0}
    assert sorted(InboxItem.objects.values_list("user__username", flat=True)) == ["lead", "own"]


def test_who_no_longer_sees_the_project_no_longer_sees_the_message() -> None:
    officers.loaded()
    project = one("reported")
    other = next(t for t in officers.towns() if t != project.origin_town_id)
    asked = officers.member("town", other, name="asked")
    by = officers.officer("town", project.origin_town_id)
    record = projects.refer(project, "无地", by=by)
    allocators = [b for b, body in by.profile.bodies.items() if not body.each]
    able = next(a for b in allocators if inbox._concerned(inbox.Concern.ALLOCATOR, None, a := officers.officer(b)))  # type: ignore[arg-type]
    record = projects.ask_town(record, other, by=able)
    inbox.deliver()
    assert [i.topic for i in queries.messages(actor_of(asked))] == ["referral.asked"]
    projects.decline(record, "无合适厂房", by=officers.officer("town", other))
    assert (list(queries.messages(actor_of(asked))), queries.unread(actor_of(asked))) == ([], 0)


def test_a_row_that_cannot_be_delivered_is_counted_and_holds_up_no_other() -> None:
    officers.loaded()
    officers.member("lead_body")
    OutboxRow.objects.create(district_code=officers.CODE, at=now(), topic="project.lead", payload=["broken"])
    trail.tell(officers.officer("lead_body"), "project.lead", project=one("lead").project_id)
    assert inbox.deliver() == {"delivered": 1, "messages": 1, "undelivered": 1}
    assert OutboxRow.objects.get(delivered_at=None).attempts == 1


def test_only_the_own_messages_can_be_marked_as_read() -> None:
    officers.loaded()
    mine, theirs = officers.member("lead_body", name="mine"), officers.member("lead_body", name="theirs")
    trail.tell(officers.officer("lead_body"), "project.lead", project=one("lead").project_id)
    inbox.deliver()
    foreign = InboxItem.objects.get(user=theirs)
    assert inbox.mark_read(str(foreign.public_id), by=actor_of(mine)) == 0
    assert inbox.mark_read(None, by=actor_of(mine)) == 1
    assert (queries.unread(actor_of(mine)), queries.unread(actor_of(theirs))) == (0, 1)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_counts_lists_and_marks(language: str) -> None:
    officers.loaded()
    user = officers.member("lead_body")
    project = one("lead")
    trail.tell(officers.officer("lead_body"), "project.lead", project=project.project_id)
    inbox.deliver()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = language
    text = client.get("/inbox/").content.decode()
    assert project.name in text
    assert '<span class="tag blue">1</span>' in text
    item = InboxItem.objects.get()
    assert client.post("/inbox/read/", {"message": str(item.public_id)}).status_code == 302
    assert client.post("/inbox/read/", {"message": "no id"}).status_code == 302
    assert '<span class="tag blue">1</span>' not in client.get("/inbox/").content.decode()
    assert project.name not in client.get("/inbox/?show=unread").content.decode()


def test_a_hold_that_ends_is_announced_once_and_ends_by_the_tick() -> None:
    from yipanqi_web.actions import deadlines

    officers.loaded()
    Reservation.objects.filter(ended_at=None).update(ended_at=now())
    site, project = SiteFact.objects.filter(superseded_at=None).order_by("site_id")[0], one("lead")
    day = actor_of(officers.member("lead_body")).on
    held = Reservation.objects.create(
        district_code=officers.CODE, site_id=site.site_id, project_id=project.project_id,
        held_until=day + timedelta(days=3), held_at=now(), held_by="lead_body-district",
    )  # fmt: skip
    officers.member("town", site.town_id)
    assert deadlines.pass_deadlines()["holds_ending"] == 1
    assert deadlines.pass_deadlines()["holds_ending"] == 0
    inbox.deliver()
    told = sorted(InboxItem.objects.filter(topic="site.hold_ending").values_list("user__username", flat=True))
    assert told == sorted(["lead_body-district", f"town-{site.town_id}"])
    Reservation.objects.create(
        district_code=officers.CODE, site_id="S-other", project_id=project.project_id,
        held_until=day - timedelta(days=1), held_at=now(), held_by="x",
    )  # fmt: skip
    assert deadlines.pass_deadlines()["holds_ended"] == 1
    assert Reservation.objects.get(pk=held.pk).ended_at is None


def test_a_referral_nobody_answers_goes_back_to_the_pool() -> None:
    from yipanqi_web.actions import deadlines

    officers.loaded()
    project = one("reported")
    other = next(t for t in officers.towns() if t != project.origin_town_id)
    turn = {"town": other, "due_on": "2020-01-01", "answer": None, "answered_on": None, "reason": None}
    ReferralRecord.objects.create(
        district_code=officers.CODE, project_id=project.project_id, from_town=project.origin_town_id,
        offered_on="2019-12-01", reason="无地", state="asked", asked=[turn],
    )  # fmt: skip
    assert deadlines.pass_deadlines()["referrals_lapsed"] == 1
    assert deadlines.pass_deadlines()["referrals_lapsed"] == 0
    record = ReferralRecord.objects.get()
    assert (record.state, record.asked[-1]["answer"]) == ("offered", "silent")
    assert Membership.objects.count() == 0
    assert hand_out({}) == 0
