"""争抢: the same firm courted by several towns, and who may go on.

Two projects are believed to be of one firm when they bear the same credit code, or when their names are alike, their
industry division is the same and their size agrees. Projects so linked form a cluster; a cluster of two or more
origin towns is contested. Who goes on: the investor's written wish, else the first report while it is protected, else
the conference office.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import combinations

import dataframely as dy
import polars as pl
from rapidfuzz import fuzz

from yipanqi.kernel.findings import Finding, Severity, in_order
from yipanqi.kernel.tables import choice
from yipanqi.pipeline import credit_code, rules
from yipanqi.pipeline.stages import ON_THE_BOARD, Stage
from yipanqi.policy import parameters
from yipanqi.policy.rulebook import Rulebook

#: Stages in which a firm is still courted.
COURTED = (Stage.LEAD, Stage.NEGOTIATING, *ON_THE_BOARD)


class LinkGround(StrEnum):
    """Why two projects are believed to be of one firm, strongest first."""

    CREDIT_CODE = "credit_code"
    NAME_INDUSTRY_SIZE = "name_industry_size"
    NAME_INDUSTRY = "name_industry"


class Link(dy.Schema):
    """Two projects believed to be of one firm."""

    project_id = dy.String(primary_key=True, nullable=False)
    other_id = dy.String(primary_key=True, nullable=False, description="the greater of the two ids")
    ground = choice(LinkGround, nullable=False)
    similarity_share = dy.Float64(nullable=False, min=0.0, max=1.0, description="likeness of the names")


class Claim(dy.Schema):
    """One project of a contested cluster; the cluster bears the least of its project ids."""

    cluster_id = dy.String(nullable=False)
    project_id = dy.String(primary_key=True, nullable=False)
    origin_town_id = dy.String(nullable=False)
    reported_at = dy.Datetime(nullable=True)


@dataclass(frozen=True)
class Contention:
    """The contested clusters (``Claim``), the links that made them (``Link``), and a warning for each cluster."""

    claims: pl.DataFrame
    links: pl.DataFrame
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    project_id: str
    town: str
    code: str | None
    name: str
    division: str
    investment_wan: float | None


def contested(projects: pl.DataFrame, rulebook: Rulebook, on: date) -> Contention:
    """The firms that several towns court, with the reason of every link; the same whatever the row order.

    A credit code that breaks the standard counts as not stated. Two different valid codes are two firms, however
    alike their names. An unknown investment speaks neither for nor against: the ground then is ``name_industry``.
    """
    courted = projects.filter(pl.col("stage").is_in([s.value for s in COURTED])).sort("project_id")
    words = rules.read(rulebook).common_words
    candidates = [
        _Candidate(project_id, town, _valid(code), core_name(investor, words), industry[:2], investment)
        for project_id, town, code, investor, industry, investment in courted.select(
            "project_id", "origin_town_id", "credit_code", "investor", "industry_code", "total_investment_wan"
        ).iter_rows()
    ]
    likeness = parameters.number(rulebook, "pipeline.name_similarity_share", on)
    factor = parameters.number(rulebook, "pipeline.size_factor_ratio", on)
    links = [link for a, b in _pairs(candidates) if (link := _link(a, b, likeness, factor)) is not None]
    cluster_of = _clusters([c.project_id for c in candidates], links)
    towns: dict[str, set[str]] = {}
    for c in candidates:
        towns.setdefault(cluster_of[c.project_id], set()).add(c.town)
    claims = (
        courted.with_columns(
            cluster_id=pl.Series([cluster_of[i] for i in courted["project_id"]], dtype=pl.String),
        )
        .filter(pl.col("cluster_id").is_in(sorted(key for key, places in towns.items() if len(places) > 1)))
        .select(Claim.column_names())
        .sort("cluster_id", "project_id")
    )
    inside = set(claims["project_id"])
    table = pl.DataFrame([k for k in links if k[0] in inside], schema=Link.create_empty().schema, orient="row")
    return Contention(Claim.validate(claims), Link.validate(table), _warnings(claims, candidates))


def core_name(investor: str, common_words: Sequence[str]) -> str:
    """What tells a firm's name apart: compatibility forms folded, blanks and common words taken out.

    A name made of common words alone stays as it is.

    >>> core_name("上海国轩高科动力能源有限公司", ("有限公司", "上海"))
    '国轩高科动力能源'
    """
    name = "".join(unicodedata.normalize("NFKC", investor).split()).upper()
    core = name
    for word in sorted(common_words, key=lambda w: (-len(w), w)):
        core = core.replace(unicodedata.normalize("NFKC", word).upper(), "")
    return core or name


def _valid(code: str | None) -> str | None:
    return code if code is not None and credit_code.problem(code) is None else None


def _pairs(candidates: Sequence[_Candidate]) -> Iterator[tuple[_Candidate, _Candidate]]:
    """Every pair worth a look once: same credit code, or same industry division."""
    blocks: dict[str, list[_Candidate]] = {}
    for c in candidates:
        blocks.setdefault(f"division {c.division}", []).append(c)
        if c.code is not None:
            blocks.setdefault(f"code {c.code}", []).append(c)
    pairs = {(a.project_id, b.project_id): (a, b) for block in blocks.values() for a, b in combinations(block, 2)}
    yield from (pairs[key] for key in sorted(pairs))


def _link(a: _Candidate, b: _Candidate, likeness: float, factor: float) -> tuple[str, str, str, float] | None:
    similarity = _similarity(a.name, b.name)
    if a.code is not None and b.code is not None:
        same = a.code == b.code
        return (a.project_id, b.project_id, LinkGround.CREDIT_CODE.value, similarity) if same else None
    if a.division != b.division or similarity < likeness:
        return None
    if a.investment_wan is None or b.investment_wan is None:
        return (a.project_id, b.project_id, LinkGround.NAME_INDUSTRY.value, similarity)
    small, large = sorted((a.investment_wan, b.investment_wan))
    agrees = large <= small * factor
    return (a.project_id, b.project_id, LinkGround.NAME_INDUSTRY_SIZE.value, similarity) if agrees else None


def _similarity(a: str, b: str) -> float:
    """Likeness of two core names, 0 to 1; a name of four characters or more may be a part of the longer one."""
    score = fuzz.partial_ratio(a, b) if min(len(a), len(b)) >= 4 else fuzz.ratio(a, b)
    return round(score / 100, 6)


def _clusters(ids: Sequence[str], links: Sequence[tuple[str, str, str, float]]) -> dict[str, str]:
    """The least id of each project's cluster."""
    parent = {key: key for key in ids}

    def root(key: str) -> str:
        while parent[key] != key:
            key = parent[key]
        return key

    for a, b, _, _ in links:
        first, second = sorted((root(a), root(b)))
        parent[second] = first
    return {key: root(key) for key in ids}


def _warnings(claims: pl.DataFrame, candidates: Sequence[_Candidate]) -> tuple[Finding, ...]:
    codes = {c.project_id: c.code for c in candidates}
    found = []
    for (cluster_id,), group in claims.group_by("cluster_id", maintain_order=True):
        params = {"cluster": str(cluster_id), "projects": " ".join(group["project_id"])}
        params["towns"] = " ".join(sorted(set(group["origin_town_id"])))
        found.append(Finding("pipeline.contested", Severity.WARN, params, table="projects", value=str(cluster_id)))
        if len({codes[i] for i in group["project_id"]} - {None}) > 1:
            found.append(Finding("pipeline.contested.codes", Severity.WARN, params, table="projects"))
    return in_order(found)


class Step(dy.Schema):
    """One logged step of a project: a visit, a talk, a document."""

    project_id = dy.String(primary_key=True, nullable=False)
    step_no = dy.Int64(primary_key=True, nullable=False, min=1)
    logged_on = dy.Date(nullable=False)


class StandingGround(StrEnum):
    """Why a project of a contested cluster goes on, or why nobody does yet."""

    WISH = "wish"
    FIRST_REPORT = "first_report"
    LATER_REPORT = "later_report"
    OFFICE = "office"


class Standing(dy.Schema):
    """Who goes on in one contested cluster. Null project: the conference office decides."""

    cluster_id = dy.String(primary_key=True, nullable=False)
    project_id = dy.String(nullable=True)
    ground = choice(StandingGround, nullable=False)
    protected_until = dy.Date(nullable=True, description="last day of the protection; null: none is needed or left")


def standing(
    claims: pl.DataFrame,
    steps: pl.DataFrame,
    rulebook: Rulebook,
    as_of: date,
    *,
    wishes: AbstractSet[str] = frozenset(),
) -> pl.DataFrame:
    """Who goes on in each contested cluster on ``as_of``, as ``Standing``.

    ``wishes``: the projects for which the investor has declared in writing; one such project of a cluster goes on,
    two contradict each other and go to the office. Otherwise the first report goes on while protected: so many days
    (``pipeline.protection_days``) after it, and after each step logged while it still was. A protection that has
    lapsed does not revive; the next report stands in its place. Unreported projects, and facts after ``as_of``, count
    for nothing; equal instants go by project id.
    """
    span = timedelta(days=parameters.number(rulebook, "pipeline.protection_days", as_of))
    logged: dict[str, list[date]] = {}
    for project_id, day in steps.sort("project_id", "logged_on", "step_no").select("project_id", "logged_on").rows():
        if day <= as_of:
            logged.setdefault(project_id, []).append(day)
    rows: list[tuple[object, str | None, str, date | None]] = []
    for (cluster_id,), group in claims.sort("cluster_id", "project_id").group_by("cluster_id", maintain_order=True):
        wished = sorted(set(group["project_id"]) & wishes)
        if wished:
            one = wished[0] if len(wished) == 1 else None
            rows.append((cluster_id, one, (StandingGround.WISH if one else StandingGround.OFFICE).value, None))
            continue
        rows.append((cluster_id, *_by_report(group, logged, span, as_of)))
    return Standing.validate(pl.DataFrame(rows, schema=Standing.create_empty().schema, orient="row"))


def _by_report(
    group: pl.DataFrame, logged: dict[str, list[date]], span: timedelta, as_of: date
) -> tuple[str | None, str, date | None]:
    reported = group.drop_nulls("reported_at").sort("reported_at", "project_id")
    ground = StandingGround.FIRST_REPORT
    for project_id, reported_at in reported.select("project_id", "reported_at").iter_rows():
        if reported_at.date() > as_of:
            break
        until = reported_at.date() + span
        for day in logged.get(project_id, ()):
            if reported_at.date() <= day <= until:
                until = max(until, day + span)
        if until >= as_of:
            return project_id, ground.value, until
        ground = StandingGround.LATER_REPORT
    return None, StandingGround.OFFICE.value, None
