"""Reverse matching (好中选优): which projects a site would suit, the best first."""

from datetime import date

import dataframely as dy
import numpy as np
import polars as pl

from yipanqi.admission.verdict import Verdict, judge
from yipanqi.kernel import tables
from yipanqi.kernel.tables import choice
from yipanqi.matching.answer import Named, case_table
from yipanqi.matching.contract import Supply, Want
from yipanqi.matching.offers import direct_ways, offer
from yipanqi.matching.phases import Offer
from yipanqi.matching.setting import Setting, prepared
from yipanqi.policy.rulebook import Rulebook


class Suit(dy.Schema):
    """One phase of a project a site would suit, by itself or as a part of an assembly or a split."""

    project_id = dy.String(primary_key=True, nullable=False)
    phase = dy.Int64(primary_key=True, nullable=False)
    alone = dy.Bool(nullable=False, description="the site suffices by itself")
    with_site_ids = dy.List(dy.String(), nullable=False, description="the other sites it would be joined with")
    score_share = dy.Float64(nullable=False)
    fit_share = dy.Float64(nullable=False)
    plan_change_count = dy.Int64(nullable=False)
    verdict = choice(Verdict, nullable=False)


def suits(site_id: str, supply: Supply, want: Want, rulebook: Rulebook, as_of: date) -> pl.DataFrame:
    """The phases a site would suit (``Suit``): admitted before conference, then by score, then by id.

    Of each phase the best way that uses the site; what the plan forbids or admission refuses is left out, and so are
    projects that are fixed elsewhere. Firms on the site count as in ``schemes``: the site is offered only if each has
    somewhere to go.

    Raises:
        KeyError: no such allocatable site.
    """
    setting = prepared(supply, want, rulebook, as_of)
    best = _best_offers(setting, setting.ground.index[site_id])
    named = [Named(f"{o.need.project_id}/{o.need.phase}", o.draft(0)) for o in best]
    cases = case_table(named, setting)
    verdicts = dict(judge(cases, want.projects, rulebook, as_of).verdicts.select("case_id", "verdict").iter_rows())
    rows = [
        {
            "project_id": o.need.project_id,
            "phase": o.need.phase,
            "alone": len(n.draft.sites) == 1,
            "with_site_ids": [i for s in n.draft.sites if (i := setting.ground.ids[s]) != site_id],
            "score_share": n.draft.score,
            "fit_share": n.draft.figures.fit,
            "plan_change_count": int(n.draft.figures.changes),
            "verdict": verdicts[n.scheme_id],
        }
        for n, o in zip(named, best, strict=True)
        if verdicts[n.scheme_id] != Verdict.REFUSED.value
    ]
    by_verdict = pl.col("verdict") != Verdict.ADMITTED.value
    return tables.frame(Suit, rows).sort(by_verdict, -pl.col("score_share"), "project_id", "phase")


def _best_offers(setting: Setting, site: int) -> list[Offer]:
    """The offers of every phase that has a way with the site, cut to these ways and ordered."""
    offers = []
    for need in (n for n in setting.needs if not n.fixed):
        ways = direct_ways(setting, need)
        ways = ways.only(np.asarray((ways.units == site).any(axis=1)))
        offers.append(offer(setting, need, ways, setting.words.word(need.key, ways.used()), frozenset()))
    return [o for o in offers if len(o.ways)]
