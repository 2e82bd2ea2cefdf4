"""What the database itself sees to: history that nobody rewrites. One list, installed by ``migrate``, checked at start.

SQLite drops triggers when a table is rebuilt, so every ``migrate`` lays them anew; the start refuses a record in which
one is missing. Uniqueness (one version in force, one live hold) stands in the models and is checked here too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Model

from yipanqi_web.records.models import (
    FACTS,
    AuditRow,
    AuditSeal,
    ImportRecord,
    InboxItem,
    OutboxRow,
    Reservation,
    StageChange,
    StoredFile,
)


@dataclass(frozen=True)
class Guard:
    """A table of which rows are only added, save for the columns that may be filled in once."""

    model: type[Model]
    #: Columns that are null (or empty) until they are set, once.
    once: tuple[str, ...] = ()
    #: Columns that may change freely.
    free: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The table's name."""
        return self.model._meta.db_table

    @property
    def fixed(self) -> list[str]:
        """The columns that never change."""
        return [
            field.column
            for field in self.model._meta.local_fields
            if field.column is not None and field.column not in (*self.once, *self.free)
        ]

    def names(self) -> tuple[str, ...]:
        """The names of its triggers."""
        kinds = ("update", "delete") if connection.vendor == "sqlite" else ("update", "delete", "truncate")
        return tuple(f"guard_{self.table}_{kind}" for kind in kinds)


GUARDS: tuple[Guard, ...] = (
    *(Guard(model, once=("superseded_at",)) for model in FACTS.values()),
    Guard(Reservation, once=("ended_at",), free=("ended_by", "end")),
    Guard(StageChange),
    Guard(AuditRow),
    Guard(AuditSeal),
    Guard(OutboxRow, free=("delivered_at", "attempts")),
    Guard(InboxItem, once=("read_at",)),
    Guard(StoredFile),
    Guard(ImportRecord, once=("confirmed_at",), free=("confirmed_by",)),
)


def install() -> None:
    """Lay every guard anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        for guard in GUARDS:
            for statement in _statements(guard):
                cursor.execute(statement)


def missing() -> list[str]:
    """The guards that the database does not have, by name; empty: all stand."""
    wanted = {name for guard in GUARDS for name in guard.names()}
    # Constraints without condition are part of the table on SQLite and have no name there.
    wanted |= {
        c.name for guard in GUARDS for c in guard.model._meta.constraints if getattr(c, "condition", None) is not None
    }
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'index')")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger UNION SELECT relname FROM pg_class WHERE relkind = 'i'")
        return sorted(wanted - {row[0] for row in cursor.fetchall()})


def remove(guard: Guard) -> None:
    """Take a guard away: for the tests that show what it is good for."""
    with connection.cursor() as cursor:
        for name in guard.names():
            on = "" if connection.vendor == "sqlite" else f' ON "{guard.table}"'
            cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"{on}')


def _statements(guard: Guard) -> Iterator[str]:
    return _sqlite(guard) if connection.vendor == "sqlite" else _postgresql(guard)


def _sqlite(guard: Guard) -> Iterator[str]:
    update, delete = guard.names()
    changed = [f'NEW."{c}" IS NOT OLD."{c}"' for c in guard.fixed]
    changed += [f'(OLD."{c}" IS NOT NULL AND NEW."{c}" IS NOT OLD."{c}")' for c in guard.once]
    yield f'DROP TRIGGER IF EXISTS "{update}"'
    yield f'DROP TRIGGER IF EXISTS "{delete}"'
    yield (
        f'CREATE TRIGGER "{update}" BEFORE UPDATE ON "{guard.table}" WHEN {" OR ".join(changed)} '
        f"BEGIN SELECT RAISE(ABORT, 'append-only: {guard.table}'); END"
    )
    yield (
        f'CREATE TRIGGER "{delete}" BEFORE DELETE ON "{guard.table}" '
        f"BEGIN SELECT RAISE(ABORT, 'append-only: {guard.table}'); END"
    )


def _postgresql(guard: Guard) -> Iterator[str]:
    update, delete, truncate = guard.names()
    function = f"guard_{guard.table}"
    changed = [f'NEW."{c}" IS DISTINCT FROM OLD."{c}"' for c in guard.fixed]
    changed += [f'(OLD."{c}" IS NOT NULL AND NEW."{c}" IS DISTINCT FROM OLD."{c}")' for c in guard.once]
    yield (
        f'CREATE OR REPLACE FUNCTION "{function}"() RETURNS trigger LANGUAGE plpgsql AS $$ '
        f"BEGIN RAISE EXCEPTION 'append-only: {guard.table}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    yield (
        f'CREATE OR REPLACE TRIGGER "{update}" BEFORE UPDATE ON "{guard.table}" FOR EACH ROW '
        f'WHEN ({" OR ".join(changed)}) EXECUTE FUNCTION "{function}"()'
    )
    yield (
        f'CREATE OR REPLACE TRIGGER "{delete}" BEFORE DELETE ON "{guard.table}" FOR EACH ROW '
        f'EXECUTE FUNCTION "{function}"()'
    )
    yield (
        f'CREATE OR REPLACE TRIGGER "{truncate}" BEFORE TRUNCATE ON "{guard.table}" FOR EACH STATEMENT '
        f'EXECUTE FUNCTION "{function}"()'
    )
