"""Whether the record answers."""

from typing import Any

from django.db import DatabaseError, connection

from yipanqi_web.records import guards


def health() -> dict[str, Any]:
    """ok, and for each part what is wrong; nothing about facts."""
    try:
        missing = guards.missing()
    except DatabaseError:
        return {"ok": False, "database": "unreachable"}
    return {"ok": not missing, "database": connection.vendor, "guards": "whole" if not missing else "missing"}
