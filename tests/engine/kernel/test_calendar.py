"""Working days are counted by the published table; years without one are provisional, never an error."""

import csv
import os
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipanqi.kernel.calendar import Calendar, Deadline, calendar
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import load
from yipanqi.policy.wording import render

BOOK = load("jiading")
SHANGHAI = calendar(BOOK.document("calendar"))
NOON = 12.0
DAYS = st.dates(date(2003, 1, 1), date(2030, 12, 31))


def walk(book: Calendar, day: date, count: int) -> date:
    """The slow twin: one day at a time."""
    step = timedelta(days=1 if count >= 0 else -1)
    while count == 0 and not book.is_workday(day):
        day += step
    while count:
        day += step
        count -= book.is_workday(day) * (1 if count > 0 else -1)
    return day


def test_the_shipped_table_knows_the_national_day_of_2026() -> None:
    days = [date(2026, 9, 30) + timedelta(days=k) for k in range(11)]
    assert [d.isoformat() for d in days if SHANGHAI.is_workday(d)] == [
        "2026-09-30", "2026-10-08", "2026-10-09", "2026-10-10",
    ]  # fmt: skip
    assert SHANGHAI.years == frozenset(range(2004, 2027))


@given(DAYS, st.integers(-300, 300))
def test_adding_is_walking(day: date, count: int) -> None:
    assert SHANGHAI.add_workdays(day, count) == walk(SHANGHAI, day, count)


@given(DAYS, st.integers(1, 400))
def test_counting_undoes_adding(day: date, count: int) -> None:
    assert SHANGHAI.workdays_between(day, SHANGHAI.add_workdays(day, count)) == count
    back = SHANGHAI.add_workdays(day, -count)
    assert SHANGHAI.workdays_between(back - timedelta(days=1), day - timedelta(days=1)) == count


@given(DAYS, DAYS, DAYS)
def test_counts_add_up(a: date, b: date, c: date) -> None:
    count = SHANGHAI.workdays_between
    assert count(a, b) + count(b, c) == count(a, c)


def test_a_table_with_a_year_off_still_finds_the_next_working_day() -> None:
    whole = [date(2026, 1, 1) + timedelta(days=k) for k in range(365)]
    off = " ".join(d.strftime("%m-%d") for d in whole if d.weekday() < 5)
    idle = calendar({"years": {2026: {"closed": off}}})
    assert idle.add_workdays(date(2025, 12, 31), 1) == date(2027, 1, 1)
    assert idle.add_workdays(date(2027, 1, 1), -1) == date(2025, 12, 31)


@pytest.mark.parametrize(
    ("received", "workdays", "expected"),
    [
        (datetime(2026, 6, 15, 9), 5, Deadline(date(2026, 6, 23), False)),  # the Dragon Boat day, 06-19, lies between
        (datetime(2026, 6, 15, 12), 5, Deadline(date(2026, 6, 24), False)),  # at the cut-off hour
        (datetime(2026, 6, 15, 11, 59, 59), 5, Deadline(date(2026, 6, 23), False)),
        (datetime(2026, 6, 20, 9), 1, Deadline(date(2026, 6, 23), False)),  # Saturday: accepted on Monday
        (datetime(2026, 6, 15, 9), 0, Deadline(date(2026, 6, 15), False)),
        (datetime(2026, 12, 31, 9), 1, Deadline(date(2027, 1, 1), True)),  # nobody has published 2027
        (datetime(2003, 12, 31, 9), 1, Deadline(date(2004, 1, 2), True)),
    ],
)
def test_the_day_of_acceptance_is_not_counted(received: datetime, workdays: int, expected: Deadline) -> None:
    assert SHANGHAI.deadline(received, workdays, NOON) == expected


def test_a_last_day_off_rolls_on() -> None:
    assert SHANGHAI.deadline_in_days(date(2026, 9, 21), 10) == Deadline(date(2026, 10, 8), False)
    assert SHANGHAI.deadline_in_days(date(2026, 9, 20), 10) == Deadline(date(2026, 9, 30), False)


def test_a_provisional_deadline_says_so_in_words() -> None:
    late, firm = SHANGHAI.deadline(datetime(2026, 12, 31, 9), 1, NOON), SHANGHAI.deadline(datetime(2026, 1, 5), 1, NOON)
    assert firm.message is None
    assert render(late.message) == "2027年放假安排尚未录入，2027-01-01为暂定日期。"


@pytest.mark.parametrize("years", [{2026: {"closed": "01-03"}}, {2026: {"open": "01-05"}}, {2026: {"closed": "13-01"}}])
def test_a_wrong_table_is_refused(years: dict) -> None:
    with pytest.raises(ValueError, match=r"no exceptions|month must be|Invalid isoformat"):
        calendar({"years": years})


def test_an_empty_table_knows_only_weekdays() -> None:
    bare = calendar({})
    assert bare.add_workdays(date(2026, 10, 2), 1) == date(2026, 10, 5)
    assert bare.is_provisional(date(2026, 1, 1), date(2026, 1, 2))


def test_the_cut_off_hour_is_a_parameter_and_assumed() -> None:
    assert number(BOOK, "calendar.cut_off_hours", date(2026, 1, 1)) == 17


def test_the_table_agrees_with_the_package_it_was_taken_from() -> None:
    package = pytest.importorskip("chinese_calendar")
    days = [date(2004, 1, 1) + timedelta(days=k) for k in range((date(2026, 12, 31) - date(2004, 1, 1)).days + 1)]
    assert [d for d in days if SHANGHAI.is_workday(d) != package.is_workday(d)] == []


@pytest.mark.real_data
@pytest.mark.skipif("YIPANQI_REAL_DATA" not in os.environ, reason="no real data")
def test_the_table_agrees_with_the_real_one() -> None:
    path = Path(os.environ["YIPANQI_REAL_DATA"]) / "cn_workday_calendar_2004_2026.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wrong = [r for r in rows if SHANGHAI.is_workday(date.fromisoformat(r["date"])) != (r["is_workday"] == "1")]
    assert wrong == []
