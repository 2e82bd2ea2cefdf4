"""A Dask cluster of one's own for a test: a scheduler and workers as separate processes over TCP on this machine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).parent


@dataclass
class Cluster:
    """Where the scheduler listens, and the processes started."""

    address: str
    started: list[subprocess.Popen] = field(default_factory=list)

    def add_worker(self, *options: str, folder: Path, path: str = "") -> None:
        """One more worker; its own ``path`` of modules before the tests'."""
        command = ["distributed.cli.dask_worker", self.address, "--no-dashboard", "--local-directory", str(folder)]
        self.started.append(start([*command, *(options or ("--nthreads", "1"))], path))


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster whose processes are ended, each by its own id, whatever happens."""
    folder.mkdir(exist_ok=True)
    note = folder / "scheduler.json"
    command = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    scheduler = start([*command, "--scheduler-file", str(note)])
    made = Cluster("", [scheduler])
    try:
        made.address = address_in(note)
        for _ in range(workers):
            made.add_worker(folder=folder)
        yield made
    finally:
        for process in reversed(made.started):
            end(process)


def start(command: list[str], path: str = "") -> subprocess.Popen:
    """A Python module with its arguments as a process group of its own."""
    paths = os.pathsep.join(part for part in (path, str(TESTS), os.environ.get("PYTHONPATH", "")) if part)
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, "PYTHONPATH": paths, "POLARS_MAX_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def end(process: subprocess.Popen) -> None:
    """End a process with everything it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def address_in(note: Path) -> str:
    """The address a scheduler has written down."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return str(json.loads(note.read_text(encoding="utf-8"))["address"])
        time.sleep(0.05)
    raise TimeoutError("the scheduler did not start")
