"""Where no scheme is found: the three nearest misses, and what would have to change at each.

Either admission refused what there was — then the clauses missed are told — or a phase has no place: then the sites
that fail the fewest tests by the least, each with its failures. A change of the site's facts is told only after the
filter, run again with that change, lets the site pass.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from yipanqi.admission.verdict import Verdicts
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Message, Scalar
from yipanqi.matching.answer import Named
from yipanqi.matching.asking import plan_reasons
from yipanqi.matching.candidates import EXACT, tests, usable
from yipanqi.matching.contract import NearestMiss
from yipanqi.matching.explanation import as_json
from yipanqi.matching.ground import Floats, Ground, Ints
from yipanqi.matching.needs import Need
from yipanqi.matching.phases import Offer
from yipanqi.matching.setting import Setting
from yipanqi.matching.ways import on_one_site
from yipanqi.planning.compliance import PlanStatus
from yipanqi.planning.explanation import reason_message

_MOST = 3
#: Sites of which the plan is asked, the nearest by the other tests.
_ASKED = 24


@dataclass(frozen=True)
class Miss:
    """A place and what would have to change there."""

    sites: tuple[str, ...]
    changes: tuple[Message, ...]


def nearest_misses(
    setting: Setting, lost: Mapping[str, Sequence[Offer]], refused: Sequence[Named], verdicts: Verdicts
) -> pl.DataFrame:
    """Up to three misses (``NearestMiss``) of each project without a scheme.

    ``lost`` are the offers (their best ways suffice) of the projects without any draft; ``refused`` the schemes, best
    first, of those that admission refused whatever they were offered.
    """
    misses: dict[str, list[Miss]] = {}
    missed = _missed(refused, verdicts)
    for named in refused:
        told = misses.setdefault(named.draft.project_id, [])
        if len(told) < _MOST:
            told.append(_refused(named, missed.get(named.scheme_id, []), setting.ground))
    lacking = [need for offers in lost.values() if (need := _lacking(offers)) is not None]
    misses |= {key: _apart(setting, offers) for key, offers in lost.items()} | _nearest(setting, lacking)
    rows = [
        {
            "project_id": project_id,
            "miss_rank": rank,
            "reason_no": no,
            "site_ids": list(miss.sites),
            "message_id": message.id,
            "params_json": as_json(message),
        }
        for project_id, many in misses.items()
        for rank, miss in enumerate(many, 1)
        for no, message in enumerate(miss.changes, 1)
    ]
    return tables.frame(NearestMiss, rows).sort(tables.keys(NearestMiss))


def _missed(refused: Sequence[Named], verdicts: Verdicts) -> dict[str, list[Message]]:
    """scheme → the hard clauses missed beyond the conference band."""
    missed = pl.col("hard") & ~pl.col("met") & ~pl.col("in_band")
    theirs = verdicts.clauses.filter(pl.col("case_id").is_in([n.scheme_id for n in refused]) & missed)
    found: dict[str, list[Message]] = {}
    for clause in theirs.iter_rows(named=True):
        found.setdefault(clause["case_id"], []).append(_clause(clause))
    return found


def _refused(named: Named, missed: Sequence[Message], ground: Ground) -> Miss:
    return Miss(tuple(ground.ids[s] for s in named.draft.sites), tuple(missed))


def _clause(clause: Mapping[str, Any]) -> Message:
    """A missed clause with what is missing; a clause about a word (an industry, a class) has no numbers."""
    if clause["gap"] is None:
        return Message("matching.miss.admission_word", {"indicator": clause["indicator"], "clause": clause["clause"]})
    numbers = {name: clause[name] for name in ("indicator", "value", "threshold", "unit")}
    return Message("matching.miss.admission", {**numbers, "gap": abs(clause["gap"])})


def _lacking(offers: Sequence[Offer]) -> Need | None:
    """The first firm phase without a way; None where every one has some."""
    return next((offer.need for offer in offers if offer.need.firm and not len(offer.ways)), None)


def _apart(setting: Setting, offers: Sequence[Offer]) -> list[Miss]:
    """Every phase has a way, but they do not go together: the best of each."""
    found = [offer for offer in offers if len(offer.ways)]
    sites = sorted({int(s) for offer in found for s in offer.ways.units[0] if s >= 0})
    together = Message("matching.miss.together", {"phases": len(found)})
    return [Miss(tuple(setting.ground.ids[s] for s in sites), (together,))] if sites else []


def _nearest(setting: Setting, lacking: Sequence[Need]) -> dict[str, list[Miss]]:
    """project → its nearest misses: by how many tests fail, the plan's rules among them, then by how much."""
    near, short = {}, {}
    for need in lacking:
        short[need.key] = shortfalls(setting, need)
        near[need.key] = _near(setting, need, short[need.key])
    barred = _barred(setting, near)
    return {need.project_id: _verified(setting, need, short[need.key], barred[need.key]) for need in lacking}


def _near(setting: Setting, need: Need, short: Mapping[str, Floats]) -> Ints:
    """The sites of the kind needed, not declined, that fail the fewest tests by the least."""
    sites = np.flatnonzero((setting.ground.kind == need.kind) & tests(setting.ground, need)["declined"])
    by_test = np.array([s[sites] for s in short.values()])
    order = np.lexsort((sites, by_test.sum(axis=0), (by_test > 0).sum(axis=0)))
    return sites[order][:_ASKED].astype(np.int32)


def _verified(
    setting: Setting, need: Need, short: Mapping[str, Floats], barred: Mapping[int, list[Message]]
) -> list[Miss]:
    """The misses at the sites of ``barred`` whose changes make the filter let them pass, nearest first."""
    failed = {at: [name for name, by in short.items() if by[at] > 0] for at in barred}
    gap = {at: sum(float(short[name][at]) for name in names) for at, names in failed.items()}
    misses: list[Miss] = []
    for at in sorted(barred, key=lambda at: (len(failed[at]) + len(barred[at]), gap[at], at)):
        changes = [*(_change(setting, need, name, at) for name in failed[at]), *barred[at]]
        if changes and passes(setting, need, at, failed[at]):
            misses.append(Miss((setting.ground.ids[at],), tuple(changes)))
        if len(misses) == _MOST:
            break
    return misses


def shortfalls(setting: Setting, need: Need) -> dict[str, Floats]:
    """test → how far each site is from passing it, as a share of what is asked; 0 passes, 1 for a plain no."""
    ground, passed = setting.ground, tests(setting.ground, need)
    found: dict[str, Floats] = {
        "state": (~passed["state"]).astype(np.float64),
        "held": (~passed["held"]).astype(np.float64),
        "destination": (~setting.able).astype(np.float64),
    }
    asked = {**need.building, **need.utilities}
    for name, least in asked.items():
        found[name] = _below(ground.numbers[name], least)
    if need.rent_max is not None:
        found["rent_yuan_m2_day"] = np.where(passed["rent_yuan_m2_day"], 0.0, 1.0)
    most = need.most_m2(setting.rules)
    found["small"] = _below(ground.area, need.need_m2)
    found["large"] = np.where(ground.divisible, 0.0, np.maximum(ground.area / most - 1, 0.0))
    return found


def _below(values: Floats, least: float) -> Floats:
    """By which share each value is below the least; an unknown one is not."""
    return np.where(values >= least * EXACT, 0.0, np.nan_to_num(1 - values / least, nan=0.0))


def _change(setting: Setting, need: Need, name: str, at: int) -> Message:
    """What would have to change at a site for one failed test."""
    ground = setting.ground
    place: dict[str, Scalar] = {"site": ground.names[at], "site_id": ground.ids[at]}
    if name in {"state", "held", "destination"}:
        return Message(f"matching.miss.{name}", place)
    if name == "rent_yuan_m2_day":
        return Message("matching.miss.rent", {**place, "have": float(ground.numbers[name][at]), "need": need.rent_max})
    if name in {"small", "large"}:
        return Message(f"matching.miss.{name}", {**place, "have_m2": float(ground.area[at]), "need_m2": need.need_m2})
    least = {**need.building, **need.utilities}[name]
    return Message(
        "matching.miss.fact", {**place, "fact": name, "have": float(ground.numbers[name][at]), "need": least}
    )


def passes(setting: Setting, need: Need, at: int, changed: Sequence[str]) -> bool:
    """Whether the filter lets a site pass once the failed tests named are mended; the filter itself is run again."""
    site = _alone(setting.ground, at)
    asked = {**need.building, **need.utilities, "rent_yuan_m2_day": need.rent_max or 0.0}
    for name in changed:
        if name in asked:
            site.numbers[name][0] = asked[name]
        elif name in {"small", "large"}:
            site.area[0] = need.need_m2
        elif name == "state" or (name == "held" and setting.ground.reserved[at]):
            site.offerable[0], site.reserved[0] = True, False
    if "held" in changed:
        site = replace(site, holders={})
    able = setting.able[[at]] | ("destination" in changed)
    return bool(len(on_one_site(site, need, usable(site, need) & able, setting.rules)))


def _alone(ground: Ground, at: int) -> Ground:
    """The ground of one site, its arrays copied: as much of it as the filters read."""
    return replace(
        ground,
        ids=(ground.ids[at],),
        kind=ground.kind[[at]],
        area=ground.area[[at]],
        divisible=ground.divisible[[at]],
        offerable=ground.offerable[[at]],
        reserved=ground.reserved[[at]],
        numbers={name: values[[at]] for name, values in ground.numbers.items()},
        holders={0: ground.holders[at]} if at in ground.holders else {},
    )


def _barred(setting: Setting, near: Mapping[tuple[str, int], Ints]) -> dict[tuple[str, int], dict[int, list[Message]]]:
    """need → each of its sites → what the plan forbids there."""
    ground = setting.ground
    asked = {key: sites.tolist() for key, sites in near.items()}
    told = plan_reasons(asked, ground, (setting.supply, setting.want), setting.rulebook, setting.as_of)
    found: dict[tuple[str, int], dict[int, list[Message]]] = {
        key: {at: [] for at in sites} for key, sites in asked.items()
    }
    for row in told.filter(pl.col("status") == PlanStatus.FORBIDDEN.value).iter_rows(named=True):
        at = ground.index[row["site_id"]]
        found[row["project_id"], row["phase"]][at].append(reason_message(row))
    return found
