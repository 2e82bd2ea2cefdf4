"""Writes the documents: one compiled PDF per project and edition, the same bytes for the same plan."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from yipanqi.allocation.board import Plan
from yipanqi.files.documents.content import Issue, content
from yipanqi.files.documents.editions import EDITIONS
from yipanqi.files.documents.library import Library
from yipanqi.kernel import executor

#: Documents compiled by one task: enough to pay for starting it.
_BATCH = 40
#: Control characters as JSON escapes them, behind an even number of backslashes; new lines and tabs are others.
_CONTROL = re.compile(r"(?<!\\)((?:\\\\)*)\\u00[01][0-9a-f]")
#: Stands for a character the shipped face lacks; the page then names the characters by their code points.
_UNKNOWN = "〓"
_LONGEST_NAME = 60


def write(plan: Plan, folder: Path, language: str = "zh", *, workers: int = 1) -> list[Path]:
    """Write ``<project id>-<edition>.pdf`` of every project on the board; the paths, in the order of the projects.

    The internal edition is written where a scheme or a nearest miss is shown, the investor's where a scheme is shown.
    What a file name cannot bear becomes ``_``; names that would then meet get a digest of the id. A character the
    shipped face lacks is printed as 〓, and the page says which one it was. PDF/A-2b, stamped with the data date.

    Raises:
        ValueError: no such language.
    """
    if language not in ("zh", "en"):
        raise ValueError(f"the documents speak zh and en, not {language!r}")
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(str(folder / f"{name}.pdf"), text) for name, text in _documents(plan, language)]
    day = plan.facts.as_of
    stamp = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    batches = [(jobs[i : i + _BATCH], stamp) for i in range(0, len(jobs), _BATCH)]
    many = min(workers, len(batches)) > 1
    executor.map(press, batches, executor=executor.Processes(workers) if many else None)
    return [Path(path) for path, _ in jobs]


def press(batch: tuple[list[tuple[str, str]], int]) -> int:
    """Compile documents given as (path, JSON text), stamped with seconds since 1970; the number written."""
    import typst

    jobs, stamp = batch
    with as_file(files("yipanqi.files.documents")) as here:
        faces = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(here / "fonts")])
        compiler = typst.Compiler(str(here / "page.typ"), root=str(here), font_paths=faces, ignore_system_fonts=True)
        for path, text in jobs:
            compiler.compile(
                output=path, sys_inputs={"data": text}, format="pdf", timestamp=stamp, pdf_standards="a-2b"
            )
    return len(jobs)


def _documents(plan: Plan, language: str) -> Iterator[tuple[str, str]]:
    """(file name without its end, JSON text) of every document."""
    library, issue = Library.of(plan), Issue.of(plan, language)
    projects = plan.in_play["project_id"].sort().to_list()
    names = file_names(projects)
    for project in projects:
        dossier = library.dossier(project)
        for edition in EDITIONS:
            shown = content(dossier, edition, issue)
            if shown["siting"] or shown["misses"]:
                yield f"{names[project]}-{issue.words.text(f'edition.{edition.name}')}", printable(shown, issue)


def file_names(keys: list[str]) -> dict[str, str]:
    """key → a name any file system bears, no two alike even where case does not count.

    >>> file_names(["P1", "A/1", "a?1"])["P1"]
    'P1'
    """
    plain = {key: re.sub(r"[^\w\-]", "_", key)[:_LONGEST_NAME] for key in keys}
    low = [name.casefold() for name in plain.values()]
    return {
        key: name if name and low.count(name.casefold()) == 1 else f"{name}-{sha256(key.encode()).hexdigest()[:8]}"
        for key, name in plain.items()
    }


def printable(shown: Mapping[str, Any], issue: Issue) -> str:
    """The content as JSON in which every character has a glyph; what had none is told by its code point."""
    text = _json(shown, "")
    unknown = sorted(set(text) - characters())
    if not unknown:
        return text
    points = issue.words.list(f"U+{ord(ch):04X}" for ch in unknown)
    told = _json(shown, issue.words.text("unprinted", points=points))
    return told.translate({ord(ch): _UNKNOWN for ch in unknown})


def _json(shown: Mapping[str, Any], unprinted: str) -> str:
    text = json.dumps({**shown, "unprinted": unprinted}, ensure_ascii=False, sort_keys=True)
    return _CONTROL.sub(r"\1", text)


@lru_cache(maxsize=1)
def characters() -> frozenset[str]:
    """Every character the shipped faces have."""
    return frozenset((files("yipanqi.files.documents") / "fonts" / "characters.txt").read_text(encoding="utf-8"))
