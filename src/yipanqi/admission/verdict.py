"""准入评审: the preliminary verdict of a project per site class, the final verdict of a project on a scheme."""

from dataclasses import dataclass
from enum import StrEnum

import dataframely as dy
import polars as pl

from yipanqi.kernel.findings import Finding
from yipanqi.kernel.tables import amount, choice


class Verdict(StrEnum):
    """Admitted, to the conference (一事一议), or refused."""

    ADMITTED = "admitted"
    CONFERENCE = "conference"
    REFUSED = "refused"


class Case(dy.Schema):
    """What is judged: a project with the area and place it would take. Facts of the project come by project_id.

    Preliminary cases stand for a site class (area class × functional type) with the demanded area; final cases for a
    scheme with its actual area.
    """

    case_id = dy.String(primary_key=True, nullable=False)
    project_id = dy.String(nullable=False)
    land_m2 = amount("land it takes; for plant and office null")
    floor_m2 = amount("floor area it takes; for land null")
    far_ratio = amount("floor-area ratio it builds, or of the plot the building stands on")
    area_class = dy.String(nullable=True)
    functional_type = dy.String(nullable=True)


class CaseVerdict(dy.Schema):
    """The verdict of one case and the standard that governs it."""

    case_id = dy.String(primary_key=True, nullable=False)
    project_id = dy.String(nullable=False)
    verdict = choice(Verdict, nullable=False)
    missed_hard_count = dy.Int64(nullable=False, description="hard clauses not met")
    score_points = dy.Float64(nullable=True, description="sum of scored clauses, 0–100; null: nothing is scored")
    standard_id = dy.String(nullable=True, description="standard applied; null: none covers the case")
    edition = dy.String(nullable=True, description="its version: the day it began")
    reference_on = dy.Date(nullable=False, description="day that decides which version governs")


class ClauseResult(dy.Schema):
    """One clause against one case: value, threshold and how much is missing."""

    case_id = dy.String(primary_key=True, nullable=False)
    clause_id = dy.String(primary_key=True, nullable=False)
    project_id = dy.String(nullable=False)
    indicator = dy.String(nullable=False, description="indicator id; its words are admission.indicator.<id>")
    value = dy.Float64(nullable=True, description="null: the project does not say, or the indicator is a word")
    comparison = dy.String(nullable=False, description=">=, <=, in, not_in")
    threshold = dy.Float64(nullable=True)
    unit = dy.String(nullable=True)
    gap = dy.Float64(nullable=True, description="value − threshold for >=, threshold − value for <=; negative: missing")
    met = dy.Bool(nullable=True, description="null: cannot be judged for want of the value")
    hard = dy.Bool(nullable=False)
    in_band = dy.Bool(nullable=False, description="missed, but inside the conference band")
    points = dy.Float64(nullable=True)
    points_max = dy.Float64(nullable=True)
    clause = dy.String(nullable=False)
    basis = dy.String(nullable=False)
    mandatory = dy.Bool(nullable=False)


@dataclass(frozen=True)
class Verdicts:
    """Verdicts of the cases, every clause behind them, and findings about facts that could not be judged."""

    verdicts: pl.DataFrame
    clauses: pl.DataFrame
    findings: tuple[Finding, ...] = ()
