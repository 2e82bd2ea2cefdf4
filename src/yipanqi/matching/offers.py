"""The offers of every phase: ways found, the plan's word heard, what is forbidden dropped, the rest in order."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from yipanqi.matching.asking import INTERIM, ask_plan, hopeless
from yipanqi.matching.candidates import usable
from yipanqi.matching.figures import PlanWord, figures, merit, parts, score
from yipanqi.matching.needs import Need
from yipanqi.matching.phases import Offer
from yipanqi.matching.setting import Setting
from yipanqi.matching.ways import Ways, all_of, lease_first, on_assemblies, on_one_site, over_two_towns


@dataclass(frozen=True, eq=False)
class Offers:
    """project → the offers of its phases in order, and every rule of the plan behind them (``PlanReason``)."""

    by_project: Mapping[str, list[Offer]]
    reasons: pl.DataFrame


def offers(setting: Setting) -> Offers:
    """The offers of every project that is not fixed on sites. A phase without a way has an empty offer."""
    free = [need for need in setting.needs if not need.fixed]
    asked = (setting.ground, (setting.supply, setting.want), setting.rulebook, setting.as_of)
    size = len(setting.ground)
    direct = {need.key: direct_ways(setting, need) for need in free}
    plan = ask_plan([(key, ways.used()) for key, ways in direct.items()], *asked)
    lands = {n.key: offer(setting, n, direct[n.key], plan.word(n.key, size), frozenset()) for n in free}
    leases = {
        n.key: lease_first(
            setting.ground, n, lands[n.key].ways, setting.ready + plan.word(n.key, size).days, setting.rules
        )
        for n in free
    }
    interim = ask_plan([((key[0], key[1] + INTERIM), np.unique(w.lease)) for key, w in leases.items()], *asked)
    poor = hopeless(setting.ground, setting.want, setting.rulebook, setting.as_of)
    by_project: dict[str, list[Offer]] = {}
    for n in free:
        word = plan.word(n.key, size) | interim.word((n.project_id, n.phase + INTERIM), size)
        every = all_of([lands[n.key].ways, leases[n.key]])
        made = offer(setting, n, every, word, poor.get(n.project_id, frozenset()))
        by_project.setdefault(n.project_id, []).append(made)
    return Offers(by_project, pl.concat([plan.reasons, interim.reasons]))


def direct_ways(setting: Setting, need: Need) -> Ways:
    """The ways of one need that pass the technical filters, before the plan is asked."""
    ground, rules = setting.ground, setting.rules
    fit = usable(ground, need) & setting.able
    found = [on_one_site(ground, need, fit, rules), on_assemblies(ground, need, fit, setting.clusters, rules)]
    if need.may_split:
        found.append(over_two_towns(ground, need, fit, merit(ground, need, setting.ready, rules), rules))
    return all_of(found)


def offer(setting: Setting, need: Need, ways: Ways, plan: PlanWord, poor: frozenset[int]) -> Offer:
    """The ways the plan does not forbid, the highest score first, equal ones in the order of their units."""
    there = ways.units >= 0
    barred = (there & plan.forbidden[ways.units]).any(axis=1) | ((ways.lease >= 0) & plan.forbidden[ways.lease])
    ways = ways.only(~barred)
    of = figures(setting.ground, need, ways, plan, setting.rules)
    worth = score(parts(of, need, setting.rules), setting.rules)
    order = np.lexsort((ways.lease, *ways.units.T[::-1], -worth)).astype(np.int32)
    ways = ways.only(order)
    classes = setting.ground.class_codes[ways.units[:, 0]].tolist()
    return Offer(need, ways, of.only(order), worth[order], [code in poor for code in classes])
