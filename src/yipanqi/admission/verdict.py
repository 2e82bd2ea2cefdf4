"""准入评审: the preliminary verdict of a project per site class, the final verdict of a project on a scheme."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import product

import dataframely as dy
import numpy as np
import polars as pl

from yipanqi.admission.indicators import NUMBERS
from yipanqi.admission.weighing import Sheet, sheet
from yipanqi.inventory.sites import AreaClass, FunctionalType
from yipanqi.kernel.findings import Finding, Severity
from yipanqi.kernel.tables import amount, choice, empty
from yipanqi.pipeline.projects import Commitment, NeedKind
from yipanqi.policy.rulebook import Rulebook


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
    reference_ground = dy.String(nullable=False, description="whence that day: accepted_on, reported_at or as_of")


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


#: The columns of ``Verdicts.unstated``.
_UNSTATED = ("indicator", "project")


@dataclass(frozen=True)
class Verdicts:
    """Verdicts of the cases, every clause behind them, and findings about facts that could not be judged."""

    verdicts: pl.DataFrame
    clauses: pl.DataFrame
    #: indicator, project: what a hard clause asked for and the project does not state.
    unstated: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dict.fromkeys(_UNSTATED, pl.String)))
    #: project: those no standard covers.
    uncovered: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"project": pl.String}))
    #: What else there is to say about the facts.
    other_findings: tuple[Finding, ...] = ()

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """One finding for each unstated fact and uncovered project, made when somebody reads them: there may be many.

        In the order of ``kernel.findings.in_order``, reached by sorting columns.
        """
        unknown = [
            Finding(
                "admission.unknown",
                Severity.WARN,
                {"project": project, "indicator": indicator},
                table="projects",
                column=NUMBERS[indicator].numerator if indicator in NUMBERS else indicator,
            )
            for indicator, project in _spelled(self.unstated, "indicator").iter_rows()
        ]
        bare = [
            Finding("admission.no_standard", Severity.WARN, {"project": project}, table="projects", column="category")
            for (project,) in _spelled(self.uncovered).iter_rows()
        ]
        return tuple(sorted([*unknown, *bare, *self.other_findings], key=lambda f: (f.column or "", f.rule)))


_VERDICTS = (Verdict.ADMITTED, Verdict.CONFERENCE, Verdict.REFUSED)


def judge(cases: pl.DataFrame, projects: pl.DataFrame, rulebook: Rulebook, as_of: date) -> Verdicts:
    """The verdict of each case (``Case``), with every clause behind it.

    The reference date is the day of acceptance, else of the first report, else ``as_of``. Admitted: every hard clause
    is met. To the conference (一事一议): the missed hard clauses all lie inside the conference band, or a fact of one
    is not stated (a finding ``admission.unknown`` says which), or no standard covers the case. Refused: a hard clause
    is missed by more than the band; for mandatory clauses there is no band. A project with a strategic tag has the
    wider band. The score is a hard clause of its own; what is not stated earns no points, but the score only counts as
    missed when full points for it would not have helped.

    Numbers are compared with a relative tolerance of 1e-9. Verdicts are ordered by case, clauses by case and clause.

    Raises:
        ValueError: a case names a project that is not there, or a case id stands twice.
    """
    ordered = cases.sort("case_id")
    if ordered.is_empty():
        return Verdicts(empty(CaseVerdict), empty(ClauseResult))
    if ordered["case_id"].n_unique() != ordered.height:
        raise ValueError("a case id stands twice")
    if lost := sorted(set(ordered["project_id"]) - set(projects["project_id"])):
        raise ValueError(f"no such project: {lost[0]}")
    result = sheet(ordered, projects, rulebook, as_of)
    verdicts = _verdicts(ordered, result)
    open_rows = np.flatnonzero(result.hard & (result.met < 0))
    asked = {
        "indicator": result.lines["indicator"][open_rows],
        "project": ordered["project_id"][result.case_at[open_rows]],
    }
    uncovered = ordered.filter(result.standard.is_null()).select(pl.col("project_id").alias("project")).unique()
    return Verdicts(verdicts, _clauses(ordered, result), pl.DataFrame(asked).unique(), uncovered, result.findings)


def _verdicts(cases: pl.DataFrame, found: Sheet) -> pl.DataFrame:
    """Refused where a hard clause is missed beyond the band, else to the conference where anything is open."""
    missed = found.hard & (found.met == 0)
    beyond = _count(found, missed & ~found.in_band)
    misses = _count(found, missed)
    unknown = _count(found, found.hard & (found.met < 0))
    uncovered = found.standard.is_null().to_numpy()
    code = np.where(beyond > 0, 2, ((misses > 0) | (unknown > 0) | uncovered).astype(np.int64))
    return cases.select("case_id", "project_id").with_columns(
        pl.Series("verdict", [v.value for v in _VERDICTS])[code],
        pl.Series("missed_hard_count", misses, dtype=pl.Int64),
        pl.Series("score_points", found.score, dtype=pl.Float64).fill_nan(None),
        found.standard,
        found.edition,
        found.reference_on,
        found.reference_ground,
    )


def _count(
    found: Sheet, which: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.bincount(found.case_at[which], minlength=found.case_count).astype(np.int64)


def _clauses(cases: pl.DataFrame, found: Sheet) -> pl.DataFrame:
    met = pl.Series("met", found.met, dtype=pl.Int8)
    numbers = {"value": found.value, "threshold": found.threshold, "gap": found.gap, "points": found.points}
    return (
        pl.concat([cases.select("case_id", "project_id")[found.case_at], found.lines], how="horizontal")
        .with_columns(
            *(pl.Series(name, column).fill_nan(None) for name, column in numbers.items()),
            pl.when(met >= 0).then(met == 1).alias("met"),
            pl.Series("hard", found.hard),
            pl.Series("in_band", found.in_band),
        )
        .select(ClauseResult.column_names())
    )


def _spelled(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """The rows by the columns, then by project as parameters of findings are ordered: by its spelling in quotes."""
    spelling = pl.Series("spelling", [repr(project) for project in rows["project"]], dtype=pl.String)
    return rows.with_columns(spelling).sort(*by, "spelling").drop("spelling")


def preliminary(projects: pl.DataFrame, demands: pl.DataFrame, rulebook: Rulebook, as_of: date) -> Verdicts:
    """The verdict of every project before it has a site: one case for each class of site it might come to.

    Cases are ``<project>/<area class>/<functional type>`` with the land and floor its firm demands ask for (all its
    demands when none is firm); the floor-area ratio is the mean of its land demands by area, unknown when one of them
    does not say.
    """
    return judge(site_classes(projects, demands), projects, rulebook, as_of)


def site_classes(projects: pl.DataFrame, demands: pl.DataFrame) -> pl.DataFrame:
    """The preliminary cases (``Case``): every project × area class × functional type with the area it demands."""
    firm = pl.col("commitment") == Commitment.FIRM.value
    counted = demands.filter(firm | ~firm.any().over("project_id"))
    is_land = pl.col("need_kind") == NeedKind.LAND.value
    land, far = pl.col("need_m2").filter(is_land), pl.col("far_ratio").filter(is_land)
    wanted = (
        counted.sort("project_id", "phase")
        .group_by("project_id", maintain_order=True)
        .agg(
            pl.when(is_land.any()).then(land.sum()).alias("land_m2"),
            pl.when((~is_land).any()).then(pl.col("need_m2").filter(~is_land).sum()).alias("floor_m2"),
            pl.when(is_land.any() & (far.null_count() == 0)).then((land * far).sum() / land.sum()).alias("far_ratio"),
        )
    )
    classes = pl.DataFrame(
        list(product([a.value for a in AreaClass], [f.value for f in FunctionalType])),
        schema={"area_class": pl.String, "functional_type": pl.String},
        orient="row",
    )
    every = projects.select("project_id").join(wanted, on="project_id", how="left").join(classes, how="cross")
    case_id = pl.concat_str("project_id", "area_class", "functional_type", separator="/").alias("case_id")
    return every.select(case_id, *[c for c in Case.column_names() if c != "case_id"]).sort("case_id")


def overall(verdicts: pl.DataFrame) -> pl.DataFrame:
    """The best verdict of each project over its cases: project_id, verdict, ordered by project."""
    return best_cases(verdicts).select("project_id", "verdict")


def best_cases(verdicts: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``verdicts`` under which each project fares best, one a project, ordered by project.

    Best is the verdict, then the fewest missed hard clauses, then the highest score, then the case's id.
    """
    rank = pl.col("verdict").replace_strict({v.value: i for i, v in enumerate(_VERDICTS)}, return_dtype=pl.Int64)
    by = ["project_id", rank, pl.col("missed_hard_count"), -pl.col("score_points").fill_null(0.0), pl.col("case_id")]
    return verdicts.sort(by).unique("project_id", keep="first", maintain_order=True)
