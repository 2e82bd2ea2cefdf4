"""Projects, their verdicts clause by clause, their schemes and their nearest misses, as the page shows them."""

from typing import Any, TypeAlias

import polars as pl

from yipanqi.admission.verdict import Verdicts
from yipanqi.allocation.board import Plan
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files.report.phrases import Phrases
from yipanqi.files.report.rows import plain, rows

#: One line of facts that is compared as a whole.
Line: TypeAlias = tuple[Any, ...]

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
_RESULT = ["value", "gap", "met", "in_band", "points"]
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


def changes(plan: Plan) -> dict[str, Any]:
    """The smallest changes that would pass, case by case; rows of one ``order_no`` belong together."""
    ordered = plan.changes.sort("case_id", "order_no", "lever")
    return rows(ordered, ["case_id", "order_no", "lever", "value", "amount", "verdict"])


def verdicts(plan: Plan, shown: pl.DataFrame) -> dict[str, Any]:
    """Preliminary and final cases, and the norms (a clause with its threshold, once).

    ``results`` of a case is the number of its list in ``results``: [norm, value, gap, met, in band, points] for each
    clause. Site classes that judge a project alike share one list.
    """
    late = plan.schemes.verdicts
    met = shown.select(case_id="scheme_id")
    final = Verdicts(
        late.verdicts.join(met, on="case_id", how="semi"), late.clauses.join(met, on="case_id", how="semi")
    )
    norms: dict[Line, int] = {}
    lists: dict[Line, int] = {}
    cases = {
        name: rows(_with_results(judged, norms, lists), [*_CASE, "results"])
        for name, judged in (("preliminary", plan.preliminary), ("final", final))
    }
    return {
        **cases,
        "results": [list(lines) for lines in lists],
        "norms": {"cols": _NORM, "rows": [[plain(v, 4) for v in norm] for norm in norms]},
    }


def _with_results(judged: Verdicts, norms: dict[Line, int], lists: dict[Line, int]) -> pl.DataFrame:
    """The cases, ordered, each with the number of its list of clause results."""
    by_case: dict[str, list[Line]] = {}
    clauses = judged.clauses.sort("case_id", "clause_id")
    for case, value, gap, met, in_band, points, *norm in clauses.select("case_id", *_RESULT, *_NORM).iter_rows():
        number = norms.setdefault(tuple(norm), len(norms))
        by_case.setdefault(case, []).append((number, plain(value, 4), plain(gap, 4), met, in_band, plain(points)))
    cases = judged.verdicts.sort("project_id", "case_id")
    numbers = [lists.setdefault(tuple(by_case.get(case, [])), len(lists)) for case in cases["case_id"]]
    return cases.with_columns(results=pl.Series(numbers, dtype=pl.Int64))
