"""控规局部调整: the procedures that change the plan, how long they are assumed to take, and who decides."""

from datetime import date
from functools import lru_cache

import dataframely as dy
import polars as pl

from yipanqi.governance import profile
from yipanqi.governance.bodies import bodies
from yipanqi.governance.profile import BodyKind
from yipanqi.governance.rights import performers
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
    body = dy.String(nullable=True, description="body of the profile that acts; null: nobody is stated to decide")
    step_days = dy.Int64(nullable=False, min=0, description="calendar days it is assumed to take")
    municipal = dy.Bool(nullable=False, description="whether a municipal body acts")
    decides = dy.Bool(nullable=False, description="whether this step is the decision")


def procedures(rulebook: Rulebook, on: date) -> dict[str, Procedure]:
    """The plan-change procedures in force on a day, by id."""
    return {key: entry for key, entry in sorted(book(rulebook).procedures.items()) if entry.in_force(on)}


@lru_cache(maxsize=256)
def decider(rulebook: Rulebook, procedure: str, on: date) -> str | None:
    """Who decides on a plan change in this district: the bodies that may do the procedure's act, joined with "+".

    Null: nobody is stated to do it on the day.

    Raises:
        KeyError: no such procedure is in force on the day.
    """
    act = procedures(rulebook, on)[procedure].act
    return "+".join(performers(profile.read(rulebook), act, on=on)) or None


def delay_days(rulebook: Rulebook, procedure: str, on: date) -> int:
    """How many calendar days a plan change adds before the land can be given: the sum of its steps.

    Raises:
        KeyError: no such procedure is in force on the day.
    """
    return sum(step.days for step in procedures(rulebook, on)[procedure].steps.values())


def steps(rulebook: Rulebook, on: date) -> pl.DataFrame:
    """Every procedure in force on a day, step by step (``AmendmentStep``)."""
    here = bodies(profile.read(rulebook), on)
    municipal = {key for key, body in here.items() if body.kind is BodyKind.MUNICIPAL}
    rows = [
        {
            "procedure": key, "step_no": n, "step_id": step_id, "title_zh": step.title_zh, "title_en": step.title_en,
            "body": step.body or decider(rulebook, key, on), "step_days": step.days,
            "municipal": step.body in municipal, "decides": step.body is None,
        }
        for key, entry in procedures(rulebook, on).items()
        for n, (step_id, step) in enumerate(entry.steps.items(), 1)
    ]  # fmt: skip
    return tables.frame(AmendmentStep, rows)
