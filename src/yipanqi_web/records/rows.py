"""The rows of every table in a form of no database's own: JSON lines, the same bytes on SQLite and PostgreSQL."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import Model, sql

#: Made anew by ``migrate``, by signing in, or by the processes that run.
_LEFT_OUT = {"contenttypes", "auth", "sessions"}
_PASSING = {"heartbeat"}
_BATCH = 500


@lru_cache(maxsize=1)
def models() -> list[type[Model]]:
    """The tables of the record; one that another refers to stands before it."""
    waiting = [m for m in apps.get_models(include_auto_created=True) if m._meta.app_label not in _LEFT_OUT]
    waiting = sorted((m for m in waiting if m._meta.db_table not in _PASSING), key=lambda m: m._meta.db_table)
    found: list[type[Model]] = []
    while waiting:
        ready = [m for m in waiting if not (_named(m) & set(waiting)) - {m}]
        if not ready:
            raise RuntimeError("tables refer to each other in a circle")
        found += ready
        waiting = [m for m in waiting if m not in ready]
    return found


def _named(model: type[Model]) -> set[Any]:
    return {f.related_model for f in model._meta.concrete_fields if f.is_relation}


def columns(model: type[Model]) -> list[str]:
    """The names of the columns, in the order of the rows."""
    return [f.attname for f in model._meta.concrete_fields]


def lines(model: type[Model]) -> Iterator[bytes]:
    """Every row as one line of JSON, in the order of the keys."""
    for values in _ordered(model):
        yield json.dumps([_plain(v) for v in values], ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _ordered(model: type[Model]) -> Iterable[tuple[Any, ...]]:
    stored = model._base_manager.values_list(*columns(model)).order_by("pk")
    assert model._meta.pk is not None
    if model._meta.pk.get_internal_type().endswith(("AutoField", "IntegerField")):
        return stored.iterator(chunk_size=2000)
    # Texts are ordered by the database's own rules; here by their characters.
    place = columns(model).index(model._meta.pk.attname)
    return sorted(stored, key=lambda values: str(values[place]))


def digest(model: type[Model]) -> str:
    """The SHA-256 of all lines."""
    sum_ = hashlib.sha256()
    for line in lines(model):
        sum_.update(line)
    return sum_.hexdigest()


def put(model: type[Model], names: list[str], given: Iterable[bytes]) -> None:
    """Write rows as they stand in the lines, keys and instants included.

    Raises:
        KeyError: a column the table does not have.
    """
    known = {f.attname: f for f in model._meta.concrete_fields}
    fields = [known[name] for name in names]
    batch: list[Model] = []
    size = min(_BATCH, connection.ops.bulk_batch_size(fields, [None] * _BATCH) or _BATCH)
    for line in given:
        values = json.loads(line)
        read = {f.attname: f.to_python(v) for f, v in zip(fields, values, strict=True)}
        batch.append(model(**read))
        if len(batch) == size:
            _insert(model, fields, batch)
            batch = []
    if batch:
        _insert(model, fields, batch)


def _insert(model: type[Model], fields: list[Any], batch: list[Model]) -> None:
    """Insert as they are: Django's own way would set the instants of creation anew."""
    query = sql.InsertQuery(model)
    query.insert_values(fields, batch, raw=True)
    query.get_compiler(connection=connection).execute_sql()


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case UUID():
            return str(value)
        case bytes() | memoryview():
            return base64.b64encode(bytes(value)).decode()
    return value
