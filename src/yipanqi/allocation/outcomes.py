"""The main job under several rulebooks on the same data, and for each pair what differs, or why nothing does."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations
from typing import Any

import dataframely as dy
import polars as pl

from yipanqi.admission.verdict import Verdict, overall
from yipanqi.allocation import scenarios
from yipanqi.allocation.board import Facts, PlayOptions, Prepared, effort_of, prepare
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.governance.bodies import of_kind
from yipanqi.governance.profile import Act, BodyKind, Profile, Right
from yipanqi.governance.rights import holders, may
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Message, Scalar
from yipanqi.policy.rulebook import Rulebook


class ProfileOutcome(dy.Schema):
    """What the main job gives under one profile. Money in 万元 and tax in 万元 a year, to two decimals."""

    profile = dy.String(primary_key=True, nullable=False)
    admitted_count = dy.Int64(nullable=False, min=0)
    conference_count = dy.Int64(nullable=False, min=0)
    refused_count = dy.Int64(nullable=False, min=0)
    scheme_count = dy.Int64(nullable=False, min=0, description="schemes shown to officers")
    alone_settled_count = dy.Int64(nullable=False, min=0)
    alone_value_wan = dy.Float64(nullable=False)
    alone_tax_wan = dy.Float64(nullable=False)
    referral_settled_count = dy.Int64(nullable=False, min=0)
    referral_value_wan = dy.Float64(nullable=False)
    referral_tax_wan = dy.Float64(nullable=False)
    board_settled_count = dy.Int64(nullable=False, min=0)
    board_value_wan = dy.Float64(nullable=False)
    board_tax_wan = dy.Float64(nullable=False)
    gain_low_wan = dy.Float64(nullable=False)
    gain_high_wan = dy.Float64(nullable=False)


class RuleLeaf(dy.Schema):
    """One value of a rulebook the main job reads: where it stands and what it rests on (null: not stated there)."""

    profile = dy.String(primary_key=True, nullable=False)
    path = dy.String(primary_key=True, nullable=False, description="document.key.key…")
    value = dy.String(nullable=False)
    basis = dy.String(nullable=True)


class Decision(dy.Schema):
    """One decision under one profile: a preliminary case and its verdict, or a placed project and its sites."""

    profile = dy.String(primary_key=True, nullable=False)
    subject = dy.String(primary_key=True, nullable=False, description="case id, or project id of a placement")
    decision = dy.String(nullable=False, description="verdict, or the site ids joined with +")


@dataclass(frozen=True)
class Outcomes:
    """The figures of each profile (``ProfileOutcome``), and behind them its rules and its decisions on a day."""

    on: date
    figures: pl.DataFrame
    rules: pl.DataFrame
    decisions: pl.DataFrame


class Seat(StrEnum):
    """Who sits at the board: the town, the district's centre, the lead body."""

    TOWN = "town"
    CENTRE = "centre"
    LEAD_BODY = "lead_body"


_SEATS = {
    Seat.TOWN: (BodyKind.TOWN,),
    Seat.CENTRE: (BodyKind.PROMOTION_CENTRE, BodyKind.SERVICE_CENTRE),
    Seat.LEAD_BODY: (BodyKind.LEAD_BODY,),
}


class Permitted(StrEnum):
    """Whether a seat may do an act: alone, only together with others, or not."""

    ALONE = "alone"
    JOINTLY = "jointly"
    NOT = "not"


class PairDifference(dy.Schema):
    """One pair of profiles: what differs in numbers and in permitted acts, else a message with the reason."""

    a = dy.String(primary_key=True, nullable=False)
    b = dy.String(primary_key=True, nullable=False)
    figures = dy.List(dy.String(), nullable=False, description="columns of ProfileOutcome that differ, in its order")
    figure = dy.String(nullable=True, description="the first of them, its values in numbers_json; null: none")
    acts = dy.List(dy.String(), nullable=False, description="<seat>.<act> permitted differently, by seat and act")
    numbers_id = dy.String(nullable=False, description="message on the numbers")
    numbers_json = dy.String(nullable=False)
    acts_id = dy.String(nullable=False, description="message on the acts")
    acts_json = dy.String(nullable=False)


_FIGURES = [name for name in ProfileOutcome.column_names() if name != "profile"]
#: Documents that decide nothing in numbers: who may act is compared as acts, the others are no part of the job.
_NO_NUMBERS = ("governance", "simulation", "calendar")
_PROVENANCE = ("clause", "source", "issued_by", "title_zh", "title_en", "basis")


def outcomes(
    facts: Facts,
    rulebooks: Mapping[str, Rulebook],
    options: PlayOptions | None = None,
    *,
    watch: Callable[[str], None] = lambda _: None,
) -> Outcomes:
    """The main job played under every rulebook on the same facts; ``watch`` is told each profile as it begins.

    Raises:
        KeyError: a rulebook lacks a parameter on the day of the facts.
    """
    figures, rules, decisions = [], [], []
    for name in sorted(rulebooks):
        watch(name)
        rulebook = rulebooks[name]
        ready = prepare(facts, rulebook)
        played = scenarios.play(ready.problem, effort_of(options or PlayOptions(), rulebook, facts.as_of), [1.0])
        figures.append({"profile": name, **_figures(ready, played)})
        rules += [{"profile": name, **leaf} for leaf in _leaves_of(rulebook)]
        decisions += [{"profile": name, **line} for line in _decisions(ready, played)]
    return Outcomes(
        facts.as_of,
        tables.frame(ProfileOutcome, figures),
        tables.ordered(RuleLeaf, tables.frame(RuleLeaf, rules)),
        tables.ordered(Decision, tables.frame(Decision, decisions)),
    )


def _figures(ready: Prepared, played: scenarios.Played) -> dict[str, Any]:
    verdicts = overall(ready.preliminary.verdicts)["verdict"]
    figures: dict[str, Any] = {f"{v.value}_count": int((verdicts == v.value).sum()) for v in Verdict}
    figures["scheme_count"] = int(ready.schemes.schemes["shown_rank"].is_not_null().sum())
    for name in ScenarioName:
        found = played.scenarios[name]
        figures[f"{name.value}_settled_count"] = found.settled
        figures[f"{name.value}_value_wan"] = round(found.value_wan, 2)
        figures[f"{name.value}_tax_wan"] = round(found.tax_wan, 2)
    low, high = played.gain_wan
    return figures | {"gain_low_wan": round(low, 2), "gain_high_wan": round(high, 2)}


def _decisions(ready: Prepared, played: scenarios.Played) -> list[dict[str, str]]:
    cases = ready.preliminary.verdicts.select("case_id", "verdict").rows()
    placed = (
        played.scenarios[ScenarioName.BOARD]
        .placements.join(ready.schemes.units, on="scheme_id")
        .group_by("project_id")
        .agg(pl.col("site_id").unique().sort().str.join("+"))
        .rows()
    )
    return [{"subject": subject, "decision": decision} for subject, decision in [*cases, *placed]]


def _leaves_of(rulebook: Rulebook) -> list[dict[str, str | None]]:
    """Every value of the documents the main job reads, except where it comes from and what it is called."""
    found: list[dict[str, str | None]] = []

    def walk(path: str, value: Any, basis: str | None) -> None:
        if isinstance(value, Mapping):
            basis = value.get("basis", basis)
            for key, inner in value.items():
                if key not in _PROVENANCE:
                    walk(f"{path}.{key}", inner, basis)
        elif isinstance(value, list) and any(isinstance(inner, Mapping | list) for inner in value):
            for index, inner in enumerate(value):
                walk(f"{path}.{index}", inner, basis)
        elif isinstance(value, list):
            found.append({"path": path, "value": " ".join(map(str, value)), "basis": basis})
        else:
            found.append({"path": path, "value": str(value), "basis": basis})

    for word in sorted(set(rulebook.documents) - set(_NO_NUMBERS)):
        walk(word, rulebook.document(word), None)
    return found


def differences(found: Outcomes, profiles: Mapping[str, Profile]) -> pl.DataFrame:
    """Every pair of profiles once (``PairDifference``), by name: the figures and the acts that differ, or the reason.

    Figures are those of ``ProfileOutcome``. Where none differs the reason is computed: the rules say the same (and how
    many of them are assumed); or rules differ but every verdict and every placement is the same; or some decisions
    differ but leave the figures as they are. Acts are those of the main job, asked for town, centre and lead body; a
    seat may do an act when one of its bodies may in one of the district's own holdings. Where none differs the reason
    counts the rights that bodies of the same kinds hold.

    Raises:
        KeyError: a profile of the outcomes is not among ``profiles``.
    """
    permits = {name: _permits(profiles[name], found.on) for name in found.figures["profile"]}
    rows = []
    for a, b in combinations(sorted(permits), 2):
        differing, numbers = _numbers(found, a, b)
        acts, told = _acts((a, b), (permits[a], permits[b]), (profiles[a], profiles[b]), found.on)
        rows.append(
            {
                "a": a, "b": b, "figures": differing, "figure": differing[0] if differing else None,
                "acts": acts,
                "numbers_id": numbers.id, "numbers_json": _json(numbers), "acts_id": told.id, "acts_json": _json(told),
            }
        )  # fmt: skip
    return tables.frame(PairDifference, rows)


def _json(message: Message) -> str:
    return json.dumps(dict(message.params), ensure_ascii=False, sort_keys=True)


def _numbers(found: Outcomes, a: str, b: str) -> tuple[list[str], Message]:
    """The figures that differ, and the message: the two values of the first, or why there is none."""
    left, right = (found.figures.row(by_predicate=pl.col("profile") == name, named=True) for name in (a, b))
    differing = [name for name in _FIGURES if left[name] != right[name]]
    if not differing:
        return [], _why_same(found, a, b)
    first = differing[0]
    params: dict[str, Scalar] = {
        "a": a,
        "b": b,
        "count": len(differing),
        "figure": first,
        "a_value": left[first],
        "b_value": right[first],
    }
    return differing, Message("outcomes.numbers_differ", params)


def _why_same(found: Outcomes, a: str, b: str) -> Message:
    """Why two profiles give the same figures."""
    rules = _beside(found.rules, a, b, "path")
    other = rules.filter(pl.col("value").ne_missing(pl.col("value_b")))
    params: dict[str, Scalar] = {"a": a, "b": b, "rules": rules.height, "differing": other.height}
    if other.is_empty():
        assumed = rules.filter(pl.col("basis") == "assumed").height
        return Message("outcomes.same_rules", params | {"assumed": assumed})
    # A number both state differently tells more than a rule only one of them has.
    numeric = pl.all_horizontal(pl.col("value", "value_b").cast(pl.Float64, strict=False).is_not_null())
    first = other.sort(~numeric, "path").row(0, named=True)
    params |= {"path": first["path"], "a_value": first["value"], "b_value": first["value_b"]}
    decided = _beside(found.decisions, a, b, "subject")
    moved = decided.filter(pl.col("decision").ne_missing(pl.col("decision_b"))).sort("subject")
    if moved.is_empty():
        return Message("outcomes.same_decisions", params | {"decisions": decided.height})
    return Message("outcomes.same_sums", params | {"moved": moved.height, "subject": moved["subject"][0]})


def _beside(frame: pl.DataFrame, a: str, b: str, key: str) -> pl.DataFrame:
    """The rows of two profiles side by side, those of the second with ``_b``; null where one has no such row."""
    left, right = (frame.filter(pl.col("profile") == name) for name in (a, b))
    return left.join(right, on=key, how="full", suffix="_b", coalesce=True).sort(key)


Permits = Mapping[tuple[Seat, Act], Permitted]


def _permits(district: Profile, on: date) -> Permits:
    """What each seat may do: alone where one of its bodies may alone."""
    places = {place for held in district.rights.values() for h in held for place in h.places or ()}
    asked = (None, *sorted(places))
    found = {}
    for seat, kinds in _SEATS.items():
        members = [body for kind in kinds for body in of_kind(district, kind, on)]
        for act in Act:
            answers = [may(district, body, act, place, on) for body in members for place in asked]
            granted = [p for p in answers if p.permitted]
            alone = any(not p.jointly_with for p in granted)
            found[seat, act] = Permitted.ALONE if alone else Permitted.JOINTLY if granted else Permitted.NOT
    return found


def _acts(
    names: tuple[str, str], permits: tuple[Permits, Permits], profiles: tuple[Profile, Profile], on: date
) -> tuple[list[str], Message]:
    """The acts permitted differently, and the message: the first of them, or why there is none."""
    left, right = permits
    params: dict[str, Scalar] = {"a": names[0], "b": names[1], "asked": len(left)}
    differing = [key for key in left if left[key] != right[key]]
    if differing:
        seat, act = differing[0]
        params |= {"count": len(differing), "seat": seat.value, "act": act.value}
        params |= {"a_permitted": left[seat, act].value, "b_permitted": right[seat, act].value}
        return [f"{seat.value}.{act.value}" for seat, act in differing], Message("outcomes.acts_differ", params)
    alike = sum(_kinds(profiles[0], other, on) == _kinds(profiles[1], other, on) for other in Right)
    return [], Message("outcomes.acts_same", params | {"rights": len(Right), "alike": alike})


def _kinds(district: Profile, right: Right, on: date) -> set[str]:
    """The kinds of body that hold a right."""
    return {district.bodies[h.body].kind.value for h in holders(district, right, on=on)}
