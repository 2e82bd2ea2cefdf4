"""The rules of the plan as data: whom they concern, what they test, what they say, and where they come from.

They stand in ``planning.yaml`` under ``rules``. A rule concerns the pairs its ``when`` names and fires where its one
test holds: ``matrix`` (planned use against the use needed), ``limit`` (a number of the demand against a limit of the
site), ``zone`` (share of the site inside a layer), ``direction`` (industry outside the directions of the site),
``unknown`` (a fact nobody has stated), or no test at all: then the ``when`` is the rule, as for the area classes.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import model_validator

from yipanqi.governance.profile import Act
from yipanqi.inventory.sites import AreaClass, FunctionalType, SiteKind, SiteState, UseClass
from yipanqi.pipeline.projects import Category, NeedKind
from yipanqi.planning.zones import ZoneKind
from yipanqi.policy import rulebook as books
from yipanqi.policy.rulebook import Provision, Rulebook, Strict


class PlanStatus(StrEnum):
    """What the plan says to a pair."""

    ALLOWED = "allowed"
    PLAN_CHANGE = "plan_change"
    FORBIDDEN = "forbidden"


class When(Strict):
    """Whom a rule concerns. An empty list asks nothing; an unknown fact is in no list."""

    area_classes: tuple[AreaClass, ...] = ()
    functional_types: tuple[FunctionalType, ...] = ()
    site_kinds: tuple[SiteKind, ...] = ()
    site_states: tuple[SiteState, ...] = ()
    site_uses: tuple[UseClass, ...] = ()
    categories: tuple[Category, ...] = ()
    need_kinds: tuple[NeedKind, ...] = ()
    needed_uses: tuple[UseClass, ...] = ()
    industries: tuple[str, ...] = ()


class Limit(Strict):
    """The demand's number shall not pass the site's limit; beyond the slack the rule forbids whatever its status.

    ``slack_share`` 0.2: up to a fifth beyond the limit the rule's own status holds. Null: no end.
    """

    demand: str
    site: str
    least: bool = False
    slack_share: float | None = None


class ZoneTest(Strict):
    """More of the site than the tolerance lies in a zone of this layer (of these values; none named: of any).

    ``by_excluded_use``: only zones that keep out the use needed. A zone that does not say what it keeps out takes the
    list ``default_excluded`` has for its value.
    """

    zone_kind: ZoneKind
    values: tuple[str, ...] = ()
    tolerance_share: float
    most_share: float = 1.0
    by_excluded_use: bool = False
    default_excluded: Mapping[str, tuple[UseClass, ...]] = {}


class Unknown(Strict):
    """One of these facts is not stated."""

    site: tuple[str, ...] = ()
    demand: tuple[str, ...] = ()


class Rule(Provision):
    """One rule of the plan. ``parameter`` is what would have to change; its message is ``planning.<rule id>``."""

    parameter: str
    status: PlanStatus | None = None
    procedure: str | None = None
    when: When = When()
    matrix: Mapping[UseClass, Mapping[UseClass, PlanStatus]] | None = None
    limit: Limit | None = None
    zone: ZoneTest | None = None
    direction: bool = False
    unknown: Unknown | None = None

    @model_validator(mode="after")
    def _one_test_and_a_status(self) -> "Rule":
        tests = [self.matrix is not None, self.limit is not None, self.zone is not None, self.direction,
                 self.unknown is not None]  # fmt: skip
        if sum(tests) > 1:
            raise ValueError("a rule has one test")
        if (self.matrix is None) == (self.status is None):
            raise ValueError("a rule says its status; only a matrix says it cell by cell")
        if self.matrix is not None and any(set(row) != set(UseClass) for row in self.matrix.values()):
            raise ValueError("each row of a matrix names every planned use")
        return self


class Step(Strict):
    """One step of a plan-change procedure: who acts and how many calendar days it is assumed to take.

    A step without a body is the decision: whoever may do the procedure's act in the district takes it.
    """

    title_zh: str
    title_en: str
    body: str | None = None
    days: int


class Procedure(Provision):
    """A way to change the plan: its steps in order, and the act of the district's bodies that decides on it."""

    title_zh: str
    title_en: str
    act: Act
    steps: Mapping[str, Step]

    @model_validator(mode="after")
    def _one_decision(self) -> "Procedure":
        if sum(step.body is None for step in self.steps.values()) != 1:
            raise ValueError("a procedure has one deciding step, the one without a body")
        return self


class QuotaRule(Strict):
    """Which placements take new construction land: these categories, on sites in these states."""

    land_categories: tuple[Category, ...]
    unbuilt_states: tuple[SiteState, ...]


class Book(Strict):
    """The planning document of a rulebook."""

    parameters: Mapping[str, Any] = {}
    #: category → what is needed → the use class it needs when the demand does not say.
    default_uses: Mapping[Category, Mapping[NeedKind, UseClass]]
    rules: Mapping[str, Rule]
    procedures: Mapping[str, Procedure]
    quotas: QuotaRule

    @model_validator(mode="after")
    def _procedures_exist(self) -> "Book":
        if missing := {r.procedure for r in self.rules.values() if r.procedure} - set(self.procedures):
            raise ValueError(f"no such procedure: {sorted(missing)}")
        return self


@lru_cache(maxsize=32)
def book(rulebook: Rulebook) -> Book:
    """The planning document of the rulebook, validated.

    Raises:
        RulebookError: the document breaks the model.
    """
    return books.read(Book, rulebook, "planning")


def in_force(rulebook: Rulebook, on: date) -> tuple[tuple[str, Rule], ...]:
    """The rules in force on a day, by id. The plan of the day holds for all: nothing of it is grandfathered."""
    return tuple(sorted((key, rule) for key, rule in book(rulebook).rules.items() if rule.in_force(on)))
