"""Whether the record answers, and how long ago the background gave a sign of life."""

from typing import Any

from django.db import DatabaseError, connection

from yipanqi_web.clock import machine_time
from yipanqi_web.records import guards
from yipanqi_web.records.models import Heartbeat


def health() -> dict[str, Any]:
    """ok, and for each part what is wrong; nothing about facts.

    Worker and tick may be away for a while without the pages failing: their age in seconds is told (null: no sign of
    life), for the operator's watch to judge.
    """
    try:
        missing = guards.missing()
        ages = {f"{kind}_age_s": _age(kind) for kind in ("worker", "tick")}
    except DatabaseError:
        return {"ok": False, "database": "unreachable"}
    whole = {"ok": not missing, "database": connection.vendor, "guards": "whole" if not missing else "missing"}
    return whole | ages


def _age(kind: str) -> int | None:
    last = Heartbeat.objects.filter(kind=kind).order_by("-beat_at").first()
    return None if last is None else max(0, round((machine_time() - last.beat_at).total_seconds()))
