"""机构: which bodies a district has on a day, and what they are called then."""

from datetime import date

from yipanqi.governance.profile import Body, BodyKind, Profile


def bodies(profile: Profile, on: date | None = None) -> dict[str, Body]:
    """The bodies that exist on a day, by id; null ``on``: when the last of the profile's statements holds.

    >>> from yipanqi.governance import profile
    >>> from yipanqi.policy import rulebook
    >>> jiading = profile.read(rulebook.load("jiading"))
    >>> "joint_conference" in bodies(jiading, date(2015, 1, 1)), "leading_group" in bodies(jiading, date(2015, 1, 1))
    (True, False)
    """
    day = on or profile.latest()
    return {key: body for key, body in profile.bodies.items() if body.in_force(day)}


def of_kind(profile: Profile, kind: BodyKind, on: date | None = None) -> tuple[str, ...]:
    """The ids of the bodies of one kind that exist on a day, sorted."""
    return tuple(sorted(key for key, body in bodies(profile, on).items() if body.kind is kind))


def title(profile: Profile, body: str, on: date, language: str = "zh") -> str:
    """What a body is called on a day: its own name, or its successor's from the day that took over.

    Raises:
        KeyError: the profile has no such body.

    >>> from yipanqi.governance import profile
    >>> from yipanqi.policy import rulebook
    >>> title(profile.read(rulebook.load("jiading")), "planning_department", date(2026, 1, 1))
    '区规划资源局'
    """
    entry = profile.bodies[body]
    named = entry.successor if entry.successor is not None and entry.successor.since <= on else entry
    return named.title_zh if language == "zh" else named.title_en
