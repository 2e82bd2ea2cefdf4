"""分类管理、分层审批: which steps the review of a project takes, in which order, and who acts."""

from datetime import date

import dataframely as dy
import polars as pl

from yipanqi.admission.standards import Step, book
from yipanqi.governance import profile
from yipanqi.governance.bodies import bodies
from yipanqi.governance.rights import performers
from yipanqi.kernel import tables
from yipanqi.policy.rulebook import Rulebook


class ReviewStep(dy.Schema):
    """One step of the review of one project. Steps of equal ``level`` run at the same time."""

    project_id = dy.String(primary_key=True, nullable=False)
    step_no = dy.Int64(primary_key=True, nullable=False, min=1)
    level = dy.Int64(nullable=False, min=1)
    step_id = dy.String(nullable=False)
    title_zh = dy.String(nullable=False)
    title_en = dy.String(nullable=False)
    body = dy.String(nullable=True, description="who acts, by id, several joined with +; null: a panel that is no body")


def route(asked: pl.DataFrame, projects: pl.DataFrame, rulebook: Rulebook, on: date) -> pl.DataFrame:
    """The steps of the review of each project (``ReviewStep``), by its category, size and verdict so far.

    ``asked``: project_id, verdict, land_m2 (the land it would take; null: none). An investment nobody stated counts as
    large, so that no step is left out for want of a fact. Steps come from ``routing`` of admission.yaml, ordered by
    level, then id; who acts comes from the district's governance.
    """
    rule = book(rulebook).routing
    steps = sorted(rule.steps.items(), key=lambda item: (item[1].level, item[0])) if rule.in_force(on) else []
    actors = {key: _actor(step, rulebook, on) for key, step in steps}
    facts = projects.select("project_id", "category", "total_investment_wan", "major")
    joined = asked.select("project_id", "verdict", "land_m2").join(facts, on="project_id").sort("project_id")
    rows = []
    for row in joined.iter_rows(named=True):
        taken = [(key, step) for key, step in steps if _is_taken(step, row)]
        last = {actors[key]: key for key, step in taken if step.decides}
        taken = [(key, step) for key, step in taken if not step.decides or last[actors[key]] == key]
        rows += [
            {
                "project_id": row["project_id"], "step_no": n, "level": step.level, "step_id": key,
                "title_zh": step.title_zh, "title_en": step.title_en, "body": actors[key],
            }
            for n, (key, step) in enumerate(taken, 1)
        ]  # fmt: skip
    return tables.frame(ReviewStep, rows)


def _actor(step: Step, rulebook: Rulebook, on: date) -> str | None:
    district = profile.read(rulebook)
    may = performers(district, step.act, on=on) if step.act else ()
    here = bodies(district, on)
    return "+".join(may) or next((body for body in step.bodies if body in here), None)


def _is_taken(step: Step, project: dict[str, object]) -> bool:
    """Whether the step is taken for the project."""
    return (
        (not step.categories or project["category"] in step.categories)
        and (not step.verdicts or project["verdict"] in step.verdicts)
        and (step.major is None or project["major"] == step.major)
        and _reaches(project["total_investment_wan"], step.least_investment_wan, unknown=True)
        and _reaches(project["land_m2"], step.least_land_m2, unknown=False)
    )


def _reaches(amount: object, least: float | None, *, unknown: bool) -> bool:
    return least is None or (float(amount) >= least if isinstance(amount, int | float) else unknown)
