"""Plan compliance of demand × site pairs: allowed, allowed with a plan change, or forbidden, and by which rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import dataframely as dy
import numpy as np
import polars as pl

from yipanqi.inventory.sites import UseClass
from yipanqi.kernel.tables import choice, empty
from yipanqi.pipeline.projects import Category, NeedKind
from yipanqi.planning.amendment import decider
from yipanqi.planning.firing import ORDER, Codes, Facts, Rows, Values, firing
from yipanqi.planning.rules import PlanStatus, Rule, book, in_force
from yipanqi.planning.zones import ZoneShare
from yipanqi.policy.rulebook import Rulebook

__all__ = ["Admissible", "Answer", "Compliance", "PlanReason", "PlanStatus", "Question", "admissible", "compliance"]


class Compliance(dy.Schema):
    """One demand on one site: the plan's answer, and the share of the site inside its main area-class zone."""

    project_id = dy.String(primary_key=True, nullable=False)
    phase = dy.Int64(primary_key=True, nullable=False)
    site_id = dy.String(primary_key=True, nullable=False)
    status = choice(PlanStatus, nullable=False)


class PlanReason(dy.Schema):
    """One rule that forbids a pair, asks for a plan change, or (status allowed) notes a fact the plan needs.

    ``parameter`` is what would have to change, ``from_value`` what stands now, ``to_value`` what is needed; then the
    procedure and who decides.
    """

    project_id = dy.String(nullable=False)
    phase = dy.Int64(nullable=False)
    site_id = dy.String(nullable=False)
    status = choice(PlanStatus, nullable=False)
    rule_id = dy.String(nullable=False, description="rule in planning.yaml; its message is planning.<rule_id>")
    parameter = dy.String(nullable=True, description="use_class, far_ratio, height_m, area_class, industry, …")
    from_value = dy.String(nullable=True)
    to_value = dy.String(nullable=True)
    procedure = dy.String(nullable=True, description="plan-change procedure id in planning.yaml")
    decider = dy.String(nullable=True, description="body that decides")
    clause = dy.String(nullable=True)
    basis = dy.String(nullable=True)


class Admissible(dy.Schema):
    """What one site admits to one category of project: use classes as planned, with a plan change, and the limits."""

    site_id = dy.String(primary_key=True, nullable=False)
    category = choice(Category, nullable=False, primary_key=True)
    allowed_uses = dy.List(dy.String(), nullable=False)
    plan_change_uses = dy.List(dy.String(), nullable=False)
    far_min_ratio = dy.Float64(nullable=True)
    far_max_ratio = dy.Float64(nullable=True)
    height_max_m = dy.Float64(nullable=True)


@dataclass(frozen=True)
class Question:
    """Which pairs (project_id, phase, site_id) are asked about, and the facts behind them.

    ``shares`` are the zone shares of the sites (``planning.zones.locate``).
    """

    pairs: pl.DataFrame
    demands: pl.DataFrame
    projects: pl.DataFrame
    sites: pl.DataFrame
    shares: pl.DataFrame


@dataclass(frozen=True)
class Answer:
    """The plan's answer to each pair (``Compliance``) and every rule behind it (``PlanReason``)."""

    pairs: pl.DataFrame
    reasons: pl.DataFrame


_KEYS = ["project_id", "phase", "site_id"]


def compliance(question: Question, rulebook: Rulebook, on: date) -> Answer:
    """The plan's answer to every pair: the worst status of the rules that fire, and a reason for each of them.

    Rules are those of ``planning.yaml`` in force on the day. A fact nobody stated makes no rule fire except those that
    ask for it (``unknown``): their reason has status allowed and says what has to be cleared up first. A demand without
    a use class takes that of its category. Pairs and reasons are ordered by project, phase, site, rule.

    Raises:
        ValueError: a pair names a demand or a site that is not among the facts.
    """
    pairs = question.pairs.select(_KEYS).sort(_KEYS)
    if pairs.is_empty():
        return Answer(empty(Compliance), empty(PlanReason))
    facts = Facts.of(with_uses(question.demands, question.projects, rulebook), question.sites, question.shares)
    demand_at, site_at = facts.rows_of(pairs)
    worst = np.zeros(pairs.height, dtype=np.int8)
    reasons = []
    for rule_id, rule in in_force(rulebook, on):
        ready = firing(rule, facts)
        at, codes = ready.at(demand_at, site_at)
        if at.size:
            worst[at] = np.maximum(worst[at], codes)
            who = decider(rulebook, rule.procedure, on) if rule.procedure else None
            values = ready.tell(demand_at[at], site_at[at])
            reasons.append(_reason_rows(pairs, (rule_id, rule, who), (at, codes, values)))
    status = pl.Series("status", [s.value for s in ORDER])[worst]
    order = [*_KEYS, "rule_id"]
    told = pl.concat(reasons).sort(order) if reasons else empty(PlanReason)
    return Answer(pairs.with_columns(status), told)


def with_uses(demands: pl.DataFrame, projects: pl.DataFrame, rulebook: Rulebook) -> pl.DataFrame:
    """The demands with their project's category and industry, and the use class they need."""
    joined = demands.join(
        projects.select("project_id", "category", "industry_code"), on="project_id", maintain_order="left"
    )
    uses = pl.DataFrame(
        [
            (category.value, need.value, use.value)
            for category, by_need in book(rulebook).default_uses.items()
            for need, use in by_need.items()
        ],
        schema={"category": pl.String, "need_kind": pl.String, "default_use": pl.String},
        orient="row",
    )
    joined = joined.join(uses, on=["category", "need_kind"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("use_class").fill_null(pl.col("default_use")))


def _reason_rows(
    pairs: pl.DataFrame,
    source: tuple[str, Rule, str | None],
    fired: tuple[Rows, Codes, Values],
) -> pl.DataFrame:
    rule_id, rule, who = source
    at, codes, values = fired
    text = {
        "rule_id": rule_id, "parameter": rule.parameter, "procedure": rule.procedure, "decider": who,
        "clause": rule.clause, "basis": rule.basis.value,
    }  # fmt: skip
    forbidden = pl.col("status") == PlanStatus.FORBIDDEN.value
    columns = [
        pl.Series("status", [s.value for s in ORDER])[codes],
        *(pl.Series(name, [None] * at.size, dtype=pl.String) if v is None else v.alias(name)
          for name, v in zip(("from_value", "to_value"), values, strict=True)),
    ]  # fmt: skip
    rows = pairs[at].with_columns(*columns, *(pl.lit(v, dtype=pl.String).alias(k) for k, v in text.items()))
    # What is forbidden is no case for a procedure.
    rows = rows.with_columns(pl.when(~forbidden).then(pl.col(c)).alias(c) for c in ("procedure", "decider"))
    return rows.select(PlanReason.column_names())


def admissible(
    sites: pl.DataFrame, rulebook: Rulebook, on: date, *, shares: pl.DataFrame | None = None
) -> pl.DataFrame:
    """What each site admits (``Admissible``): for every category the use classes as planned and with a plan change.

    Asked of the same rules as ``compliance`` for a demand that states nothing but its category and use class; so
    industry directions, FAR and height do not speak, they stand beside it as limits. Without ``shares`` red lines and
    buffers do not speak either.
    """
    columns = dict.fromkeys(("project_id", "category", "need_kind", "use_class", "industry_code"), pl.String)
    asked = pl.DataFrame(list(_every_demand(rulebook)), schema={"phase": pl.Int64, **columns}, orient="row")
    bare = asked.select("project_id", "phase", "need_kind", "use_class").with_columns(
        pl.lit(None, dtype=pl.Float64).alias(c) for c in ("far_ratio", "building_height_m", "need_m2")
    )
    kinds = sites.select("site_id", pl.col("site_kind").alias("need_kind"), pl.lit(None).alias("_"))
    pairs = kinds.join(asked, on="need_kind").select(_KEYS)
    projects = asked.select("project_id", "category", "industry_code").unique(maintain_order=True)
    none = shares if shares is not None else empty(ZoneShare)
    free = sites.with_columns(pl.lit(None, dtype=pl.List(pl.String)).alias("industry_directions"))
    answer = compliance(Question(pairs, bare, projects, free, none), rulebook, on).pairs
    told = answer.join(asked, on=["project_id", "phase"]).sort("site_id", "category", "use_class")
    uses = [
        pl.col("use_class").filter(pl.col("status") == status.value).alias(name)
        for name, status in (("allowed_uses", PlanStatus.ALLOWED), ("plan_change_uses", PlanStatus.PLAN_CHANGE))
    ]
    limits = sites.select("site_id", "far_min_ratio", "far_max_ratio", "height_max_m")
    return (
        told.group_by("site_id", "category", maintain_order=True)
        .agg(uses)
        .join(limits, on="site_id", maintain_order="left")
    )


def _every_demand(rulebook: Rulebook) -> Iterator[tuple[int, str, str, str, str, str]]:
    """One demand for each category, kind of need and use class the rulebook knows."""
    for category in Category:
        for i, need in enumerate(NeedKind):
            if need in book(rulebook).default_uses[category]:
                for j, use in enumerate(UseClass):
                    yield i * len(UseClass) + j + 1, category.value, category.value, need.value, use.value, ""
