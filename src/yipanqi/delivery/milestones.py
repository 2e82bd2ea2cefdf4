"""Milestones of a project, planned against actual, and the share that runs on schedule."""

from enum import StrEnum

import dataframely as dy

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
