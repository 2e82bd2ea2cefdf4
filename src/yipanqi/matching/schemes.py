"""Siting schemes: 2–3 different, non-dominated ways to settle a project, and the pool behind them.

For each phase the sites that pass the hard filters, the assemblies of them, pairs over two towns and interim leases;
the plan's word on every pair; phases put together, firms moved; the pool, judged by admission; the schemes shown, with
their reasons. Projects fixed on sites have that one scheme. Where nothing is left, the nearest misses.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import polars as pl

from yipanqi.admission.verdict import Verdict, Verdicts, judge
from yipanqi.kernel.findings import in_order
from yipanqi.matching.answer import (
    Named,
    case_table,
    plan_change_table,
    relocation_table,
    scheme_table,
    told,
    unit_table,
)
from yipanqi.matching.asking import INTERIM, plan_reasons
from yipanqi.matching.contract import (
    NearestMiss,
    ReasonRole,
    Scheme,
    SchemeKind,
    SchemePlanChange,
    SchemeReason,
    SchemeRelocation,
    Schemes,
    SchemeUnit,
    Supply,
    Want,
)
from yipanqi.matching.drafts import Draft
from yipanqi.matching.explanation import reasons
from yipanqi.matching.fixed import fixed_drafts
from yipanqi.matching.misses import nearest_misses
from yipanqi.matching.offers import offers
from yipanqi.matching.phases import Composer, Offer
from yipanqi.matching.pool import SchemeOptions, by_project, kept, shown
from yipanqi.matching.setting import Setting, prepared
from yipanqi.policy.rulebook import Rulebook

__all__ = [
    "NearestMiss",
    "ReasonRole",
    "Scheme",
    "SchemeKind",
    "SchemeOptions",
    "SchemePlanChange",
    "SchemeReason",
    "SchemeRelocation",
    "SchemeUnit",
    "Schemes",
    "Supply",
    "Want",
    "schemes",
]

_DEFAULT = SchemeOptions()


def schemes(supply: Supply, want: Want, rulebook: Rulebook, as_of: date, options: SchemeOptions = _DEFAULT) -> Schemes:
    """The pool of schemes of every project, two or three of them to recommend, and what explains them.

    Every scheme passes the technical filters, is not forbidden by the plan and not refused by admission with the area
    it takes; only the one scheme of a project fixed on sites is kept whatever they say (its reasons tell). The shown
    ones do not dominate each other in the parts of the score and share at most half of their area; there are fewer
    than two where no second one differs. Unknown facts of a site neither pass nor fail in silence: they lower the fit
    and stand in the notes. The answer does not depend on the row order of the facts.

    Raises:
        KeyError: a parameter of the room is missing in the rulebook.
    """
    setting = prepared(supply, want, rulebook, as_of)
    fixed, drafts = fixed_drafts(setting), []
    lost: dict[str, list[Offer]] = {}
    for project_id, many in offers(setting):
        found = _composed(setting, many, options)
        drafts += found
        if not found:
            lost[project_id] = [offer.best for offer in many]
    named = [Named(d.scheme_id(setting.ground), d) for d in (*fixed.drafts, *drafts)]
    verdicts = judge(case_table(named, setting), want.projects, rulebook, as_of)
    pool = _pool(named, verdicts, setting, options)
    said = plan_reasons(_asked(pool), setting.ground, (supply, want), rulebook, as_of)
    rules_told = told(pool, said, setting.ground)
    plan_changes = plan_change_table(rules_told)
    final = _only(verdicts, [n.scheme_id for n in pool])
    settled = {n.draft.project_id for n in pool}
    refused = [n for n in named if n.draft.project_id not in settled]
    return Schemes(
        schemes=scheme_table(pool, plan_changes, setting),
        units=unit_table(pool, setting.ground),
        relocations=relocation_table(pool, setting.ground),
        plan_changes=plan_changes,
        reasons=reasons(pool, rules_told, final.verdicts, setting),
        misses=nearest_misses(setting, lost, refused, verdicts),
        verdicts=final,
        findings=in_order(fixed.findings),
    )


def _composed(setting: Setting, found: Sequence[Offer], options: SchemeOptions) -> list[Draft]:
    """The drafts of one project to be judged: half as many again as are kept, since some will be refused."""
    composer = Composer(setting.ground, setting.near, setting.relocation, setting.rules, options)
    drafts = composer.drafts(found)
    once = {d.scheme_id(setting.ground): d for d in drafts}
    more = replace(options, pool_count=options.pool_count * 3 // 2, own_count=options.own_count * 3 // 2)
    return kept(list(once.values()), setting.ground, found[0].need.origin, more)


def _asked(pool: Sequence[Named]) -> dict[tuple[str, int], set[int]]:
    """need → the sites the pool's schemes take for it; interim plants as needs of their own."""
    asked: dict[tuple[str, int], set[int]] = {}
    for n in pool:
        for unit in n.draft.units:
            asked.setdefault((n.draft.project_id, unit.phase + INTERIM * unit.interim), set()).add(unit.site)
    return asked


def _pool(named: Sequence[Named], verdicts: Verdicts, setting: Setting, options: SchemeOptions) -> list[Named]:
    """What admission does not refuse, cut to size, the schemes to be shown marked; fixed ones as they are."""
    verdict = dict(verdicts.verdicts.select("case_id", "verdict").iter_rows())
    ids = {id(n.draft): n.scheme_id for n in named}
    pool: list[Named] = []
    for project_id, drafts in sorted(by_project([n.draft for n in named]).items()):
        first = setting.by_project[project_id][0]
        standing = [d for d in drafts if first.fixed or verdict[ids[id(d)]] != Verdict.REFUSED.value]
        left = kept(standing, setting.ground, first.origin, options)
        admitted = {id(d) for d in left if verdict[ids[id(d)]] == Verdict.ADMITTED.value}
        front = shown(left, lambda d, admitted=admitted: id(d) in admitted, setting.ground, options.shown_count)  # type: ignore[misc]
        ranks = {id(d): rank for rank, d in enumerate(front, 1)}
        pool += [Named(ids[id(d)], d, ranks.get(id(d))) for d in left]
    return pool


def _only(verdicts: Verdicts, case_ids: Sequence[str]) -> Verdicts:
    """The verdicts, clauses and findings of these cases' projects."""
    wanted = pl.col("case_id").is_in(list(case_ids))
    return replace(verdicts, verdicts=verdicts.verdicts.filter(wanted), clauses=verdicts.clauses.filter(wanted))
