"""A Dask scheduler and its workers as processes of their own over TCP, the second worker in a second host if wanted.

The second host is a network namespace with an address of its own, joined to this one by a veth pair; root is needed.
Everything started is ended by its own id.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

_HERE, _THERE = "10.213.77.1", "10.213.77.2"
_ONE_THREAD = ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")


class NoSecondHostError(Exception):
    """The machine makes no network namespace; the text says why."""


@contextmanager
def cluster(workers: int = 2, *, second_host: bool = False) -> Iterator[str]:
    """The address of a scheduler with so many workers of one thread; the last of them in the second host if wanted.

    Raises:
        NoSecondHostError: no network namespace can be made here.
    """
    with ExitStack() as stack:
        enter = stack.enter_context(_second_host()) if second_host else []
        here = _HERE if second_host else "127.0.0.1"
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="yipanqi-dask-")))
        note = folder / "scheduler.json"
        where = ["--host", here, "--port", "0", "--no-dashboard", "--scheduler-file", str(note)]
        stack.enter_context(_running(["distributed.cli.dask_scheduler", *where], []))
        address = _address(note)
        for number in range(workers):
            there = second_host and number == workers - 1
            at = [address, "--host", _THERE if there else here, "--nthreads", "1", "--no-dashboard"]
            at += ["--local-directory", str(folder / str(number)), "--memory-limit", "3GiB"]
            stack.enter_context(_running(["distributed.cli.dask_worker", *at], enter if there else []))
        yield address


@contextmanager
def _running(module: list[str], enter: list[str]) -> Iterator[None]:
    process = subprocess.Popen(
        [*enter, sys.executable, "-m", *module],
        env=os.environ | dict.fromkeys(_ONE_THREAD, "1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def _second_host() -> Iterator[list[str]]:
    """The words that enter a new network namespace before a command."""
    name = f"yipanqi-{os.getpid()}"
    outer, inner = f"yqo{os.getpid() % 10**6}", f"yqi{os.getpid() % 10**6}"
    try:
        _ip("netns", "add", name)
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
        _ip("link", "set", inner, "netns", name)
        _ip("addr", "add", f"{_HERE}/30", "dev", outer)
        _ip("link", "set", outer, "up")
        _ip("-n", name, "addr", "add", f"{_THERE}/30", "dev", inner)
        _ip("-n", name, "link", "set", inner, "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield ["ip", "netns", "exec", name]
    finally:
        for words in (("link", "delete", outer), ("netns", "delete", name)):
            with suppress(NoSecondHostError):
                _ip(*words)


def _ip(*words: str) -> None:
    try:
        subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NoSecondHostError("there is no `ip`") from None
    except subprocess.CalledProcessError as error:
        raise NoSecondHostError(f"`ip {' '.join(words)}`: {error.stderr.strip()}") from None


def _address(note: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return str(json.loads(note.read_text(encoding="utf-8"))["address"])
        time.sleep(0.05)
    raise TimeoutError("the scheduler did not start")
