"""Work in other processes: one untrusted task in a limited child, or many trusted ones side by side.

``apart`` is how every file of a user is opened: the child has an address space, CPU seconds and a wall clock, and
takes nothing with it when it goes. It costs the start of a Python and what the task imports (0.05 s for the standard
library, 0.5 s with polars). POSIX only: the limits are ``setrlimit``'s.
"""

import importlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from math import ceil
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Limit(StrEnum):
    """What stopped a child: its CPU seconds, its memory, the wall clock, or a crash of its own."""

    CPU = "cpu"
    MEMORY = "memory"
    WALL = "wall"
    CRASH = "crash"


class Exhausted(Exception):  # noqa: N818 - it is an outcome, not a mistake
    """A child that did not come back with an answer; ``reason`` says what stopped it."""

    def __init__(self, reason: Limit) -> None:
        super().__init__(reason)
        self.reason = reason


#: Thread pools reserve address space for every thread, and a limited child has little of it.
_ONE_THREAD: Mapping[str, str] = MappingProxyType(
    {"POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
)
_CHILD = "import sys; from yipanqi.kernel.executor import _serve; _serve(sys.argv[1])"
#: What native libraries print before they abort for want of memory (Rust, C++, OpenBLAS).
_OUT_OF_MEMORY = (b"memory allocation of", b"bad_alloc", b"Cannot allocate memory")


def apart(task: str, argument: Any, *, cpu_s: float, memory_bytes: int, wall_s: float) -> Any:
    """What the function named ``"module:function"`` returns for the argument, computed in a fresh limited child.

    The child has no standard input, ``memory_bytes`` of address space (polars alone reserves 0.5 GiB), ``cpu_s`` of
    CPU time (rounded up to seconds, imports included) and may write no file larger than its memory; at ``wall_s`` it
    is killed together with everything it started. Argument and answer are pickled. An exception of the function is
    raised here as if it had been called directly; one that cannot be pickled arrives as ``RuntimeError``.

    Raises:
        Exhausted: the child ran out of CPU time, memory or wall clock, or crashed.

    >>> apart("math:sqrt", 9.0, cpu_s=5, memory_bytes=2**30, wall_s=20)
    3.0
    """
    with tempfile.TemporaryDirectory(prefix="yipanqi-") as name:
        folder = Path(name)
        call = (task, argument, ceil(cpu_s), memory_bytes, sys.path)
        (folder / "call").write_bytes(pickle.dumps(call))
        status, complaint = _run(folder, wall_s)
        answer = folder / "answer"
        if status == 0 and answer.exists():
            kind, value = pickle.loads(answer.read_bytes())
            if kind == "returned":
                return value
            if kind == "raised":
                raise value
            raise Exhausted(Limit.MEMORY)
        raise Exhausted(_reason(status, complaint))


def _run(folder: Path, wall_s: float) -> tuple[int | None, bytes]:
    """The child's exit status, None when the wall clock ended it, and the end of what it wrote to standard error."""
    with (folder / "errors").open("wb") as errors:
        child = subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, **_ONE_THREAD},
            start_new_session=True,
        )
        status: int | None = None
        try:
            status = child.wait(timeout=wall_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    return status, (folder / "errors").read_bytes()[-65_536:]


def _reason(status: int | None, complaint: bytes) -> Limit:
    if status is None:
        return Limit.WALL
    if status == -signal.SIGXCPU:
        return Limit.CPU
    return Limit.MEMORY if any(words in complaint for words in _OUT_OF_MEMORY) else Limit.CRASH


def _serve(folder: str) -> None:
    """The child's side: take the call from the folder, limit yourself, leave the answer there."""
    task, argument, cpu_s, memory_bytes, path = pickle.loads((Path(folder) / "call").read_bytes())
    sys.path[:] = path
    _limit(cpu_s, memory_bytes)
    try:
        module, _, function = task.partition(":")
        answer = pickle.dumps(("returned", getattr(importlib.import_module(module), function)(argument)))
    except MemoryError:
        answer = pickle.dumps(("memory", None))
    except Exception as error:
        answer = _raised(error)
    (Path(folder) / "answer").write_bytes(answer)


def _limit(cpu_s: int, memory_bytes: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))


def _raised(error: Exception) -> bytes:
    """The exception as an answer; as a ``RuntimeError`` with its text when it does not survive the journey."""
    try:
        answer = pickle.dumps(("raised", error))
        pickle.loads(answer)
    except Exception:
        return pickle.dumps(("raised", RuntimeError(f"{type(error).__name__}: {error}")))
    return answer


def spread(function: Callable[[Item], Answer], items: Sequence[Item], *, workers: int = 1) -> list[Answer]:
    """The answers of the function in the order of the items, the same whatever the number of workers.

    With one worker, or one item, everything happens here. Otherwise in fresh processes (never forked: polars' threads
    do not survive a fork), so the function must be importable and items and answers picklable; an exception of the
    function is raised here.

    Raises:
        Exhausted: a worker died.

    >>> spread(abs, [3, -2])
    [3, 2]
    """
    if workers <= 1 or len(items) <= 1:
        return [function(item) for item in items]
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    count = min(workers, len(items))
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        try:
            return list(pool.map(function, items, chunksize=ceil(len(items) / (4 * count))))
        except BrokenProcessPool as error:
            raise Exhausted(Limit.CRASH) from error


def _one_thread() -> None:
    os.environ.update(_ONE_THREAD)
