"""机构画像: what a district's rulebook says about its bodies, rights, acts, duties, reporting and instruments.

The document ``governance`` of a rulebook, validated. Every statement is a provision: the paper's sentence as clause,
its source, what it rests on, and its dates. Where the paper names only a month or a year, the statement begins on its
first day. What the paper does not say is not stated, or ``assumed`` where the main job needs it.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from functools import lru_cache

from pydantic import Field, model_validator

from yipanqi.policy import rulebook as rulebooks
from yipanqi.policy.rulebook import Basis, Provision, Rulebook, Strict


class BodyKind(StrEnum):
    """What a body is."""

    DISTRICT_GOVERNMENT = "district_government"
    LEADING_GROUP = "leading_group"
    LEADING_GROUP_OFFICE = "leading_group_office"
    JOINT_CONFERENCE = "joint_conference"
    CONFERENCE_OFFICE = "conference_office"
    LEAD_BODY = "lead_body"
    PROMOTION_CENTRE = "promotion_centre"
    SERVICE_CENTRE = "service_centre"
    DEPARTMENT = "department"
    TOWN = "town"
    PARK = "park"
    STATE_DEVELOPER = "state_developer"
    MARKET_DEVELOPER = "market_developer"
    MUNICIPAL = "municipal"


class Right(StrEnum):
    """The eleven decision rights (核心发展权), then the management rights that sink to towns (下沉区域管理权)."""

    PLANNING = "planning"
    ATTRACTION = "attraction"
    ADMISSION = "admission"
    LAND_SUPPLY = "land_supply"
    STOCK_PROPERTY = "stock_property"
    PARK_TRANSFORMATION = "park_transformation"
    REGIONAL_DEVELOPMENT = "regional_development"
    PUBLIC_FACILITIES = "public_facilities"
    POLICY = "policy"
    BENEFIT_DISTRIBUTION = "benefit_distribution"
    PLATFORM = "platform"
    FIRM_SERVICE = "firm_service"
    LOCAL_RESOURCES = "local_resources"
    CLEARING = "clearing"
    LANDING = "landing"


#: The management rights; all others are decision rights.
MANAGEMENT_RIGHTS = (Right.FIRM_SERVICE, Right.LOCAL_RESOURCES, Right.CLEARING, Right.LANDING)
DECISION_RIGHTS = tuple(right for right in Right if right not in MANAGEMENT_RIGHTS)


class Manner(StrEnum):
    """How several bodies hold a right: one alone, all together, or each for itself at its own level."""

    ALONE = "alone"
    JOINTLY = "jointly"
    EACH = "each"


class Act(StrEnum):
    """What somebody does in the main job."""

    REGISTER_LEAD = "register_lead"
    OPEN_NEGOTIATION = "open_negotiation"
    REPORT_PROJECT = "report_project"
    REFER_PROJECT = "refer_project"
    ACCEPT_REFERRAL = "accept_referral"
    PRE_ASSESS = "pre_assess"
    REVIEW_ADMISSION = "review_admission"
    DECIDE_CASE_BY_CASE = "decide_case_by_case"
    REGISTER_SITE = "register_site"
    VERIFY_SITE = "verify_site"
    PROPOSE_SCHEMES = "propose_schemes"
    RESERVE_LAND = "reserve_land"
    RESERVE_PROPERTY = "reserve_property"
    CONFIRM_ALLOCATION = "confirm_allocation"
    AMEND_PLAN = "amend_plan"
    SUPPLY_LAND = "supply_land"
    TRANSFORM_PARK = "transform_park"
    LEAD_DEVELOPMENT = "lead_development"
    BUILD_PUBLIC_FACILITIES = "build_public_facilities"
    CLEAR_LAND = "clear_land"
    SERVE_FIRM = "serve_firm"
    ISSUE_POLICY = "issue_policy"
    SETTLE_BENEFITS = "settle_benefits"
    SET_TOWN_ATTRACTION_TARGET = "set_town_attraction_target"


class InstrumentKind(StrEnum):
    """A standard, procedure, list or rule a district has put in force."""

    ADMISSION_STANDARD = "admission_standard"
    ADMISSION_PROCEDURE = "admission_procedure"
    LAYOUT_PLAN = "layout_plan"
    RESOURCE_POOL = "resource_pool"
    PROJECT_POOL = "project_pool"
    APPROVAL_PROCEDURE = "approval_procedure"
    ATTRACTION_POLICY = "attraction_policy"
    SHARING_RULE = "sharing_rule"
    ASSESSMENT = "assessment"
    TASK_LIST = "task_list"
    RESPONSIBILITY_LIST = "responsibility_list"
    FLEXIBLE_CLAUSE = "flexible_clause"
    TALENT_POLICY = "talent_policy"
    COOPERATION = "cooperation"


class ListKind(StrEnum):
    """The list a duty stands in: 任务清单 or 责任清单."""

    TASK = "task"
    RESPONSIBILITY = "responsibility"


class Repetition(StrEnum):
    """How often a duty comes due."""

    YEAR = "year"
    HALF_YEAR = "half_year"
    QUARTER = "quarter"
    MONTH = "month"


class Source(Strict):
    """The document a statement comes from, written once and merged into its statements."""

    source: str
    issued_by: str
    basis: Basis
    effective_from: date
    effective_to: date | None = None


class Successor(Strict):
    """The body that took over, and since when."""

    title_zh: str
    title_en: str
    since: date
    source: str
    basis: Basis


class Body(Provision):
    """A body of the district. ``within``: the body it is set in; ``each``: one of it stands in every town or area."""

    kind: BodyKind
    title_zh: str
    title_en: str
    chair_zh: str | None = None
    within: str | None = None
    each: bool = False
    count: int | None = Field(default=None, ge=1)
    successor: Successor | None = None


class Holding(Provision):
    """Who holds a right. ``places``: only there (town ids); null: everywhere in the district."""

    holders: tuple[str, ...] = Field(min_length=1)
    manner: Manner = Manner.ALONE
    places: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _alone_is_one(self) -> "Holding":
        if (self.manner is Manner.ALONE) != (len(self.holders) == 1):
            raise ValueError(f"{len(self.holders)} holders cannot hold a right {self.manner}")
        return self


class ActRule(Provision):
    """Who performs an act: the bodies named, or else whoever holds one of the rights."""

    rights: tuple[Right, ...] = ()
    performers: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "ActRule":
        if bool(self.rights) == (self.performers is not None):
            raise ValueError("an act follows from rights or names its performers, one of the two")
        return self


class Deadline(Strict):
    """When a duty is due: so many days after an event, or at the end of every period."""

    basis: Basis
    after: str | None = None
    days: int | None = Field(default=None, ge=0)
    working_days: bool = True
    every: Repetition | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Deadline":
        if (self.every is None) == (self.days is None) or (self.days is None) != (self.after is None):
            raise ValueError("a deadline is days after an event, or the end of every period")
        return self


class Duty(Provision):
    """What a body must do: owner, deliverable and deadline. Null deadline: none is stated."""

    topic: str
    on_list: ListKind
    owner: str
    title_zh: str
    title_en: str
    deliverable_zh: str | None = None
    deliverable_en: str | None = None
    deadline: Deadline | None = None


class Instrument(Provision):
    """A standard, procedure, list or rule in force."""

    kind: InstrumentKind
    title_zh: str
    title_en: str


class Mechanism(Provision):
    """A named bundle of the paper (六大机制, 五个统一 …) and its parts in the paper's words."""

    title_zh: str
    title_en: str
    parts: tuple[str, ...] = ()


class ReportingTest(Provision):
    """One reason to report a project: it needs this kind of space, at least so many m² of it in total."""

    needs: tuple[str, ...] = Field(min_length=1)
    least_m2: float = Field(ge=0)


class Reporting(Strict):
    """The reporting rule: who reports, from which stage on, and which projects."""

    reporters: tuple[str, ...] = Field(min_length=1)
    from_stage: str
    tests: dict[str, ReportingTest]


class TableRow(Strict):
    """The district's row of the paper's table 1, in the table's own words and order."""

    row_no: int
    place: str
    main_body: str
    mechanism: str


class TextDifference(Strict):
    """Where the paper's text and its table 1 differ: both wordings, and what differs."""

    table: str
    text: str
    note_zh: str
    note_en: str


class Profile(Strict):
    """The governance of one district: every statement by kind."""

    title_zh: str
    title_en: str
    sources: dict[str, Source]
    bodies: dict[str, Body]
    rights: dict[Right, tuple[Holding, ...]]
    acts: dict[Act, tuple[ActRule, ...]]
    duties: dict[str, Duty] = Field(default_factory=dict)
    instruments: dict[str, Instrument] = Field(default_factory=dict)
    mechanisms: dict[str, Mechanism] = Field(default_factory=dict)
    reporting: Reporting
    table_one: TableRow | None = None
    text_differences: tuple[TextDifference, ...] = ()

    @model_validator(mode="after")
    def _bodies_exist(self) -> "Profile":
        if unknown := sorted(set(self._named()) - set(self.bodies)):
            raise ValueError(f"no such body: {', '.join(unknown)}")
        if missing := [act.value for act in Act if not self.acts.get(act)]:
            raise ValueError(f"no rule says who may: {', '.join(missing)}")
        return self

    def _named(self) -> Iterator[str]:
        for holdings in self.rights.values():
            yield from (holder for holding in holdings for holder in holding.holders)
        for rules in self.acts.values():
            yield from (performer for rule in rules for performer in rule.performers or ())
        yield from (duty.owner for duty in self.duties.values())
        yield from (body.within for body in self.bodies.values() if body.within)
        yield from self.reporting.reporters

    def statements(self) -> Iterator[tuple[str, Provision]]:
        """Every statement with its place in the document (``rights.attraction.0``), in the document's order."""
        for word, group in (
            ("bodies", self.bodies),
            ("duties", self.duties),
            ("instruments", self.instruments),
            ("mechanisms", self.mechanisms),
            ("reporting.tests", self.reporting.tests),
        ):
            yield from ((f"{word}.{key}", statement) for key, statement in group.items())
        for word, lists in (("rights", self.rights), ("acts", self.acts)):
            for key, versions in lists.items():
                yield from ((f"{word}.{key}.{i}", version) for i, version in enumerate(versions))

    def latest(self) -> date:
        """The day from which the last of the profile's statements that is not assumed holds."""
        return max(s.effective_from for _, s in self.statements() if s.basis is not Basis.ASSUMED)


@lru_cache(maxsize=32)
def read(rulebook: Rulebook) -> Profile:
    """The governance profile of a rulebook.

    Raises:
        RulebookError: the document breaks the model, names a body it does not have, or leaves an act without a rule.
    """
    return rulebooks.read(Profile, rulebook, "governance")


def in_force(statements: Iterable[Provision], on: date) -> tuple[Provision, ...]:
    """The statements that hold on a day, in their order."""
    return tuple(statement for statement in statements if statement.in_force(on))
