"""The offers of every phase: ways found, the plan's word heard, what is forbidden dropped, the rest in order."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from yipanqi.matching.asking import INTERIM, hopeless
from yipanqi.matching.candidates import usable
from yipanqi.matching.figures import PlanWord, figures, merit, parts, score
from yipanqi.matching.needs import Need
from yipanqi.matching.phases import Offer
from yipanqi.matching.setting import Setting
from yipanqi.matching.ways import Ways, all_of, lease_first, on_assemblies, on_one_site, over_two_towns


def offers(setting: Setting) -> Iterator[tuple[str, list[Offer]]]:
    """Each project that is not fixed on sites, with the offers of its phases. A phase without a way has an empty one.

    One project after the other: what is offered to all of them together grows with projects × sites.
    """
    poor = hopeless(setting.ground, setting.want, setting.rulebook, setting.as_of)
    for project_id, needs in sorted(setting.by_project.items()):
        if not needs[0].fixed:
            yield project_id, [_with_leases(setting, need, poor.get(project_id, frozenset())) for need in needs]


def _with_leases(setting: Setting, need: Need, poor: frozenset[int]) -> Offer:
    """The offer of one need, the ways that lease first among it."""
    ways = direct_ways(setting, need)
    word = setting.words.word(need.key, ways.used())
    lands = offer(setting, need, ways, word, poor)
    leases = lease_first(setting.ground, need, lands.ways, setting.ready + word.days, setting.rules)
    if not len(leases):
        return lands
    interim = setting.words.word((need.project_id, need.phase + INTERIM), np.unique(leases.lease))
    return offer(setting, need, all_of([lands.ways, leases]), word | interim, poor)


def direct_ways(setting: Setting, need: Need) -> Ways:
    """The ways of one need that pass the technical filters, before the plan is asked."""
    ground, rules = setting.ground, setting.rules
    fit = usable(ground, need) & setting.able
    found = [on_one_site(ground, need, fit, rules), on_assemblies(ground, need, fit, setting.clusters, rules)]
    if need.may_split:
        found.append(over_two_towns(ground, need, fit, partial(merit, ground, need, setting.ready, rules), rules))
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
