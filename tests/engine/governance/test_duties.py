"""Task and responsibility lists, due dates, and tasks followed to their end."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipanqi.governance import duties, profile
from yipanqi.governance.duties import TRANSITIONS, Conduct, DutyState, Task, move
from yipanqi.governance.profile import Deadline, ListKind, Repetition
from yipanqi.kernel.calendar import calendar
from yipanqi.policy import wording
from yipanqi.policy.rulebook import load

JIADING = profile.read(load("jiading"))
CALENDAR = calendar(load("jiading").document("calendar"))
START, DUE = date(2026, 6, 1), date(2026, 6, 15)


def task(state=DutyState.ASSIGNED, due_on=DUE):
    made = Task("T1", "上报项目", "town", "promotion_centre", START, due_on)
    path = {
        DutyState.ASSIGNED: (),
        DutyState.UNDERWAY: (DutyState.UNDERWAY,),
        DutyState.DELIVERED: (DutyState.UNDERWAY, DutyState.DELIVERED),
        DutyState.RETURNED: (DutyState.UNDERWAY, DutyState.DELIVERED, DutyState.RETURNED),
        DutyState.CLOSED: (DutyState.UNDERWAY, DutyState.DELIVERED, DutyState.CLOSED),
        DutyState.CANCELLED: (DutyState.CANCELLED,),
    }[state]
    for step in path:
        by = "town" if step in (DutyState.UNDERWAY, DutyState.DELIVERED) else "promotion_centre"
        made = move(made, step, date(2026, 6, 3), by, "说明")
    return made


def test_the_centre_has_its_five_tasks_on_the_responsibility_list():
    table = duties.listed(JIADING, date(2018, 1, 1), ListKind.RESPONSIBILITY)
    own = set(table.filter(table["owner"] == "promotion_centre")["topic"])
    five = {"policy_delivery", "resource_integration", "platform_building", "admission_assessment", "guidance"}
    assert five <= own


def test_before_the_opinion_there_are_no_duties():
    assert duties.listed(JIADING, date(2017, 2, 28)).is_empty()


def test_both_lists_together_hold_every_duty_once_with_its_clause():
    on = date(2018, 1, 1)
    table = duties.listed(JIADING, on)
    assert sorted(table["duty"]) == sorted(JIADING.duties)
    assert table.height == sum(duties.listed(JIADING, on, kind).height for kind in ListKind)
    assert all(table["clause"])


def test_a_deadline_the_paper_does_not_state_is_assumed_or_null():
    table = duties.listed(JIADING, date(2018, 1, 1))
    assert set(table["deadline_basis"]) == {None, "assumed"}


def test_working_days_and_calendar_days_are_told_apart():
    ten = Deadline(basis="assumed", after="登记线索", days=10)
    assert duties.due_on(ten, START, CALENDAR) == DUE
    assert duties.due_on(ten.model_copy(update={"working_days": False}), START, CALENDAR) == date(2026, 6, 11)


@pytest.mark.parametrize(
    ("every", "start", "expected"),
    [
        (Repetition.MONTH, date(2026, 2, 1), date(2026, 2, 28)),
        (Repetition.MONTH, date(2024, 2, 29), date(2024, 2, 29)),
        (Repetition.QUARTER, date(2026, 3, 31), date(2026, 3, 31)),
        (Repetition.HALF_YEAR, date(2026, 7, 1), date(2026, 12, 31)),
        (Repetition.YEAR, date(2026, 12, 31), date(2026, 12, 31)),
    ],
)
def test_a_repeated_duty_is_due_at_the_end_of_its_period(every, start, expected):
    assert duties.due_on(Deadline(basis="assumed", every=every), start, CALENDAR) == expected


@given(st.sampled_from(Repetition), st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_the_day_after_a_due_date_begins_the_next_period(every, start):
    due = duties.due_on(Deadline(basis="assumed", every=every), start, CALENDAR)
    assert due >= start
    assert (due + timedelta(days=1)).day == 1
    assert duties.due_on(Deadline(basis="assumed", every=every), due, CALENDAR) == due


def test_a_task_goes_from_assignment_to_its_end():
    done = task(DutyState.CLOSED)
    assert [m.state for m in done.moves] == [DutyState.UNDERWAY, DutyState.DELIVERED, DutyState.CLOSED]
    assert done.ended_on == date(2026, 6, 3)


def test_the_owner_does_not_close_its_own_task():
    with pytest.raises(PermissionError):
        move(task(DutyState.DELIVERED), DutyState.CLOSED, DUE, "town")


def test_nobody_else_delivers_for_the_owner():
    with pytest.raises(PermissionError):
        move(task(DutyState.UNDERWAY), DutyState.DELIVERED, DUE, "promotion_centre")


def test_a_return_needs_a_reason_and_opens_the_task_again():
    with pytest.raises(ValueError, match="reason"):
        move(task(DutyState.DELIVERED), DutyState.RETURNED, DUE, "promotion_centre", " ")
    assert task(DutyState.RETURNED).ended_on is None


def test_a_move_before_the_last_one_is_refused():
    with pytest.raises(ValueError, match="before the last move"):
        move(task(DutyState.DELIVERED), DutyState.CLOSED, date(2026, 6, 2), "promotion_centre")


@pytest.mark.parametrize("state", DutyState)
@pytest.mark.parametrize("following", DutyState)
def test_only_the_moves_of_the_table_are_made(state, following):
    by = "town" if following in (DutyState.UNDERWAY, DutyState.DELIVERED) else "promotion_centre"
    if following in TRANSITIONS[state]:
        assert move(task(state), following, DUE, by, "说明").state is following
    else:
        with pytest.raises(ValueError, match="cannot be"):
            move(task(state), following, DUE, by, "说明")


def test_a_task_is_late_from_the_day_after_its_due_date():
    assert duties.overdue([task()], DUE) == ()
    (finding,) = duties.overdue([task()], date(2026, 6, 16))
    assert (finding.rule, finding.params["days"]) == ("governance.duty.overdue", 1)
    assert "逾期1天" in wording.sentence(finding)


def test_ended_tasks_are_not_overdue_and_undated_ones_are_noted():
    later = date(2027, 1, 1)
    assert duties.overdue([task(DutyState.CLOSED), task(DutyState.CANCELLED)], later) == ()
    assert [f.rule for f in duties.overdue([task(due_on=None)], later)] == ["governance.duty.no_due_date"]


def test_accountability_rests_on_a_late_task_and_commendation_on_one_closed_in_time():
    late = duties.record(task(), Conduct.ACCOUNTABILITY, date(2026, 6, 20), "leading_group", "逾期未报")
    assert (late.body, late.late_days) == ("town", 5)
    praised = duties.record(task(DutyState.CLOSED), Conduct.COMMENDATION, DUE, "leading_group", "提前完成")
    assert praised.late_days == 0
    for wrong, conduct in ((task(), Conduct.COMMENDATION), (task(DutyState.CLOSED), Conduct.ACCOUNTABILITY)):
        with pytest.raises(ValueError, match="no ground"):
            duties.record(wrong, conduct, DUE, "leading_group", "理由")


def test_no_body_enters_its_own_record():
    with pytest.raises(PermissionError):
        duties.record(task(DutyState.CLOSED), Conduct.COMMENDATION, DUE, "town", "理由")
