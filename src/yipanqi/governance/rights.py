"""权限: who holds a right, and who may do an act of the main job.

An act either names its performers, or follows from rights: whoever holds one of them performs it. Change a holder in
the rulebook and the answer changes; nothing about a district stands in code.
"""

from dataclasses import dataclass
from datetime import date

from yipanqi.governance.bodies import bodies
from yipanqi.governance.profile import Act, Holding, Manner, Profile, Right, in_force
from yipanqi.kernel.findings import Message, Scalar
from yipanqi.policy.rulebook import Provision
from yipanqi.policy.transition import gap, governing


@dataclass(frozen=True, slots=True)
class Holder:
    """A body that holds a right, how, and the statement that says so. ``place``: the town of its authority."""

    body: str
    manner: Manner
    place: str | None
    statement: Holding


def holders(profile: Profile, right: Right, place: str | None = None, on: date | None = None) -> tuple[Holder, ...]:
    """The bodies that hold a right on a day at a place, sorted by id; empty: nobody is stated to hold it.

    ``place`` is a town id: holdings limited to other towns drop out, and a body that stands in every town or area is
    the one of that town. Null ``place``: holdings of the whole district only. Null ``on``: the profile's last state.

    >>> from yipanqi.governance import profile
    >>> from yipanqi.policy import rulebook
    >>> pudong = profile.read(rulebook.load("pudong"))
    >>> [h.body for h in holders(pudong, Right.ATTRACTION)]
    ['promotion_centre']
    """
    day = on or profile.latest()
    return tuple(
        Holder(body, holding.manner, place if profile.bodies[body].each else None, holding)
        for body, holding in sorted(
            (
                (body, holding)
                for holding in profile.rights.get(right, ())
                if holding.in_force(day) and (holding.places is None or place in holding.places)
                for body in holding.holders
            ),
            key=lambda pair: (pair[0], pair[1].effective_from, pair[1].clause),
        )
    )


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a body may do an act, which bodies must join in it, why, and the statement it rests on."""

    permitted: bool
    jointly_with: tuple[str, ...]
    reason: Message
    statement: Provision | None


def may(profile: Profile, body: str, act: Act, place: str | None = None, on: date | None = None) -> Permission:
    """Whether a body may do an act at a place on a day; the reason names the clause.

    Where a right is held jointly, every holder is permitted and ``jointly_with`` lists the others. A body the
    profile does not have on the day is not permitted, and the reason says so.

    >>> from yipanqi.governance import profile
    >>> from yipanqi.policy import rulebook
    >>> pudong = profile.read(rulebook.load("pudong"))
    >>> may(pudong, "town", Act.OPEN_NEGOTIATION).permitted, may(pudong, "town", Act.REGISTER_LEAD).permitted
    (False, True)
    """
    day = on or profile.latest()
    rule = governing(profile.acts[act], day)
    if body not in bodies(profile, day):
        return Permission(False, (), Message("governance.may.no_such_body", {"body": body, "act": act.value}), None)
    if rule is None:
        return Permission(False, (), gap(profile.acts[act], day), None)
    if rule.performers is not None:
        if body in rule.performers:
            return _granted("governance.may.named", body, act, rule, ())
        return _refused("governance.may.not_named", body, act, rule, " ".join(rule.performers))
    holding = [h for right in rule.rights for h in holders(profile, right, place, day)]
    own = next((h for h in holding if h.body == body), None)
    if own is None:
        source = holding[0].statement if holding else rule
        return _refused("governance.may.not_holder", body, act, source, " ".join(sorted({h.body for h in holding})))
    others = tuple(sorted({*own.statement.holders} - {body})) if own.manner is Manner.JOINTLY else ()
    return _granted("governance.may.jointly" if others else "governance.may.holder", body, act, own.statement, others)


def _granted(reason: str, body: str, act: Act, statement: Provision, others: tuple[str, ...]) -> Permission:
    return Permission(True, others, _reason(reason, body, act, statement, " ".join(others)), statement)


def _refused(reason: str, body: str, act: Act, statement: Provision, who: str) -> Permission:
    return Permission(False, (), _reason(reason, body, act, statement, who), statement)


def _reason(reason: str, body: str, act: Act, statement: Provision, who: str) -> Message:
    params: dict[str, Scalar] = {
        "body": body,
        "act": act.value,
        "who": who or None,
        "clause": statement.clause,
        "source": statement.source,
        "basis": statement.basis.value,
    }
    return Message(reason, params)


def performers(profile: Profile, act: Act, place: str | None = None, on: date | None = None) -> tuple[str, ...]:
    """The ids of the bodies that may do an act, sorted; empty: nobody."""
    return tuple(sorted(body for body in bodies(profile, on) if may(profile, body, act, place, on).permitted))


def unstated(profile: Profile, on: date | None = None) -> tuple[Right, ...]:
    """The rights nobody is stated to hold on a day, in the order of the domain."""
    day = on or profile.latest()
    return tuple(right for right in Right if not in_force(profile.rights.get(right, ()), day))
