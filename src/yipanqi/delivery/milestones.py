"""Milestones of a project, planned against actual, and the share that runs on schedule."""

from datetime import date
from enum import StrEnum

import dataframely as dy
import polars as pl

from yipanqi.kernel.tables import choice


class MilestoneKind(StrEnum):
    """The milestones that are watched."""

    AGREEMENT = "agreement"
    LAND = "land"
    PERMITS = "permits"
    STARTED = "started"
    COMPLETED = "completed"
    CAPACITY = "capacity"


class Milestone(dy.Schema):
    """One milestone of one project: when it was planned, when it happened."""

    project_id = dy.String(primary_key=True, nullable=False)
    milestone = choice(MilestoneKind, nullable=False, primary_key=True)
    planned_on = dy.Date(nullable=False)
    actual_on = dy.Date(nullable=True)


class Schedule(dy.Schema):
    """How many of a group of projects run on schedule. ``major``: 重大项目, or the rest."""

    major = dy.Bool(primary_key=True, nullable=False)
    projects_count = dy.Int64(nullable=False, description="projects of the group that have milestones")
    late_count = dy.Int64(nullable=False)
    on_schedule_share = dy.Float64(nullable=False, min=0.0, max=1.0)
    late_project_ids = dy.List(dy.String(), nullable=False, description="sorted")


def on_schedule(milestones: pl.DataFrame, projects: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The share of projects on schedule on a day: one ``Schedule`` row for major projects and one for the others.

    ``milestones`` keep ``Milestone``; of ``projects`` the columns ``project_id`` and ``major`` are read. A project is
    late if any milestone planned for a day before ``as_of`` is not done, or was done after its day. What happened
    after ``as_of`` is not known yet. A project without milestones is in neither count; a milestone of an unknown
    project is left out; a group without milestones has no row.

    The paper's figure: 69 major projects, 3 late, so 66/69 = 95.65 % run on schedule.

    >>> projects = pl.DataFrame({"project_id": ["A", "B"], "major": [True, True]})
    >>> planned = {"milestone": "started", "planned_on": date(2015, 6, 30)}
    >>> done = [{"project_id": "A", "actual_on": date(2015, 6, 1)}, {"project_id": "B", "actual_on": None}]
    >>> milestones = pl.DataFrame([row | planned for row in done])
    >>> on_schedule(milestones, projects, date(2015, 12, 31))["on_schedule_share"].to_list()
    [0.5]
    """
    done = pl.when(pl.col("actual_on") <= as_of).then("actual_on")
    late = (pl.col("planned_on") < as_of) & done.is_null() | (done > pl.col("planned_on")).fill_null(value=False)
    by_project = (
        milestones.join(projects.select("project_id", "major"), on="project_id")
        .group_by("major", "project_id")
        .agg(late=late.any())
    )
    return (
        by_project.group_by("major")
        .agg(
            projects_count=pl.len().cast(pl.Int64),
            late_count=pl.col("late").sum().cast(pl.Int64),
            on_schedule_share=1 - pl.col("late").mean(),
            late_project_ids=pl.col("project_id").filter("late").sort(),
        )
        .sort("major", descending=True)
    )
