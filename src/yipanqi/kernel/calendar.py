"""工作日: the working days of a calendar given as data, and the deadlines counted in them.

The table names only the exceptions from Monday-to-Friday, year by year. A year it does not name is counted by weekdays
alone, and whatever reaches into such a year is provisional (暂定); it never raises.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from yipanqi.kernel.findings import Message

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Deadline:
    """The last day of a period; provisional where a year without published holidays was counted."""

    on: date
    provisional: bool

    @property
    def message(self) -> Message | None:
        """What to tell the reader of a provisional deadline; None for a firm one."""
        if not self.provisional:
            return None
        return Message("calendar.provisional", {"year": self.on.year, "on": self.on.isoformat()})


@dataclass(frozen=True)
class Calendar:
    """Working days: Monday to Friday, less the weekdays off, plus the weekend days worked (both sorted)."""

    off: tuple[date, ...]
    work: tuple[date, ...]
    years: frozenset[int]

    def is_workday(self, day: date) -> bool:
        """Whether the day is worked."""
        return self._worked(day.toordinal()) > self._worked(day.toordinal() - 1)

    def is_provisional(self, start: date, end: date) -> bool:
        """Whether a year between the two days, both included, has no published holidays."""
        return not set(range(start.year, end.year + 1)) <= self.years

    def workdays_between(self, start: date, end: date) -> int:
        """How many working days come after ``start``, up to and with ``end``; negative where ``end`` is earlier."""
        return self._worked(end.toordinal()) - self._worked(start.toordinal())

    def add_workdays(self, day: date, count: int) -> date:
        """The ``count``-th working day after the day, or before it for a negative count.

        A count of 0 gives the day itself if it is worked, else the next working day.
        """
        start = day.toordinal()
        target = self._worked(start) + count if count > 0 else self._worked(start - 1) + count + 1
        low, high = (start, start + 64 + 2 * count) if count >= 0 else (start + 2 * count - 64, start)
        while self._worked(low) >= target:
            low -= 64
        while self._worked(high) < target:
            high += 64
        return date.fromordinal(bisect_left(range(high), target, lo=low, key=self._worked))

    def deadline(self, received: datetime, workdays: int, cut_off_hours: float) -> Deadline:
        """The last of so many working days after something was received.

        The day of acceptance is not counted. What arrives on a day off, or at or after the cut-off hour, counts as
        accepted on the next working day.
        """
        late = received.hour + received.minute / 60 + received.second / 3600 >= cut_off_hours
        accepted = self.add_workdays(received.date() + _DAY if late else received.date(), 0)
        on = self.add_workdays(accepted, workdays) if workdays > 0 else accepted
        return Deadline(on, self.is_provisional(received.date(), on))

    def deadline_in_days(self, accepted: date, days: int) -> Deadline:
        """The last of so many calendar days after the day of acceptance; a last day off rolls on to a working day."""
        on = self.add_workdays(accepted + timedelta(days=days), 0)
        return Deadline(on, self.is_provisional(accepted, on))

    def _worked(self, ordinal: int) -> int:
        """How many working days there are from the first Monday of the calendar to a day, both included."""
        weeks, rest = divmod(ordinal, 7)  # ordinal 1 is a Monday
        day = date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))
        return weeks * 5 + min(rest, 5) - bisect_right(self.off, day) + bisect_right(self.work, day)


def calendar(document: Mapping[str, Any]) -> Calendar:
    """The calendar of a rulebook document: ``years: {2026: {closed: "01-01 01-02 …", open: "01-04 …"}}``.

    ``closed`` lists the weekdays off, ``open`` the weekend days worked, as month-day; YAML reads ``off`` as false.

    Raises:
        ValueError: an entry is no date, a weekend day stands as off, or a weekday as worked.

    >>> book = calendar({"years": {2026: {"closed": "01-01 01-02", "open": "01-04"}}})
    >>> book.add_workdays(date(2025, 12, 31), 1).isoformat()
    '2026-01-04'
    """
    years = document.get("years") or {}
    off, work = (
        tuple(
            sorted(
                date.fromisoformat(f"{year}-{day}") for year, y in years.items() for day in (y.get(kind) or "").split()
            )
        )
        for kind in ("closed", "open")
    )
    if wrong := [d for d in off if d.weekday() >= 5] + [d for d in work if d.weekday() < 5]:
        raise ValueError(f"no exceptions from the working week: {', '.join(map(str, wrong))}")
    return Calendar(off, work, frozenset(int(year) for year in years))
