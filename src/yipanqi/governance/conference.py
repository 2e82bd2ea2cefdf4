"""联席会议: an item from its proposal to the end of the tasks it led to.

proposed → briefed → consulted → decided → minuted → followed → closed
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from yipanqi.governance.duties import ENDED, Task
from yipanqi.governance.profile import Act, Profile
from yipanqi.governance.rights import may


class ItemState(StrEnum):
    """Where an item stands."""

    PROPOSED = "proposed"
    BRIEFED = "briefed"
    CONSULTED = "consulted"
    DECIDED = "decided"
    MINUTED = "minuted"
    FOLLOWED = "followed"
    CLOSED = "closed"
    DEFERRED = "deferred"
    WITHDRAWN = "withdrawn"


#: state → the states that may follow it.
TRANSITIONS = MappingProxyType(
    {
        ItemState.PROPOSED: (ItemState.BRIEFED, ItemState.WITHDRAWN),
        ItemState.BRIEFED: (ItemState.CONSULTED, ItemState.WITHDRAWN),
        ItemState.CONSULTED: (ItemState.DECIDED, ItemState.DEFERRED, ItemState.WITHDRAWN),
        ItemState.DEFERRED: (ItemState.BRIEFED, ItemState.WITHDRAWN),
        ItemState.DECIDED: (ItemState.MINUTED,),
        ItemState.MINUTED: (ItemState.FOLLOWED, ItemState.CLOSED),
        ItemState.FOLLOWED: (ItemState.CLOSED,),
        ItemState.CLOSED: (),
        ItemState.WITHDRAWN: (),
    }
)


class Stance(StrEnum):
    """What a consulted body says."""

    AGREES = "agrees"
    AGREES_IF = "agrees_if"
    OBJECTS = "objects"


class Resolution(StrEnum):
    """What the conference resolves."""

    ADOPTED = "adopted"
    ADOPTED_IF = "adopted_if"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A consulted body's word; a condition or objection names its ground."""

    body: str
    stance: Stance
    on: date
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was resolved, by which body, on which conditions, and who was asked and stayed silent."""

    resolution: Resolution
    by: str
    on: date
    conditions: str
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the conference with all that happened to it. Null project: an item about no project."""

    item_id: str
    title: str
    proposed_by: str
    proposed_on: date
    project_id: str | None = None
    state: ItemState = ItemState.PROPOSED
    brief: str = ""
    consulted: tuple[str, ...] = ()
    opinions_due_on: date | None = None
    opinions: tuple[Opinion, ...] = ()
    decision: Decision | None = None
    minutes: str = ""
    tasks: tuple[Task, ...] = ()

    @property
    def silent(self) -> tuple[str, ...]:
        """The consulted bodies without an opinion."""
        spoke = {opinion.body for opinion in self.opinions}
        return tuple(body for body in self.consulted if body not in spoke)


def brief(item: Item, text: str) -> Item:
    """The item with its brief; a deferred item starts again from a new one, its old opinions dropped.

    Raises:
        ValueError: out of turn, or the brief is empty.
    """
    return replace(
        _moved(item, ItemState.BRIEFED),
        brief=_written(text, "brief"),
        consulted=(),
        opinions_due_on=None,
        opinions=(),
    )


def consult(item: Item, bodies: Sequence[str], due_on: date) -> Item:
    """The item sent to bodies, each of which is to give its opinion by a day; order and repetition do not matter.

    Raises:
        ValueError: out of turn, or nobody is asked.
    """
    if not bodies:
        raise ValueError("nobody is asked")
    return replace(_moved(item, ItemState.CONSULTED), consulted=tuple(sorted(set(bodies))), opinions_due_on=due_on)


def opine(item: Item, opinion: Opinion) -> Item:
    """The item with one more opinion.

    Raises:
        ValueError: nobody asked this body, it has spoken, or a condition or objection gives no ground.
    """
    if item.state is not ItemState.CONSULTED or opinion.body not in item.silent:
        raise ValueError(f"{opinion.body} is not asked about {item.item_id}")
    if opinion.stance is not Stance.AGREES and not opinion.ground.strip():
        raise ValueError(f"{opinion.stance} needs a ground")
    return replace(item, opinions=tuple(sorted((*item.opinions, opinion), key=lambda o: o.body)))


def decide(item: Item, profile: Profile, resolution: Resolution, by: str, on: date, conditions: str = "") -> Item:
    """The item decided by a body that may decide case by case in this district on that day.

    All consulted bodies have spoken, or their time has passed; those silent are named in the decision.

    Raises:
        ValueError: out of turn, opinions are still open, or a conditional adoption states no conditions.
        PermissionError: the profile does not give the body this act, or the body itself proposed the item.
    """
    decided = _moved(item, ItemState.DECIDED)
    if by == item.proposed_by or not may(profile, by, Act.DECIDE_CASE_BY_CASE, on=on).permitted:
        raise PermissionError(f"{by} may not decide {item.item_id}")
    if item.silent and item.opinions_due_on is not None and on <= item.opinions_due_on:
        raise ValueError(f"{', '.join(item.silent)} may still speak until {item.opinions_due_on}")
    if (resolution is Resolution.ADOPTED_IF) != bool(conditions.strip()):
        raise ValueError(f"{resolution} with conditions {conditions!r}")
    return replace(decided, decision=Decision(resolution, by, on, conditions.strip(), item.silent))


def defer(item: Item) -> Item:
    """The item put off; it comes back with a new brief.

    Raises:
        ValueError: out of turn.
    """
    return _moved(item, ItemState.DEFERRED)


def withdraw(item: Item) -> Item:
    """The item taken back before a decision.

    Raises:
        ValueError: it is decided or gone.
    """
    return _moved(item, ItemState.WITHDRAWN)


def minute(item: Item, text: str, tasks: Sequence[Task] = ()) -> Item:
    """The item with the minutes of its decision and the tasks they give out.

    Raises:
        ValueError: out of turn, the minutes are empty, two tasks share an id, or a refused item gives out tasks.
    """
    minuted = _moved(item, ItemState.MINUTED)
    if len({task.task_id for task in tasks}) != len(tasks):
        raise ValueError("two tasks share an id")
    if tasks and item.decision is not None and item.decision.resolution is Resolution.REFUSED:
        raise ValueError("a refused item gives out no tasks")
    ordered = tuple(sorted(tasks, key=lambda task: task.task_id))
    return replace(minuted, minutes=_written(text, "minutes"), tasks=ordered)


def follow(item: Item, task: Task) -> Item:
    """The item with a task as it stands now.

    Raises:
        ValueError: out of turn, or the minutes gave out no such task.
    """
    if item.state is not ItemState.FOLLOWED:
        item = _moved(item, ItemState.FOLLOWED)
    if task.task_id not in {t.task_id for t in item.tasks}:
        raise ValueError(f"the minutes of {item.item_id} gave out no {task.task_id}")
    return replace(item, tasks=tuple(task if t.task_id == task.task_id else t for t in item.tasks))


def close(item: Item) -> Item:
    """The item at its end: every task it gave out has ended.

    Raises:
        ValueError: out of turn, or a task is still open.
    """
    if still_open := [task.task_id for task in item.tasks if task.state not in ENDED]:
        raise ValueError(f"still open: {', '.join(still_open)}")
    return _moved(item, ItemState.CLOSED)


def _moved(item: Item, state: ItemState) -> Item:
    if state not in TRANSITIONS[item.state]:
        raise ValueError(f"{item.item_id} is {item.state}, it cannot be {state}")
    return replace(item, state=state)


def _written(text: str, what: str) -> str:
    if not text.strip():
        raise ValueError(f"the {what} is empty")
    return text.strip()
