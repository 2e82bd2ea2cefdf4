"""The background's own housekeeping: signs of life, one at a time, tasks whose worker died, orders from the outbox."""

import fcntl
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django_tasks_db.models import DBTaskResult

from yipanqi_web.clock import machine_time, now
from yipanqi_web.records.models import Heartbeat, OutboxRow

#: A worker gives a sign of life so often, and is taken for dead after so long without one.
BEAT_EVERY = timedelta(seconds=10)
DEAD_AFTER = timedelta(seconds=90)
#: So often a task is begun anew after its worker died; then it has failed.
TRIES = 3


def beat(kind: str, name: str, did: dict[str, int] | None = None) -> None:
    """Give a sign of life."""
    at = machine_time()
    fresh: dict[str, Any] = {"kind": kind, "beat_at": at} | ({} if did is None else {"did": did})
    Heartbeat.objects.update_or_create(name=name, defaults=fresh, create_defaults=fresh | {"started_at": at})


def forget(name: str) -> None:
    """A process that ended in order leaves no sign behind."""
    Heartbeat.objects.filter(name=name).delete()


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether this process is the only one at work under a name; the claim ends with the block or the process.

    PostgreSQL: an advisory lock of the session. SQLite: a lock on a file in HOME, for all processes are of one machine.
    """
    if connection.vendor == "postgresql":
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
            won = bool(cursor.fetchone()[0])
        try:
            yield won
        finally:
            if won:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
        return
    with (settings.HOME / f"{name}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def revive() -> dict[str, int]:
    """Begin anew the tasks whose worker died, up to three times; how many, and how many were given up."""
    gone = machine_time() - DEAD_AFTER
    Heartbeat.objects.filter(kind="worker", beat_at__lt=gone).delete()
    living = set(Heartbeat.objects.filter(kind="worker").values_list("name", flat=True))
    done = {"tasks_revived": 0, "tasks_given_up": 0}
    for task in DBTaskResult.objects.running().filter(started_at__lt=gone):
        if task.worker_ids and task.worker_ids[-1] in living:
            continue
        same = DBTaskResult.objects.running().filter(pk=task.pk, started_at=task.started_at)
        if len(task.worker_ids) < TRIES:
            done["tasks_revived"] += same.update(status="READY", started_at=None)
        else:
            told = f"the worker died {len(task.worker_ids)} times"
            ended = {"status": "FAILED", "finished_at": machine_time(), "exception_class_path": "builtins.RuntimeError"}
            done["tasks_given_up"] += same.update(**ended, traceback=told)
    return done


def hand_out(orders: Mapping[str, Callable[[OutboxRow], object]]) -> int:
    """Turn the outbox rows that are orders into tasks, each once; how many."""
    count = 0
    for row in OutboxRow.objects.filter(delivered_at=None, topic__in=list(orders)).order_by("id"):
        with transaction.atomic():
            if OutboxRow.objects.filter(pk=row.pk, delivered_at=None).update(delivered_at=now()):
                orders[row.topic](row)
                count += 1
    return count
