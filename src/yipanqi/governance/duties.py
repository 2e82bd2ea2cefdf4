"""任务清单、责任清单: what each body must do and until when, and the tasks that come of it, followed to their end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

import dataframely as dy
import polars as pl

from yipanqi.governance.profile import Deadline, ListKind, Profile, Repetition
from yipanqi.kernel.calendar import Calendar
from yipanqi.kernel.findings import Finding, Scalar, Severity, in_order
from yipanqi.kernel.tables import choice
from yipanqi.policy.rulebook import Basis


class DutyRow(dy.Schema):
    """One duty of a list, with its clause. Null deadline columns: none is stated."""

    duty = dy.String(primary_key=True, nullable=False)
    on_list = choice(ListKind, nullable=False)
    owner = dy.String(nullable=False, description="id of the body")
    topic = dy.String(nullable=False)
    title_zh = dy.String(nullable=False)
    title_en = dy.String(nullable=False)
    deliverable_zh = dy.String(nullable=True)
    deliverable_en = dy.String(nullable=True)
    after = dy.String(nullable=True, description="event the deadline counts from")
    after_days = dy.Int64(nullable=True, min=0)
    working_days = dy.Bool(nullable=True, description="the days are working days")
    every = choice(Repetition, nullable=True)
    deadline_basis = choice(Basis, nullable=True)
    clause = dy.String(nullable=False)
    source = dy.String(nullable=False)
    basis = choice(Basis, nullable=False)


_COPIED = {"owner", "topic", "title_zh", "title_en", "deliverable_zh", "deliverable_en", "clause", "source"}


def listed(profile: Profile, on: date, kind: ListKind | None = None) -> pl.DataFrame:
    """The duties in force on a day as ``DutyRow``, by owner; null ``kind``: both lists."""
    rows = []
    for key, duty in profile.duties.items():
        if not duty.in_force(on) or (kind is not None and duty.on_list is not kind):
            continue
        due = duty.deadline
        rows.append(
            {
                "duty": key,
                "on_list": duty.on_list.value,
                "after": due and due.after,
                "after_days": due and due.days,
                "working_days": due.working_days if due is not None and due.days is not None else None,
                "every": due.every.value if due is not None and due.every is not None else None,
                "deadline_basis": due and due.basis.value,
                "basis": duty.basis.value,
                **duty.model_dump(include=_COPIED),
            }
        )
    table = pl.DataFrame(rows, schema=DutyRow.create_empty().schema)
    return DutyRow.validate(table.sort("owner", "duty"))


_MONTHS = {Repetition.MONTH: 1, Repetition.QUARTER: 3, Repetition.HALF_YEAR: 6, Repetition.YEAR: 12}


def due_on(deadline: Deadline, start: date, calendar: Calendar) -> date:
    """The due date: so many days after the event on ``start``, or the last day of the period ``start`` lies in.

    >>> from yipanqi.policy.rulebook import Basis
    >>> due_on(Deadline(every=Repetition.QUARTER, basis=Basis.ASSUMED), date(2026, 5, 3), Calendar((), (), frozenset()))
    datetime.date(2026, 6, 30)
    """
    if deadline.every is not None:
        months = _MONTHS[deadline.every]
        following = start.year * 12 + (start.month - 1) // months * months + months
        return date(following // 12, following % 12 + 1, 1) - timedelta(days=1)
    days = deadline.days or 0
    return calendar.add_workdays(start, days) if deadline.working_days else start + timedelta(days=days)


class DutyState(StrEnum):
    """Where a task stands."""

    ASSIGNED = "assigned"
    UNDERWAY = "underway"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CLOSED = "closed"
    CANCELLED = "cancelled"


#: state → the states that may follow it.
TRANSITIONS = MappingProxyType(
    {
        DutyState.ASSIGNED: (DutyState.UNDERWAY, DutyState.CANCELLED),
        DutyState.UNDERWAY: (DutyState.DELIVERED, DutyState.CANCELLED),
        DutyState.DELIVERED: (DutyState.CLOSED, DutyState.RETURNED),
        DutyState.RETURNED: (DutyState.UNDERWAY, DutyState.CANCELLED),
        DutyState.CLOSED: (),
        DutyState.CANCELLED: (),
    }
)

#: States in which nothing more is to be done.
ENDED = (DutyState.CLOSED, DutyState.CANCELLED)

_BY_OWNER = (DutyState.UNDERWAY, DutyState.DELIVERED)
_WITH_REASON = (DutyState.RETURNED, DutyState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Move:
    """One move of a task: into which state, when, by which body, and why."""

    state: DutyState
    on: date
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """Something one body must deliver. Null ``due_on``: no deadline is set."""

    task_id: str
    title: str
    owner: str
    assigned_by: str
    assigned_on: date
    due_on: date | None
    state: DutyState = DutyState.ASSIGNED
    moves: tuple[Move, ...] = ()

    @property
    def ended_on(self) -> date | None:
        """The day it was closed or cancelled; null while it is open."""
        return self.moves[-1].on if self.state in ENDED else None


def move(task: Task, state: DutyState, on: date, by: str, note: str = "") -> Task:
    """The task in its next state.

    The owner takes it up and delivers; another body closes or returns it. Returning and cancelling need a reason.

    Raises:
        ValueError: the state cannot follow, the day lies before the last move, or no reason is given.
        PermissionError: the body may not make this move.
    """
    if state not in TRANSITIONS[task.state]:
        raise ValueError(f"{task.task_id} is {task.state}, it cannot be {state}")
    if on < (task.moves[-1].on if task.moves else task.assigned_on):
        raise ValueError(f"{on} lies before the last move of {task.task_id}")
    if state in _WITH_REASON and not note.strip():
        raise ValueError("a reason is needed")
    if (state in _BY_OWNER) != (by == task.owner):
        raise PermissionError(f"{by} may not make {task.task_id} of {task.owner} {state}")
    return replace(task, state=state, moves=(*task.moves, Move(state, on, by, note.strip())))


def late_days(task: Task, as_of: date) -> int:
    """How many days after its due date a task was closed, or is still open on a day.

    0 where it is in time, cancelled or without a due date.
    """
    if task.due_on is None or task.state is DutyState.CANCELLED:
        return 0
    return max(0, ((task.ended_on or as_of) - task.due_on).days)


def overdue(tasks: Sequence[Task], as_of: date) -> tuple[Finding, ...]:
    """A warning for each open task that is late, and a note for each open one nobody set a deadline."""
    found = []
    for task in tasks:
        if task.state in ENDED:
            continue
        params: dict[str, Scalar] = {"task": task.task_id, "title": task.title, "owner": task.owner}
        if task.due_on is None:
            found.append(Finding("governance.duty.no_due_date", Severity.NOTE, params, table="tasks"))
        elif days := late_days(task, as_of):
            params |= {"due": task.due_on.isoformat(), "days": days}
            found.append(Finding("governance.duty.overdue", Severity.WARN, params, table="tasks"))
    return in_order(found)


class Conduct(StrEnum):
    """内部问责 or 表彰奖励."""

    ACCOUNTABILITY = "accountability"
    COMMENDATION = "commendation"


@dataclass(frozen=True, slots=True)
class Record:
    """An accountability or a commendation on file, with the task it rests on and the days it was late."""

    task_id: str
    body: str
    conduct: Conduct
    on: date
    by: str
    reason: str
    late_days: int


def record(task: Task, conduct: Conduct, on: date, by: str, reason: str) -> Record:
    """An entry for the task's owner: accountability for a late task, commendation for one closed in time.

    Raises:
        ValueError: the task gives no ground for it, or no reason is given.
        PermissionError: a body enters its own.
    """
    late = late_days(task, on)
    grounded = late > 0 if conduct is Conduct.ACCOUNTABILITY else task.state is DutyState.CLOSED and late == 0
    if not grounded or not reason.strip():
        raise ValueError(f"{task.task_id} gives no ground for {conduct}")
    if by == task.owner:
        raise PermissionError(f"{by} may not enter its own {conduct}")
    return Record(task.task_id, task.owner, conduct, on, by, reason.strip(), late)
