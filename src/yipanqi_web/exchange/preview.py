"""From an upload to its preview and its copy with reasons: what the pages call."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from yipanqi.files.workbook import SUFFIXES as BOOK_SUFFIXES
from yipanqi.kernel.executor import apart
from yipanqi.kernel.findings import Finding, Severity, in_order
from yipanqi.policy.wording import label, say, sentence
from yipanqi_web.actions import exchange as actions
from yipanqi_web.actions.changes import SHOWN, Plan, plan
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.exchange import intake, marking
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.records import store
from yipanqi_web.records.models import ImportRecord

#: Findings a preview keeps to show; the copy has them all.
LISTED = 300
_CPU_S, _WALL_S, _MEMORY = 20.0, 120.0, 3 * 2**29


@dataclass(frozen=True)
class Upload:
    """A file as the browser sent it."""

    name: str
    size: int
    chunks: Iterable[bytes]


def receive(upload: Upload, *, by: Actor) -> ImportRecord:
    """Keep an upload, read it, hold it against the record, and keep the preview. Nothing of it is written.

    Raises:
        NotPossibleError: a kind that is not read, or too large.
    """
    found = intake.unsuitable(upload.name, upload.size)
    if found is not None:
        raise NotPossibleError(found)
    file = actions.keep_file(upload.chunks, upload.name, Path(upload.name).suffix.lower(), by=by)
    incoming = intake.read(file.digest, upload.name, by)
    planned = plan(incoming, by)
    findings = in_order((*incoming.findings, *planned.findings))
    blocked = any(f.blocks for f in findings)
    return actions.keep_preview(
        file, upload.name, planned, _preview(planned, findings), by=by, may=not blocked and not planned.empty
    )


def confirm(record: ImportRecord, *, by: Actor) -> ImportRecord:
    """Write the upload, all of it or nothing; confirming again changes nothing.

    Raises:
        NotPossibleError, StaleError: see ``actions.exchange.confirm``.
    """
    if record.confirmed_at is not None:
        return record
    return actions.confirm(record, intake.read(record.digest, record.name, by), by=by)


def copy(record: ImportRecord, target: Path, *, by: Actor, language: str) -> None:
    """Write the user's own workbook with a reason beside each bad cell; of other files the list of reasons alone."""
    incoming = intake.read(record.digest, record.name, by)
    findings = in_order((*incoming.findings, *plan(incoming, by).findings))
    marks = tuple(_mark(f, language) for f in findings)
    heads = tuple(say(f"web.exchange.head.{part}", language) for part in ("severity", "sheet", "row", "column", "text"))
    words = {s.value: label("severity", s.value, language) for s in Severity}
    own = Path(record.name).suffix.lower() in BOOK_SUFFIXES
    work = marking.Work(
        str(store.path(record.digest)) if own else None, str(target), marks,
        say("web.exchange.reasons", language), say("web.exchange.summary", language), heads, words,
    )  # fmt: skip
    try:
        _marked(work)
    except Exception:
        # A workbook too odd or too large to be copied still gets its reasons as a list.
        if not own:
            raise
        _marked(replace(work, source=None))


def _marked(work: marking.Work) -> None:
    apart(f"{marking.__name__}:mark", work, cpu_s=_CPU_S, memory_bytes=_MEMORY, wall_s=_WALL_S)


def _mark(finding: Finding, language: str) -> marking.Mark:
    text = sentence(finding.at(file=None, table=None, row=None), language)
    return marking.Mark(finding.table, finding.row, finding.column, finding.severity.value, text)


def _preview(planned: Plan, findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {
        "tables": {name: vars(tally) for name, tally in planned.tallies.items()},
        "cells": _cells(planned),
        "findings": [asdict(f) for f in sorted(findings, key=_worst)[:LISTED]],
        "count": len(findings),
        "blocking": sum(f.blocks for f in findings),
    }


def _worst(finding: Finding) -> int:
    return [Severity.BLOCK, Severity.WARN, Severity.NOTE].index(finding.severity)


def _cells(planned: Plan) -> list[dict[str, Any]]:
    """The first changed cells: table, key, column, before and after."""
    out: list[dict[str, Any]] = []
    for change in planned.changes:
        for column, before in (change.before or {}).items():
            if len(out) == SHOWN:
                return out
            key = " · ".join(str(part) for part in change.key)
            out.append({"table": change.table, "key": key, "column": column,
                        "before": _told(before), "after": _told(change.after[column])})  # fmt: skip
    return out


def _told(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str() | list():
            return value
        case bytes():
            return f"#{len(value)}"
        case _:
            return value.isoformat()


def shown(record: ImportRecord) -> list[Finding]:
    """The kept findings, as findings."""
    return [Finding(**{**f, "severity": Severity(f["severity"])}) for f in record.preview["findings"]]
