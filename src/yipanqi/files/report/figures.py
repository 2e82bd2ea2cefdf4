"""Everything the page shows, as one JSON object; the page only formats and filters it.

Money is 万元, area m² (mu where the key says so), shares 0–1, dates ISO text. A null means "not stated" and is shown
as a dash, never as zero.
"""

from importlib.metadata import version
from typing import Any

import polars as pl

from yipanqi.admission.verdict import Verdict, overall
from yipanqi.allocation.board import Plan
from yipanqi.allocation.scenarios import Scenario, ScenarioName
from yipanqi.delivery.milestones import on_schedule
from yipanqi.files.report import candidates, grounds, inventory
from yipanqi.files.report.phrases import Phrases, page_texts
from yipanqi.files.report.rows import plain, rows
from yipanqi.kernel.findings import in_order


def figures(plan: Plan, language: str) -> dict[str, Any]:
    """The object behind the page."""
    phrases = Phrases()
    sites, shown = inventory.stock(plan), candidates.chosen(plan)
    data = {
        "head": _head(plan, language),
        "keys": _keys(plan, sites),
        "scenarios": [_scenario(plan.scenarios[name]) for name in ScenarioName],
        "gain": [plain(limit) for limit in plan.gain_wan],
        "losses": rows(plan.loss_sensitivity.sort("loss_share"), plan.loss_sensitivity.columns),
        "towns": _towns(plan),
        "prices": rows(
            plan.prices.sort("resource", "town_id"), ["resource", "town_id", "price_wan", "unit", "used_share"]
        ),
        "division": _division(plan),
        "projects": candidates.projects(plan),
        "demands": candidates.demands(plan),
        "placements": {name.value: candidates.placements(plan, name) for name in ScenarioName},
        "scheme": candidates.schemes(plan, shown, phrases),
        "misses": candidates.misses(plan, phrases),
        "changes": candidates.changes(plan),
        "verdicts": candidates.verdicts(plan, shown),
        "sites": inventory.table(sites),
        "firms": inventory.firms(plan),
        "quotas": inventory.quotas(plan),
        "bodies": grounds.body_names(plan),
        "standards": grounds.standard_names(plan),
        "editions": grounds.editions(plan),
        "parameters": grounds.parameters(plan),
        "findings": [[f.severity.value, f.rule, phrases.finding(f)] for f in in_order(plan.findings)],
        "texts": page_texts(),
    }
    return data | {"phrases": phrases.all()}


def _head(plan: Plan, language: str) -> dict[str, Any]:
    return {
        "district": plan.facts.district,
        "as_of": plan.facts.as_of.isoformat(),
        "profile": plan.rulebook.profile,
        "synthetic": plan.facts.synthetic,
        "rulebook": plan.rulebook.digest[:12],
        "version": version("yipanqi"),
        "language": language,
        "borders": sorted(plan.facts.towns["boundary_source"].drop_nulls().unique().to_list()),
    }


def _keys(plan: Plan, sites: pl.DataFrame) -> list[dict[str, Any]]:
    """The key figures: one strong number each, and the numbers of the line under it."""
    pool = plan.facts.projects
    board = plan.scenarios[ScenarioName.BOARD]
    played = plan.in_play
    low, high = (plain(limit) for limit in plan.gain_wan)
    return [
        {"id": "projects", "value": played.height, "pool": pool.height, "major": int(played["major"].sum())},
        inventory.land_figure(sites, plan),
        inventory.plant_figure(sites, plan),
        {"id": "admitted", **_verdict_counts(plan)},
        {
            "id": "settled",
            "value": board.settled,
            "share": plain(board.settled / played.height, 4) if played.height else None,
            "moved": int(board.placements["moved"].sum()),
        },
        *_schedule(plan),
        {"id": "gain", "low": low, "high": high},
    ]


def _verdict_counts(plan: Plan) -> dict[str, int]:
    verdicts = overall(plan.preliminary.verdicts)["verdict"]
    counts = {v.value: int((verdicts == v.value).sum()) for v in Verdict}
    return {"value": counts.pop(Verdict.ADMITTED.value), **counts}


def _schedule(plan: Plan) -> list[dict[str, Any]]:
    """The share of major projects on schedule, or of the others if no major one has milestones; none without any."""
    groups = on_schedule(plan.facts.milestones, plan.facts.projects, plan.facts.as_of)
    if groups.is_empty():
        return []
    first = groups.row(0, named=True)
    return [
        {
            "id": "schedule",
            "value": plain(first["on_schedule_share"], 4),
            "major": first["major"],
            "on_time": first["projects_count"] - first["late_count"],
            "judged": first["projects_count"],
            "late": first["late_count"],
        }
    ]


def _scenario(scenario: Scenario) -> dict[str, Any]:
    return {
        "name": scenario.name.value,
        "settled": scenario.settled,
        "value": plain(scenario.value_wan),
        "expected": plain(scenario.expected_wan),
        "tax": plain(scenario.tax_wan),
        "bound": plain(scenario.bound_wan),
        "gap": plain(scenario.gap_share, 6),
        "proven": scenario.proven,
        "stopped_by": scenario.stopped_by.value,
        "moved": int(scenario.placements["moved"].sum()),
    }


def _towns(plan: Plan) -> dict[str, Any]:
    """Every town with its share of the gain; what it hosts is counted by the page from the placements."""
    towns = plan.facts.towns.join(plan.division.shares, on="town_id", how="left").sort("town_id")
    return rows(
        towns,
        ["town_id", "name", "town_kind", "alone_wan", "shapley_wan", "stderr_wan", "priced_wan", "hosted_wan"],
    )


def _division(plan: Plan) -> dict[str, Any]:
    d = plan.division
    return {
        "value_function": d.value_function,
        "grand": plain(d.grand_wan),
        "samples": d.samples,
        "exact": d.exact,
        "in_core": d.in_core,
        "blocking": list(d.blocking),
        "excess": plain(d.excess_wan),
    }
