"""The plan at a glance says what its full answer says, pair by pair."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from yipanqi.planning.amendment import delay_days, procedures
from yipanqi.planning.compliance import PlanStatus, Question, compliance, with_uses
from yipanqi.planning.firing import Facts
from yipanqi.planning.glance import Glance
from yipanqi.planning.zones import locate
from yipanqi.policy.rulebook import PROFILES, load
from yipanqi.simulation.district import district

DAY = date(2026, 6, 30)
KEYS = ["project_id", "phase", "site_id"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_glance_agrees_with_the_full_answer_on_every_pair(profile: str) -> None:
    rulebook = load(profile)
    facts = district(rulebook, projects=20, sites=150, seed=5, as_of=DAY).sorted()
    located = locate(facts.sites, facts.zones, rulebook, DAY)
    demands = facts.demands.join(facts.projects, on="project_id", how="semi")
    pairs = demands.select(KEYS[:2]).join(located.sites.select("site_id"), how="cross")
    answer = compliance(Question(pairs, demands, facts.projects, located.sites, located.shares), rulebook, DAY)
    days = {key: delay_days(rulebook, key, DAY) for key in procedures(rulebook, DAY)}
    changes = answer.reasons.filter(pl.col("status") == PlanStatus.PLAN_CHANGE.value).group_by(KEYS)
    told = changes.agg(
        changes=pl.len().cast(pl.Float64),
        days=pl.col("procedure").replace_strict(days, default=0, return_dtype=pl.Int64).max(),
    )
    full = answer.pairs.join(told, on=KEYS, how="left").fill_null(0).sort(KEYS)

    asked = Facts.of(with_uses(demands, facts.projects, rulebook), located.sites, located.shares)
    glance, every = Glance.of(asked, rulebook, DAY), np.arange(located.sites.height)
    seen = []
    for row, key in enumerate(demands.select(KEYS[:2]).iter_rows()):
        forbidden, count, most = glance.at(row, every)
        seen += [(*key, *of) for of in zip(located.sites["site_id"], forbidden, count, most, strict=True)]
    expected = full.select(*KEYS, pl.col("status") == PlanStatus.FORBIDDEN.value, "changes", "days").rows()

    assert sorted(expected) == sorted(seen)
    assert {True, False} == {row[3] for row in expected}
    assert max(row[4] for row in expected) > 0
