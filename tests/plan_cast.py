"""A plan of the small district (or any facts), dealt out by hand: for tests of what is made from a plan."""

import json
from datetime import date
from typing import Any

import polars as pl

import cast
from yipanqi.admission.counterfactual import Change
from yipanqi.admission.routing import ReviewStep
from yipanqi.admission.verdict import CaseVerdict, ClauseResult, Verdicts
from yipanqi.allocation.board import Facts, Plan
from yipanqi.allocation.division import Division, TownShare
from yipanqi.allocation.prices import Price
from yipanqi.allocation.scenarios import Placement, Scenario, ScenarioName, StoppedBy
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Finding, Severity
from yipanqi.matching.schemes import (
    NearestMiss,
    Scheme,
    SchemePlanChange,
    SchemeReason,
    SchemeRelocation,
    Schemes,
    SchemeUnit,
)
from yipanqi.planning.compliance import Admissible
from yipanqi.policy.rulebook import load

CHANGE = {"order_no": 1, "lever": "output_wan", "value": 9_000.0, "amount": 1_000.0, "verdict": "admitted"}
STEP = {"step_no": 1, "level": 4, "step_id": "review", "title_zh": "准入评审", "title_en": "Entry review", "body": None}
ADMITS = {"category": "new_land", "allowed_uses": ["M1"], "plan_change_uses": ["M4"], "far_max_ratio": 2.0}
Parts = dict[str, list[dict[str, Any]]]
HOSTILE = '</script><img src=x onerror="alert(1)">&=1+1 “一”'


def made_plan(facts: Facts, **changes: Any) -> Plan:
    """A plan of the right shapes dealt out by hand: every third project is not placed, every second one moves."""
    facts = facts.sorted()
    land = facts.sites.filter((pl.col("site_kind") == "land") & pl.col("state").is_in(["available", "low_efficiency"]))
    dealt = list(zip(facts.projects.iter_rows(named=True), _hands(land, facts.projects.height), strict=False))
    parts: Parts = {k: [] for k in ("schemes", "units", "moves", "changes", "reasons", "placed")}
    for number, (project, hand) in enumerate(dealt):
        for rank, site in enumerate(hand, start=1):
            _deal(parts, project, site, rank)
        if number % 3 and hand:
            parts["placed"].append(_placement(project, hand[0]))
    schemes = Schemes(
        tables.frame(Scheme, parts["schemes"]),
        tables.frame(SchemeUnit, parts["units"]),
        tables.frame(SchemeRelocation, _relocations(facts, parts["units"])),
        tables.frame(SchemePlanChange, parts["changes"]),
        tables.frame(SchemeReason, parts["reasons"]),
        tables.frame(NearestMiss, _misses(dealt)),
        _verdicts([(s["scheme_id"], s["project_id"]) for s in parts["schemes"]]),
    )
    cases = [(f"{p}/{area}/base", p) for p in facts.projects["project_id"] for area in ("104", "195")]
    worth = pl.DataFrame(
        [
            {"scheme_id": s["scheme_id"], "value_wan": 50_000.0, "expected_wan": 40_000.0, "tax_wan": 9_000.0}
            for s in parts["schemes"]
        ]
    )
    filled: dict[str, Any] = {
        "facts": facts,
        "rulebook": load("jiading"),
        "in_play": facts.projects,
        "preliminary": _verdicts(cases),
        "changes": tables.frame(Change, [CHANGE | {"case_id": c, "project_id": p} for c, p in cases]),
        "routes": tables.frame(ReviewStep, [STEP | {"project_id": p} for p in facts.projects["project_id"]]),
        "admissible": tables.frame(Admissible, [ADMITS | {"site_id": s} for s in facts.sites["site_id"]]),
        "schemes": schemes,
        "worth": worth,
        "scenarios": scenarios(parts["placed"]),
        "gain_wan": (179_000.0, 184_000.0),
        "loss_sensitivity": pl.DataFrame(
            {"loss_share": [0.0, 1.0], "gain_low_wan": [9e4, 18e4], "gain_high_wan": [9.1e4, 18.2e4]}
        ),
        "prices": tables.frame(
            Price,
            [
                {"resource": "land", "town_id": t, "price_wan": 123.4, "unit": "mu", "used_share": 0.8}
                for t in facts.towns["town_id"]
            ],
        ),
        "division": _division(facts),
        "findings": (Finding("schema.duplicate", Severity.BLOCK, {"key": HOSTILE}, table="sites", row=3),),
    }
    return Plan(**(filled | changes))


def _hands(land: pl.DataFrame, count: int) -> list[list[dict[str, Any]]]:
    """Up to three sites for each project, no site twice."""
    rows = list(land.iter_rows(named=True))
    return [rows[3 * i : 3 * i + 3] for i in range(count)]


def _deal(parts: Parts, project: dict[str, Any], site: dict[str, Any], rank: int) -> None:
    scheme_id = f"{project['project_id']}/{rank:012x}"
    parts["schemes"].append(
        {
            "scheme_id": scheme_id,
            "project_id": project["project_id"],
            "kind": "single",
            "shown_rank": rank,
            "score_share": 0.95 - rank / 20,
            "fit_share": 0.9,
            "land_m2": site["area_m2"],
            "floor_m2": 0.0,
            "available_on": date(2026, 12, 28 + rank % 3),
            "relocation_cost_wan": 3_200.0,
            "relocation_count": 1,
            "plan_change_count": 1,
            "distance_km": 2.1 * rank,
            "price_wan": 5_400.0,
            "area_class": site["area_class"],
            "functional_type": site["functional_type"],
            "town_ids": [site["town_id"]],
            "stale_count": 0,
            "unverified_count": 0,
        }
    )
    parts["units"].append({"scheme_id": scheme_id, "phase": 1, "site_id": site["site_id"], "take_m2": site["area_m2"]})
    parts["changes"].append(
        {
            "scheme_id": scheme_id,
            "site_id": site["site_id"],
            "rule_id": "far",
            "parameter": "far_ratio",
            "from_value": "1.2",
            "to_value": "1.6",
            "procedure": "far_change",
            "decider": "district_government",
        }
    )
    for no, role in enumerate(("strength", "price"), start=1):
        parts["reasons"].append(
            {
                "scheme_id": scheme_id,
                "reason_no": no,
                "role": role,
                "message_id": "schema.min",
                "params_json": json.dumps({"column": HOSTILE, "value": rank, "limit": 9}),
            }
        )


def _placement(project: dict[str, Any], site: dict[str, Any]) -> dict[str, Any]:
    return {
        "project_id": project["project_id"],
        "scheme_id": f"{project['project_id']}/{1:012x}",
        "fixed": False,
        "moved": site["town_id"] != project["origin_town_id"],
        "value_wan": 50_000.0,
        "expected_wan": 40_000.0,
        "tax_wan": 9_000.0,
    }


def _relocations(facts: Facts, units: list[dict[str, Any]]) -> list[dict[str, Any]]:
    sitting = dict(facts.incumbents.select("site_id", "firm_id").iter_rows())
    return [
        {
            "scheme_id": u["scheme_id"],
            "firm_id": sitting[u["site_id"]],
            "from_site_id": u["site_id"],
            "to_site_id": None,
            "take_m2": 0.0,
            "cost_wan": 3_200.0,
            "months": 8.0,
        }
        for u in units
        if u["site_id"] in sitting
    ]


def _misses(dealt: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    return [
        {
            "project_id": project["project_id"],
            "miss_rank": rank,
            "reason_no": 1,
            "site_ids": [site["site_id"]],
            "message_id": "schema.max",
            "params_json": json.dumps({"column": "far", "value": 2, "limit": 1}),
        }
        for number, (project, hand) in enumerate(dealt)
        if not number % 3
        for rank, site in enumerate(hand, start=1)
    ]


def _verdicts(cases: list[tuple[str, str]]) -> Verdicts:
    clauses = [
        ("C1", "fixed_investment_wan_per_mu", 600.0, 500.0, "published-example"),
        ("C2", "output_wan_per_mu", 900.0, 1_000.0, "assumed"),
        ("C3", "tax_wan_per_mu", None, 100.0, "assumed"),
    ]
    verdicts = [
        {
            "case_id": c,
            "project_id": p,
            "verdict": "conference",
            "missed_hard_count": 1,
            "score_points": 78.5,
            "standard_id": "new_land",
            "edition": "2025-07-01",
            "reference_on": cast.AS_OF,
            "reference_ground": "as_of",
        }
        for c, p in cases
    ]
    lines = [
        {
            "case_id": c,
            "clause_id": k,
            "project_id": p,
            "indicator": i,
            "value": v,
            "comparison": ">=",
            "threshold": t,
            "unit": "wan_per_mu",
            "gap": None if v is None else v - t,
            "met": None if v is None else v >= t,
            "hard": True,
            "in_band": v == 900.0,
            "clause": f"第六条{HOSTILE}",
            "basis": b,
            "mandatory": False,
        }
        for c, p in cases
        for k, i, v, t, b in clauses
    ]
    return Verdicts(tables.frame(CaseVerdict, verdicts), tables.frame(ClauseResult, lines))


def scenarios(placed: list[dict[str, Any]]) -> dict[ScenarioName, Scenario]:
    found = {}
    for name, part in (
        (ScenarioName.ALONE, [p for p in placed if not p["moved"]]),
        (ScenarioName.REFERRAL, placed[1:]),
        (ScenarioName.BOARD, placed),
    ):
        value = sum(p["value_wan"] for p in part)
        found[name] = Scenario(
            name,
            tables.frame(Placement, part),
            len(part),
            value,
            value * 0.8,
            9_000.0 * len(part),
            value * 1.01,
            0.0099,
            False,
            StoppedBy.WORK,
        )
    return found


def _division(facts: Facts) -> Division:
    shares = [
        {
            "town_id": t,
            "alone_wan": 10_000.0,
            "shapley_wan": 15_000.0,
            "stderr_wan": 120.0,
            "priced_wan": 14_000.0,
            "hosted_wan": 20_000.0,
        }
        for t in facts.towns["town_id"]
    ]
    return Division(
        "allocation.value.linear_production", 60_000.0, tables.frame(TownShare, shares), 400, False, True, (), 0.0
    )
