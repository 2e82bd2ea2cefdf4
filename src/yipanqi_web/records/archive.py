"""Backups: the whole record in one file that either database can read, and its way back.

The file is a ZIP: ``tables/<table>.jsonl`` (one row a line, in the order of the columns the manifest names, tables in
order of dependence), ``files/…`` (the file store) and ``manifest.json`` (version, migrations, counts and SHA-256 of
each part). The last 64 bytes, the ZIP's comment, are the SHA-256 of all before: one changed byte or a cut end shows.
Not in it: sessions, and the secret of ``YIPANQI_SECRET``, which is kept elsewhere. The rows are read in one snapshot.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.conf import settings
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from yipanqi_web.clock import machine_time
from yipanqi_web.records import guards, rows

_SEAL = 64
_PIECE = 1 << 20


class ArchiveError(Exception):
    """The file is no whole backup, or it cannot be restored here; the first argument is the text id of why."""


@dataclass(frozen=True)
class Part:
    """One table or file of an archive."""

    name: str
    rows: int
    sha256: str
    columns: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Manifest:
    """What an archive says it holds. ``digest`` is the SHA-256 of the whole file, to be noted down elsewhere."""

    made_at: str
    version: str
    database: str
    migrations: list[str]
    tables: list[Part]
    files: list[Part]
    path: str = ""
    digest: str = ""


def write(target: Path) -> Manifest:
    """A backup of the record as it stands now, also while others write. The file appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as z:
            with _snapshot():
                migrations = _applied()
                tables = [_write_table(z, model) for model in rows.models()]
            # After the rows: whatever file they name was there before them.
            files = [_write_file(z, path) for path in _stored_files()]
            made = Manifest(
                machine_time().isoformat(), version("yipanqi"), connection.vendor, migrations, tables, files
            )
            z.writestr("manifest.json", json.dumps(_plain(made), ensure_ascii=False, indent=1))
            z.comment = b"0" * _SEAL
        digest = _seal(draft)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return Manifest(**{**vars(made), "path": str(target), "digest": digest})


def verify(source: Path) -> Manifest:
    """What a whole archive holds.

    Raises:
        ArchiveError: it is cut, altered, or none of ours.
    """
    try:
        digest, stated = _digest(source)
        if digest != stated:
            raise ArchiveError("web.archive.altered")
        with zipfile.ZipFile(source) as z:
            raw = json.loads(z.read("manifest.json"))
            raw |= {name: [Part(**part) for part in raw[name]] for name in ("tables", "files")}
            manifest = Manifest(**raw, path=str(source), digest=digest)
            for folder, members in (("tables", manifest.tables), ("files", manifest.files)):
                for part in members:
                    if _digest_of(z, f"{folder}/{part.name}") != part.sha256:
                        raise ArchiveError("web.archive.altered")
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise ArchiveError("web.archive.none_of_ours") from error
    return manifest


def restore(source: Path, *, force: bool = False) -> Manifest:
    """The record as the archive holds it, whole or not at all; into an empty record, unless ``force`` empties it.

    The record must be at the version of the archive (``yipanqi migrate``).

    Raises:
        ArchiveError: no whole archive, another version, a record that is not empty, or digests that differ afterwards.
    """
    manifest = verify(source)
    if set(manifest.migrations) != set(_applied()):
        raise ArchiveError("web.archive.other_version")
    with zipfile.ZipFile(source) as z, transaction.atomic():
        if any(model._base_manager.exists() for model in rows.models()):
            if not force:
                raise ArchiveError("web.archive.not_empty")
            for guard in guards.GUARDS:
                guards.remove(guard)
            for model in reversed(rows.models()):
                model._base_manager.all()._raw_delete(connection.alias)
        by_table = {part.name: part for part in manifest.tables}
        for model in rows.models():
            part = by_table[f"{model._meta.db_table}.jsonl"]
            with z.open(f"tables/{part.name}") as lines:
                rows.put(model, part.columns, lines)
            if rows.digest(model) != part.sha256:
                raise ArchiveError("web.archive.differs")
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), rows.models()):
                cursor.execute(statement)
        # PostgreSQL lays no trigger on a table whose keys it has still to check.
        connection.check_constraints()
        guards.install()
        for part in manifest.files:
            _restore_file(z, part.name)
    return manifest


@contextmanager
def _snapshot() -> Iterator[None]:
    """One view of all rows, which nobody who writes has to wait for."""
    if connection.vendor == "sqlite":
        usual = connection.transaction_mode  # type: ignore[attr-defined]
        connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]
        try:
            with transaction.atomic():
                yield
        finally:
            connection.transaction_mode = usual  # type: ignore[attr-defined]
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _applied() -> list[str]:
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied if (app, name) in known)


def _write_table(z: zipfile.ZipFile, model: type[Model]) -> Part:
    name, sum_, count = f"{model._meta.db_table}.jsonl", hashlib.sha256(), 0
    with z.open(f"tables/{name}", "w", force_zip64=True) as out:
        for line in rows.lines(model):
            out.write(line)
            sum_.update(line)
            count += 1
    return Part(name, count, sum_.hexdigest(), rows.columns(model))


def _stored_files() -> list[Path]:
    """The files of the store, without those that are just being written (their names begin with a dot)."""
    folder: Path = settings.HOME / "files"
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))


def _write_file(z: zipfile.ZipFile, path: Path) -> Part:
    name, sum_ = path.relative_to(settings.HOME / "files").as_posix(), hashlib.sha256()
    with path.open("rb") as source, z.open(f"files/{name}", "w", force_zip64=True) as out:
        for piece in _pieces(source):
            out.write(piece)
            sum_.update(piece)
    return Part(name, 0, sum_.hexdigest())


def _restore_file(z: zipfile.ZipFile, name: str) -> None:
    where = PurePosixPath(name)
    if where.is_absolute() or ".." in where.parts:
        raise ArchiveError("web.archive.none_of_ours")
    target: Path = settings.HOME / "files" / where
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    with z.open(f"files/{name}") as source, draft.open("wb") as out:
        for piece in _pieces(source):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(target)


def _plain(made: Manifest) -> dict[str, Any]:
    return {name: value for name, value in asdict(made).items() if name not in ("path", "digest")}


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece


def _digest_of(z: zipfile.ZipFile, name: str) -> str:
    with z.open(name) as source:
        sum_ = hashlib.sha256()
        for piece in _pieces(source):
            sum_.update(piece)
    return sum_.hexdigest()


def _digest(path: Path) -> tuple[str, str]:
    """The SHA-256 of all but the last 64 bytes, and those."""
    rest, sum_ = path.stat().st_size - _SEAL, hashlib.sha256()
    with path.open("rb") as source:
        while rest > 0 and (piece := source.read(min(_PIECE, rest))):
            sum_.update(piece)
            rest -= len(piece)
        return sum_.hexdigest(), source.read().decode("ascii", "replace")


def _seal(path: Path) -> str:
    digest, _ = _digest(path)
    with path.open("r+b") as file:
        file.seek(-_SEAL, os.SEEK_END)
        file.write(digest.encode())
        file.flush()
        os.fsync(file.fileno())
    return digest
