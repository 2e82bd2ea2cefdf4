"""Writes the documents: one compiled PDF per project and edition, the same bytes for the same plan."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import polars as pl

from yipanqi.allocation.board import Plan
from yipanqi.files.documents.content import Library, Row, content
from yipanqi.files.documents.editions import EDITIONS, INVESTOR
from yipanqi.kernel.executor import spread
from yipanqi.policy.wording import say

#: Documents compiled by one task: enough to pay for starting it.
_BATCH = 40


def write(plan: Plan, folder: Path, language: str = "zh", *, workers: int = 1) -> list[Path]:
    """Write both editions for every project on the board; the investor edition only where a scheme is shown.

    Files are named ``<project id>-<edition>.pdf`` in ``folder``; characters a file name cannot bear become ``_``. The
    paths come back in order. A character the shipped face lacks is drawn as its empty box.
    """
    folder.mkdir(parents=True, exist_ok=True)
    library = Library.of(plan, language)
    jobs = [(str(folder / name), text) for name, text in _texts(library, plan.in_play.sort("project_id"))]
    stamp = datetime(plan.facts.as_of.year, plan.facts.as_of.month, plan.facts.as_of.day, tzinfo=UTC)
    batches = [(jobs[i : i + _BATCH], stamp.timestamp()) for i in range(0, len(jobs), _BATCH)]
    spread(compile_batch, batches, workers=workers)
    return [Path(path) for path, _ in jobs]


def compile_batch(batch: tuple[list[tuple[str, str]], float]) -> int:
    """Compile documents given as (path, JSON text); the number written."""
    import typst

    jobs, stamp = batch
    here = files("yipanqi.files.documents")
    with as_file(here / "page.typ") as page, as_file(here / "fonts") as fonts:
        compiler = typst.Compiler(str(page), font_paths=[str(fonts)], ignore_system_fonts=True)
        for path, text in jobs:
            compiler.compile(output=path, sys_inputs={"data": text}, format="pdf", timestamp=int(stamp))
    return len(jobs)


def _texts(library: Library, projects: pl.DataFrame) -> Iterable[tuple[str, str]]:
    for project in projects.iter_rows(named=True):
        for edition in EDITIONS:
            shown = content(library, project, edition)
            if edition is INVESTOR and not shown["schemes"]:
                continue
            yield _file_name(project, edition.name, library.language), _json(shown)


def _file_name(project: Row, edition: str, language: str) -> str:
    safe = re.sub(r"[^\w\-]", "_", project["project_id"])
    return f"{safe}-{say(f'document.edition_{edition}', language)}.pdf"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
