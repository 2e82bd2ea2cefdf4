"""The verdict: clauses, band, unknown facts, editions, preliminary classes."""

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

import cast
from cast import AS_OF
from yipanqi.admission.explanation import clause_message, governing_message
from yipanqi.admission.verdict import (
    Case,
    CaseVerdict,
    ClauseResult,
    Verdicts,
    judge,
    overall,
    preliminary,
    site_classes,
)
from yipanqi.kernel import tables
from yipanqi.kernel.units import m2
from yipanqi.pipeline.projects import Demand, Project
from yipanqi.policy.rulebook import PROFILES, Rulebook, load, parse
from yipanqi.policy.wording import render, sentence

PROVISION = "clause: 标准, source: 测试, issued_by: 测试区, basis: assumed"
ALWAYS = f"{PROVISION}, effective_from: 2000-01-01"
#: A small rulebook: two editions of one standard, a lease, a directory, a national floor that ended.
TEXT = f"""
parameters:
  conference_band_share: {{title_zh: 一, title_en: a, unit: share, versions: [{{value: 0.1, {ALWAYS}}}]}}
  strategic_band_share: {{title_zh: 二, title_en: b, unit: share, versions: [{{value: 0.3, {ALWAYS}}}]}}
  assumed_far_ratio: {{title_zh: 三, title_en: c, unit: ratio, versions: [{{value: 1.5, {ALWAYS}}}]}}
directory: {{encouraged: ["36"], restricted: ["13"], prohibited: ["191"]}}
standards:
  land:
    title_zh: 新增用地
    title_en: new land
    scope: {{categories: [new_land]}}
    editions:
      old: {{{PROVISION}, effective_from: 2014-01-01, clauses: {{
        tax: {{indicator: tax_wan_per_mu, comparison: ">=", threshold: 60, clause: 税收}},
        energy: {{indicator: energy_tce_per_wan, comparison: "<=", threshold: 0.2, clause: 能耗}}}}}}
      new: {{{PROVISION}, effective_from: 2024-01-01, transition_to: 2024-12-31, clauses: {{
        tax: {{indicator: tax_wan_per_mu, comparison: ">=", threshold: 80, clause: 新税收}},
        energy: {{indicator: energy_tce_per_wan, comparison: "<=", threshold: 0.1, mandatory: true, clause: 新能耗}}}}}}
  land_food:
    title_zh: 食品
    title_en: food
    scope: {{categories: [new_land], industries: ["14"]}}
    editions:
      one: {{{PROVISION}, effective_from: 2014-01-01, pass_points: 60, clauses: {{
        rd: {{indicator: rd_share, comparison: ">=", threshold: 0.04, hard: false, points: 30, clause: 研发}},
        tax: {{indicator: tax_wan_per_mu, comparison: ">=", threshold: 50, hard: false, points: 20, clause: 税收}}}}}}
  lease:
    title_zh: 租赁
    title_en: lease
    scope: {{categories: [lease]}}
    editions:
      one: {{{PROVISION}, effective_from: 2014-01-01, clauses: {{
        tax: {{indicator: tax_wan_per_mu, comparison: ">=", threshold: 30, clause: 税收}}}}}}
  directory:
    title_zh: 目录
    title_en: directory
    beside: true
    editions:
      one: {{{PROVISION}, effective_from: 2014-01-01, clauses: {{
        prohibited: {{indicator: industry_code, comparison: not_in, listed: prohibited, mandatory: true, clause: 禁}},
        restricted: {{indicator: industry_code, comparison: not_in, listed: restricted, conference: true,
                      clause: 限}}}}}}
  floor:
    title_zh: 国家容积率
    title_en: national ratio
    beside: true
    scope: {{categories: [new_land]}}
    editions:
      one: {{{PROVISION}, effective_from: 2008-01-01, effective_to: 2023-12-31, clauses: {{
        far: {{indicator: far_ratio, comparison: ">=", clause: 容积率, table: [
          {{industries: ["36"], threshold: 0.7, title: 汽}}, {{industries: ["361"], threshold: 0.9, title: 车}}]}}}}}}
routing: {{{PROVISION}, effective_from: 2014-01-01, steps: {{}}}}
"""


def rules(text: str = TEXT) -> Rulebook:
    return parse("test", {"admission": text})


BOOK = rules()


def judged(
    project: dict[str, Any], case: dict[str, Any] | None = None, *, book: Rulebook = BOOK, on: date = AS_OF
) -> Verdicts:
    """The verdict on the cast's project, changed, with 50 mu."""
    projects = tables.frame(Project, [cast.project("P", "T1", strategic_tags=[], **project)])
    row = {"case_id": "c", "project_id": "P", "land_m2": m2(50), "far_ratio": 1.5, "area_class": "104"} | (case or {})
    return judge(tables.frame(Case, [row]), projects, book, on)


def answer(*args: Any, **options: Any) -> str:
    return str(judged(*args, **options).verdicts["verdict"][0])


def line(found: Verdicts, clause_id: str) -> dict[str, Any]:
    return found.clauses.row(by_predicate=pl.col("clause_id") == clause_id, named=True)


@pytest.mark.parametrize(
    ("tax", "expected"),
    [(4000.0, "admitted"), (4000.0 * (1 - 1e-12), "admitted"), (3999.0, "conference"), (3600.0, "conference"),
     (3599.0, "refused"), (0.0, "refused")],
)  # fmt: skip
def test_a_miss_inside_the_band_goes_to_the_conference(tax: float, expected: str) -> None:
    assert expected == answer({"tax_wan": tax})


@pytest.mark.parametrize(("tax", "expected"), [(2800.0, "conference"), (2799.0, "refused")])
def test_a_strategic_project_has_the_wider_band(tax: float, expected: str) -> None:
    projects = tables.frame(Project, [cast.project("P", "T1", tax_wan=tax)])
    case = {"case_id": "c", "project_id": "P", "land_m2": m2(50), "far_ratio": 1.5}
    assert expected == judge(tables.frame(Case, [case]), projects, BOOK, AS_OF).verdicts["verdict"][0]


def test_a_clause_names_value_threshold_gap_unit_and_source() -> None:
    found = line(judged({"tax_wan": 3000.0}), "land.tax")
    expected = {"value": 60.0, "threshold": 80.0, "gap": -20.0, "unit": "wan_per_mu", "met": False, "hard": True,
                "in_band": False, "clause": "新税收", "basis": "assumed", "mandatory": False}  # fmt: skip
    assert expected == pytest.approx({key: found[key] for key in expected})
    assert "20" in render(clause_message(found))


def test_a_mandatory_clause_has_no_band() -> None:
    assert tuple(answer({"energy_tce": e, "output_wan": 100_000.0}) for e in (10_000.0, 10_001.0)) == (
        "admitted",
        "refused",
    )


def test_a_fact_nobody_stated_is_never_a_pass() -> None:
    found = judged({"energy_tce": None})
    assert found.verdicts.select("verdict", "missed_hard_count").row(0) == ("conference", 0)
    assert line(found, "land.energy")["met"] is None
    assert [(f.rule, f.column) for f in found.findings] == [("admission.unknown", "energy_tce")]
    assert "能耗" in sentence(found.findings[0])


def test_a_refusal_stands_whatever_else_is_unknown() -> None:
    assert answer({"energy_tce": None, "tax_wan": 1.0}) == "refused"


def test_no_standard_leads_to_the_conference_with_a_finding() -> None:
    found = judged({"category": "renovation"})
    assert found.verdicts.select("verdict", "standard_id", "edition").row(0) == ("conference", None, None)
    assert [f.rule for f in found.findings] == ["admission.no_standard"]
    assert "没有适用" in render(governing_message(found.verdicts.row(0, named=True)))


@pytest.mark.parametrize(("industry", "expected"), [("3670", "admitted"), ("1310", "conference"), ("1910", "refused")])
def test_the_directory_speaks_by_prefix(industry: str, expected: str) -> None:
    assert expected == answer({"industry_code": industry})


def test_leased_floor_counts_for_the_land_under_it() -> None:
    lease = {"category": "lease", "tax_wan": 100.0}
    case = {"land_m2": None, "floor_m2": 4_000.0, "far_ratio": 2.0}
    found = line(judged(lease, case), "lease.tax")
    assert pytest.approx(found["value"]) == 100.0 / (4_000.0 / (2.0 * 2000 / 3))
    assumed = line(judged(lease, case | {"far_ratio": None}), "lease.tax")
    assert pytest.approx(assumed["value"]) == 100.0 / (4_000.0 / (1.5 * 2000 / 3))
    zero_land = line(judged(lease, case | {"land_m2": 0.0}), "lease.tax")
    assert found["value"] == pytest.approx(zero_land["value"])


def test_without_any_area_nothing_per_mu_can_be_said() -> None:
    assert line(judged({}, {"land_m2": None}), "land.tax")["met"] is None


@pytest.mark.parametrize(
    ("rd", "tax", "score", "expected"),
    [(0.04, 2500.0, 100.0, "admitted"), (0.02, 2500.0, 70.0, "admitted"), (0.01, 2500.0, 55.0, "conference"),
     (0.0, 1000.0, 16.0, "refused"), (None, 2500.0, 40.0, "conference"), (0.04, None, 60.0, "admitted"),
     (None, 0.0, 0.0, "conference")],
)  # fmt: skip
def test_the_score_is_a_clause_that_missing_facts_leave_open(
    rd: float | None, tax: float | None, score: float, expected: str
) -> None:
    found = judged({"industry_code": "1400", "rd_share": rd, "tax_wan": tax})
    assert ("land_food", expected) == found.verdicts.select("standard_id", "verdict").row(0)
    assert score == pytest.approx(found.verdicts["score_points"][0])


def test_the_narrowest_standard_applies() -> None:
    assert [judged({"industry_code": c}).verdicts["standard_id"][0] for c in ("1400", "3670")] == ["land_food", "land"]


@pytest.mark.parametrize(
    ("dates", "edition", "tax_threshold", "ground"),
    [
        ({"accepted_on": date(2023, 6, 1)}, "2014-01-01", 60.0, "accepted_on"),
        ({"accepted_on": date(2024, 1, 1), "reported_at": None}, "2024-01-01", 80.0, "accepted_on"),
        ({"reported_at": datetime(2023, 12, 31, 23, 0)}, "2014-01-01", 60.0, "reported_at"),
        ({"reported_at": None}, "2024-01-01", 80.0, "as_of"),
        # reported before the new edition, accepted within its transition period: the old one stays
        ({"reported_at": datetime(2023, 5, 1), "accepted_on": date(2024, 6, 1)}, "2014-01-01", 60.0, "accepted_on"),
        ({"reported_at": datetime(2023, 5, 1), "accepted_on": date(2025, 1, 1)}, "2024-01-01", 80.0, "accepted_on"),
    ],
)
def test_the_edition_of_the_reference_date_governs(
    dates: dict[str, Any], edition: str, tax_threshold: float, ground: str
) -> None:
    found = judged(dates)
    row = found.verdicts.row(0, named=True)
    assert (edition, ground) == (row["edition"], row["reference_ground"])
    assert tax_threshold == line(found, "land.tax")["threshold"]
    assert edition in render(governing_message(row))


def test_a_mandatory_clause_reaches_older_projects_after_its_transition() -> None:
    old = {"accepted_on": date(2023, 6, 1), "reported_at": None}
    assert [line(judged(old, on=d), "land.energy")["threshold"] for d in (date(2024, 12, 31), date(2025, 1, 1))] == [
        0.2,
        0.1,
    ]
    assert [line(judged(old, on=d), "land.tax")["threshold"] for d in (date(2024, 12, 31), date(2025, 1, 1))] == [
        60.0,
        60.0,
    ]


def test_an_expired_mandatory_clause_holds_while_its_successor_is_in_transition_and_not_without_one() -> None:
    old = {"accepted_on": date(2023, 6, 1), "reported_at": None}
    ended = TEXT.replace("old: {clause", "old: {effective_to: 2023-12-31, clause")
    ended = ended.replace("threshold: 0.2, clause: 能耗", "threshold: 0.2, mandatory: true, clause: 能耗")
    thresholds = [
        line(judged(old, book=rules(ended), on=d), "land.energy")["threshold"] for d in (date(2024, 6, 1), AS_OF)
    ]
    assert thresholds == [0.2, 0.1]
    alone = ended.replace("effective_from: 2024-01-01", "effective_from: 2030-01-01").replace(
        "2024-12-31", "2030-12-31"
    )
    assert "land.energy" not in judged(old, book=rules(alone)).clauses["clause_id"].to_list()


def test_a_project_older_than_every_edition_meets_nothing_but_mandatory_clauses() -> None:
    old = {"accepted_on": date(2013, 1, 1), "output_wan": 1000.0}
    found = judged(old | {"energy_tce": 101.0})
    assert found.verdicts.select("verdict", "standard_id").row(0) == ("refused", None)
    assert "land.tax" not in found.clauses["clause_id"].to_list()
    assert answer(old | {"energy_tce": 100.0}) == "conference"


def test_a_floor_that_ended_binds_only_those_accepted_under_it() -> None:
    old, case = {"accepted_on": date(2023, 6, 1)}, {"far_ratio": 0.8}
    assert [answer(old | {"industry_code": c}, case) for c in ("3670", "3610")] == ["admitted", "refused"]
    assert answer({"industry_code": "3610"}, case) == "admitted"
    assert "floor.far" not in judged(old | {"industry_code": "1400"}, case).clauses["clause_id"].to_list()


def test_a_date_after_the_data_counts_as_the_date_of_the_data() -> None:
    found = judged({"accepted_on": date(2027, 1, 1)})
    assert found.verdicts.select("reference_on", "reference_ground").row(0) == (AS_OF, "as_of")
    assert [f.rule for f in found.findings] == ["admission.date_ahead"]


def test_a_capacity_in_another_unit_cannot_be_judged() -> None:
    book = load("jiading")
    car = {"industry_code": "3612", "capacity_count": 10_000.0}
    values = [
        line(judged(car | {"capacity_unit": u}, book=book), "new_land.capacity")["met"] for u in ("辆", "台", None)
    ]
    assert values == [True, None, None]


def test_callers_mistakes_are_named() -> None:
    projects = tables.frame(Project, [cast.project("P", "T1")])
    with pytest.raises(ValueError, match="no such project: Q"):
        judge(tables.frame(Case, [{"case_id": "c", "project_id": "Q"}]), projects, BOOK, AS_OF)
    twice = pl.concat([tables.frame(Case, [{"case_id": "c", "project_id": "P"}])] * 2)
    with pytest.raises(ValueError, match="twice"):
        judge(twice, projects, BOOK, AS_OF)


def test_no_cases_no_verdicts() -> None:
    found = judge(tables.empty(Case), tables.empty(Project), BOOK, AS_OF)
    assert (found.verdicts.height, found.clauses.height) == (0, 0)


def test_preliminary_asks_for_every_class_of_site_with_the_firm_demands() -> None:
    projects = tables.frame(Project, [cast.project("P", "T1"), cast.project("Q", "T1"), cast.project("R", "T1")])
    demands = tables.frame(
        Demand,
        [cast.demand("P", 40.0, far_ratio=1.0), cast.demand("P", 20.0, 2, far_ratio=2.5),
         cast.demand("P", 99.0, 3, commitment="option"), cast.demand("Q", 30.0, commitment="option", far_ratio=None),
         cast.plant_demand("Q", 900.0) | {"phase": 2, "commitment": "option"}],
    )  # fmt: skip
    cases = site_classes(projects, demands)
    Case.validate(cases)
    assert cases.height == 36
    first = {c: cases.row(by_predicate=pl.col("case_id") == f"{c}/195/base", named=True) for c in "PQR"}
    assert (m2(60), None, 1.5) == pytest.approx(
        (first["P"]["land_m2"], first["P"]["floor_m2"], first["P"]["far_ratio"])
    )
    assert (m2(30), 900.0, None) == (first["Q"]["land_m2"], first["Q"]["floor_m2"], first["Q"]["far_ratio"])
    assert (first["R"]["land_m2"], first["R"]["floor_m2"], first["R"]["far_ratio"]) == (None, None, None)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_small_district_passes_but_for_its_bad_project_whatever_the_row_order(profile: str) -> None:
    facts = cast.facts()
    found = preliminary(facts.projects, facts.demands, load(profile), AS_OF)
    CaseVerdict.validate(found.verdicts)
    ClauseResult.validate(found.clauses)
    expected = dict.fromkeys(("A1", "A2", "A3", "B1", "C1"), "admitted") | {"D1": "refused"}
    assert expected == dict(overall(found.verdicts).iter_rows())
    other = preliminary(facts.projects.reverse(), facts.demands.reverse(), load(profile), AS_OF)
    assert found.verdicts.equals(other.verdicts)
    assert found.clauses.equals(other.clauses)
    for row in found.clauses.unique("clause_id").iter_rows(named=True):
        assert render(clause_message(row)) != render(clause_message(row), "en")


def test_new_land_has_no_place_in_the_198_area() -> None:
    facts = cast.facts()
    found = preliminary(facts.projects, facts.demands, load("jiading"), AS_OF).verdicts
    at = found.filter(pl.col("case_id").str.contains("/198/"))
    assert {"refused"} == set(at.filter(pl.col("project_id").is_in(["A1", "B1"]))["verdict"])
    assert {"admitted"} == set(at.filter(pl.col("project_id") == "C1")["verdict"])
