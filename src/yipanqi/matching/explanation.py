"""Why a scheme: its strengths, its prices (代价), and what to know about it — message ids with their figures.

Every scheme is told by itself; the shown ones are also told against each other ("净地比方案二晚 4 个月").
"""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import polars as pl

from yipanqi.admission.verdict import Verdict
from yipanqi.inventory.sites import AreaClass
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Message, Scalar
from yipanqi.matching.answer import Named, day_of
from yipanqi.matching.candidates import unknown_facts
from yipanqi.matching.contract import ReasonRole, SchemeReason
from yipanqi.matching.drafts import Draft
from yipanqi.matching.figures import Figures
from yipanqi.matching.ground import DAYS_PER_MONTH, Ground
from yipanqi.matching.needs import LAND
from yipanqi.matching.rules import Rules
from yipanqi.matching.setting import Setting
from yipanqi.planning.compliance import PlanStatus

Told: TypeAlias = tuple[ReasonRole, Message]
#: Site, parameter and status of a rule of the plan.
Rule: TypeAlias = tuple[str, str | None, str]

#: What shown schemes are compared in (None: not known), the least difference worth a word, and the words for it.
_COMPARED: tuple[tuple[Callable[[Figures], float | None], Callable[[Rules], float], tuple[str, str]], ...] = (
    (lambda of: of.start / DAYS_PER_MONTH, lambda rules: rules.told_later_months, ("later", "earliest")),
    (
        lambda of: of.cost_wan if of.cost_known else None,
        lambda rules: rules.told_dearer_wan,
        ("dearer", "cheapest"),
    ),
    (
        lambda of: None if math.isnan(of.distance_km) else of.distance_km,
        lambda rules: rules.told_further_km,
        ("further", "nearest"),
    ),
)
_PLAN_NOTES = {PlanStatus.ALLOWED.value: "plan_unknown", PlanStatus.FORBIDDEN.value: "plan_forbids"}


def reasons(named: Sequence[Named], rules_told: pl.DataFrame, verdicts: pl.DataFrame, setting: Setting) -> pl.DataFrame:
    """The reasons of every scheme (``SchemeReason``): strengths, then prices, then notes."""
    rules: dict[str, list[Rule]] = {}
    for scheme_id, *rule in rules_told.select("scheme_id", "site_id", "parameter", "status").iter_rows():
        rules.setdefault(scheme_id, []).append((rule[0], rule[1], rule[2]))
    verdict = dict(verdicts.select("case_id", "verdict").iter_rows())
    shown: dict[str, list[Named]] = {}
    for n in named:
        if n.rank is not None:
            shown.setdefault(n.draft.project_id, []).append(n)
    rows = []
    for n in named:
        told = [
            *_by_itself(n, rules.get(n.scheme_id, []), setting),
            *_against_others(n, shown.get(n.draft.project_id, []), setting.rules),
            *_to_know(n, rules.get(n.scheme_id, []), verdict.get(n.scheme_id), setting),
        ]
        order = list(ReasonRole)
        told.sort(key=lambda reason: order.index(reason[0]))
        rows += [
            {
                "scheme_id": n.scheme_id,
                "reason_no": no,
                "role": role.value,
                "message_id": message.id,
                "params_json": as_json(message),
            }
            for no, (role, message) in enumerate(told, 1)
        ]
    return tables.frame(SchemeReason, rows).sort(tables.keys(SchemeReason))


def as_json(message: Message) -> str:
    """The parameters of a message as a JSON object with sorted keys."""
    return json.dumps(dict(message.params), ensure_ascii=False, sort_keys=True)


def _strength(message_id: str, **params: Scalar) -> Told:
    return ReasonRole.STRENGTH, Message(f"matching.strength.{message_id}", params)


def _price(message_id: str, **params: Scalar) -> Told:
    return ReasonRole.PRICE, Message(f"matching.price.{message_id}", params)


def _note(message_id: str, **params: Scalar) -> Told:
    return ReasonRole.NOTE, Message(f"matching.note.{message_id}", params)


def _at(ground: Ground, site: int) -> dict[str, Scalar]:
    return {"site": ground.names[site], "site_id": ground.ids[site]}


def _by_itself(named: Named, rules: Sequence[Rule], setting: Setting) -> Iterator[Told]:
    """What a scheme has and costs, whatever the others are."""
    draft, of, ground = named.draft, named.draft.figures, setting.ground
    needs = setting.by_project[draft.project_id]
    if of.fit >= setting.rules.told_fit_share:
        yield _strength("fit", share=of.fit)
    if all(ground.towns[s] == needs[0].origin for s in draft.sites):
        yield _strength("own_town")
    if needs[0].kind == LAND and all(ground.stock[s] for s in draft.sites):
        yield _strength("stock")
    if of.distance_km <= setting.rules.distance_half_km:
        yield _strength("near", km=of.distance_km)
    if all(ground.words["area_class"][s] == AreaClass.BLOCK_104.value for s in draft.sites):
        yield _strength("zone_104")
    changes = sum(status == PlanStatus.PLAN_CHANGE.value for _, _, status in rules)
    yield _price("plan_change", count=changes) if changes else _strength("plan")
    yield from _dates(draft, setting)
    yield from _burdens(draft, setting)


def _dates(draft: Draft, setting: Setting) -> Iterator[Told]:
    """When it can begin, and what brings that about."""
    of, ground = draft.figures, setting.ground
    start, ready = day_of(of.start).isoformat(), day_of(of.day).isoformat()
    if of.late_months:
        yield _price("late", months=math.ceil(of.late_months), on=start)
    else:
        yield _strength("on_time", on=start)
    for unit in draft.units:
        if unit.interim:
            yield _strength("begins_early", on=start, land_on=ready, **_at(ground, unit.site))
            yield _price("moves_twice", **_at(ground, unit.site))
    if any(ground.low[s] and not ground.occupied[s] for s in draft.sites):
        yield _price("renovation", months=setting.rules.renovation_months)


def _burdens(draft: Draft, setting: Setting) -> Iterator[Told]:
    """Firms to move, places apart, area that is not needed."""
    needs = setting.by_project[draft.project_id]
    if draft.moves:
        months = max(m.firm.months for m in draft.moves)
        cost = sum(m.firm.cost_wan for m in draft.moves)
        yield _price("relocation", count=len(draft.moves), cost_wan=cost, months=months)
    if draft.split:
        towns = len({setting.ground.towns[s] for s in draft.sites})
        apart = setting.near.places(draft.lasting)
        yield _price("split", count=towns) if towns > 1 else _price("apart", count=apart)
    over = sum(u.take for u in draft.units if not u.interim) - draft.need_m2
    if over > draft.need_m2 * 1e-6:
        land = all(n.kind == LAND for n in needs)
        yield _price("oversize_land" if land else "oversize_floor", over_m2=over)


def _against_others(named: Named, shown: Sequence[Named], rules: Rules) -> Iterator[Told]:
    """How a shown scheme compares with the best of the others shown: in date, cost and distance."""
    if named.rank is None:
        return
    others = [n for n in shown if n.scheme_id != named.scheme_id]
    for figure, least_of, (price, strength) in _COMPARED:
        least = least_of(rules)
        mine = figure(named.draft.figures)
        known = [(value, n.rank or 0) for n in others if (value := figure(n.draft.figures)) is not None]
        if mine is None or not known:
            continue
        best, other = min(known)
        if mine - best >= least:
            yield _price(price, other=other, by=round(mine - best, 1))
        elif best - mine >= least and len(known) == len(others):
            yield _strength(strength, other=other, by=round(best - mine, 1))


def _to_know(named: Named, rules: Sequence[Rule], verdict: str | None, setting: Setting) -> Iterator[Told]:
    """What the scheme rests on and what is not known."""
    draft, ground = named.draft, setting.ground
    if setting.by_project[draft.project_id][0].fixed:
        yield _note("fixed")
    if verdict in {Verdict.CONFERENCE.value, Verdict.REFUSED.value}:
        yield _note(verdict)
    if not draft.figures.cost_known:
        yield _note("cost_unknown")
    yield from _unknowns(draft, setting)
    yield from _left_open(draft, setting)
    for site_id, parameter, status in rules:
        if status in _PLAN_NOTES:
            yield _note(_PLAN_NOTES[status], parameter=parameter, **_at(ground, ground.index[site_id]))


def _left_open(draft: Draft, setting: Setting) -> Iterator[Told]:
    """Firms without a destination, phases without a place, facts that are stale or not verified."""
    ground = setting.ground
    moved = {m.firm.firm_id for m in draft.moves}
    for firm in (f for s in draft.sites for f in ground.firms.get(s, ()) if f.firm_id not in moved):
        yield _note("no_destination", firm=firm.name)
    for phase in draft.unplaced:
        yield _note("unplaced", phase=phase)
    for message_id, flags in (("stale", ground.stale), ("unverified", ground.unverified)):
        if count := sum(bool(flags[s]) for s in draft.sites):
            yield _note(message_id, count=count)


def _unknowns(draft: Draft, setting: Setting) -> Iterator[Told]:
    """The facts and dates of its sites that nobody has stated."""
    ground = setting.ground
    needs = {n.phase: n for n in setting.by_project[draft.project_id]}
    for unit in draft.units:
        for fact in () if unit.interim else unknown_facts(ground, needs[unit.phase], unit.site):
            yield _note("unknown", fact=fact, **_at(ground, unit.site))
    for site in draft.sites:
        if not ground.dated[site]:
            yield _note("undated", months=setting.rules.unknown_date_months, **_at(ground, site))
