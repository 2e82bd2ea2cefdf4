"""A child that eats, hangs or dies is stopped and named; its siblings' answers keep their order."""

import time

import pytest

from yipanqi.kernel.executor import Exhausted, Limit, apart

ROOM = {"cpu_s": 10, "memory_bytes": 2**30, "wall_s": 30}


def test_the_answer_of_the_child_comes_back() -> None:
    assert apart("math:sqrt", 9.0, **ROOM) == 3.0


def test_an_exception_of_the_function_is_raised_here() -> None:
    with pytest.raises(ValueError, match=r"math domain error|nonnegative"):
        apart("math:sqrt", -1.0, **ROOM)


def test_an_exception_that_cannot_travel_arrives_with_its_text() -> None:
    with pytest.raises(RuntimeError, match=r"RulebookError: town/x\.yaml"):
        apart("engine.kernel.mischief:untravelable", "x", **ROOM)


@pytest.mark.parametrize(
    ("task", "argument", "room", "reason"),
    [
        ("builtins:bytearray", 2**31, ROOM, Limit.MEMORY),
        ("engine.kernel.mischief:eat_numpy", 2**31, ROOM, Limit.MEMORY),
        ("engine.kernel.mischief:eat_polars", 2**28, ROOM, Limit.MEMORY),
        ("math:factorial", 10_000_000, ROOM | {"cpu_s": 1}, Limit.CPU),
        ("time:sleep", 60, ROOM | {"wall_s": 0.5}, Limit.WALL),
        ("engine.kernel.mischief:abort", None, ROOM, Limit.CRASH),
        ("os:_exit", 0, ROOM, Limit.CRASH),
    ],
)
def test_a_child_that_does_not_come_back_says_why(task: str, argument: object, room: dict, reason: Limit) -> None:
    with pytest.raises(Exhausted) as caught:
        apart(task, argument, **room)
    assert caught.value.reason == reason


def test_the_wall_clock_takes_what_the_child_started_too(tmp_path) -> None:
    note = tmp_path / "grandchild"
    with pytest.raises(Exhausted):
        apart("engine.kernel.mischief:leave_a_grandchild", str(note), **(ROOM | {"wall_s": 2.0}))
    grandchild = int(note.read_text())
    deadline = time.monotonic() + 2
    while _alive(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(grandchild)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_answer_must_fit_into_the_memory_too() -> None:
    with pytest.raises(Exhausted) as caught:
        apart("engine.kernel.mischief:big_answer", 2**20, **(ROOM | {"memory_bytes": 2**27}))
    assert caught.value.reason == Limit.MEMORY


def test_a_child_cannot_fill_the_disk(tmp_path) -> None:
    with pytest.raises(OSError, match="File too large"):
        apart("engine.kernel.mischief:fill_the_disk", str(tmp_path / "big"), **(ROOM | {"memory_bytes": 2**26}))
    assert (tmp_path / "big").stat().st_size <= 2**26
