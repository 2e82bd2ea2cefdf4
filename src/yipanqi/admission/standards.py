"""Standards as dated decision tables, and which clauses of which edition govern a case.

They stand in ``admission.yaml`` under ``standards``. A standard has a scope (category, industry prefix, area class,
functional type) and dated editions; an edition has clauses: indicator × comparison × threshold × hard or scored. Of the
standards whose scope holds a case the narrowest applies; standards marked ``beside`` (directory, national floors) apply
as well. Which edition governs says ``policy.transition``: the one in force on the reference date, and of the edition in
force today its mandatory clauses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from pydantic import model_validator

from yipanqi.admission.indicators import NUMBERS, SCORE, WORDS
from yipanqi.governance.profile import Act
from yipanqi.inventory.sites import AreaClass, FunctionalType
from yipanqi.pipeline.projects import Category
from yipanqi.policy import rulebook as books
from yipanqi.policy.rulebook import Basis, Provision, Rulebook, Strict
from yipanqi.policy.transition import clause_applies, governing


class Scope(Strict):
    """Whom a standard or clause is for. An empty list asks nothing; an unknown area class is in no list."""

    categories: tuple[Category, ...] = ()
    industries: tuple[str, ...] = ()
    area_classes: tuple[AreaClass, ...] = ()
    functional_types: tuple[FunctionalType, ...] = ()


class Row(Strict):
    """One row of a clause's table: the threshold of these industries (GB/T 4754-2017 prefixes)."""

    industries: tuple[str, ...]
    threshold: float
    title: str


class Clause(Strict):
    """One line of a decision table.

    A number is compared (``>=``, ``<=``) with ``threshold``, or with that of the row of ``table`` whose prefix of the
    industry is longest (no row: the clause does not concern the case). A word is looked up in ``values`` (``in``,
    ``not_in``; industries by prefix) or in the list of the directory that ``listed`` names. ``points`` make it a
    scored clause: full points at the threshold, in proportion below it. ``conference``: missing it leads to the
    conference however much is missing. ``band_share`` replaces the parameter. Source, issuer and basis are the
    edition's unless the clause has its own.
    """

    indicator: str
    comparison: Literal[">=", "<=", "in", "not_in"]
    clause: str
    threshold: float | None = None
    table: tuple[Row, ...] = ()
    values: tuple[str, ...] = ()
    listed: Literal["encouraged", "restricted", "prohibited"] | None = None
    capacity_unit: str | None = None
    scope: Scope = Scope()
    hard: bool = True
    points: float | None = None
    conference: bool = False
    band_share: float | None = None
    mandatory: bool = False
    basis: Basis | None = None
    source: str | None = None
    issued_by: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Clause":
        if self.comparison in {">=", "<="}:
            if self.indicator not in NUMBERS or (self.threshold is None) == (not self.table):
                raise ValueError("a comparison needs a number's indicator and either a threshold or a table")
        elif self.indicator not in WORDS or bool(self.values) == (self.listed is not None):
            raise ValueError("in and not_in need a word's indicator and either values or a list of the directory")
        if not self.hard and self.points is None:
            raise ValueError("a clause is hard, scored, or both")
        return self


class Edition(Provision):
    """One dated version of a standard. ``pass_points``: least score of 100; null: the score decides nothing."""

    pass_points: float | None = None
    clauses: Mapping[str, Clause]


def must(clause: Clause, edition: Edition) -> bool:
    """Whether the clause is mandatory, itself or as part of a mandatory edition."""
    return clause.mandatory or edition.mandatory


class Standard(Strict):
    """A decision table with its scope and versions."""

    title_zh: str
    title_en: str
    scope: Scope = Scope()
    beside: bool = False
    editions: Mapping[str, Edition]


class Step(Strict):
    """One step of the review. Steps of equal ``level`` run at the same time.

    Who acts: the bodies that may do the ``act`` in the district, else the first of ``bodies`` the district has; neither
    named: a panel that is no body (experts). The rest says for which projects the step is taken; ``verdicts`` are those
    of the project so far. Of the steps that decide, a body takes only its last.
    """

    title_zh: str
    title_en: str
    act: Act | None = None
    bodies: tuple[str, ...] = ()
    level: int
    decides: bool = False
    categories: tuple[Category, ...] = ()
    verdicts: tuple[str, ...] = ()
    least_investment_wan: float | None = None
    least_land_m2: float | None = None
    major: bool | None = None


class Routing(Provision):
    """分类管理、分层审批: the steps of the review."""

    steps: Mapping[str, Step]


class Book(Strict):
    """The admission document of a rulebook."""

    parameters: Mapping[str, Any] = {}
    #: encouraged, restricted, prohibited → industry prefixes (GB/T 4754-2017); all others are permitted.
    directory: Mapping[str, tuple[str, ...]] = {}
    standards: Mapping[str, Standard]
    routing: Routing


@lru_cache(maxsize=32)
def book(rulebook: Rulebook) -> Book:
    """The admission document of the rulebook, validated.

    Raises:
        RulebookError: the document breaks the model.
    """
    return books.read(Book, rulebook, "admission")


@dataclass(frozen=True, slots=True)
class Profile:
    """What decides which clauses govern a case: its scope facts and its dates."""

    category: str
    industry: str
    area_class: str | None
    functional_type: str | None
    reference_on: date
    reported_on: date | None


@dataclass(frozen=True, slots=True)
class Line:
    """One clause as it applies to a profile: its threshold, or whether the word is a member."""

    clause_id: str
    clause: Clause
    edition: Edition
    threshold: float | None
    member: bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Governing:
    """The standard and edition that govern a profile, and every clause that applies; none: nothing covers the case."""

    standard_id: str | None
    edition: Edition | None
    lines: tuple[Line, ...]


def govern(rulebook: Rulebook, profile: Profile, as_of: date) -> Governing:
    """The clauses that govern a case, as of a day, ordered by clause id (``<standard>.<clause>``).

    Of the main standards with an edition that governs on the reference date and a scope that holds the case, the
    narrowest applies: longest industry prefix, then area class, then functional type, then id. Where none has an
    edition that old, nothing but mandatory clauses applies: those of the narrowest. Equal answers are one object.
    """
    return _office(rulebook, as_of).govern(profile)


@lru_cache(maxsize=8)
def _office(rulebook: Rulebook, as_of: date) -> "_Office":
    return _Office(book(rulebook), as_of)


class _Office:
    """A rulebook as of a day, and what it has said so far: profiles share standards, and standards their clauses."""

    def __init__(self, document: Book, as_of: date) -> None:
        self.document, self.as_of = document, as_of
        self.standards = sorted(document.standards.items())
        self._dated: dict[tuple[str, date, date | None], _Dated] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._lines: dict[tuple[object, ...], tuple[Line, ...]] = {}
        self._governing: dict[tuple[object, ...], Governing] = {}

    def govern(self, profile: Profile) -> Governing:
        main = []
        parts: list[tuple[Line, ...]] = []
        for standard_id, standard in self.standards:
            rank = _rank(standard.scope, profile)
            if rank is None:
                continue
            dated = self._on(standard_id, standard, profile)
            if standard.beside:
                parts.append(self._concerned(dated, profile))
            else:
                main.append((dated.edition is not None, rank, standard_id, dated))
        covered: tuple[str | None, Edition | None] = (None, None)
        if main:
            _, _, standard_id, dated = max(main, key=lambda m: m[:3])
            parts.append(self._concerned(dated, profile))
            if dated.edition is not None:
                covered = standard_id, dated.edition
                if dated.score is not None and any(line.clause.points for part in parts for line in part):
                    parts.append((dated.score,))
        key = (covered[0], id(covered[1]), *map(id, parts))
        if key not in self._governing:
            lines = sorted((line for part in parts for line in part), key=lambda line: line.clause_id)
            self._governing[key] = Governing(*covered, tuple(lines))
        return self._governing[key]

    def _on(self, standard_id: str, standard: Standard, profile: Profile) -> "_Dated":
        key = (standard_id, profile.reference_on, profile.reported_on)
        if key not in self._dated:
            edition = governing(
                tuple(standard.editions.values()), profile.reference_on, reported_on=profile.reported_on
            )
            chosen = _chosen(standard, edition, profile, self.as_of)
            told = (standard_id, *((name, id(clause)) for name, clause, _ in chosen))
            number = self._numbers.setdefault(told, len(self._numbers))
            self._dated[key] = _Dated(number, standard_id, edition, chosen, _score(standard_id, edition))
        return self._dated[key]

    def _concerned(self, dated: "_Dated", profile: Profile) -> tuple[Line, ...]:
        """The chosen clauses that concern the profile: its place and industry in scope and table."""
        key = (dated.number, profile.category, profile.industry, profile.area_class, profile.functional_type)
        if key not in self._lines:
            self._lines[key] = tuple(_lines(dated, profile, self.document.directory))
        return self._lines[key]


@dataclass(frozen=True, slots=True)
class _Dated:
    """What a standard asks of projects of a date: the edition that governs, its clauses, its score as a clause.

    ``number`` is the same for the same clauses of a standard.
    """

    number: int
    standard_id: str
    edition: Edition | None
    chosen: tuple[tuple[str, Clause, Edition], ...]
    score: Line | None


def _rank(scope: Scope, profile: Profile) -> tuple[int, int, int] | None:
    """How narrow the scope is, or None when it does not hold the profile."""
    prefix = max((len(p) for p in scope.industries if profile.industry.startswith(p)), default=0)
    if (
        (scope.categories and profile.category not in scope.categories)
        or (scope.industries and not prefix)
        or (scope.area_classes and profile.area_class not in scope.area_classes)
        or (scope.functional_types and profile.functional_type not in scope.functional_types)
    ):
        return None
    return prefix, int(bool(scope.area_classes)), int(bool(scope.functional_types))


def _chosen(
    standard: Standard, edition: Edition | None, profile: Profile, as_of: date
) -> tuple[tuple[str, Clause, Edition], ...]:
    """Clauses of the governing edition, and the mandatory ones of the edition in force today in their place."""
    today = governing(tuple(standard.editions.values()), as_of)
    chosen: dict[str, tuple[Clause, Edition]] = {}
    if edition is not None:
        held = _binds(edition, profile, as_of)
        # What a successor's transition period suspends is still asked as it was.
        waiting = set() if today is None or _binds(today, profile, as_of) else set(today.clauses)
        chosen = {k: (c, edition) for k, c in edition.clauses.items() if held or k in waiting or not must(c, edition)}
    if today is not None and today is not edition and _binds(today, profile, as_of):
        chosen |= {k: (c, today) for k, c in today.clauses.items() if must(c, today)}
    return tuple((key, *entry) for key, entry in chosen.items())


def _lines(dated: _Dated, profile: Profile, directory: Mapping[str, tuple[str, ...]]) -> list[Line]:
    found = []
    for key, clause, source in dated.chosen:
        if _rank(clause.scope, profile) is None:
            continue
        threshold = _threshold(clause, profile.industry)
        if clause.table and threshold is None:
            continue
        member = _member(clause, profile, directory)
        found.append(Line(f"{dated.standard_id}.{key}", clause, source, threshold, member))
    return found


def _binds(edition: Edition, profile: Profile, as_of: date) -> bool:
    """Whether the mandatory clauses of an edition reach the project: in force today, and past their transition."""
    mandatory = edition.model_copy(update={"mandatory": True})
    return clause_applies(mandatory, profile.reference_on, as_of).applies


def _threshold(clause: Clause, industry: str) -> float | None:
    rows = [(len(p), row.threshold) for row in clause.table for p in row.industries if industry.startswith(p)]
    return max(rows)[1] if rows else clause.threshold


def _member(clause: Clause, profile: Profile, directory: Mapping[str, tuple[str, ...]]) -> bool | None:
    """Whether the word passes the clause; None for numbers and for words nobody stated."""
    if clause.indicator not in WORDS:
        return None
    if clause.indicator == "industry_code":
        values = clause.values if clause.listed is None else directory.get(clause.listed, ())
        listed = profile.industry.startswith(values)
    else:
        word = profile.area_class if clause.indicator == "area_class" else profile.functional_type
        if word is None:
            return None
        listed = word in clause.values
    return listed == (clause.comparison == "in")


def _score(standard_id: str, edition: Edition | None) -> Line | None:
    """The score as a clause: the sum of the scored clauses shall reach the pass mark; None: no mark."""
    if edition is None or edition.pass_points is None:
        return None
    clause = Clause(indicator=SCORE, comparison=">=", threshold=edition.pass_points, clause=edition.clause, hard=True)
    return Line(f"{standard_id}.score", clause, edition, edition.pass_points, None)
