"""Uploads and downloads on record: keep a preview, confirm it whole or not at all, note what was taken out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from yipanqi.kernel.findings import Finding
from yipanqi_web.actions import trail, versions
from yipanqi_web.actions.changes import Change, Incoming, Plan, plan
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.actions.versions import StaleError
from yipanqi_web.clock import now
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.records import store
from yipanqi_web.records.models import FACTS, ImportRecord, StageChange, StoredFile

#: What an audit row of a table's row is filed under.
_FILED = {"sites": ("site", "site_id"), "incumbents": ("site", "site_id"), "leases": ("site", "site_id"),
          **dict.fromkeys(("projects", "demands", "wishes", "milestones"), ("project", "project_id"))}  # fmt: skip


def keep_file(chunks: Iterable[bytes], name: str, kind: str, *, by: Actor) -> StoredFile:
    """The uploaded bytes in the store, with a row that says whose they are; the same bytes again: the row there is."""
    digest, size = store.put(chunks)
    file, _ = StoredFile.objects.get_or_create(
        district_code=by.district_code, digest=digest,
        defaults={"size": size, "name": name, "kind": kind, "by": by.name, "at": now()},
    )  # fmt: skip
    return file


def keep_preview(
    file: StoredFile, name: str, found: Plan, preview: Mapping[str, Any], *, by: Actor, may: bool
) -> ImportRecord:
    """The preview of an upload on record; nothing of it is written yet. ``may``: whether it can be confirmed."""
    with transaction.atomic():
        record = ImportRecord.objects.create(
            district_code=by.district_code, digest=file.digest, name=name, body=by.body, place=by.place or "",
            by=by.name, at=now(), base=found.base, may=may, preview=dict(preview),
        )  # fmt: skip
        trail.audit(by, "upload", ("import", str(record.public_id)), after={"name": name, "digest": file.digest})
    return record


def confirm(record: ImportRecord, incoming: Incoming, *, by: Actor) -> ImportRecord:
    """Write an upload, all of it or nothing; confirming again changes nothing.

    Raises:
        NotPossibleError: the preview has findings that block, or nothing to write.
        StaleError: what it was held against has changed meanwhile, or the officer's rights have.
    """
    try:
        with transaction.atomic():
            locked = ImportRecord.objects.select_for_update().get(pk=record.pk)
            if locked.confirmed_at is not None:
                return locked
            if not locked.may:
                raise NotPossibleError(Finding("web.exchange.blocked"))
            found = plan(incoming, by)
            if found.base != locked.base:
                raise StaleError
            _write(found, incoming, by)
            counts = {name: vars(tally) for name, tally in found.tallies.items()}
            trail.audit(by, "import", ("import", str(record.public_id)), after={"name": record.name, "rows": counts})
            trail.tell(by, "exchange.imported", record=str(record.public_id), rows=len(found.changes))
            locked.confirmed_at, locked.confirmed_by = now(), by.name
            locked.save(update_fields=["confirmed_at", "confirmed_by"])
    except IntegrityError as error:
        raise StaleError from error
    return locked


def _write(found: Plan, incoming: Incoming, by: Actor) -> None:
    effective = incoming.as_of or by.on
    for table, model in FACTS.items():
        rows = [change.row for change in found.changes if change.table == table]
        if rows:
            versions.write(model, rows, by, effective)
    moved = [c for c in found.changes if c.table == "projects" and (c.before is None or "stage" in c.before)]
    StageChange.objects.bulk_create(
        [
            StageChange(
                district_code=by.district_code, project_id=c.row["project_id"], at=now(), by=by.name,
                from_stage=(c.before or {}).get("stage", ""), to_stage=c.row["stage"], reason="",
            )
            for c in moved
        ],
        batch_size=500,
    )  # fmt: skip
    trail.audit_rows(by, "import_row", [_filed(change, by) for change in found.changes])


def _filed(change: Change, by: Actor) -> tuple[tuple[str, str], Mapping[str, Any] | None, Mapping[str, Any]]:
    kind, column = _FILED.get(change.table, ("district", ""))
    return (kind, str(change.row.get(column, by.district_code))), change.before, change.after


def note_export(kind: str, frames: Mapping[str, int], *, by: Actor) -> None:
    """Write down that tables were taken out, and how many rows of each."""
    with transaction.atomic():
        trail.audit(by, "export", ("district", by.district_code), after={"kind": kind, "rows": dict(Counter(frames))})
