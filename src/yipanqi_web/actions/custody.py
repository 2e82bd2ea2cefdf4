"""Keeping the record: the chain sealed, its heads laid down outside, backups ordered and made."""

import json
import os
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from yipanqi.governance.rights import Permission
from yipanqi.kernel.findings import Message
from yipanqi_web.accounts.models import AdminRole
from yipanqi_web.actions import trail
from yipanqi_web.clock import machine_time, today
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.acts import RefusedError
from yipanqi_web.records import archive, chain
from yipanqi_web.records.models import AuditRow, AuditSeal, ImportRecord, OutboxRow, StoredFile

#: So long a file of the store may lie there without a row that names it.
KEPT_UNNAMED = timedelta(days=1)
#: The topic of the outbox that asks a worker for a backup.
BACKUP_WANTED = "backup.wanted"


def seal_all() -> int:
    """Seal what is not sealed yet, of every district; how many rows."""
    waiting = AuditRow.objects.filter(seal=None).order_by("district_code").values_list("district_code", flat=True)
    return sum(chain.seal(code) for code in waiting.distinct())


def export_heads() -> bool:
    """Lay down today's heads of all chains in ``HOME/heads``; false: they lie there already.

    The folder is the one to copy to another machine: a chain that was cut or rewritten no longer has the head.
    """
    target: Path = settings.HOME / "heads" / f"{today().isoformat()}.json"
    if target.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    chains = AuditSeal.objects.order_by("district_code").values_list("district_code", flat=True).distinct()
    ends = [AuditSeal.objects.filter(district_code=code).order_by("place").last() for code in chains]
    heads = [{"district": end.district_code, "sealed": end.place, "head": end.digest} for end in ends if end]
    draft = target.with_suffix(f".{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(heads, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    return True


def sweep_files() -> int:
    """Remove the files of the store that no row names, older than a day (a younger one may be about to be named)."""
    before = (machine_time() - KEPT_UNNAMED).timestamp()
    named = {
        *StoredFile.objects.values_list("digest", flat=True),
        *ImportRecord.objects.values_list("digest", flat=True),
    }
    swept = 0
    for file in (settings.HOME / "files").rglob("*"):
        if file.is_file() and file.name not in named and file.stat().st_mtime < before:
            file.unlink(missing_ok=True)
            swept += 1
    return swept


def order_backup(*, by: Actor) -> OutboxRow:
    """Ask for a backup; the tick hands it to a worker.

    Raises:
        RefusedError: not the system administrator.
    """
    if by.admin is not AdminRole.SYSTEM:
        message = Message("web.may.only_admin", {"role": AdminRole.SYSTEM.value})
        raise RefusedError(Permission(False, (), message, None))
    with transaction.atomic():
        trail.audit(by, "order_backup", ("district", by.district_code))
        return trail.tell(by, BACKUP_WANTED)


def make_backup() -> archive.Manifest:
    """A backup in ``HOME/backups``, named after the instant."""
    stamp = machine_time().strftime("%Y%m%dT%H%M%SZ")
    return archive.write(settings.HOME / "backups" / f"{stamp}.zip")
