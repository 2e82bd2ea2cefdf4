"""The sheet of sites and the columns beside a verdict: every site once, what it admits, who reviews."""

from dataclasses import replace

import pytest

import cast
from yipanqi.admission.verdict import best_cases
from yipanqi.allocation.board import Plan, PlayOptions, play, prepare
from yipanqi.files.plan_tables import verdicts
from yipanqi.files.site_table import sites
from yipanqi.files.verdict_words import governing, review_steps
from yipanqi.policy.rulebook import load


@pytest.fixture(scope="module")
def plan() -> Plan:
    return play(cast.facts(), load("jiading"), PlayOptions())


def column(sheet, heading: str) -> dict[str, str]:
    at = [c.heading for c in sheet.columns].index(f"book.{heading}")
    return {row[0]: row[at] for row in sheet.rows}


def test_every_site_of_the_district_stands_once_in_the_list(plan):
    assert [row[0] for row in sites(plan, "zh").rows] == sorted(s["site_id"] for s in cast.sites())


def test_a_site_for_reduction_admits_nothing_and_an_industrial_one_its_planned_use(plan):
    admits = column(sites(plan, "en"), "admits")
    assert admits["N4"] == "Admits no category of project"
    assert "M1" in admits["N1"]


def test_limits_nobody_stated_are_left_out(plan):
    bare = plan.facts.sites.with_columns(far_min_ratio=None, far_max_ratio=None, height_max_m=None)
    assert set(column(sites(replace(plan, facts=replace(plan.facts, sites=bare)), "zh"), "limits").values()) == {""}


def test_the_verdict_names_the_edition_that_governs_and_the_day_that_decides(plan):
    row = best_cases(plan.preliminary.verdicts).row(0, named=True)
    text = governing(plan.rulebook, row, "en")
    assert row["edition"] in text
    assert row["reference_on"].isoformat() in text
    assert row["standard_id"] not in text
    assert column(verdicts(plan, "en"), "governs")[row["project_id"]] == text


def test_review_steps_name_who_acts_in_the_district(plan):
    steps = review_steps(plan, "zh")
    assert set(steps) == set(plan.in_play["project_id"])
    assert any("联席会议" in line for line in steps["B1"])
    assert len(steps["C1"]) < len(steps["B1"])


def test_a_rationed_quantity_a_project_does_not_state_is_a_finding(plan):
    silent = cast.facts(projects=cast.facts().projects.with_columns(energy_tce=None))
    found = [f for f in prepare(silent, load("jiading")).findings if f.rule == "planning.quota_unstated"]
    assert {f.params["project"] for f in found} == set(silent.projects["project_id"])
    assert "planning.quota_unstated" not in {f.rule for f in plan.findings}
