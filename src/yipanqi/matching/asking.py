"""What matching asks of the rooms below: the plan about demand × site pairs, admission about cases."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from yipanqi.admission.verdict import Verdict, judge, site_classes
from yipanqi.matching.contract import Supply, Want
from yipanqi.matching.figures import PlanWord
from yipanqi.matching.ground import Ground, Ints
from yipanqi.pipeline.projects import NeedKind
from yipanqi.planning.compliance import Question, compliance, with_uses
from yipanqi.planning.firing import Facts
from yipanqi.planning.glance import Glance
from yipanqi.policy.rulebook import Rulebook

#: Phases of the demands that ask for an interim plant: that of the land, plus this.
INTERIM = 1000
KEYS = ["project_id", "phase", "site_id"]


@dataclass(frozen=True, eq=False)
class Words:
    """The plan's word to every demand on every site of the ground, found when it is asked for."""

    glance: Glance
    row_of: Mapping[tuple[str, int], int]
    size: int

    def word(self, key: tuple[str, int], sites: Ints) -> PlanWord:
        """The answers to one need on some sites; a site that was not asked about counts as allowed."""
        forbidden, changes = np.zeros(self.size, dtype=np.bool_), np.zeros(self.size)
        days = np.zeros(self.size, dtype=np.int64)
        forbidden[sites], changes[sites], days[sites] = self.glance.at(self.row_of[key], sites.astype(np.int64))
        return PlanWord(forbidden, changes, days)


def words(ground: Ground, facts: tuple[Supply, Want], rulebook: Rulebook, on: date) -> Words:
    """The plan's words. Phases from ``INTERIM`` on ask for a plant in place of the land."""
    supply, want = facts
    sites = pl.DataFrame({"site_id": list(ground.ids)}, schema={"site_id": pl.String})
    demands = with_uses(_with_interim(want.demands), want.projects, rulebook)
    asked = Facts.of(demands, sites.join(supply.sites, on="site_id", maintain_order="left"), supply.shares)
    rows = {(project_id, phase): row for row, (project_id, phase) in enumerate(demands.select(KEYS[:2]).iter_rows())}
    return Words(Glance.of(asked, rulebook, on), rows, len(ground))


def plan_reasons(
    asked: Mapping[tuple[str, int], Iterable[int]],
    ground: Ground,
    facts: tuple[Supply, Want],
    rulebook: Rulebook,
    on: date,
) -> pl.DataFrame:
    """Every rule of the plan behind its word to each (need, its sites): ``PlanReason``."""
    supply, want = facts
    pairs = pl.DataFrame(
        [(*key, ground.ids[site]) for key, sites in asked.items() for site in sites],
        schema={"project_id": pl.String, "phase": pl.Int64, "site_id": pl.String},
        orient="row",
    )
    question = Question(pairs, _with_interim(want.demands), want.projects, supply.sites, supply.shares)
    return compliance(question, rulebook, on).reasons


def _with_interim(demands: pl.DataFrame) -> pl.DataFrame:
    """The demands, and for each demand of land one of a plant that states nothing but its use class."""
    bare = [c for c in demands.columns if c not in {"project_id", "phase", "need_kind", "need_m2", "use_class"}]
    interim = demands.filter(pl.col("need_kind") == NeedKind.LAND.value).with_columns(
        pl.col("phase") + INTERIM,
        pl.lit(NeedKind.PLANT.value).alias("need_kind"),
        *(pl.lit(None, dtype=demands.schema[c]).alias(c) for c in bare),
    )
    return pl.concat([demands, interim])


def hopeless(ground: Ground, want: Want, rulebook: Rulebook, as_of: date) -> Mapping[str, frozenset[int]]:
    """project → codes of the site classes (``Ground.class_codes``) where admission refuses even the area it demands.

    More area makes every yield per mu smaller, so these places come last; what is offered is judged again as it is.
    Sites whose class is not known are never hopeless.
    """
    cases = site_classes(want.projects, want.demands)
    verdicts = judge(cases, want.projects, rulebook, as_of).verdicts
    refused = verdicts.filter(pl.col("verdict") == Verdict.REFUSED.value).select("case_id")
    pairs = zip(ground.words["area_class"], ground.words["functional_type"], ground.class_codes.tolist(), strict=True)
    codes = {(area_class, functional_type): code for area_class, functional_type, code in pairs}
    found: dict[str, set[int]] = {}
    told = cases.join(refused, on="case_id", how="semi").select("project_id", "area_class", "functional_type")
    for project_id, *of_class in told.iter_rows():
        if tuple(of_class) in codes:
            found.setdefault(project_id, set()).add(codes[tuple(of_class)])
    return {project_id: frozenset(some) for project_id, some in found.items()}
