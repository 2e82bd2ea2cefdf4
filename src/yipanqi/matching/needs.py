"""The demands as they are asked of the ground: one ``Need`` a phase, with what its project says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from yipanqi.kernel.units import M2_PER_MU
from yipanqi.matching.contract import Want
from yipanqi.matching.ground import BUILDING, EPOCH, KINDS, UTILITIES, Floats, numbers, plane
from yipanqi.matching.rules import Rules
from yipanqi.pipeline.projects import Commitment, NeedKind

LAND = KINDS.index(NeedKind.LAND.value)


@dataclass(frozen=True, eq=False)
class Need:
    """One phase of one project. ``building`` and ``utilities`` hold only what is demanded; a null asks for nothing.

    ``wanted`` is the day the phase is wanted (null: the first of its from-year, else today). ``cost_half_wan`` is the
    cost at which the cost score is one half.
    """

    project_id: str
    phase: int
    kind: int
    need_m2: float
    firm: bool
    may_split: bool
    adjacent: bool
    building: Mapping[str, float]
    utilities: Mapping[str, float]
    rent_max: float | None
    far_ratio: float | None
    wanted: int
    origin: str
    declined: frozenset[str]
    fixed: tuple[str, ...]
    industry: str
    cost_half_wan: float
    wish_x: Floats
    wish_y: Floats
    wish_weight: Floats

    @property
    def key(self) -> tuple[str, int]:
        """(project, phase)."""
        return self.project_id, self.phase

    def most_m2(self, rules: Rules) -> float:
        """The most that may be taken where a site cannot be divided."""
        share = rules.land_oversize_share if self.kind == LAND else rules.floor_oversize_share
        return self.need_m2 * (1 + share) * (1 + 1e-9)


def needs_of(want: Want, rules: Rules, as_of: date) -> list[Need]:
    """The needs of every project, by project and phase. A demand without its project asks nothing."""
    asked = want.demands.join(want.projects, on="project_id", how="inner", suffix="_of_project").sort(
        "project_id", "phase"
    )
    asked = asked.with_columns(asked_m2=pl.col("need_m2").sum().over("project_id"))
    wishes = want.wishes.sort("project_id", "wish_no")
    places = (*plane(wishes["lon_deg"], wishes["lat_deg"]), numbers(wishes["weight_share"]))
    counted = wishes.group_by("project_id", maintain_order=True).len()
    ends = dict(zip(counted["project_id"], np.cumsum(counted["len"].to_numpy()).tolist(), strict=True))
    starts = dict(zip(ends, [0, *ends.values()], strict=False))
    return [
        _need(row, tuple(p[starts.get(key, 0) : ends.get(key, 0)] for p in places), rules, as_of)
        for row in asked.iter_rows(named=True)
        for key in [row["project_id"]]
    ]


def _need(row: Mapping[str, Any], wishes: tuple[Floats, ...], rules: Rules, as_of: date) -> Need:
    x, y, weight = wishes
    wanted = row["wanted_on"] or (date(row["from_year"], 1, 1) if row["from_year"] else as_of)
    investment = row["total_investment_wan"]
    by_area = row["asked_m2"] / M2_PER_MU * rules.cost_half_wan_per_mu
    return Need(
        project_id=row["project_id"],
        phase=row["phase"],
        kind=KINDS.index(row["need_kind"]),
        need_m2=row["need_m2"],
        firm=row["commitment"] == Commitment.FIRM.value,
        may_split=row["may_split"],
        adjacent=row["adjacent_to_previous"],
        building={name: row[name] for name in BUILDING if row[name]},
        utilities={name: row[name] for name in UTILITIES if row[name]},
        rent_max=row["rent_max_yuan_m2_day"],
        far_ratio=row["far_ratio"],
        wanted=max((wanted - EPOCH).days, (as_of - EPOCH).days),
        origin=row["origin_town_id"],
        declined=frozenset(row["declined_site_ids"] or ()),
        fixed=tuple(sorted(set(row["fixed_site_ids"] or ()))),
        industry=row["industry_code"],
        cost_half_wan=investment * rules.cost_half_share if investment else by_area,
        wish_x=x,
        wish_y=y,
        wish_weight=weight,
    )
