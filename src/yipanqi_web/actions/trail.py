"""The audit row and the outbox row every action writes in its own transaction."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from yipanqi_web.clock import now
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.records.models import AuditRow, OutboxRow


def audit(
    by: Actor,
    act: str,
    thing: tuple[str, str],
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    why: str = "",
) -> AuditRow:
    """Write down who did what to which thing (kind, id), from what to what, and why.

    Raises:
        RuntimeError: outside a transaction, where a rolled-back change would leave its row behind.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an audit row is written in the transaction of the change")
    kind, identity = thing
    return AuditRow.objects.create(
        district_code=by.district_code,
        at=now(),
        user_name=by.name,
        body=by.body,
        act=act,
        object_kind=kind,
        object_id=identity,
        before=_json(before),
        after=_json(after),
        why=why,
    )


def audit_rows(
    by: Actor, act: str, rows: Sequence[tuple[tuple[str, str], Mapping[str, Any] | None, Mapping[str, Any]]]
) -> None:
    """One audit row for each of many things: (kind, id), before, after.

    Raises:
        RuntimeError: outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an audit row is written in the transaction of the change")
    at = now()
    made = [
        AuditRow(district_code=by.district_code, at=at, user_name=by.name, body=by.body, act=act, object_kind=kind,
                 object_id=identity, before=_json(before), after=_json(after))
        for (kind, identity), before, after in rows
    ]  # fmt: skip
    AuditRow.objects.bulk_create(made, batch_size=500)


def tell(by: Actor, topic: str, **payload: Any) -> OutboxRow:
    """Put something into the outbox; the worker delivers it."""
    return OutboxRow.objects.create(district_code=by.district_code, at=now(), topic=topic, payload=_json(payload) or {})


def _json(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The values as JSON can hold them; geometry as its digest, for the version row keeps it whole."""
    return None if values is None else {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case bytes() | memoryview():
            from hashlib import sha256

            return f"sha256:{sha256(bytes(value)).hexdigest()}"
        case _:
            return value
