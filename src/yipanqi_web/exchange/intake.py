"""A stored upload → its rows by table and everything wrong with it, read by the engine in a limited child."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from yipanqi.files.dataset import Loaded, load
from yipanqi.files.gate import MAX_BYTES, Refused
from yipanqi.files.plain import plain
from yipanqi.files.rows import Origin
from yipanqi.files.sheets import GEOMETRY, fields, sheets
from yipanqi.inventory.reservation import live
from yipanqi.kernel.executor import Exhausted, apart
from yipanqi.kernel.findings import Finding, Severity
from yipanqi.policy.wording import LANGUAGES, say
from yipanqi_web.actions.changes import Given, Incoming
from yipanqi_web.exchange import unpacking
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.queries import exchange as queries
from yipanqi_web.records import store
from yipanqi_web.records.models import FACTS

#: What may be uploaded; a ZIP holds the parts of a Shapefile, or a folder of workbooks and layers.
SUFFIXES = (".xlsx", ".xlsm", ".geojson", ".gpkg", ".dxf", ".zip")
LIMIT = MAX_BYTES
#: What is no fault of a file that brings only some tables; the rest of the board is on record.
_PARTIAL = ("dataset.as_of_missing", "dataset.partial", "workbook.sheet_missing")
_EVERY = 1_000_000
_CPU_S, _WALL_S, _MEMORY = 10.0, 40.0, 1 << 30


def unsuitable(name: str, size: int) -> Finding | None:
    """Why a file is not taken at all: its kind, or its size."""
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        params = {"extension": suffix or "—", "allowed": " ".join(SUFFIXES)}
        return Finding("web.exchange.kind", params=params, file=name)
    if size > LIMIT:
        return Finding("web.exchange.too_large", params={"limit": f"{LIMIT // 2**20} MiB"}, file=name)
    return None


def read(digest: str, name: str, by: Actor) -> Incoming:
    """The rows of a stored file, held against what the officer may refer to; all findings, none left out."""
    try:
        with _named(digest, name) as path:
            loaded = load(path, as_of=None, known=queries.known(by), listed=_EVERY)
    except Refused as refused:
        return Incoming({}, None, (Finding(refused.rule, params=refused.params, file=name),))
    except Exhausted as exhausted:
        reason = {"reason": str(exhausted.reason)}
        return Incoming({}, None, (Finding("workbook.exhausted", params=reason, file=name),))
    given = {table: _rows(table, loaded) for table in FACTS if table in loaded.tables}
    findings = [f for f in loaded.findings if f.rule not in _PARTIAL and not _own_mark(f)]
    if loaded.as_of is not None and loaded.as_of > by.on:
        findings.append(Finding("web.exchange.future", params={"on": loaded.as_of.isoformat()}, file=name))
    if not any(loaded.counts.values()) and not any(f.blocks for f in findings):
        findings.append(Finding("web.exchange.nothing", file=name))
    return Incoming(given, loaded.as_of, (*findings, *_holds(loaded, by)))


@contextmanager
def _named(digest: str, name: str) -> Iterator[Path]:
    """The stored bytes under the name they came with, alone in a folder; a ZIP as the folder of what it holds."""
    with tempfile.TemporaryDirectory(prefix="yipanqi-") as folder:
        path = Path(folder) / _safe(name)
        try:
            os.link(store.path(digest), path)
        except OSError:
            shutil.copyfile(store.path(digest), path)
        if path.suffix.lower() != ".zip":
            yield path
            return
        unpacked = Path(folder) / path.stem
        unpacked.mkdir()
        apart(f"{unpacking.__name__}:unpack", (str(path), str(unpacked)), cpu_s=_CPU_S, memory_bytes=_MEMORY,
              wall_s=_WALL_S)  # fmt: skip
        yield unpacked


def _safe(name: str) -> str:
    cleaned = re.sub(r"[\x00-\x1f/\\:*?\"<>|]", "_", name).strip(". ")
    stem, dot, suffix = cleaned.rpartition(".")
    return f"{(stem or 'file')[:60]}{dot}{suffix}"


def _rows(table: str, loaded: Loaded) -> list[Given]:
    frame = loaded.tables[table]
    blanks = frozenset(f.column for f in fields(table) if f.blank is not None)
    known: dict[int, tuple[frozenset[str], dict[str, str]]] = {}
    out = []
    for values, (origin, row) in zip(frame.iter_rows(named=True), loaded.places[table], strict=True):
        if id(origin) not in known:
            known[id(origin)] = (_stated(origin), {s.field.column: s.header for s in origin.sources})
        columns, headers = known[id(origin)]
        # A value without a column of its own came from a map layer, unless it is what an empty cell stands for.
        filled = {n for n, v in values.items() if v is not None and (n == GEOMETRY or n not in blanks)}
        out.append(Given(values, columns | filled, headers, origin.file, origin.sheet, row))
    return out


def _stated(origin: Origin) -> frozenset[str]:
    sheet = next((s for s in sheets() if plain(origin.sheet) in s.names()), None)
    return frozenset(s.field.column for s in origin.sources if s.usable) | frozenset(sheet.fixed if sheet else ())


def _own_mark(finding: Finding) -> bool:
    """Whether it only says that the sheet still has the remarks we put into it."""
    marks = {plain(say(i, lang)) for i in ("web.exchange.reasons", "web.exchange.summary") for lang in LANGUAGES}
    name = finding.column if finding.rule == "header.unknown" else finding.table
    return finding.rule in ("header.unknown", "workbook.sheet_unknown") and plain(name or "") in marks


def _holds(loaded: Loaded, by: Actor) -> Sequence[Finding]:
    """Holds are taken one by one on the site's page; those of a file that do not stand are named, not written."""
    if "holds" not in loaded.tables:
        return ()
    wanted = live(loaded.tables["holds"], by.on).select("site_id", "project_id")
    standing = pl.DataFrame(
        queries.live_holds(by), schema={"site_id": pl.String, "project_id": pl.String}, orient="row"
    )
    strange = wanted.join(standing, on=["site_id", "project_id"], how="anti").height
    return (Finding("web.exchange.holds", Severity.WARN, {"count": strange}),) if strange else ()
