"""Plan compliance of demand × site pairs: allowed, allowed with a plan change, or forbidden, and by which rule."""

from enum import StrEnum

import dataframely as dy

from yipanqi.kernel.tables import choice


class PlanStatus(StrEnum):
    """What the plan says to a pair."""

    ALLOWED = "allowed"
    PLAN_CHANGE = "plan_change"
    FORBIDDEN = "forbidden"


class Compliance(dy.Schema):
    """One demand on one site: the plan's answer, and the share of the site inside its main area-class zone."""

    project_id = dy.String(primary_key=True, nullable=False)
    phase = dy.Int64(primary_key=True, nullable=False)
    site_id = dy.String(primary_key=True, nullable=False)
    status = choice(PlanStatus, nullable=False)


class PlanReason(dy.Schema):
    """One rule that forbids a pair or asks for a plan change: parameter, from, to, procedure, who decides."""

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
