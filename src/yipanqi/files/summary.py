"""``summary.json``: the plan in one small, stable, documented object for scripts."""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from yipanqi.admission.verdict import Verdict, overall
from yipanqi.allocation.board import Plan
from yipanqi.allocation.scenarios import Scenario, ScenarioName

SCHEMA_VERSION = 1


def json_schema() -> Mapping[str, Any]:
    """The JSON Schema ``summary.json`` keeps."""
    text = (files("yipanqi.files") / "summary.schema.json").read_text(encoding="utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


def summary(plan: Plan) -> dict[str, Any]:
    """The plan as plain numbers and texts; money in 万元 with two decimals, shares with six."""
    verdicts = overall(plan.preliminary.verdicts)["verdict"]
    counts = _scheme_counts(plan)
    low, high = plan.gain_wan
    return {
        "schema_version": SCHEMA_VERSION,
        "profile": plan.rulebook.profile,
        "rulebook": plan.rulebook.digest,
        "as_of": plan.facts.as_of.isoformat(),
        "synthetic": plan.facts.synthetic,
        "projects": plan.facts.projects.height,
        "sites": plan.facts.sites.height,
        "admission": {v.value: int((verdicts == v.value).sum()) for v in Verdict},
        "schemes": counts,
        "scenarios": {name.value: _scenario(plan.scenarios[name]) for name in ScenarioName},
        "gain_wan": [round(low, 2), round(high, 2)],
        "division": {
            "value_function": plan.division.value_function,
            "exact": plan.division.exact,
            "in_core": plan.division.in_core,
            "blocking": list(plan.division.blocking),
        },
        "findings": _finding_counts(plan),
    }


def write(plan: Plan, path: Path) -> None:
    """Write ``summary.json``."""
    path.write_text(json.dumps(summary(plan), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _scheme_counts(plan: Plan) -> dict[str, int]:
    """How many of the projects on the board are shown no scheme, one, or two to three."""
    shown = plan.schemes.schemes.filter(pl.col("shown_rank").is_not_null()).group_by("project_id").len()
    per_project = shown["len"].to_list()
    one = sum(n == 1 for n in per_project)
    several = sum(n > 1 for n in per_project)
    return {"none": plan.in_play.height - one - several, "one": one, "two_or_three": several}


def _scenario(scenario: Scenario) -> dict[str, Any]:
    return {
        "settled": scenario.settled,
        "value_wan": round(scenario.value_wan, 2),
        "expected_wan": round(scenario.expected_wan, 2),
        "tax_wan": round(scenario.tax_wan, 2),
        "bound_wan": round(scenario.bound_wan, 2),
        "gap": round(scenario.gap_share, 6),
        "proven": scenario.proven,
        "stopped_by": scenario.stopped_by.value,
    }


def _finding_counts(plan: Plan) -> dict[str, int]:
    severities = [finding.severity.value for finding in plan.findings]
    return {severity: severities.count(severity) for severity in ("block", "warn", "note")}
