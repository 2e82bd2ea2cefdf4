"""Writing facts: a new version supersedes the one in force; what did not change gets none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from yipanqi.kernel.tables import keys
from yipanqi_web.clock import now
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.records.models import Fact
from yipanqi_web.records.search import pairs

#: The columns whose text is searched, of each kind of fact.
_SEARCHED = ("name", "address", "investor", "credit_code", "product_line", "site_id", "project_id", "cadastre_no")


class StaleError(Exception):
    """Somebody else wrote a newer version since the page was opened."""


@dataclass(frozen=True)
class Written:
    """How many things a write added, changed and left alone."""

    added: int
    changed: int
    unchanged: int


def write(model: type[Fact], rows: Sequence[Mapping[str, Any]], by: Actor, effective_on: date) -> Written:
    """The rows as versions in force: new things get their first, changed ones the next, equal ones none.

    ``rows`` have the schema's columns. Nothing is removed: a thing a file no longer names stays as it is.
    """
    with transaction.atomic():
        names, at = model.schema.column_names(), now()
        standing = {_key(model, vars(f)): f for f in _in_force(model, by.district_code)}
        fresh: list[Fact] = []
        outdated: list[int] = []
        unchanged = 0
        for row in rows:
            stored = {name: _stored(row.get(name)) for name in names}
            old = standing.get(_key(model, stored))
            if old is not None and all(_same(getattr(old, name), stored[name]) for name in names):
                unchanged += 1
                continue
            new = _version(model, stored, by, effective_on, at)
            if old is not None:
                new.public_id, new.version = old.public_id, old.version + 1
                outdated.append(old.pk)
            fresh.append(new)
        for start in range(0, len(outdated), 500):
            model._default_manager.filter(pk__in=outdated[start : start + 500]).update(superseded_at=at)
        model._default_manager.bulk_create(fresh, batch_size=500)
    return Written(len(fresh) - len(outdated), len(outdated), unchanged)


def add(model: type[Fact], row: Mapping[str, Any], by: Actor, effective_on: date) -> Fact:
    """The first version of a new thing.

    Raises:
        IntegrityError: the record has a thing of this key.
    """
    fact = _version(model, {n: _stored(row.get(n)) for n in model.schema.column_names()}, by, effective_on, now())
    fact.save(force_insert=True)
    return fact


def revise(fact: Fact, changes: Mapping[str, Any], by: Actor, effective_on: date) -> Fact:
    """The next version of one thing with some columns changed. ``fact`` is the version the officer saw.

    Raises:
        StaleError: it is no longer the one in force.
        ValueError: the columns do not keep the schema.
    """
    values = {name: getattr(fact, name) for name in fact.schema.column_names()} | dict(changes)
    model, at = type(fact), now()
    new = _version(model, {name: _stored(v) for name, v in values.items()}, by, effective_on, at)
    new.public_id, new.version = fact.public_id, fact.version + 1
    with transaction.atomic():
        if not model._default_manager.filter(pk=fact.pk, superseded_at=None).update(superseded_at=at):
            raise StaleError
        try:
            new.save(force_insert=True)
        except IntegrityError as error:
            raise StaleError from error
    return new


def _version(model: type[Fact], values: Mapping[str, Any], by: Actor, effective_on: date, at: datetime) -> Fact:
    return model(
        **values,
        district_code=by.district_code,
        effective_on=effective_on,
        recorded_at=at,
        recorded_by=by.name,
        search_pairs=pairs(*(str(values[name]) for name in _SEARCHED if values.get(name))),
    )


def _in_force(model: type[Fact], district_code: str) -> Any:
    return model._default_manager.filter(district_code=district_code, superseded_at=None).iterator(chunk_size=5000)


def _key(model: type[Fact], values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(values[name] for name in keys(model.schema))


def _stored(value: Any) -> Any:
    """An engine's value as the record keeps it: wall time of Shanghai as an instant."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=settings.SHANGHAI)
    return value


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, memoryview):
        return bool(bytes(old) == new)
    return bool(old == new)
