"""Why a scheme: its strengths, its prices (代价), and what to know about it — message ids with their figures.

Every scheme is told by itself; the shown ones are also told against each other ("净地比方案二晚 4 个月").
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import polars as pl

from yipanqi.admission.verdict import Verdict
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Message
from yipanqi.matching.answer import Named, day_of
from yipanqi.matching.candidates import unknown_facts
from yipanqi.matching.contract import ReasonRole, SchemeReason
from yipanqi.matching.ground import DAYS_PER_MONTH
from yipanqi.matching.needs import LAND
from yipanqi.matching.setting import Setting
from yipanqi.planning.compliance import PlanStatus

Told: TypeAlias = tuple[ReasonRole, Message]

#: Fit from which a scheme is said to fit well; differences below these are not worth a word.
_GOOD_FIT = 0.9
_MONTHS, _WAN, _KM = 1.0, 50.0, 1.0


def reasons(named: Sequence[Named], rules_told: pl.DataFrame, verdicts: pl.DataFrame, setting: Setting) -> pl.DataFrame:
    """The reasons of every scheme (``SchemeReason``): strengths, then prices, then notes."""
    rules = {str(key[0]): group for key, group in rules_told.group_by("scheme_id", maintain_order=True)}
    verdict = dict(verdicts.select("case_id", "verdict").iter_rows())
    shown: dict[str, list[Named]] = {}
    for n in named:
        if n.rank is not None:
            shown.setdefault(n.draft.project_id, []).append(n)
    rows = []
    for n in named:
        told = [
            *_by_itself(n, rules.get(n.scheme_id), setting),
            *_against_others(n, shown.get(n.draft.project_id, [])),
            *_to_know(n, rules.get(n.scheme_id), verdict.get(n.scheme_id), setting),
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


def _strength(message_id: str, **params: str | float | int) -> Told:
    return ReasonRole.STRENGTH, Message(f"matching.strength.{message_id}", params)


def _price(message_id: str, **params: str | float | int) -> Told:
    return ReasonRole.PRICE, Message(f"matching.price.{message_id}", params)


def _note(message_id: str, **params: str | float | int | None) -> Told:
    return ReasonRole.NOTE, Message(f"matching.note.{message_id}", params)


def _by_itself(named: Named, rules: pl.DataFrame | None, setting: Setting) -> Iterator[Told]:
    draft, of, ground = named.draft, named.draft.figures, setting.ground
    needs = setting.by_project[draft.project_id]
    need_m2, take_m2 = sum(n.need_m2 for n in needs), sum(u.take for u in draft.units if not u.interim)
    if of.fit >= _GOOD_FIT:
        yield _strength("fit", share=float(of.fit))
    if all(ground.towns[s] == needs[0].origin for s in draft.sites):
        yield _strength("own_town")
    if all(ground.stock[s] for s in draft.sites) and needs[0].kind == LAND:
        yield _strength("stock")
    if of.late_months == 0:
        yield _strength("on_time", on=day_of(of.start).isoformat())
    else:
        yield _price("late", months=float(np.ceil(of.late_months)), on=day_of(of.start).isoformat())
    if of.distance_km <= setting.rules.distance_half_km:
        yield _strength("near", km=float(of.distance_km))
    if all(ground.words["area_class"][s] == "104" for s in draft.sites):
        yield _strength("zone_104")
    for unit in draft.units:
        if unit.interim:
            plant = {"site": ground.names[unit.site], "site_id": ground.ids[unit.site]}
            yield _strength(
                "begins_early", on=day_of(of.start).isoformat(), land_on=day_of(of.day).isoformat(), **plant
            )
            yield _price("moves_twice", **plant)
    changes = 0 if rules is None else rules.filter(pl.col("status") == PlanStatus.PLAN_CHANGE.value).height
    yield _price("plan_change", count=changes) if changes else _strength("plan")
    if draft.moves:
        months = max(m.firm.months for m in draft.moves)
        cost = sum(m.firm.cost_wan for m in draft.moves)
        yield _price("relocation", count=len(draft.moves), cost_wan=cost, months=months)
    if draft.split:
        yield _price("split", count=len({ground.towns[s] for s in draft.sites}))
    if take_m2 > need_m2 * (1 + 1e-6) and not draft.unplaced:
        land = all(n.kind == LAND for n in needs)
        yield _price("oversize_land" if land else "oversize_floor", over_m2=take_m2 - need_m2)
    if any(ground.low[s] and not ground.occupied[s] for s in draft.sites):
        yield _price("renovation", months=setting.rules.renovation_months)


def _against_others(named: Named, shown: Sequence[Named]) -> Iterator[Told]:
    """How a shown scheme compares with the best of the others shown: in date, cost and distance."""
    if named.rank is None or len(shown) < 2:
        return
    others = [n for n in shown if n.scheme_id != named.scheme_id]
    mine = named.draft.figures
    first = min(others, key=lambda n: (n.draft.figures.start, n.rank or 0))
    months = float(mine.start - first.draft.figures.start) / DAYS_PER_MONTH
    if months >= _MONTHS:
        yield _price("later", other=first.rank or 0, months=float(round(months)))
    elif months <= -_MONTHS:
        yield _strength("earliest", other=first.rank or 0, months=float(round(-months)))
    known = [n for n in others if n.draft.figures.cost_known]
    if mine.cost_known and known:
        cheap = min(known, key=lambda n: (n.draft.figures.cost_wan, n.rank or 0))
        more = float(mine.cost_wan - cheap.draft.figures.cost_wan)
        if more >= _WAN:
            yield _price("dearer", other=cheap.rank or 0, wan=float(round(more)))
        elif more <= -_WAN and len(known) == len(others):
            yield _strength("cheapest", other=cheap.rank or 0, wan=float(round(-more)))
    placed = [n for n in others if not np.isnan(n.draft.figures.distance_km)]
    if placed and not np.isnan(mine.distance_km):
        near = min(placed, key=lambda n: (float(n.draft.figures.distance_km), n.rank or 0))
        further = float(mine.distance_km - near.draft.figures.distance_km)
        if further >= _KM:
            yield _price("further", other=near.rank or 0, km=further)
        elif further <= -_KM and len(placed) == len(others):
            yield _strength("nearest", other=near.rank or 0, km=-further)


def _to_know(named: Named, rules: pl.DataFrame | None, verdict: str | None, setting: Setting) -> Iterator[Told]:
    """What the scheme rests on and what is not known."""
    draft, ground = named.draft, setting.ground
    needs: Mapping[int, object] = {n.phase: n for n in setting.by_project[draft.project_id]}
    first = setting.by_project[draft.project_id][0]
    if first.fixed:
        yield _note("fixed")
    if verdict in {Verdict.CONFERENCE.value, Verdict.REFUSED.value}:
        yield _note(str(verdict))
    for unit in draft.units:
        need = needs[unit.phase]
        place = {"site": ground.names[unit.site], "site_id": ground.ids[unit.site]}
        if not unit.interim:
            for fact in unknown_facts(ground, need, unit.site):  # type: ignore[arg-type]
                yield _note("unknown", fact=fact, **place)
        if not ground.dated[unit.site]:
            yield _note("undated", months=setting.rules.unknown_date_months, **place)
    if not draft.figures.cost_known:
        yield _note("cost_unknown")
    if rules is not None:
        spoken = rules.filter(pl.col("status") != PlanStatus.PLAN_CHANGE.value)
        for site_id, parameter, status in spoken.select("site_id", "parameter", "status").iter_rows():
            said = "plan_unknown" if status == PlanStatus.ALLOWED.value else "plan_forbids"
            yield _note(said, parameter=parameter, site=ground.names[ground.index[site_id]], site_id=site_id)
    for phase in draft.unplaced:
        yield _note("unplaced", phase=phase)
    if stale := sum(bool(ground.stale[s]) for s in draft.sites):
        yield _note("stale", count=stale)
    if unverified := sum(bool(ground.unverified[s]) for s in draft.sites):
        yield _note("unverified", count=unverified)
