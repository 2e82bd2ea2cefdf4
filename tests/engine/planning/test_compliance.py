"""The plan's answer to pairs, rule by rule, and what a site admits."""

import time
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

import cast
from cast import AS_OF
from yipanqi.inventory.sites import Site, UseClass
from yipanqi.kernel import tables
from yipanqi.pipeline.projects import Demand, Project
from yipanqi.planning.compliance import Answer, Compliance, PlanReason, Question, admissible, compliance
from yipanqi.planning.explanation import change_message, reason_message
from yipanqi.planning.rules import PlanStatus, book
from yipanqi.planning.zones import ZoneShare
from yipanqi.policy.rulebook import PROFILES, load
from yipanqi.policy.wording import render

BOOK = load("songjiang")
COMMUNITY = {"functional_type": "community"}


def ask(
    site: dict[str, Any] | None = None, project: dict[str, Any] | None = None, demand: dict[str, Any] | None = None,
    shares: Sequence[dict[str, Any]] = (), profile: str = "songjiang",
) -> Answer:  # fmt: skip
    """The answer to one pair: the cast's site, project and demand, changed."""
    zones = [{"site_id": "S", "zone_id": f"Z{i}", "area_m2": 1.0} | share for i, share in enumerate(shares)]
    question = Question(
        pl.DataFrame({"project_id": ["P"], "phase": [1], "site_id": ["S"]}),
        tables.frame(Demand, [cast.demand("P", **(demand or {}))]),
        tables.frame(Project, [cast.project("P", "T1", **(project or {}))]),
        tables.frame(Site, [cast.site("S", "T1", **(site or {}))]),
        tables.frame(ZoneShare, zones),
    )
    return compliance(question, load(profile), AS_OF)


def status(answer: Answer) -> tuple[str, list[str]]:
    """The status and the rules that do not allow."""
    return answer.pairs["status"][0], answer.reasons.filter(pl.col("status") != "allowed")["rule_id"].to_list()


def test_a_pair_that_keeps_every_rule_is_allowed_without_a_reason() -> None:
    assert (status(ask()), ask().reasons.height) == (("allowed", []), 0)


@pytest.mark.parametrize("needed", list(UseClass))
@pytest.mark.parametrize("planned", list(UseClass))
def test_use_classes_follow_the_matrix(planned: UseClass, needed: UseClass) -> None:
    matrix = book(BOOK).rules["use_class"].matrix
    assert matrix is not None
    answer = ask({"use_class": planned.value, "area_class": "104"}, demand={"use_class": needed.value})
    assert matrix[needed][planned].value == answer.pairs["status"][0]


def test_a_demand_without_a_use_class_takes_that_of_its_category() -> None:
    answer = ask({"use_class": "C"}, {"category": "rd_hq"}, {"use_class": None, "need_kind": "land"})
    assert answer.pairs["status"][0] == "allowed"  # M4 on C
    assert status(ask({"use_class": "C"}, demand={"use_class": None})) == ("forbidden", ["use_class"])  # M1 on C


@pytest.mark.parametrize(
    ("site", "project", "demand", "expected"),
    [
        ({"area_class": "198"}, {}, {}, ("forbidden", ["reduction_area"])),
        ({"area_class": "198"}, {"category": "lease"}, {}, ("forbidden", ["reduction_area"])),
        ({"area_class": "195", "use_class": "M2"}, {}, {"use_class": "M2"}, ("forbidden", ["transform_area"])),
        ({"area_class": "195", "use_class": "M2"}, {"category": "renovation"}, {"use_class": "M2"}, ("allowed", [])),
        ({"area_class": "195"}, {}, {}, ("allowed", [])),
        ({"functional_type": "scattered"}, {}, {}, ("forbidden", ["scattered_new"])),
        ({"functional_type": "scattered"}, {"category": "renovation"}, {}, ("allowed", [])),
        (COMMUNITY | {"use_class": "M3"}, {}, {"use_class": "M3"}, ("forbidden", ["community_heavy"])),
        (COMMUNITY | {"use_class": "M2"}, {}, {"use_class": "M2"}, ("plan_change", ["community_medium"])),
        ({"state": "reduction"}, {}, {}, ("forbidden", ["reduction_site"])),
        ({}, {}, {"far_ratio": 2.6}, ("plan_change", ["far_highest"])),
        ({}, {}, {"far_ratio": 5.1}, ("forbidden", ["far_highest"])),
        ({}, {}, {"far_ratio": 1.0}, ("plan_change", ["far_lowest"])),
        ({}, {}, {"far_ratio": 0.9}, ("forbidden", ["far_lowest"])),
        ({}, {"category": "lease"}, {"far_ratio": 9.0, "need_kind": "plant"}, ("allowed", [])),
        ({}, {}, {"building_height_m": 60.0}, ("plan_change", ["height_highest"])),
        ({}, {}, {"building_height_m": 76.0}, ("forbidden", ["height_highest"])),
        ({"industry_directions": ["39", "27"]}, {}, {}, ("plan_change", ["industry_direction"])),
        ({"industry_directions": ["39", "36"]}, {}, {}, ("allowed", [])),
        ({"industry_directions": []}, {}, {}, ("allowed", [])),
        ({"area_class": "198"}, {}, {"far_ratio": 2.6}, ("forbidden", ["far_highest", "reduction_area"])),
    ],
)  # fmt: skip
def test_each_rule_speaks_where_it_should(
    site: dict[str, Any], project: dict[str, Any], demand: dict[str, Any], expected: tuple[str, list[str]]
) -> None:
    assert expected == status(ask(site, project, demand))


@pytest.mark.parametrize(("share", "expected"), [(0.0005, "allowed"), (0.002, "forbidden"), (1.0, "forbidden")])
def test_a_red_line_forbids_above_its_tolerance(share: float, expected: str) -> None:
    answer = ask(shares=[{"zone_kind": "red_line", "value": "ecology", "share": share}])
    assert expected == answer.pairs["status"][0]


def test_two_red_lines_below_the_tolerance_count_together() -> None:
    part = {"zone_kind": "red_line", "share": 0.0007}
    assert ask(shares=[part | {"value": "ecology"}, part | {"value": "river"}]).pairs["status"][0] == "forbidden"


def test_a_buffer_keeps_out_the_uses_it_names_or_those_of_its_kind() -> None:
    near = {"zone_kind": "buffer", "value": "housing", "share": 0.5}
    medium = {"demand": {"use_class": "M2"}, "site": {"use_class": "M2"}}
    assert ask(shares=[near]).pairs["status"][0] == "allowed"
    assert status(ask(shares=[near], **medium)) == ("forbidden", ["buffer"])
    named = near | {"excluded_uses": ["M1"]}
    assert status(ask(shares=[named])) == ("forbidden", ["buffer"])
    assert status(ask(shares=[named], **medium)) == ("allowed", [])


def test_a_part_in_the_198_area_needs_a_new_boundary() -> None:
    answer = ask(shares=[{"zone_kind": "area_class", "value": "198", "share": 0.2}])
    assert status(answer) == ("plan_change", ["reduction_part"])
    assert answer.reasons.select("from_value", "to_value").row(0) == ("198", "0.2")


def test_a_plan_change_names_parameter_from_to_procedure_and_decider() -> None:
    reason = ask(demand={"far_ratio": 2.6}).reasons.row(0, named=True)
    expected = {"parameter": "far_ratio", "from_value": "2.5", "to_value": "2.6", "procedure": "far_change",
                "decider": "planning_department", "basis": "assumed"}  # fmt: skip
    assert expected == {key: reason[key] for key in expected}
    assert "容积率" in render(reason_message(reason))
    assert "planning_department" in render(change_message(reason), "en")


def test_what_is_forbidden_is_no_case_for_a_procedure() -> None:
    assert ask(demand={"far_ratio": 5.1}).reasons.select("procedure", "decider").row(0) == (None, None)


@pytest.mark.parametrize(
    ("site", "demand", "rule"),
    [({"use_class": None}, {}, "use_unknown"), ({"area_class": None}, {}, "area_class_unknown"),
     ({}, {"far_ratio": None}, "far_unknown"), ({"far_max_ratio": None}, {}, "far_unknown")],
)  # fmt: skip
def test_a_fact_nobody_stated_becomes_a_note(site: dict[str, Any], demand: dict[str, Any], rule: str) -> None:
    answer = ask(site, demand=demand)
    assert ("allowed", [rule]) == (answer.pairs["status"][0], answer.reasons["rule_id"].to_list())


def test_pudong_forbids_what_others_review() -> None:
    site = {"industry_directions": ["39"]}
    assert [ask(site, profile=p).pairs["status"][0] for p in ("jiading", "pudong")] == ["plan_change", "forbidden"]


def test_a_pair_of_unknown_parts_is_the_callers_mistake() -> None:
    facts = cast.facts()
    pairs = pl.DataFrame({"project_id": ["A1"], "phase": [1], "site_id": ["nowhere"]})
    with pytest.raises(ValueError, match="nowhere"):
        compliance(Question(pairs, facts.demands, facts.projects, facts.sites, tables.empty(ZoneShare)), BOOK, AS_OF)


def test_no_pairs_no_answer() -> None:
    facts = cast.facts()
    none = pl.DataFrame(schema={"project_id": pl.String, "phase": pl.Int64, "site_id": pl.String})
    answer = compliance(
        Question(none, facts.demands, facts.projects, facts.sites, tables.empty(ZoneShare)), BOOK, AS_OF
    )
    assert (answer.pairs.height, answer.reasons.height) == (0, 0)


@pytest.mark.parametrize("profile", PROFILES)
def test_answers_keep_their_schema_and_do_not_depend_on_the_row_order(profile: str) -> None:
    facts = cast.facts()
    pairs = facts.demands.select("project_id", "phase").join(facts.sites.select("site_id"), how="cross")
    none = tables.empty(ZoneShare)
    one = compliance(Question(pairs, facts.demands, facts.projects, facts.sites, none), load(profile), AS_OF)
    other = compliance(
        Question(pairs.reverse(), facts.demands.reverse(), facts.projects.reverse(), facts.sites.reverse(), none),
        load(profile), AS_OF,
    )  # fmt: skip
    Compliance.validate(one.pairs)
    PlanReason.validate(one.reasons)
    assert one.pairs.equals(other.pairs)
    assert one.reasons.equals(other.reasons)
    for reason in one.reasons.iter_rows(named=True):
        assert render(reason_message(reason)) != render(reason_message(reason), "en")


def test_admissible_uses_agree_with_compliance_and_name_the_limits() -> None:
    facts = cast.facts()
    table = admissible(facts.sites, BOOK, AS_OF)
    row = table.row(by_predicate=(pl.col("site_id") == "N1") & (pl.col("category") == "new_land"), named=True)
    assert (row["allowed_uses"], row["plan_change_uses"]) == (["M1"], ["M2", "M4", "W"])
    assert (row["far_min_ratio"], row["far_max_ratio"], row["height_max_m"]) == (1.2, 2.5, 50.0)
    reduction = table.filter(pl.col("site_id") == "N4")
    assert reduction["allowed_uses"].to_list() == [[]] * 4
    for use in row["allowed_uses"]:
        assert PlanStatus.ALLOWED.value == ask(demand={"use_class": use}).pairs["status"][0]


def test_a_red_line_leaves_a_site_nothing() -> None:
    facts = cast.facts()
    red = {"site_id": "N1", "zone_id": "R", "zone_kind": "red_line", "value": "ecology", "area_m2": 9.0, "share": 0.5}
    table = admissible(facts.sites, BOOK, AS_OF, shares=tables.frame(ZoneShare, [red]))
    assert table.filter(pl.col("site_id") == "N1")["allowed_uses"].to_list() == [[]] * 4


@pytest.mark.slow
def test_half_a_million_pairs_take_seconds() -> None:
    sites = tables.frame(Site, [cast.site(f"S{i}", "T1", use_class=("M1", "M2")[i % 2]) for i in range(5_000)])
    projects = tables.frame(Project, [cast.project(f"P{i}", "T1") for i in range(100)])
    demands = tables.frame(Demand, [cast.demand(f"P{i}", far_ratio=1.0 + i / 50) for i in range(100)])
    pairs = demands.select("project_id", "phase").join(sites.select("site_id"), how="cross")
    begun = time.monotonic()
    answer = compliance(Question(pairs, demands, projects, sites, tables.empty(ZoneShare)), BOOK, AS_OF)
    assert answer.pairs.height == 500_000
    assert time.monotonic() - begun < 10
