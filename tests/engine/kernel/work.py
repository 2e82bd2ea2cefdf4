"""Importable functions a worker can be asked: that answer, fail, or kill their worker."""

import os
import signal
import time
from pathlib import Path

from yipanqi.kernel.findings import Finding
from yipanqi.policy.rulebook import RulebookError


def half(number: int) -> int:
    """An exception for odd numbers."""
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2


def untravelable(_item: object) -> None:
    raise RulebookError((Finding("rulebook.invalid", file="town/x.yaml"),))


def worker_of(_item: object) -> int:
    time.sleep(0.05)
    return os.getpid()


def threads(_item: object) -> int:
    import polars as pl

    return pl.thread_pool_size()


def die_once(item: tuple[str, int]) -> int:
    """Kill the worker the first time each marked item is asked; the note says that it happened."""
    note, number = item
    if note and not Path(note).exists():
        Path(note).write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def die(item: int) -> int:
    if item < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return item
