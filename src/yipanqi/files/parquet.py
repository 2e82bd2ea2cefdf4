"""A run on disk: the facts a plan was made from, as Parquet by digest, and what is needed to play it again.

``run/run.json`` names the engine version, the profile, the rulebook's digest, the data date and the digest of every
table; ``run/<table>-<12 hex>.parquet`` holds the table.
"""

import json
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from yipanqi import __version__
from yipanqi.allocation.board import TABLES, Facts, Plan
from yipanqi.kernel import tables


def store(plan: Plan, folder: Path) -> None:
    """Write the facts of a plan and their description into ``folder/run``."""
    run = folder / "run"
    run.mkdir(parents=True, exist_ok=True)
    digests = {}
    for name in TABLES:
        data: pl.DataFrame = getattr(plan.facts, name)
        digests[name] = tables.digest(data)
        data.write_parquet(run / f"{name}-{digests[name][:12]}.parquet", statistics=False)
    scalars = {f.name: getattr(plan.facts, f.name) for f in fields(Facts) if f.name not in TABLES}
    description = {
        "engine": __version__,
        "profile": plan.rulebook.profile,
        "rulebook": plan.rulebook.digest,
        "tables": digests,
        "facts": scalars | {"as_of": plan.facts.as_of.isoformat()},
    }
    text = json.dumps(description, ensure_ascii=False, indent=1, sort_keys=True)
    (run / "run.json").write_text(text + "\n", encoding="utf-8")


def restore(folder: Path) -> tuple[Facts, dict[str, Any]]:
    """The facts of a stored run and its description; ``folder`` is a plan's folder or its ``run`` folder.

    Raises:
        FileNotFoundError: the folder holds no run.
        ValueError: a table is not the one the run was made from.
    """
    run = folder if (folder / "run.json").is_file() else folder / "run"
    description = json.loads((run / "run.json").read_text(encoding="utf-8"))
    frames: dict[str, Any] = {}
    for name, expected in description["tables"].items():
        frames[name] = pl.read_parquet(run / f"{name}-{expected[:12]}.parquet")
        if tables.digest(frames[name]) != expected:
            raise ValueError(f"{name} is not the table this run was made from")
    scalars = description["facts"] | {"as_of": date.fromisoformat(description["facts"]["as_of"])}
    return Facts(**scalars, **frames), description
