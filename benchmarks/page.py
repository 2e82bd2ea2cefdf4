"""The page of all results: docs/reference/benchmarks.md."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.reports import RESULTS, ROOT, Report

PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
_HEAD = """# Benchmarks

Written by `make bench`: every promise with its peers on the same seeded data in one run, answers compared before any
time is taken. Only ratios of one run mean anything on another machine. Sizes, seeds and digests of the data stand in
`benchmarks/`; they were committed before the engine was tuned on them.
"""


def write() -> Path:
    """Write the page from the results at hand, in the order of the promises."""
    from benchmarks.__main__ import PROMISES

    found = [RESULTS / f"{name}.json" for name in PROMISES]
    told = [json.loads(path.read_text(encoding="utf-8")) for path in found if path.exists()]
    missing = [name for name, path in zip(PROMISES, found, strict=True) if not path.exists()]
    unsaid = [f"Not measured at full size yet: {', '.join(missing)}.\n"] if missing else []
    parts = [_HEAD, *unsaid, _goals(told), *(_section(report) for report in told)]
    PAGE.write_text("\n".join(parts), encoding="utf-8")
    return PAGE


def told(report: Report) -> str:
    """The report as text for a terminal."""
    return _section(asdict(report))


def _goals(reports: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (report["title"], goal["promise"], goal["measured"], "yes" if goal["met"] else "**no**")
        for report in reports
        for goal in report["goals"]
    ]
    return "## Goals\n\n" + _table(("promise", "goal", "measured", "met"), rows) if rows else ""


def _section(report: Mapping[str, Any]) -> str:
    lines = [f"## {report['title']}", ""]
    for table in report["tables"]:
        lines += [f"**{table['title']}**", "", _table(table["columns"], table["rows"])]
    missed = [goal for goal in report["goals"] if not goal["met"]]
    lines += [f"- Not met: {goal['promise']}. Measured {goal['measured']}. {goal['why_not']}" for goal in missed]
    lines += [f"- {note}" for note in report["notes"]]
    lines += [""] if missed or report["notes"] else []
    if "measured_on" in report:
        on = ", ".join(f"{name} {value}" for name, value in report["measured_on"].items())
        lines += [f"Measured in {report['seconds']:.0f} s on: {on}.", ""]
    return "\n".join(lines)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [columns, ["---"] * len(columns), *[[_cell(value) for value in row] for row in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")
