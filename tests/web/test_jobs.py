"""The background: one tick at a time, nothing done twice, tasks of dead workers, backups on order, signs of life."""

import json
import os
import threading
from collections.abc import Callable
from datetime import timedelta

import officers
import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django_tasks_db.models import DBTaskResult

from yipanqi_web.accounts.models import AdminRole, User
from yipanqi_web.actions import custody, inbox, sites, tasks, trail
from yipanqi_web.clock import machine_time, now
from yipanqi_web.jobs.backup import make_backup
from yipanqi_web.jobs.tick import tick
from yipanqi_web.permissions.acts import RefusedError
from yipanqi_web.queries.health import health
from yipanqi_web.records import chain, store
from yipanqi_web.records.models import AuditRow, Heartbeat, InboxItem, OutboxRow, ProjectFact, Reservation, StoredFile


def at_once(work: Callable[[], object], count: int = 4) -> list[object]:
    """What each of several threads got that did the same work at the same time."""
    start, got = threading.Barrier(count), []

    def client() -> None:
        start.wait()
        try:
            got.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=client) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def overdue(count: int = 5) -> None:
    """Holds whose last day has passed, and news for one lead body."""
    officers.loaded()
    officers.member("lead_body")
    by = officers.officer("lead_body")
    project = ProjectFact.objects.filter(superseded_at=None, stage="lead").order_by("project_id")[0]
    Reservation.objects.filter(ended_at=None).update(ended_at=now())
    for n in range(count):
        Reservation.objects.create(
            district_code=officers.CODE, site_id=f"S{n}", project_id=project.project_id,
            held_until=by.on - timedelta(days=400), held_at=now(), held_by="x",
        )  # fmt: skip
    trail.tell(by, "project.lead", project=project.project_id)


@pytest.mark.usefixtures("committed")
def test_of_four_ticks_at_once_one_works_and_everything_happens_once() -> None:
    overdue()
    results = [done for done in at_once(tick) if done is not None]
    assert sum(done["holds_ended"] for done in results) == 5
    assert {done["failed_steps"] for done in results} == {0}
    assert AuditRow.objects.filter(act="expire_hold").count() == 5
    assert OutboxRow.objects.filter(delivered_at=None, topic__in=inbox.TOPICS).count() == 0
    assert InboxItem.objects.filter(topic="project.lead").count() == 1
    assert chain.verify(officers.CODE).broken_at is None
    assert chain.verify(officers.CODE).unsealed == 0


@pytest.mark.usefixtures("committed")
def test_while_one_tick_works_another_finds_it_busy_and_afterwards_it_is_free() -> None:
    officers.loaded()
    with tasks.alone("tick") as free:
        assert free
        assert at_once(tick, 2) == [None, None]
    assert at_once(tick, 1) != [None]


@pytest.mark.usefixtures("committed")
def test_even_without_the_lock_no_hold_ends_twice_and_nobody_is_told_twice() -> None:
    overdue()
    by = officers.officer("lead_body")
    assert sum(at_once(lambda: sites.expire_holds(by))) == 5  # type: ignore[arg-type]
    at_once(inbox.deliver)
    assert AuditRow.objects.filter(act="expire_hold").count() == 5
    assert InboxItem.objects.filter(topic="project.lead").count() == 1


def running(worker: str, tries: int = 1) -> DBTaskResult:
    """A task that a worker took long ago."""
    make_backup.enqueue()
    task = DBTaskResult.objects.get(status="READY")
    DBTaskResult.objects.filter(pk=task.pk).update(
        status="RUNNING", worker_ids=[worker] * tries, started_at=machine_time() - timedelta(hours=1)
    )
    return task


@pytest.mark.django_db
def test_a_task_of_a_dead_worker_is_begun_anew_that_of_a_living_one_is_left_and_the_third_death_is_the_last() -> None:
    tasks.beat("worker", "living")
    tasks.beat("worker", "dead")
    Heartbeat.objects.filter(name="dead").update(beat_at=machine_time() - timedelta(minutes=10))
    left, again, given_up = running("living"), running("dead"), running("dead", tasks.TRIES)
    assert tasks.revive() == {"tasks_revived": 1, "tasks_given_up": 1}
    states = {task.pk: task.status for task in DBTaskResult.objects.all()}
    assert [states[t.pk] for t in (left, again, given_up)] == ["RUNNING", "READY", "FAILED"]


@pytest.mark.django_db
def test_a_backup_is_ordered_by_the_system_administrator_only_and_becomes_one_task() -> None:
    officers.loaded()
    for role in (AdminRole.SECURITY, AdminRole.AUDIT):
        with pytest.raises(RefusedError):
            custody.order_backup(by=officers.administrator(role))
    custody.order_backup(by=officers.administrator())
    assert tick()["ordered"] == 1  # type: ignore[index]
    assert tick()["ordered"] == 0  # type: ignore[index]
    assert [task.task_name for task in DBTaskResult.objects.all()] == ["make_backup"]


@pytest.mark.django_db
def test_the_heads_of_the_chains_are_laid_down_once_a_day_and_stand_in_the_chain() -> None:
    officers.loaded()
    for file in (settings.HOME / "heads").glob("*.json"):
        file.unlink()
    assert tick()["heads"] == 1  # type: ignore[index]
    assert tick()["heads"] == 0  # type: ignore[index]
    (file,) = (settings.HOME / "heads").glob("*.json")
    (head,) = json.loads(file.read_text())
    assert chain.verify(officers.CODE, head["head"]).broken_at is None
    assert chain.verify(officers.CODE, "f" * 64).broken_at is not None


@pytest.mark.django_db
def test_health_tells_how_long_ago_worker_and_tick_gave_a_sign() -> None:
    officers.loaded()
    assert (health()["worker_age_s"], health()["tick_age_s"]) == (None, None)
    tick()
    tasks.beat("worker", "w")
    Heartbeat.objects.filter(name="w").update(beat_at=machine_time() - timedelta(seconds=30))
    told = Client().get("/health/").json()
    assert told["ok"]
    assert told["tick_age_s"] <= 5
    assert 30 <= told["worker_age_s"] <= 40


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_system_administrator_sees_processes_tasks_and_backups_and_orders_one(language: str) -> None:
    officers.loaded()
    client = Client()
    client.force_login(
        User.objects.create(username="sys", admin_role="system"), backend="django.contrib.auth.backends.ModelBackend"
    )
    client.cookies["django_language"] = language
    tick()
    running("dead")
    text = client.get("/jobs/").content.decode()
    assert "web." not in text
    assert client.post("/jobs/backup/").status_code == 302
    assert OutboxRow.objects.filter(topic=custody.BACKUP_WANTED).count() == 1
    assert AuditRow.objects.filter(act="order_backup").count() == 1


@pytest.mark.django_db
def test_a_step_that_fails_is_counted_and_holds_up_no_other() -> None:
    officers.loaded()
    folder = settings.HOME / "heads"
    for file in folder.glob("*"):
        file.unlink()
    folder.rmdir()
    folder.touch()  # where the heads belong stands a file
    try:
        done = tick()
    finally:
        folder.unlink()
    assert done is not None
    assert (done["failed_steps"], done["sealed"]) == (1, AuditRow.objects.count())


@pytest.mark.django_db
def test_a_file_no_row_names_is_removed_after_a_day_and_a_named_or_young_one_stays() -> None:
    officers.loaded()
    old, young = (store.path(store.put([text])[0]) for text in (b"old", b"young"))
    digest, size = store.put([b"named"])
    StoredFile.objects.create(
        district_code=officers.CODE, digest=digest, size=size, name="n", kind="upload", by="x", at=now()
    )
    for file in (old, store.path(digest)):
        os.utime(file, (0, 0))
    assert custody.sweep_files() == 1
    assert (old.exists(), young.exists(), store.path(digest).exists()) == (False, True, True)
    young.unlink()
    store.path(digest).unlink()
