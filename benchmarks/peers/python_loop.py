"""The admission rules in a plain Python loop: one case, one clause at a time, from the same rulebook document.

It shares no code with the engine's judge: which edition governs, what a clause asks and how verdicts follow is written
anew. Rules are resolved once for each kind of case and kept, as a careful programmer would.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from yipanqi.admission.standards import Book, Clause, Edition, Standard, book
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import Rulebook

M2_PER_MU = 2000 / 3
#: Relative tolerance of every comparison.
SLACK = 1e-9

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a judge says of one case: verdict, standard, missed hard clauses, score, and how many clauses it weighed."""

    verdict: str
    standard: str | None
    missed: int
    score: float | None
    weighed: int


@dataclass(frozen=True)
class Governing:
    """The clauses that govern a kind of case, each with whether it is mandatory; the main standard and its pass mark.

    ``key`` names clauses and their editions: alike keys are alike rules.
    """

    key: str
    clauses: tuple[tuple[str, Clause, bool], ...]
    standard: str | None
    pass_points: float | None


class Loop:
    """The judge of one rulebook as of a day."""

    def __init__(self, rulebook: Rulebook, as_of: date) -> None:
        self.as_of = as_of
        self.document: Book = book(rulebook)
        self.assumed_far = number(rulebook, "admission.assumed_far_ratio", as_of)
        self.bands = {
            strategic: number(rulebook, f"admission.{name}_band_share", as_of)
            for strategic, name in ((True, "strategic"), (False, "conference"))
        }
        self._known: dict[tuple[Any, ...], Governing] = {}

    def judged(self, facts: Iterable[Facts]) -> list[Outcome]:
        """The outcome of each case, in order."""
        return [self.outcome(case) for case in facts]

    def outcome(self, case: Facts) -> Outcome:
        """The outcome of one case joined with its project."""
        governing, values = self.governing(case), self.values(case)
        band = self.band(case)
        missed = beyond = unknown = weighed = 0
        got = could = whole = 0.0
        for _, clause, mandatory in governing.clauses:
            asked = self.asked(clause, case)
            if asked is None:
                continue
            weighed += 1
            met, value, threshold = self._met(clause, case, values, asked)
            if clause.points:
                share = 1.0 if met else 0.0 if met is None else _part(clause, value, threshold)
                got, whole = got + share * clause.points, whole + clause.points
                could += clause.points if met is None else share * clause.points
            if clause.hard and met is None:
                unknown += 1
            elif clause.hard and not met:
                missed += 1
                width = band if clause.band_share is None else clause.band_share
                near = value is not None and abs(value - threshold) <= abs(threshold) * width * (1 + SLACK)
                beyond += mandatory or not (near or clause.conference)
        score = 100 * got / whole if whole else None
        mark = governing.pass_points if whole else None
        if mark is not None:
            weighed += 1
            if score < mark * (1 - SLACK):
                open_ = 100 * could / whole >= mark * (1 - SLACK)
                unknown, missed = unknown + open_, missed + (not open_)
                beyond += not open_ and mark - score > mark * band * (1 + SLACK)
        verdict = "refused" if beyond else "conference" if missed or unknown or not governing.standard else "admitted"
        return Outcome(verdict, governing.standard, missed, score, weighed)

    def band(self, case: Facts) -> float:
        """The conference band of a case."""
        return self.bands[bool(case["strategic_tags"])]

    # -- which clauses govern ----------------------------------------------------------------------------------------

    def governing(self, case: Facts) -> Governing:
        """The clauses of the case's standards, before a clause's own scope and table are asked about its industry."""
        reported = case["reported_at"].date() if case["reported_at"] else None
        reference = min(case["accepted_on"] or reported or self.as_of, self.as_of)
        eras = bisect_right(self._days, reference), reported and bisect_right(self._days, reported)
        key = (case["category"], case["industry_code"], case["area_class"], case["functional_type"], *eras)
        if key not in self._known:
            self._known[key] = self._resolved(case, reference, reported)
        return self._known[key]

    @cached_property
    def _days(self) -> list[date]:
        """The days from which an edition may govern differently."""
        found = set()
        for edition in (e for s in self.document.standards.values() for e in s.editions.values()):
            ends = [day + timedelta(days=1) for day in (edition.effective_to, edition.transition_to) if day]
            found |= {edition.effective_from, *ends}
        return sorted(found)

    def _resolved(self, case: Facts, reference: date, reported: date | None) -> Governing:
        found: list[tuple[str, Clause, bool]] = []
        main: tuple[Any, ...] = (False, (), "")
        for name, standard in self.document.standards.items():
            narrow = fits(standard.scope, case)
            if narrow is not None and standard.beside:
                found += self._chosen(name, standard, reference, reported)
            elif narrow is not None:
                main = max(main, (_in_force(standard, reference, reported) is not None, narrow, name))
        covered, mark = None, None
        if main[2]:
            standard = self.document.standards[main[2]]
            found += self._chosen(main[2], standard, reference, reported)
            edition = _in_force(standard, reference, reported)
            covered, mark = (main[2], edition.pass_points) if edition else (None, None)
        found = [(name, clause, must) for name, clause, must in found if fits(clause.scope, case) is not None]
        return Governing("+".join(clause_id for clause_id, _, _ in found), tuple(found), covered, mark)

    def _chosen(
        self, name: str, standard: Standard, reference: date, reported: date | None
    ) -> list[tuple[str, Clause, bool]]:
        """The clauses of the edition of the reference day, mandatory ones replaced by those binding today."""
        then, now = _in_force(standard, reference, reported), _in_force(standard, self.as_of, None)
        found: dict[str, tuple[str, Clause, bool]] = {}
        for key, clause in (then.clauses if then else {}).items():
            binding = clause.mandatory or then.mandatory
            if not binding or (then.effective_to or date.max) >= self.as_of:
                found[key] = (f"{name}.{key}@{then.effective_from}", clause, binding)
        if now is not None and now is not then and not self._suspended(now, reference):
            binding_now = {k: c for k, c in now.clauses.items() if c.mandatory or now.mandatory}
            found |= {k: (f"{name}.{k}@{now.effective_from}", c, True) for k, c in binding_now.items()}
        return list(found.values())

    def _suspended(self, now: Edition, reference: date) -> bool:
        return bool(now.effective_from > reference and now.transition_to and now.transition_to >= self.as_of)

    # -- what one clause asks ----------------------------------------------------------------------------------------

    def asked(self, clause: Clause, case: Facts) -> float | bool | None:
        """The threshold for the case's industry, or whether its word is right; None: the clause does not concern it."""
        if clause.threshold is not None:
            return clause.threshold
        industry = case["industry_code"]
        if clause.table:
            rows = [(len(p), row.threshold) for row in clause.table for p in row.industries if industry.startswith(p)]
            return max(rows)[1] if rows else None
        return True

    def _met(
        self, clause: Clause, case: Facts, values: Facts, threshold: float | bool
    ) -> tuple[bool | None, float | None, float]:
        if clause.comparison in ("in", "not_in"):
            return self.member(clause, case), None, 0.0
        value = values[clause.indicator]
        if value is None or (clause.capacity_unit and clause.capacity_unit != case["capacity_unit"]):
            return None, None, threshold
        slack = abs(threshold) * SLACK
        met = value >= threshold - slack if clause.comparison == ">=" else value <= threshold + slack
        return met, value, threshold

    def member(self, clause: Clause, case: Facts) -> bool | None:
        """Whether the case's word is as the clause wants it; None: not stated."""
        word = case[clause.indicator]
        if word is None:
            return None
        listed = self.document.directory[clause.listed] if clause.listed else clause.values
        inside = word.startswith(tuple(listed)) if clause.indicator == "industry_code" else word in listed
        return inside == (clause.comparison == "in")

    def values(self, case: Facts) -> dict[str, float | None]:
        """Every indicator of the case; None: not stated, or divided by nothing."""
        land, floor = case["land_m2"] or 0.0, case["floor_m2"] or 0.0
        mu = (land + floor / (case["far_ratio"] or self.assumed_far)) / M2_PER_MU
        jobs = [case["jobs_high_count"], case["jobs_middle_count"], case["jobs_basic_count"]]
        return {
            "fixed_investment_wan_per_mu": _over(case["fixed_investment_wan"], mu),
            "total_investment_wan_per_mu": _over(case["total_investment_wan"], mu),
            "output_wan_per_mu": _over(case["output_wan"], mu),
            "tax_wan_per_mu": _over(case["tax_wan"], mu),
            "tax_yuan_per_floor_m2": _over(case["tax_wan"], floor / 1e4),
            "total_investment_wan": case["total_investment_wan"],
            "far_ratio": case["far_ratio"],
            "energy_tce_per_wan": _over(case["energy_tce"], case["output_wan"]),
            "emission_kg_per_wan": _over(case["emission_t"], case["output_wan"] and case["output_wan"] / 1e3),
            "rd_share": case["rd_share"],
            "rd_staff_share": case["rd_staff_share"],
            "jobs_high_share": _over(jobs[0], None if None in jobs else sum(jobs)),
            "capacity_count_per_mu": _over(case["capacity_count"], mu),
        }


def facts_of(cases: pl.DataFrame, projects: pl.DataFrame) -> Sequence[Facts]:
    """Every case joined with its project as one dictionary, in the order of the cases."""
    return cases.join(projects, on="project_id", how="left", maintain_order="left").rows(named=True)


def fits(scope: Any, case: Facts) -> tuple[int, bool, bool] | None:
    """How narrow a scope is that holds the case; None: it does not."""
    prefixes = [len(p) for p in scope.industries if case["industry_code"].startswith(p)]
    if (
        (scope.categories and case["category"] not in scope.categories)
        or (scope.industries and not prefixes)
        or (scope.area_classes and case["area_class"] not in scope.area_classes)
        or (scope.functional_types and case["functional_type"] not in scope.functional_types)
    ):
        return None
    return max(prefixes, default=0), bool(scope.area_classes), bool(scope.functional_types)


def _in_force(standard: Standard, on: date, reported: date | None) -> Edition | None:
    """The edition in force on a day; during a transition the one before it, for projects reported before it began."""
    editions = standard.editions.values()
    live = [e for e in editions if e.effective_from <= on and (e.effective_to or date.max) >= on]
    if not live:
        return None
    latest = max(live, key=lambda e: e.effective_from)
    if not (latest.transition_to and reported and reported < latest.effective_from and on <= latest.transition_to):
        return latest
    eve = latest.effective_from - timedelta(days=1)
    before = [e for e in editions if e.effective_from <= eve and (e.effective_to or date.max) >= eve]
    return max(before, key=lambda e: e.effective_from) if before else latest


def _over(top: float | None, below: float | None) -> float | None:
    return None if top is None or not below or below < 0 else top / below


def _part(clause: Clause, value: float | None, threshold: float) -> float:
    """The part of a scored clause's points a missed value earns."""
    if not value or value < 0:
        return 0.0
    return value / threshold if clause.comparison == ">=" else threshold / value
