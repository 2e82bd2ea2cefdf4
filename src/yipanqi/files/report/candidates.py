"""Projects, their verdicts clause by clause, their schemes and their nearest misses, as the page shows them."""

from typing import Any

import polars as pl

from yipanqi.admission.verdict import Verdicts
from yipanqi.allocation.board import Plan
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files.report.phrases import Phrases
from yipanqi.files.report.rows import plain, rows

_PROJECT = [
    "project_id", "name", "product_line", "investor", "category", "industry_code", "strategic_tags", "stage", "major",
    "origin_town_id", "reported_at", "accepted_on", "total_investment_wan", "fixed_investment_wan", "output_wan",
    "tax_wan", "rd_share", "energy_tce", "emission_t", "consent", "in_play",
]  # fmt: skip
_SCHEME = [
    "scheme_id", "project_id", "kind", "shown_rank", "score_share", "fit_share", "land_m2", "floor_m2", "available_on",
    "relocation_cost_wan", "relocation_count", "plan_change_count", "distance_km", "price_wan", "area_class",
    "functional_type", "far_ratio", "town_ids", "stale_count", "unverified_count", "value_wan", "expected_wan",
    "tax_wan", "verdict",
]  # fmt: skip
_CASE = [
    "case_id",
    "project_id",
    "verdict",
    "missed_hard_count",
    "score_points",
    "standard_id",
    "edition",
    "reference_on",
]
_NORM = [
    "clause_id",
    "indicator",
    "comparison",
    "threshold",
    "unit",
    "hard",
    "points_max",
    "clause",
    "basis",
    "mandatory",
]
_DEMAND = ["project_id", "phase", "need_kind", "need_m2", "from_year", "commitment", "may_split", "use_class"]


def projects(plan: Plan) -> dict[str, Any]:
    """Every project of the pool; ``in_play``: it takes part in the board."""
    takes_part = pl.col("project_id").is_in(plan.in_play["project_id"].implode())
    return rows(plan.facts.projects.with_columns(in_play=takes_part).sort("project_id"), _PROJECT)


def demands(plan: Plan) -> dict[str, Any]:
    """What each phase of a project needs."""
    return rows(plan.facts.demands.sort("project_id", "phase"), _DEMAND)


def placements(plan: Plan, name: ScenarioName) -> dict[str, Any]:
    """Who goes where in a scenario."""
    return rows(
        plan.scenarios[name].placements.sort("project_id"),
        ["project_id", "scheme_id", "fixed", "moved", "value_wan", "expected_wan", "tax_wan"],
    )


def chosen(plan: Plan) -> pl.DataFrame:
    """The schemes a reader meets: the recommended ones and the one the board takes, with worth and final verdict."""
    board = plan.scenarios[ScenarioName.BOARD].placements["scheme_id"]
    final = plan.schemes.verdicts.verdicts.select(scheme_id="case_id", verdict="verdict")
    worth = plan.worth.select("scheme_id", "value_wan", "expected_wan", "tax_wan")
    return (
        plan.schemes.schemes.filter(pl.col("shown_rank").is_not_null() | pl.col("scheme_id").is_in(board.implode()))
        .join(worth, on="scheme_id", how="left")
        .join(final, on="scheme_id", how="left")
        .sort("project_id", "shown_rank", "scheme_id", nulls_last=True)
    )


def schemes(plan: Plan, shown: pl.DataFrame, phrases: Phrases) -> dict[str, Any]:
    """The shown schemes with their units, relocations, plan changes and reasons; ``text`` is a phrase number."""

    def of_shown(frame: pl.DataFrame, *order: str) -> pl.DataFrame:
        return frame.join(shown.select("scheme_id"), on="scheme_id", how="semi").sort("scheme_id", *order)

    s = plan.schemes
    reasons = of_shown(s.reasons, "reason_no")
    numbers = [phrases.message(*pair) for pair in reasons.select("message_id", "params_json").iter_rows()]
    return {
        "schemes": rows(shown, _SCHEME),
        "units": rows(of_shown(s.units, "phase", "site_id"), ["scheme_id", "phase", "site_id", "take_m2"]),
        "relocations": rows(
            of_shown(s.relocations, "firm_id"),
            ["scheme_id", "firm_id", "from_site_id", "to_site_id", "take_m2", "cost_wan", "months"],
        ),
        "plan_changes": rows(
            of_shown(s.plan_changes, "site_id", "rule_id"),
            ["scheme_id", "site_id", "rule_id", "parameter", "from_value", "to_value", "procedure", "decider"],
        ),
        "reasons": rows(
            reasons.with_columns(text=pl.Series(numbers, dtype=pl.Int64)), ["scheme_id", "role", "message_id", "text"]
        ),
    }


def misses(plan: Plan, phrases: Phrases) -> dict[str, Any]:
    """The nearest misses of the projects that have no scheme; ``text`` is a phrase number."""
    ordered = plan.schemes.misses.sort("project_id", "miss_rank", "reason_no")
    numbers = [phrases.message(*pair) for pair in ordered.select("message_id", "params_json").iter_rows()]
    columns = ["project_id", "miss_rank", "site_ids", "message_id", "text"]
    return rows(ordered.with_columns(text=pl.Series(numbers, dtype=pl.Int64)), columns)


def changes(plan: Plan, phrases: Phrases) -> dict[str, Any]:
    """The smallest changes that would pass, for projects not admitted; ``text`` is a phrase number."""
    ordered = plan.changes.sort("project_id", "message_id", "params_json")
    numbers = [phrases.message(*pair) for pair in ordered.select("message_id", "params_json").iter_rows()]
    return rows(ordered.with_columns(text=pl.Series(numbers, dtype=pl.Int64)), ["project_id", "text"])


def verdicts(plan: Plan, shown: pl.DataFrame) -> dict[str, Any]:
    """Preliminary and final cases, the norms (a clause with its threshold, once) and each case's results on them.

    ``results`` holds one list a case: [norm, value, gap, met, in band, points] per clause, in the order of the cases.
    """
    early, late = plan.preliminary, plan.schemes.verdicts
    final = Verdicts(
        *(f.join(shown.select(case_id="scheme_id"), on="case_id", how="semi") for f in (late.verdicts, late.clauses))
    )
    norms: dict[tuple[Any, ...], int] = {}
    return {
        "preliminary": rows(early.verdicts.sort("project_id", "case_id"), _CASE),
        "preliminary_results": _results(early, norms),
        "final": rows(final.verdicts.sort("project_id", "case_id"), _CASE),
        "final_results": _results(final, norms),
        "norms": {"cols": _NORM, "rows": [[plain(v, 4) for v in norm] for norm in norms]},
    }


def _results(verdicts: Verdicts, norms: dict[tuple[Any, ...], int]) -> list[list[list[Any]]]:
    by_case: dict[str, list[list[Any]]] = {}
    values = verdicts.clauses.sort("case_id", "clause_id").select(
        "case_id", "value", "gap", "met", "in_band", "points", *_NORM
    )
    for case, value, gap, met, in_band, points, *norm in values.iter_rows():
        number = norms.setdefault(tuple(norm), len(norms))
        line = [number, plain(value, 4), plain(gap, 4), met, in_band, plain(points)]
        by_case.setdefault(case, []).append(line)
    return [by_case.get(case, []) for case in verdicts.verdicts.sort("project_id", "case_id")["case_id"]]
