"""Which projects must be reported, which reports are overdue, and how fast the pool works."""

from datetime import date, datetime

import polars as pl
import pytest

import cast
from yipanqi.kernel import tables
from yipanqi.pipeline.projects import Demand, Project
from yipanqi.pipeline.reporting import measured, obligations, overdue
from yipanqi.policy import wording
from yipanqi.policy.rulebook import load

AS_OF = date(2026, 6, 30)
JIADING = load("jiading")


def pool(*projects, demands=()):
    return tables.frame(Project, list(projects)), tables.frame(Demand, list(demands))


def lead(project_id, lead_at, stage="negotiating", **changes):
    return cast.project(project_id, "T1", stage=stage, lead_at=lead_at, reported_at=None, schemes_at=None, **changes)


def must_report(*demands, profile="jiading"):
    projects, table = pool(cast.project("A", "T1"), demands=demands)
    return obligations(projects, table, load(profile), AS_OF).row(0, named=True)


def test_a_project_that_takes_land_is_reported_however_small():
    found = must_report(cast.demand("A", 0.1))
    assert (found["must_report"], found["test"]) == (True, "takes_land")


@pytest.mark.parametrize(("floor_m2", "expected"), [(1_999.9, False), (2_000.0, True), (2_000.1, True)])
def test_a_lease_is_reported_from_two_thousand_square_metres_on(floor_m2, expected):
    assert must_report(cast.plant_demand("A", floor_m2))["must_report"] is expected


def test_plant_and_office_of_all_phases_count_together():
    office = cast.plant_demand("A", 900.0, phase=2, need_kind="office", commitment="option")
    found = must_report(cast.plant_demand("A", 1_100.0), office)
    assert (found["must_report"], found["test"], found["need_m2"]) == (True, "leases_floor", 2_000.0)


def test_a_project_without_demands_has_no_answer():
    assert must_report()["must_report"] is None


@pytest.mark.parametrize("profile", ["minhang", "songjiang", "jinshan", "pudong", "recommended"])
def test_every_profile_has_a_reporting_rule(profile):
    assert must_report(cast.demand("A"), profile=profile)["must_report"] is True


def late(*projects, profile="jiading", as_of=AS_OF):
    frame, demands = pool(*projects, demands=[cast.demand(p["project_id"]) for p in projects])
    return overdue(frame, demands, load(profile), as_of)


def test_the_tenth_working_day_is_still_in_time():
    # Lead on Monday 1 June 2026; ten working days after it is 15 June; 19 June is a holiday (端午节).
    project = lead("A", datetime(2026, 6, 1, 9, 0))
    assert late(project, as_of=date(2026, 6, 15)).table.is_empty()
    found = late(project, as_of=date(2026, 6, 16)).table.row(0, named=True)
    assert (found["due_on"], found["late_days"]) == (date(2026, 6, 15), 1)


def test_a_lead_after_the_cut_off_hour_counts_from_the_next_working_day():
    found = late(lead("A", datetime(2026, 6, 1, 17, 0))).table.row(0, named=True)
    assert found["due_on"] == date(2026, 6, 16)


def test_under_pudong_a_mere_lead_is_already_to_be_reported_and_under_jiading_it_is_not():
    mere = lead("A", datetime(2026, 5, 4, 9, 0), stage="lead")
    assert (late(mere, profile="pudong").table.height, late(mere).table.height) == (1, 0)


def test_overdue_reports_are_listed_longest_first_with_a_warning_each():
    found = late(lead("A", datetime(2026, 5, 18, 9, 0)), lead("B", datetime(2026, 5, 11, 9, 0)))
    assert found.table["project_id"].to_list() == ["B", "A"]
    assert [f.rule for f in found.findings] == ["pipeline.report.overdue"] * 2
    assert "逾期" in wording.sentence(found.findings[0])


def test_a_missing_lead_date_is_said_and_not_guessed():
    found = late(lead("A", None))
    assert found.table.is_empty()
    assert [f.rule for f in found.findings] == ["pipeline.report.no_lead_date"]


def test_reported_and_lost_projects_are_never_overdue():
    reported = cast.project(
        "A", "T1", stage="negotiating", lead_at=datetime(2026, 1, 5, 9), reported_at=datetime(2026, 5, 1)
    )
    lost = lead("B", datetime(2026, 1, 5, 9), stage="lost")
    assert late(reported, lost).table.is_empty()


def test_hours_run_from_the_lead():
    project = cast.project(
        "A", "T1", lead_at=datetime(2026, 3, 1, 9), reported_at=datetime(2026, 3, 2, 9),
        schemes_at=datetime(2026, 3, 1, 21), service_at=None, site_visit_count=2,
    )  # fmt: skip
    found = measured(pool(project)[0]).projects.row(0, named=True)
    expected = {"report_hours": 24.0, "schemes_hours": 12.0, "service_hours": None, "site_visit_count": 2}
    assert expected == {key: found[key] for key in expected}


def test_a_report_before_the_lead_gives_a_warning_and_no_hours():
    project = cast.project("A", "T1", lead_at=datetime(2026, 3, 2, 9), reported_at=datetime(2026, 3, 1, 9))
    found = measured(pool(project)[0])
    assert found.projects["report_hours"].to_list() == [None]
    assert [(f.rule, f.column) for f in found.findings] == [("pipeline.pace.before_lead", "reported_at")]


def test_a_towns_pace_is_the_median_of_its_projects():
    at = [cast.project(k, "T1", lead_at=datetime(2026, 3, 1), reported_at=datetime(2026, 3, d)) for k, d in
          (("A", 2), ("B", 3), ("C", 9))]  # fmt: skip
    town = measured(pool(*at)[0]).towns.row(0, named=True)
    assert (town["project_count"], town["report_hours"], town["site_visit_count"]) == (3, 48.0, None)


def test_the_row_order_changes_nothing():
    projects, demands = pool(
        *(lead(k, datetime(2026, 5, d, 9)) for k, d in (("A", 4), ("B", 6), ("C", 5))),
        demands=[cast.demand("A"), cast.plant_demand("B", 700.0), cast.plant_demand("C")],
    )
    assert obligations(projects, demands, JIADING, AS_OF).equals(
        obligations(projects.reverse(), demands.reverse(), JIADING, AS_OF)
    )
    assert overdue(projects, demands, JIADING, AS_OF).table.equals(
        overdue(projects.reverse(), demands.reverse(), JIADING, AS_OF).table
    )
    assert isinstance(measured(projects.reverse()).towns, pl.DataFrame)
    assert measured(projects).towns.equals(measured(projects.reverse()).towns)
