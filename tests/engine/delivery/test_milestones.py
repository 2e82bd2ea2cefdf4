from datetime import date

import polars as pl
import pytest

from yipanqi.delivery.milestones import Milestone, Schedule, on_schedule
from yipanqi.kernel import tables

AS_OF = date(2015, 12, 31)


def milestone(project_id: str, planned_on: date, actual_on: date | None, kind: str = "started") -> dict:
    return {"project_id": project_id, "milestone": kind, "planned_on": planned_on, "actual_on": actual_on}


def share(rows: list[dict], majors: dict[str, bool]) -> pl.DataFrame:
    projects = pl.DataFrame({"project_id": list(majors), "major": list(majors.values())})
    return Schedule.validate(on_schedule(tables.frame(Milestone, rows), projects, AS_OF))


@pytest.mark.parametrize(
    ("planned_on", "actual_on", "late"),
    [
        (date(2015, 6, 1), date(2015, 5, 1), 0),
        (date(2015, 6, 1), date(2015, 6, 1), 0),
        (date(2015, 6, 1), date(2015, 6, 2), 1),
        (date(2015, 6, 1), None, 1),
        (date(2016, 6, 1), None, 0),
        (AS_OF, None, 0),
        (date(2015, 6, 1), date(2016, 1, 1), 1),
    ],
)
def test_a_project_is_late_when_a_milestone_is_overdue_or_was_done_late(planned_on, actual_on, late):
    table = share([milestone("A", planned_on, actual_on)], {"A": True})
    assert table.row(0)[:3] == (True, 1, late)


def test_one_late_milestone_makes_the_project_late_once():
    rows = [
        milestone("A", date(2015, 1, 1), date(2015, 3, 1), "land"),
        milestone("A", date(2015, 6, 1), None),
        milestone("B", date(2015, 6, 1), date(2015, 6, 1)),
    ]
    table = share(rows, {"A": True, "B": True})
    assert table.row(0) == (True, 2, 1, 0.5, ["A"])


def test_major_projects_and_the_rest_are_counted_apart():
    rows = [milestone(p, date(2015, 6, 1), None) for p in ("A", "B", "C")]
    table = share(rows, {"A": True, "B": False, "C": False, "D": True})
    assert table.select("major", "projects_count").rows() == [(True, 1), (False, 2)]


def test_without_milestones_there_is_no_share():
    assert share([], {"A": True}).rows() == []
