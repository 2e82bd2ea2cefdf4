"""上报: which projects must be reported to the district, which reports are overdue, and how fast the pool works.

The rule stands in the governance profile (who reports, from which stage on, which projects); the deadline is a
parameter of the pipeline. 三提前 and 三个第一时间 are measured in hours from the lead.
"""

from dataclasses import dataclass
from datetime import date

import dataframely as dy
import polars as pl

from yipanqi.governance import profile
from yipanqi.kernel.calendar import calendar
from yipanqi.kernel.findings import Finding, Severity, in_order
from yipanqi.kernel.tables import amount
from yipanqi.pipeline.stages import Stage
from yipanqi.policy import parameters
from yipanqi.policy.rulebook import Rulebook


class Obligation(dy.Schema):
    """Whether one project must be reported, and which test of the reporting rule says so."""

    project_id = dy.String(primary_key=True, nullable=False)
    must_report = dy.Bool(nullable=True, description="null: the project states no demand")
    test = dy.String(nullable=True, description="key of the test it meets")
    need_m2 = amount("what the test counts: land area, or floor area of plants and offices, over all phases")
    least_m2 = amount("the test's threshold")


def obligations(projects: pl.DataFrame, demands: pl.DataFrame, rulebook: Rulebook, on: date) -> pl.DataFrame:
    """Whether each project must be reported under the rule in force on a day, as ``Obligation``, by project.

    A test adds up what all phases need, firm or option; “2000平方米以上” includes 2,000 m². Of several tests met the
    first by key is named. A project without demands has a null answer: what it needs is not stated.
    """
    tests = sorted((k, t) for k, t in profile.read(rulebook).reporting.tests.items() if t.in_force(on))
    ids = projects.select("project_id").sort("project_id")
    stated = demands.select(pl.col("project_id").unique().sort()).with_columns(stated=True)
    met = pl.concat(
        [
            pl.DataFrame(
                schema={"project_id": pl.String, "test": pl.String, "need_m2": pl.Float64, "least_m2": pl.Float64}
            )
        ]
        + [
            demands.filter(pl.col("need_kind").is_in(list(test.needs)))
            .sort("project_id", "phase")
            .group_by("project_id", maintain_order=True)
            .agg(need_m2=pl.col("need_m2").sum())
            .filter(pl.col("need_m2") >= test.least_m2)
            .select("project_id", test=pl.lit(key), need_m2="need_m2", least_m2=pl.lit(test.least_m2))
            for key, test in tests
        ]
    ).unique("project_id", keep="first", maintain_order=True)
    answer = (
        ids.join(stated, "project_id", "left")
        .join(met, "project_id", "left")
        .with_columns(must_report=pl.when(pl.col("stated")).then(pl.col("test").is_not_null()))
        .sort("project_id")
    )
    return Obligation.validate(answer.select(Obligation.column_names()))


class OverdueReport(dy.Schema):
    """One project whose report is overdue."""

    project_id = dy.String(primary_key=True, nullable=False)
    origin_town_id = dy.String(nullable=False)
    due_on = dy.Date(nullable=False)
    late_days = dy.Int64(nullable=False, min=1, description="calendar days since the due date")
    provisional = dy.Bool(nullable=False, description="counted over a year without published holidays")


@dataclass(frozen=True)
class Overdue:
    """The overdue reports (``OverdueReport``, longest first) and what could not be judged."""

    table: pl.DataFrame
    findings: tuple[Finding, ...]


def overdue(projects: pl.DataFrame, demands: pl.DataFrame, rulebook: Rulebook, as_of: date) -> Overdue:
    """The projects that must be reported, are not, and whose deadline has passed on ``as_of``.

    Counted in working days from ``lead_at``, for projects that have reached the stage the rule names but not
    ``reported``. A null ``lead_at`` gives a note: without it nobody can say whether the report is late.
    """
    open_stages = [Stage.NEGOTIATING.value]
    if profile.read(rulebook).reporting.from_stage == Stage.LEAD.value:
        open_stages.append(Stage.LEAD.value)
    waiting = (
        projects.filter(pl.col("stage").is_in(open_stages) & pl.col("reported_at").is_null())
        .join(obligations(projects, demands, rulebook, as_of).filter("must_report"), "project_id", "semi")
        .sort("project_id")
    )
    days = int(parameters.number(rulebook, "pipeline.report_workdays", as_of))
    cut_off = parameters.number(rulebook, "pipeline.report_cut_off_hours", as_of)
    book = calendar(rulebook.document("calendar"))
    rows, findings = [], []
    for project_id, town, lead_at in waiting.select("project_id", "origin_town_id", "lead_at").iter_rows():
        if lead_at is None:
            findings.append(_finding("pipeline.report.no_lead_date", Severity.NOTE, "lead_at", project=project_id))
            continue
        due = book.deadline(lead_at, days, cut_off)
        late = (as_of - due.on).days
        if late > 0:
            rows.append((project_id, town, due.on, late, due.provisional))
            where = {"project": project_id, "due": due.on.isoformat(), "days": late}
            findings.append(_finding("pipeline.report.overdue", Severity.WARN, "reported_at", **where))
    table = pl.DataFrame(rows, schema=OverdueReport.create_empty().schema, orient="row")
    ordered = table.sort(["late_days", "project_id"], descending=[True, False])
    return Overdue(OverdueReport.validate(ordered), in_order(findings))


def _finding(rule: str, severity: Severity, column: str, **params: str | int) -> Finding:
    return Finding(rule, severity, params, table="projects", column=column)


class Pace(dy.Schema):
    """How fast one project was reported, matched and served, in hours from its lead; null: an instant is missing."""

    project_id = dy.String(primary_key=True, nullable=False)
    origin_town_id = dy.String(nullable=False)
    report_hours = amount("from the lead to the report (申报提前, 第一时间挖掘)")
    schemes_hours = amount("from the lead to the first siting schemes (预判提前, 第一时间匹配)")
    service_hours = amount("from the lead to the first service (介入提前, 第一时间办理)")
    site_visit_count = dy.Int64(nullable=True, min=0)


class TownPace(dy.Schema):
    """The medians of one town's projects; null: no project of the town has both instants."""

    origin_town_id = dy.String(primary_key=True, nullable=False)
    project_count = dy.Int64(nullable=False, min=1)
    report_hours = amount("median")
    schemes_hours = amount("median")
    service_hours = amount("median")
    site_visit_count = dy.Int64(nullable=True, min=0, description="sum over its projects")


_MEASURES = {"report_hours": "reported_at", "schemes_hours": "schemes_at", "service_hours": "service_at"}


@dataclass(frozen=True)
class Measured:
    """三提前、三个第一时间 by project (``Pace``) and by town (``TownPace``), and impossible instants."""

    projects: pl.DataFrame
    towns: pl.DataFrame
    findings: tuple[Finding, ...]


def measured(projects: pl.DataFrame) -> Measured:
    """How many hours lie between each project's lead and its report, schemes and first service.

    An instant before the lead gives no hours but a warning: one of the two is wrong.
    """
    hours = projects.sort("project_id").select(
        "project_id",
        "origin_town_id",
        *((pl.col(instant) - pl.col("lead_at")).dt.total_seconds().truediv(3600).alias(measure)
          for measure, instant in _MEASURES.items()),
        "site_visit_count",
    )  # fmt: skip
    findings = [
        _finding("pipeline.pace.before_lead", Severity.WARN, instant, project=project_id)
        for measure, instant in _MEASURES.items()
        for project_id in hours.filter(pl.col(measure) < 0)["project_id"]
    ]
    clean = hours.with_columns(pl.when(pl.col(m) >= 0).then(pl.col(m)).alias(m) for m in _MEASURES)
    towns = (
        clean.group_by("origin_town_id")
        .agg(
            project_count=pl.len().cast(pl.Int64),
            **{m: pl.col(m).median() for m in _MEASURES},
            site_visit_count=pl.when(pl.col("site_visit_count").count() > 0).then(pl.col("site_visit_count").sum()),
        )
        .sort("origin_town_id")
    )
    return Measured(Pace.validate(clean), TownPace.validate(towns), in_order(findings))
