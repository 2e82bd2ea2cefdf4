"""控规局部调整: the procedures that change the plan, how long they are assumed to take, and who decides."""

from datetime import date

import dataframely as dy
import polars as pl

from yipanqi.kernel import tables
from yipanqi.planning.rules import Procedure, book
from yipanqi.policy.rulebook import Rulebook


class AmendmentStep(dy.Schema):
    """One step of a plan-change procedure, in its order."""

    procedure = dy.String(primary_key=True, nullable=False)
    step_no = dy.Int64(primary_key=True, nullable=False, min=1)
    step_id = dy.String(nullable=False)
    title_zh = dy.String(nullable=False)
    title_en = dy.String(nullable=False)
    body = dy.String(nullable=False, description="who acts")
    step_days = dy.Int64(nullable=False, min=0, description="calendar days it is assumed to take")
    municipal = dy.Bool(nullable=False, description="whether a municipal body acts")
    decides = dy.Bool(nullable=False, description="whether the body decides on the change")


def procedures(rulebook: Rulebook, on: date) -> dict[str, Procedure]:
    """The plan-change procedures in force on a day, by id."""
    return {key: entry for key, entry in sorted(book(rulebook).procedures.items()) if entry.in_force(on)}


def delay_days(rulebook: Rulebook, procedure: str, on: date) -> int:
    """How many calendar days a plan change adds before the land can be given: the sum of its steps.

    Raises:
        KeyError: no such procedure is in force on the day.
    """
    return sum(step.days for step in procedures(rulebook, on)[procedure].steps.values())


def steps(rulebook: Rulebook, on: date) -> pl.DataFrame:
    """Every procedure in force on a day, step by step (``AmendmentStep``)."""
    rows = [
        {
            "procedure": key, "step_no": n, "step_id": step_id, "title_zh": step.title_zh, "title_en": step.title_en,
            "body": step.body, "step_days": step.days, "municipal": step.municipal,
            "decides": step.body == entry.decider,
        }
        for key, entry in procedures(rulebook, on).items()
        for n, (step_id, step) in enumerate(entry.steps.items(), 1)
    ]  # fmt: skip
    return tables.frame(AmendmentStep, rows)
