"""项目流转（异地落户）: a project its town cannot host goes to the pool, and another town accepts or declines.

offered → asked → accepted → placed
   ↑________|        (declined with a reason, or no answer in time: back to the pool)
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from yipanqi.kernel.calendar import calendar
from yipanqi.policy import parameters
from yipanqi.policy.rulebook import Rulebook


class ReferralState(StrEnum):
    """Where a referral stands."""

    OFFERED = "offered"
    ASKED = "asked"
    ACCEPTED = "accepted"
    PLACED = "placed"
    WITHDRAWN = "withdrawn"


#: state → the states that may follow it.
TRANSITIONS = MappingProxyType(
    {
        ReferralState.OFFERED: (ReferralState.ASKED, ReferralState.WITHDRAWN),
        ReferralState.ASKED: (ReferralState.ACCEPTED, ReferralState.OFFERED, ReferralState.WITHDRAWN),
        ReferralState.ACCEPTED: (ReferralState.PLACED, ReferralState.OFFERED, ReferralState.WITHDRAWN),
        ReferralState.PLACED: (),
        ReferralState.WITHDRAWN: (),
    }
)


class Answer(StrEnum):
    """How a town that was asked answered."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Asked:
    """One town's turn: until when it was to answer, what it answered and why. Null answer: still open."""

    town: str
    due_on: date
    answer: Answer | None = None
    answered_on: date | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """A project offered to other towns by the one that brought it, with every town asked so far, in order."""

    project_id: str
    from_town: str
    offered_on: date
    reason: str
    state: ReferralState = ReferralState.OFFERED
    asked: tuple[Asked, ...] = ()

    @property
    def to_town(self) -> str | None:
        """The town that is asked or has accepted; none while the project lies in the pool."""
        open_or_accepted = self.state in (ReferralState.ASKED, ReferralState.ACCEPTED, ReferralState.PLACED)
        return self.asked[-1].town if open_or_accepted else None


def offer(project_id: str, from_town: str, reason: str, on: date) -> Referral:
    """A new referral: why the town cannot host the project itself.

    Raises:
        ValueError: no reason is given.
    """
    return Referral(project_id, from_town, on, _stated(reason))


def ask(referral: Referral, town: str, rulebook: Rulebook, on: date) -> Referral:
    """The referral put to a town, which has ``pipeline.referral_answer_workdays`` to answer.

    Raises:
        ValueError: the project is with another town, ended, comes from this town, or this town has declined before.
    """
    _require(referral, ReferralState.ASKED)
    if town == referral.from_town or any(a.town == town and a.answer is Answer.DECLINED for a in referral.asked):
        raise ValueError(f"{town} cannot be asked to take {referral.project_id}")
    days = int(parameters.number(rulebook, "pipeline.referral_answer_workdays", on))
    due_on = calendar(rulebook.document("calendar")).add_workdays(on, days)
    return replace(referral, state=ReferralState.ASKED, asked=(*referral.asked, Asked(town, due_on)))


def accept(referral: Referral, on: date) -> Referral:
    """The asked town takes the project.

    Raises:
        ValueError: no town is asked, or its time has passed.
    """
    return _answered(referral, ReferralState.ACCEPTED, Answer.ACCEPTED, on)


def decline(referral: Referral, reason: str, on: date) -> Referral:
    """The asked town refuses, with a reason; the project goes back to the pool.

    Raises:
        ValueError: no town is asked, its time has passed, or no reason is given.
    """
    return _answered(referral, ReferralState.OFFERED, Answer.DECLINED, on, _stated(reason))


def lapse(referral: Referral, as_of: date) -> Referral:
    """The referral back in the pool when the asked town's time has passed on ``as_of``; else the same referral."""
    if referral.state is not ReferralState.ASKED or as_of <= referral.asked[-1].due_on:
        return referral
    silent = replace(referral.asked[-1], answer=Answer.SILENT)
    return replace(referral, state=ReferralState.OFFERED, asked=(*referral.asked[:-1], silent))


def place(referral: Referral) -> Referral:
    """The project has settled in the town that accepted it.

    Raises:
        ValueError: no town has accepted.
    """
    _require(referral, ReferralState.PLACED)
    return replace(referral, state=ReferralState.PLACED)


def release(referral: Referral) -> Referral:
    """The town that accepted could not settle the project after all: back to the pool.

    Raises:
        ValueError: no town has accepted.
    """
    if referral.state is not ReferralState.ACCEPTED:
        raise ValueError(f"{referral.project_id} is {referral.state}, nobody holds it")
    return replace(referral, state=ReferralState.OFFERED)


def withdraw(referral: Referral) -> Referral:
    """The referring town takes its project back, or the investor leaves.

    Raises:
        ValueError: the referral has ended.
    """
    _require(referral, ReferralState.WITHDRAWN)
    return replace(referral, state=ReferralState.WITHDRAWN)


def _answered(
    referral: Referral, state: ReferralState, answer: Answer, on: date, reason: str | None = None
) -> Referral:
    if referral.state is not ReferralState.ASKED:
        raise ValueError(f"{referral.project_id} is {referral.state}, nobody is asked")
    turn = referral.asked[-1]
    if on > turn.due_on:
        raise ValueError(f"{turn.town} was to answer by {turn.due_on}")
    done = replace(turn, answer=answer, answered_on=on, reason=reason)
    return replace(referral, state=state, asked=(*referral.asked[:-1], done))


def _require(referral: Referral, state: ReferralState) -> None:
    if state not in TRANSITIONS[referral.state]:
        raise ValueError(f"{referral.project_id} is {referral.state}, it cannot be {state}")


def _stated(reason: str) -> str:
    if not reason.strip():
        raise ValueError("a reason is needed")
    return reason.strip()
