"""Cases × clauses as one long sheet of arrays: value, threshold, gap, met, band, points.

The clauses of a case depend only on its category, industry, area class, functional type and dates, and on the dates
only through the rulebook's few change-over days. So clauses are resolved once for each such profile and gathered to
the cases by row number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from yipanqi.admission import indicators
from yipanqi.admission.indicators import NUMBERS, ORDER, SCORE
from yipanqi.admission.standards import Edition, Governing, Line, Profile, book, govern, must
from yipanqi.kernel.findings import Finding, Severity
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import Rulebook

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

#: Relative tolerance of every comparison.
TOLERANCE = 1e-9

_FACTS = ["project_id", "category", "industry_code", "strategic_tags", "accepted_on", "reported_at",
          "total_investment_wan", "fixed_investment_wan", "output_wan", "tax_wan", "jobs_high_count",
          "jobs_middle_count", "jobs_basic_count", "rd_share", "rd_staff_share", "capacity_count", "capacity_unit",
          "energy_tce", "emission_t"]  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """One row for each case and clause; rows of a case stand together, by clause id.

    ``met``: 1 met, 0 missed, −1 cannot be judged. NaN: unknown. Case columns: standard, edition, reference, score.
    """

    case_count: int
    case_at: Indices
    lines: pl.DataFrame
    value: Floats
    threshold: Floats
    gap: Floats
    met: NDArray[np.int8]
    hard: Flags
    in_band: Flags
    points: Floats
    score: Floats
    standard: pl.Series
    edition: pl.Series
    reference_on: pl.Series
    reference_ground: pl.Series
    findings: tuple[Finding, ...]


def sheet(cases: pl.DataFrame, projects: pl.DataFrame, rulebook: Rulebook, as_of: date) -> Sheet:
    """The sheet of the cases (in their order) under the clauses that govern each of them."""
    facts = cases.join(projects.select(_FACTS), on="project_id", how="left", maintain_order="left")
    facts = facts.with_columns(_reference(as_of))
    profile_at, profiles = _profiles(facts, rulebook)
    answers = [govern(rulebook, profile, as_of) for profile in profiles]
    governed = list(dict.fromkeys(answers))
    number_of = {answer: number for number, answer in enumerate(governed)}
    profile_at = np.array([number_of[answer] for answer in answers], dtype=np.int64)[profile_at]
    table = _Table.of(governed)
    case_at, line_at = table.rows(profile_at)
    assumed_far = number(rulebook, "admission.assumed_far_ratio", as_of)
    value = _values(facts, assumed_far, (case_at, line_at), table)
    threshold, at_least = table.threshold[line_at], table.at_least[line_at]
    most, is_score = table.points_max[line_at], table.is_score[line_at]
    met = _compare(value, threshold, at_least, table.member[line_at])
    points = _points(value, threshold, at_least, met, most)
    score, best = _scores(points, most, met, case_at, facts.height)
    value[is_score] = score[case_at[is_score]]
    reached = _compare(value, threshold, at_least, met)
    met = np.where(
        is_score, np.where(reached == 1, 1, -(best[case_at] >= threshold * (1 - TOLERANCE)).astype(np.int8)), met
    )
    gap = np.where(at_least, value - threshold, threshold - value)
    band = _bands(facts, rulebook, as_of)[case_at]
    band = np.where(np.isnan(table.band[line_at]), band, table.band[line_at])
    in_band = _in_band(gap, threshold, band, table, line_at) & (met == 0)
    standards = pl.Series("standard_id", [g.standard_id for g in governed], dtype=pl.String)
    editions = pl.Series(
        "edition", [g.edition.effective_from.isoformat() if g.edition else None for g in governed], dtype=pl.String
    )
    return Sheet(
        facts.height, case_at, table.lines[line_at], value, threshold, gap, met.astype(np.int8), table.hard[line_at],
        in_band, points, score, standards[profile_at], editions[profile_at], facts["reference_on"],
        facts["reference_ground"], _dates_ahead(facts, as_of),
    )  # fmt: skip


def _bands(facts: pl.DataFrame, rulebook: Rulebook, as_of: date) -> Floats:
    """The conference band of each case: wider for projects with a strategic tag."""
    strategic = facts["strategic_tags"].list.len().fill_null(0).to_numpy() > 0
    wide, narrow = (
        number(rulebook, f"admission.{p}", as_of) for p in ("strategic_band_share", "conference_band_share")
    )
    return np.where(strategic, wide, narrow)


def _reference(as_of: date) -> list[pl.Expr]:
    """The reference date and whence it comes; a date after ``as_of`` is no fact yet and counts as ``as_of``."""
    reported = pl.col("reported_at").dt.date()
    day = pl.coalesce("accepted_on", reported, pl.lit(as_of))
    ground = (
        pl.when(day > as_of).then(pl.lit("as_of")).when(pl.col("accepted_on").is_not_null()).then(pl.lit("accepted_on"))
        .when(reported.is_not_null()).then(pl.lit("reported_at")).otherwise(pl.lit("as_of"))
    )  # fmt: skip
    return [
        pl.min_horizontal(day, pl.lit(as_of)).alias("reference_on"),
        ground.alias("reference_ground"),
        reported.alias("reported_on"),
        (day > as_of).alias("ahead"),
    ]


def _dates_ahead(facts: pl.DataFrame, as_of: date) -> tuple[Finding, ...]:
    ahead = facts.filter(pl.col("ahead"))["project_id"].unique()
    params = {"as_of": as_of.isoformat()}
    return tuple(
        Finding("admission.date_ahead", Severity.WARN, {"project": p, **params}, table="projects", column="accepted_on")
        for p in sorted(ahead, key=repr)
    )


def _profiles(facts: pl.DataFrame, rulebook: Rulebook) -> tuple[Indices, list[Profile]]:
    """For each case the number of its profile, and one profile for each number.

    Facts the rulebook treats alike count as one: industries by the prefixes it names, places by the words it names,
    days by its change-over days. A report nobody dated grants no transition, as one after the last change-over.
    """
    prefixes = sorted(_prefixes(rulebook))
    codes = facts["industry_code"].unique().sort()
    alike = {code: "|".join(p for p in prefixes if code.startswith(p)) for code in codes}
    editions = [e for s in book(rulebook).standards.values() for e in s.editions.values()]
    reference = _era(facts["reference_on"], {day for e in editions for day in _change_overs(e)})
    reported = _era(
        facts["reported_on"].fill_null(date.max), {e.effective_from for e in editions if e.transition_to is not None}
    )
    keys = facts.select(
        "category", pl.col("industry_code").replace_strict(alike, return_dtype=pl.String),
        _alike(facts["area_class"], rulebook), _alike(facts["functional_type"], rulebook), reference, reported,
    )  # fmt: skip
    numbered = keys.with_row_index("row").group_by(keys.columns, maintain_order=True).agg(pl.col("row"))
    first = numbered["row"].list.first().to_numpy()
    profile_at = np.empty(facts.height, dtype=np.int64)
    sizes = numbered["row"].list.len().to_numpy()
    profile_at[numbered["row"].explode().to_numpy()] = np.repeat(np.arange(numbered.height), sizes)
    told = facts[first].select("category", "industry_code", "area_class", "functional_type")
    days = keys[first].select("reference_on", "reported_on")
    return profile_at, [Profile(*row) for row in pl.concat([told, days], how="horizontal").iter_rows()]


def _era(days: pl.Series, change_overs: set[date]) -> pl.Series:
    """The last change-over day up to each day, which stands for it; before the first: the first day there is."""
    bounds = pl.Series("bound", [date.min, *sorted(change_overs)], dtype=pl.Date)
    return bounds.gather(bounds.search_sorted(days, side="right") - 1).alias(days.name)


def _alike(places: pl.Series, rulebook: Rulebook) -> pl.Series:
    """The places, those the rulebook never names as one; null stays unknown."""
    named: set[str] = set()
    for standard in book(rulebook).standards.values():
        clauses = [clause for edition in standard.editions.values() for clause in edition.clauses.values()]
        for scope in (standard.scope, *(clause.scope for clause in clauses)):
            named |= {*scope.area_classes, *scope.functional_types}
        named |= {value for clause in clauses for value in clause.values}
    others = {place: "" for place in places.drop_nulls().unique() if place not in named}
    return places.replace(others) if others else places


def _prefixes(rulebook: Rulebook) -> set[str]:
    """Every industry prefix the rulebook names anywhere."""
    found = {prefix for listed in book(rulebook).directory.values() for prefix in listed}
    for standard in book(rulebook).standards.values():
        found |= set(standard.scope.industries)
        for edition in standard.editions.values():
            for clause in edition.clauses.values():
                found |= set(clause.scope.industries) | {p for row in clause.table for p in row.industries}
                found |= set(clause.values) if clause.indicator == "industry_code" else set()
    return found


def _change_overs(edition: Edition) -> list[date]:
    """The days from which an edition may govern differently."""
    after = [day + timedelta(days=1) for day in (edition.effective_to, edition.transition_to) if day is not None]
    return [edition.effective_from, *after]


@dataclass(frozen=True)
class _Table:
    """The clauses of every profile one after another, and where each profile's begin."""

    start: Indices
    size: Indices
    lines: pl.DataFrame
    indicator: Indices
    threshold: Floats
    at_least: Flags
    member: NDArray[np.int8]
    hard: Flags
    must: Flags
    conference: Flags
    band: Floats
    points_max: Floats
    is_score: Flags
    capacity_unit: pl.Series

    @classmethod
    def of(cls, governed: Sequence[Governing]) -> "_Table":
        size = np.array([len(g.lines) for g in governed], dtype=np.int64)
        lines = [line for g in governed for line in g.lines]
        clauses = [line.clause for line in lines]
        missing = float("nan")
        return cls(
            start=np.cumsum(size) - size,
            size=size,
            lines=_described(lines),
            indicator=np.array([ORDER.index(c.indicator) if c.indicator in NUMBERS else -1 for c in clauses], np.int64),
            threshold=np.array([missing if x.threshold is None else x.threshold for x in lines], np.float64),
            at_least=np.array([c.comparison != "<=" for c in clauses], dtype=bool),
            member=np.array([-1 if x.member is None else int(x.member) for x in lines], np.int8),
            hard=np.array([c.hard for c in clauses], dtype=bool),
            must=np.array([must(x.clause, x.edition) for x in lines], dtype=bool),
            conference=np.array([c.conference for c in clauses], dtype=bool),
            band=np.array([missing if c.band_share is None else c.band_share for c in clauses], np.float64),
            points_max=np.array([missing if c.points is None else c.points for c in clauses], np.float64),
            is_score=np.array([c.indicator == SCORE for c in clauses], dtype=bool),
            capacity_unit=pl.Series([c.capacity_unit for c in clauses], dtype=pl.String),
        )

    def rows(self, profile_at: Indices) -> tuple[Indices, Indices]:
        """For cases of the given profiles: the case and the line of each row of the sheet."""
        sizes = self.size[profile_at]
        case_at = np.repeat(np.arange(profile_at.size), sizes)
        within = np.arange(case_at.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return case_at, self.start[profile_at][case_at] + within


def _described(lines: Sequence[Line]) -> pl.DataFrame:
    """What the sheet says of each clause in words and codes."""
    text = pl.String
    schema = {"clause_id": text, "indicator": text, "comparison": text, "unit": text, "points_max": pl.Float64,
              "clause": text, "basis": text, "mandatory": pl.Boolean}  # fmt: skip
    rows = [
        (
            line.clause_id, line.clause.indicator, line.clause.comparison,
            NUMBERS[line.clause.indicator].unit if line.clause.indicator in NUMBERS else None, line.clause.points,
            line.clause.clause, (line.clause.basis or line.edition.basis).value, must(line.clause, line.edition),
        )
        for line in lines
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _values(facts: pl.DataFrame, assumed_far: float, rows: tuple[Indices, Indices], table: _Table) -> Floats:
    """The value of each row's indicator; NaN: not stated, a word, or a capacity counted in another unit."""
    case_at, line_at = rows
    every = indicators.values(facts, assumed_far)
    matrix = np.full((facts.height, len(ORDER) + 1), np.nan)
    for i, key in enumerate(ORDER):
        if key in every.columns:
            matrix[:, i] = every[key].fill_null(float("nan")).to_numpy()
    value = matrix[case_at, table.indicator[line_at]]  # words: index −1, the last column, always NaN
    if table.capacity_unit.null_count() < len(table.capacity_unit):
        wanted = table.capacity_unit[line_at]
        value[(wanted.is_not_null() & facts["capacity_unit"][case_at].ne_missing(wanted)).to_numpy()] = np.nan
    return value


def _compare(value: Floats, threshold: Floats, at_least: Flags, member: NDArray[np.int8]) -> NDArray[np.int8]:
    """1 met, 0 missed, −1 unknown; words are met as their membership says."""
    slack = np.abs(threshold) * TOLERANCE
    with np.errstate(invalid="ignore"):
        met = np.where(at_least, value >= threshold - slack, value <= threshold + slack).astype(np.int8)
    met[np.isnan(value)] = -1
    return np.where(np.isnan(threshold), member, met).astype(np.int8)


def _points(value: Floats, threshold: Floats, at_least: Flags, met: NDArray[np.int8], most: Floats) -> Floats:
    """Points of each scored row: full when met, else in proportion (value ÷ threshold, or its inverse); unknown: 0."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        share = np.where(at_least, value / threshold, threshold / value)
    share = np.where(met == 1, 1.0, np.nan_to_num(share, nan=0.0, posinf=0.0, neginf=0.0).clip(0.0, 1.0))
    return share * most


def _scores(points: Floats, most: Floats, met: NDArray[np.int8], case_at: Indices, count: int) -> tuple[Floats, Floats]:
    """The score of each case out of 100, and the best it could be if every unknown scored clause were met."""

    def total(amounts: Floats) -> Floats:
        return np.asarray(np.bincount(case_at, weights=np.nan_to_num(amounts), minlength=count), np.float64)

    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        whole = total(most)
        return 100 * total(points) / whole, 100 * total(np.where(met < 0, most, points)) / whole


def _in_band(gap: Floats, threshold: Floats, band: Floats, table: _Table, line_at: Indices) -> Flags:
    """Whether a miss lies inside the conference band; a mandatory clause has none."""
    with np.errstate(invalid="ignore"):
        near = -gap <= np.abs(threshold) * band * (1 + TOLERANCE)
    return (near | table.conference[line_at]) & ~table.must[line_at]
