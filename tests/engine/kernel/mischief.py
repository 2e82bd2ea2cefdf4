"""Functions that misbehave in every way a child can."""

import os
import subprocess
import time
from pathlib import Path


def untravelable(_argument: str) -> None:
    from yipanqi.kernel.findings import Finding
    from yipanqi.policy.rulebook import RulebookError

    raise RulebookError((Finding("rulebook.invalid", file="town/x.yaml"),))


def eat_numpy(size: int) -> int:
    import numpy as np

    return len(np.ones(size, np.uint8))


def eat_polars(size: int) -> int:
    import polars as pl

    return pl.select(pl.int_range(size)).height


def abort(_argument: None) -> None:
    os.abort()


def leave_a_grandchild(note: str) -> None:
    child = subprocess.Popen(["sleep", "60"])
    Path(note).write_text(str(child.pid))
    time.sleep(60)


def big_answer(size: int) -> list[bytes]:
    """Fits into 128 MiB once, but not a second time as the pickled answer."""
    return [bytes(size) for _ in range(60)]


def fill_the_disk(path: str) -> None:
    with open(path, "wb") as file:
        for _ in range(1_000):
            file.write(bytes(2**20))
