"""The tables of schemes, made from drafts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from yipanqi.admission.verdict import Case
from yipanqi.kernel import tables
from yipanqi.kernel.units import M2_PER_MU
from yipanqi.matching.asking import INTERIM
from yipanqi.matching.contract import Scheme, SchemePlanChange, SchemeRelocation, SchemeUnit
from yipanqi.matching.drafts import Draft
from yipanqi.matching.ground import EPOCH, Ground
from yipanqi.matching.needs import LAND
from yipanqi.matching.setting import Setting
from yipanqi.planning.compliance import PlanStatus


@dataclass(frozen=True, eq=False)
class Named:
    """A draft with its scheme id and its rank among the shown ones (null: not shown)."""

    scheme_id: str
    draft: Draft
    rank: int | None = None


def case_table(named: Sequence[Named], setting: Setting) -> pl.DataFrame:
    """The schemes as admission's cases (``Case``): the land and floor they really take, without interim leases."""
    rows = []
    for n in named:
        place = _place(n.draft, setting)
        land, floor = _areas(n.draft, setting.ground, interim=False)
        rows.append(
            {
                "case_id": n.scheme_id,
                "project_id": n.draft.project_id,
                "land_m2": land or None,
                "floor_m2": floor or None,
            }
            | place
        )
    return tables.frame(Case, rows)


def _areas(draft: Draft, ground: Ground, *, interim: bool) -> tuple[float, float]:
    """Land and floor taken, with or without the interim plant."""
    units = [u for u in draft.units if interim or not u.interim]
    land = sum(u.take for u in units if ground.kind[u.site] == LAND)
    return float(land), float(sum(u.take for u in units) - land)


def _place(draft: Draft, setting: Setting) -> dict[str, object]:
    """Area class and functional type of the largest unit, and the floor-area ratio built there."""
    ground = setting.ground
    largest = max((u for u in draft.units if not u.interim), key=lambda u: (u.take, -u.site))
    need = next(n for n in setting.by_project[draft.project_id] if n.phase == largest.phase)
    plot = float(ground.numbers["far_max_ratio"][largest.site])
    built = need.far_ratio if ground.kind[largest.site] == LAND else None if np.isnan(plot) else plot
    return {
        "area_class": ground.words["area_class"][largest.site],
        "functional_type": ground.words["functional_type"][largest.site],
        "far_ratio": built,
    }


def day_of(days: int) -> date:
    """The date of a day count."""
    return EPOCH + timedelta(days=int(days))


def scheme_table(named: Sequence[Named], plan_changes: pl.DataFrame, setting: Setting) -> pl.DataFrame:
    """The schemes (``Scheme``), ordered by id."""
    counts = dict(plan_changes.group_by("scheme_id").len().iter_rows())
    rows = [_scheme(n, counts.get(n.scheme_id, 0), setting) for n in named]
    return tables.frame(Scheme, rows).sort("scheme_id")


def _scheme(named: Named, plan_changes: int, setting: Setting) -> dict[str, object]:
    draft, ground, of = named.draft, setting.ground, named.draft.figures
    land, floor = _areas(draft, ground, interim=True)
    lands = [u for u in draft.units if ground.kind[u.site] == LAND]
    price = float(sum(ground.numbers["price_wan_per_mu"][u.site] * u.take / M2_PER_MU for u in lands))
    return {
        "scheme_id": named.scheme_id,
        "project_id": draft.project_id,
        "kind": draft.kind(ground).value,
        "shown_rank": named.rank,
        "score_share": draft.score,
        "fit_share": float(of.fit),
        "land_m2": land,
        "floor_m2": floor,
        "available_on": day_of(of.day),
        "starts_on": day_of(of.start) if of.start < of.day else None,
        "relocation_cost_wan": float(sum(m.firm.cost_wan for m in draft.moves)),
        "relocation_count": len(draft.moves),
        "plan_change_count": plan_changes,
        "distance_km": None if np.isnan(of.distance_km) else float(of.distance_km),
        "price_wan": None if not lands or np.isnan(price) else price,
        **_place(draft, setting),
        "town_ids": sorted({ground.towns[s] for s in draft.sites}),
        "stale_count": int(sum(ground.stale[s] for s in draft.sites)),
        "unverified_count": int(sum(ground.unverified[s] for s in draft.sites)),
    }


def unit_table(named: Sequence[Named], ground: Ground) -> pl.DataFrame:
    """What each scheme takes (``SchemeUnit``), ordered by its keys."""
    rows = [
        {"scheme_id": n.scheme_id, "phase": u.phase, "site_id": ground.ids[u.site], "take_m2": u.take}
        for n in named
        for u in n.draft.units
    ]
    return tables.frame(SchemeUnit, rows).sort(tables.keys(SchemeUnit))


def relocation_table(named: Sequence[Named], ground: Ground) -> pl.DataFrame:
    """Whom each scheme moves where (``SchemeRelocation``), ordered by its keys."""
    rows = [
        {
            "scheme_id": n.scheme_id,
            "firm_id": m.firm.firm_id,
            "from_site_id": ground.ids[m.firm.at],
            "to_site_id": None if m.to is None else ground.ids[m.to],
            "take_m2": m.take,
            "cost_wan": m.firm.cost_wan,
            "months": m.firm.months,
        }
        for n in named
        for m in n.draft.moves
    ]
    return tables.frame(SchemeRelocation, rows).sort(tables.keys(SchemeRelocation))


def told(named: Sequence[Named], reasons: pl.DataFrame, ground: Ground) -> pl.DataFrame:
    """Every rule of the plan that speaks of a scheme: its id beside ``PlanReason``, each rule once a site."""
    asked = pl.DataFrame(
        [
            (n.scheme_id, n.draft.project_id, u.phase + INTERIM * u.interim, ground.ids[u.site])
            for n in named
            for u in n.draft.units
        ],
        schema={"scheme_id": pl.String, "project_id": pl.String, "phase": pl.Int64, "site_id": pl.String},
        orient="row",
    )
    rows = asked.join(reasons, on=["project_id", "phase", "site_id"]).sort("scheme_id", "site_id", "rule_id", "phase")
    return rows.unique(["scheme_id", "site_id", "rule_id"], keep="first", maintain_order=True)


def plan_change_table(rules_told: pl.DataFrame) -> pl.DataFrame:
    """The plan changes each scheme needs (``SchemePlanChange``), ordered by scheme, site and rule."""
    changes = rules_told.filter(pl.col("status") == PlanStatus.PLAN_CHANGE.value)
    return SchemePlanChange.validate(changes.select(SchemePlanChange.column_names()))
