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
from yipanqi.planning.amendment import delay_days, procedures
from yipanqi.planning.compliance import Answer, PlanStatus, Question, compliance
from yipanqi.policy.rulebook import Rulebook

#: Phases of the demands that ask for an interim plant: that of the land, plus this.
INTERIM = 1000
KEYS = ["project_id", "phase", "site_id"]


@dataclass(frozen=True)
class Plan:
    """The plan's answers: to each pair asked whether it is forbidden, the changes it needs and the days they take."""

    pairs: pl.DataFrame
    reasons: pl.DataFrame
    by_need: Mapping[tuple[str, int], pl.DataFrame]

    def word(self, key: tuple[str, int], size: int) -> PlanWord:
        """The answers to one need on every site; a site that was not asked about counts as allowed."""
        forbidden, changes = np.zeros(size, dtype=np.bool_), np.zeros(size)
        days = np.zeros(size, dtype=np.int64)
        if key in self.by_need:
            told = self.by_need[key]
            at = told["at"].to_numpy()
            forbidden[at] = told["forbidden"].to_numpy()
            changes[at] = told["changes"].to_numpy()
            days[at] = told["days"].to_numpy()
        return PlanWord(forbidden, changes, days)


def ask_plan(
    asked: Iterable[tuple[tuple[str, int], Ints]],
    ground: Ground,
    facts: tuple[Supply, Want],
    rulebook: Rulebook,
    on: date,
) -> Plan:
    """The plan's answers to each (need, sites). Phases from ``INTERIM`` on ask for a plant in place of the land."""
    supply, want = facts
    lists = [(key, sites) for key, sites in asked if len(sites)]
    pairs = pl.DataFrame(
        {
            "project_id": np.repeat([key[0] for key, _ in lists], [len(s) for _, s in lists]).astype(object),
            "phase": np.repeat([key[1] for key, _ in lists], [len(s) for _, s in lists]).astype(np.int64),
            "at": np.concatenate([s for _, s in lists] or [np.zeros(0, dtype=np.int32)]).astype(np.int64),
        },
        schema={"project_id": pl.String, "phase": pl.Int64, "at": pl.Int64},
    )
    places = pl.DataFrame(
        {"at": np.arange(len(ground)), "site_id": list(ground.ids)}, schema={"at": pl.Int64, "site_id": pl.String}
    )
    pairs = pairs.join(places, on="at", maintain_order="left")
    question = Question(pairs.select(KEYS), _with_interim(want.demands), want.projects, supply.sites, supply.shares)
    return _digested(compliance(question, rulebook, on), places, rulebook, on)


def _with_interim(demands: pl.DataFrame) -> pl.DataFrame:
    """The demands, and for each demand of land one of a plant that states nothing but its use class."""
    bare = [c for c in demands.columns if c not in {"project_id", "phase", "need_kind", "need_m2", "use_class"}]
    interim = demands.filter(pl.col("need_kind") == NeedKind.LAND.value).with_columns(
        pl.col("phase") + INTERIM,
        pl.lit(NeedKind.PLANT.value).alias("need_kind"),
        *(pl.lit(None, dtype=demands.schema[c]).alias(c) for c in bare),
    )
    return pl.concat([demands, interim])


def _digested(answer: Answer, places: pl.DataFrame, rulebook: Rulebook, on: date) -> Plan:
    days = {key: delay_days(rulebook, key, on) for key in procedures(rulebook, on)}
    changes = answer.reasons.filter(pl.col("status") == PlanStatus.PLAN_CHANGE.value)
    counted = changes.group_by(KEYS).agg(
        changes=pl.len().cast(pl.Float64),
        days=pl.col("procedure").replace_strict(days, default=0, return_dtype=pl.Int64).max(),
    )
    told = (
        answer.pairs.join(places, on="site_id", maintain_order="left")
        .join(counted, on=KEYS, how="left", maintain_order="left")
        .select(
            "project_id",
            "phase",
            "at",
            pl.col("changes").fill_null(0.0),
            pl.col("days").fill_null(0),
            forbidden=pl.col("status") == PlanStatus.FORBIDDEN.value,
        )
    )
    groups = told.partition_by("project_id", "phase", as_dict=True)
    return Plan(answer.pairs, answer.reasons, {(str(k[0]), int(k[1])): group for k, group in groups.items()})


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
