"""过渡: which version of a rule governs a project, and whether a clause reaches it at all.

不溯及既往: what governs is the version in force on the project's reference date (its formal acceptance), whatever
comes later. Only a mandatory clause (law, safety, environment, red lines) reaches projects accepted before it began:
from its own start, or from the end of the transition period it grants.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from yipanqi.kernel.findings import Message, Scalar
from yipanqi.policy.rulebook import Provision

P = TypeVar("P", bound=Provision)


def governing(provisions: Sequence[P], reference_on: date, *, reported_on: date | None = None) -> P | None:
    """The one version that governs a project, or none when no version is in force on its reference date.

    Of several in force on ``reference_on`` the one that began last governs. A project first reported on
    ``reported_on``, before that version began, and accepted within its transition period stays under the version
    that was in force the day before it began (正在推进中的项目). Null ``reported_on``: no transition is granted.
    """
    version = _latest([p for p in provisions if p.in_force(reference_on)])
    if version is None or reported_on is None or not _in_transition(version, reference_on, reported_on):
        return version
    return _latest([p for p in provisions if p.in_force(version.effective_from - timedelta(days=1))]) or version


def _latest(provisions: Sequence[P]) -> P | None:
    return max(provisions, key=lambda p: (p.effective_from, p.clause, p.source), default=None)


def _in_transition(version: Provision, reference_on: date, reported_on: date) -> bool:
    return (
        version.transition_to is not None
        and reported_on < version.effective_from
        and reference_on <= version.transition_to
    )


def gap(provisions: Sequence[Provision], on: date) -> Message:
    """Why no version is in force on a day: none exists, none has begun, or the last one ended.

    One that ended expired by its own text; whether it was extended is unknown.

    Raises:
        ValueError: a version is in force on the day.
    """
    if any(p.in_force(on) for p in provisions):
        raise ValueError(f"a version is in force on {on}")
    before = _latest([p for p in provisions if p.effective_from <= on])
    following = min((p.effective_from for p in provisions if p.effective_from > on), default=None)
    params: dict[str, Scalar] = {"on": on.isoformat(), "next": None if following is None else following.isoformat()}
    if before is None:
        return Message("policy.gap.none" if following is None else "policy.gap.not_begun", params)
    params |= {"clause": before.clause, "source": before.source, "to": str(before.effective_to)}
    return Message("policy.gap.expired" if following is None else "policy.gap.between", params)


class Ground(StrEnum):
    """Why a clause applies to a project, or does not."""

    IN_FORCE = "in_force"
    GRANDFATHERED = "grandfathered"
    MANDATORY_AT_ONCE = "mandatory_at_once"
    IN_TRANSITION = "in_transition"
    NOT_RETROACTIVE = "not_retroactive"
    NOT_YET = "not_yet"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Applicability:
    """Whether a clause applies to a project on a day, on which ground, and the message that says so."""

    applies: bool
    ground: Ground
    message: Message


_APPLYING = (Ground.IN_FORCE, Ground.GRANDFATHERED, Ground.MANDATORY_AT_ONCE)


def clause_applies(clause: Provision, reference_on: date, as_of: date) -> Applicability:
    """Whether a clause applies, as of a day, to a project with the given reference date.

    A clause of district discretion applies when it was in force on ``reference_on``, even if it has ended since
    (老项目老办法). A mandatory clause applies when it is in force on ``as_of``; where the project is older than the
    clause, from the day after the transition period the clause grants, else at once.

    Raises:
        ValueError: ``as_of`` lies before ``reference_on``.
    """
    if as_of < reference_on:
        raise ValueError(f"as of {as_of}, before the reference date {reference_on}")
    ground = (
        _mandatory_ground(clause, reference_on, as_of) if clause.mandatory else _ground(clause, reference_on, as_of)
    )
    params = {
        "clause": clause.clause,
        "source": clause.source,
        "from": clause.effective_from.isoformat(),
        "to": None if clause.effective_to is None else clause.effective_to.isoformat(),
        "transition_to": None if clause.transition_to is None else clause.transition_to.isoformat(),
        "reference": reference_on.isoformat(),
        "as_of": as_of.isoformat(),
    }
    return Applicability(ground in _APPLYING, ground, Message(f"policy.ground.{ground}", params))


def _ground(clause: Provision, reference_on: date, as_of: date) -> Ground:
    if clause.in_force(reference_on):
        return Ground.IN_FORCE if clause.in_force(as_of) else Ground.GRANDFATHERED
    if clause.effective_from > reference_on:
        return Ground.NOT_YET if clause.effective_from > as_of else Ground.NOT_RETROACTIVE
    return Ground.EXPIRED


def _mandatory_ground(clause: Provision, reference_on: date, as_of: date) -> Ground:
    if clause.effective_from > as_of:
        return Ground.NOT_YET
    if not clause.in_force(as_of):
        return Ground.EXPIRED
    if clause.effective_from <= reference_on:
        return Ground.IN_FORCE
    return (
        Ground.IN_TRANSITION
        if clause.transition_to is not None and as_of <= clause.transition_to
        else Ground.MANDATORY_AT_ONCE
    )
