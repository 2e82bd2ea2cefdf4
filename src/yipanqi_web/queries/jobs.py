"""The background, for the system administrator: who lives, what waits, what was done, which backups lie there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django_tasks_db.models import DBTaskResult

from yipanqi_web.records.models import Heartbeat, OutboxRow


@dataclass(frozen=True)
class Backup:
    """One archive in HOME/backups."""

    name: str
    bytes_count: int
    made_at: datetime


@dataclass(frozen=True)
class Background:
    """How the background stands."""

    living: list[Heartbeat]
    waiting: int
    failing: int
    last_head: str
    backups: list[Backup]


def background() -> Background:
    """Signs of life, the outbox's backlog, the day of the last heads laid down, the backups."""
    open_ = OutboxRow.objects.filter(delivered_at=None)
    heads = sorted(p.stem for p in (settings.HOME / "heads").glob("*.json"))
    return Background(
        living=list(Heartbeat.objects.order_by("kind", "-beat_at")),
        waiting=open_.count(),
        failing=open_.filter(attempts__gt=0).count(),
        last_head=heads[-1] if heads else "",
        backups=_backups(),
    )


def _backups() -> list[Backup]:
    found = sorted((settings.HOME / "backups").glob("*.zip"), reverse=True)[:20]
    return [Backup(p.name, p.stat().st_size, datetime.fromtimestamp(p.stat().st_mtime, UTC)) for p in found]


def tasks() -> QuerySet[Any]:
    """The tasks, the latest first."""
    rows: QuerySet[Any] = DBTaskResult.objects.order_by("-enqueued_at")
    return rows
