"""What the matching room takes and gives: supply and want, the tables of schemes, and what explains them."""

from dataclasses import dataclass
from enum import StrEnum

import dataframely as dy
import polars as pl

from yipanqi.admission.verdict import Verdicts
from yipanqi.kernel.findings import Finding
from yipanqi.kernel.tables import choice


class SchemeKind(StrEnum):
    """The six kinds of scheme."""

    SINGLE = "single"
    ASSEMBLY = "assembly"
    RELOCATION = "relocation"
    SPLIT = "split"
    RENOVATION = "renovation"
    LEASE_THEN_LAND = "lease_then_land"


class ReasonRole(StrEnum):
    """What a reason says of a scheme: its strength, its price (代价), or a note (e.g. facts it rests on)."""

    STRENGTH = "strength"
    PRICE = "price"
    NOTE = "note"


class Scheme(dy.Schema):
    """One way to settle one project. ``shown_rank`` 1–3 for the recommended ones, null for the rest of the pool."""

    scheme_id = dy.String(primary_key=True, nullable=False, description="<project_id>/<12 hex of the units' digest>")
    project_id = dy.String(nullable=False)
    kind = choice(SchemeKind, nullable=False)
    shown_rank = dy.Int64(nullable=True)
    score_share = dy.Float64(nullable=False, description="weighted score, 0–1")
    fit_share = dy.Float64(nullable=False, description="technical and size fit, 0–1")
    land_m2 = dy.Float64(nullable=False, description="land taken; 0 for plant and office")
    floor_m2 = dy.Float64(nullable=False, description="floor area taken; 0 for land")
    available_on = dy.Date(nullable=False, description="latest of clearing, utilities, plan, quota, relocation")
    starts_on = dy.Date(
        nullable=True, description="day the firm can begin if that is earlier (leased plant); null: available_on"
    )
    relocation_cost_wan = dy.Float64(nullable=False)
    relocation_count = dy.Int64(nullable=False, description="incumbent firms moved")
    plan_change_count = dy.Int64(nullable=False)
    distance_km = dy.Float64(nullable=True, description="weighted mean distance to the wishes; null: no wishes")
    price_wan = dy.Float64(nullable=True, description="reserve price of the land: internal")
    area_class = dy.String(nullable=True, description="of the largest unit")
    functional_type = dy.String(nullable=True)
    far_ratio = dy.Float64(nullable=True)
    town_ids = dy.List(dy.String(), nullable=False, description="towns it lies in, sorted")
    stale_count = dy.Int64(nullable=False, description="units whose facts are stale")
    unverified_count = dy.Int64(nullable=False, description="units whose facts are not verified")


class SchemeUnit(dy.Schema):
    """One site a scheme takes for one phase, and how much of it."""

    scheme_id = dy.String(primary_key=True, nullable=False)
    phase = dy.Int64(primary_key=True, nullable=False)
    site_id = dy.String(primary_key=True, nullable=False)
    take_m2 = dy.Float64(nullable=False, min_exclusive=0.0)


class SchemeRelocation(dy.Schema):
    """One firm a scheme moves: from where, to where, how much it takes there, cost and months."""

    scheme_id = dy.String(primary_key=True, nullable=False)
    firm_id = dy.String(primary_key=True, nullable=False)
    from_site_id = dy.String(nullable=False)
    to_site_id = dy.String(nullable=True, description="null: the firm closes (need_m2 = 0)")
    take_m2 = dy.Float64(nullable=False)
    cost_wan = dy.Float64(nullable=False)
    months = dy.Float64(nullable=False)


class SchemePlanChange(dy.Schema):
    """One plan change a scheme needs."""

    scheme_id = dy.String(nullable=False)
    site_id = dy.String(nullable=False)
    rule_id = dy.String(nullable=False)
    parameter = dy.String(nullable=True)
    from_value = dy.String(nullable=True)
    to_value = dy.String(nullable=True)
    procedure = dy.String(nullable=True)
    decider = dy.String(nullable=True)


class SchemeReason(dy.Schema):
    """One reason for or against a scheme, as a message id with its parameters (JSON object)."""

    scheme_id = dy.String(primary_key=True, nullable=False)
    reason_no = dy.Int64(primary_key=True, nullable=False)
    role = choice(ReasonRole, nullable=False)
    message_id = dy.String(nullable=False)
    params_json = dy.String(nullable=False)


class NearestMiss(dy.Schema):
    """A place a project just misses, and one thing that would have to change there; only where no scheme is found."""

    project_id = dy.String(primary_key=True, nullable=False)
    miss_rank = dy.Int64(primary_key=True, nullable=False, min=1, max=3)
    reason_no = dy.Int64(primary_key=True, nullable=False)
    site_ids = dy.List(dy.String(), nullable=False)
    message_id = dy.String(nullable=False)
    params_json = dy.String(nullable=False)


@dataclass(frozen=True)
class Supply:
    """What there is: sites with their plan facts filled in, their zone shares, firms sitting on them, live holds.

    ``sites`` have gone through ``planning.zones.locate``, ``inventory.availability.available`` (column
    ``available_on``; null: a date is not stated) and ``inventory.stocktaking.fresh`` (columns ``valid_until`` and
    ``stale``); ``shares`` are those of ``locate``.
    """

    sites: pl.DataFrame
    shares: pl.DataFrame
    incumbents: pl.DataFrame
    holds: pl.DataFrame


@dataclass(frozen=True)
class Want:
    """What is wanted: the projects on the board, their demands by phase, their wishes."""

    projects: pl.DataFrame
    demands: pl.DataFrame
    wishes: pl.DataFrame


@dataclass(frozen=True)
class Schemes:
    """The pool of schemes of every project, the recommended ones marked, and what explains them."""

    schemes: pl.DataFrame
    units: pl.DataFrame
    relocations: pl.DataFrame
    plan_changes: pl.DataFrame
    reasons: pl.DataFrame
    misses: pl.DataFrame
    #: Final verdicts of every scheme of the pool (case_id = scheme_id). Refused schemes are not in the pool.
    verdicts: Verdicts
    findings: tuple[Finding, ...] = ()
