"""Work in other processes: one untrusted task in a limited child, or many trusted ones side by side.

``apart`` is how every file of a user is opened: the child has an address space, CPU seconds and a wall clock, and
takes nothing with it when it goes. It costs the start of a Python and what the task imports (0.05 s for the standard
library, 0.5 s with polars). POSIX only: the limits are ``setrlimit``'s.

``map`` and ``ended`` ask one function about many items: here, in processes of this machine, or on the workers of a
Dask cluster. Where is a question of time alone: an item and its answer travel as the same pickled bytes, a worker that
dies is replaced and its item asked again, and workers with another engine are refused.
"""

import hashlib
import importlib
import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.metadata import version
from math import ceil
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast

if TYPE_CHECKING:  # a child imports this module before it is limited: nothing heavy here
    from concurrent.futures import Future, ProcessPoolExecutor

    from yipanqi.kernel.findings import Message

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
        answer = pickle.dumps(("raised", _travelling(error)))
    (Path(folder) / "answer").write_bytes(answer)


def _limit(cpu_s: int, memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))


def _travelling(error: Exception) -> Exception:
    """The exception, or a ``RuntimeError`` with its text when it does not survive the journey."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


@dataclass(frozen=True)
class Serial:
    """Everything here, one item after the other."""


@dataclass(frozen=True)
class Processes:
    """Fresh processes of this machine: never forked, for polars' threads do not survive a fork; one thread each."""

    workers: int


@dataclass(frozen=True)
class Dask:
    """The workers of the Dask scheduler at ``tcp://host:port`` or ``tls://host:port``; needs the extra ``[cluster]``.

    A scheduler does what any client asks of it: ``tcp`` only inside a network of one's own.
    """

    address: str


Executor: TypeAlias = Serial | Processes | Dask


class Refused(Exception):  # noqa: N818 - it is an outcome, not a mistake
    """A cluster that cannot be used; ``message`` says why (ids ``executor.*``)."""

    def __init__(self, message: "Message") -> None:
        super().__init__(f"{message.id} {dict(message.params)}")
        self.message = message


@dataclass(frozen=True)
class Cost:
    """What an answer took: seconds, the most memory its worker had held by then, and which worker it was.

    Beside the answer and never in it: costs differ from run to run.
    """

    seconds: float
    peak_bytes: int
    worker: str


@dataclass(frozen=True)
class Ended(Generic[Answer]):
    """One item after its work: the answer or the exception of the function (``Exhausted``: its workers died)."""

    index: int
    result: Answer | None
    error: Exception | None
    #: None where no worker came back.
    cost: Cost | None

    def answer(self) -> Answer:
        """The answer; raises what the function raised."""
        if self.error is not None:
            raise self.error
        return cast("Answer", self.result)


_DECIDING = ("highspy", "numba", "numpy", "polars", "pyogrio", "shapely", "typst", "xlsxwriter")
#: How many workers may die over one item before it is given up; a Dask scheduler has its own ``allowed-failures``.
DEATHS = 4


def map(function: Callable[[Item], Answer], items: Sequence[Item], *, executor: Executor | None = None) -> list[Answer]:
    """The answers of the function in the order of the items, the same whoever executes (default: ``Serial``).

    Elsewhere than here the function must be importable there, items and answers picklable. Every item is asked; then
    the exception of the first that failed is raised (as ``RuntimeError`` with its text when it cannot travel).

    Raises:
        Exhausted: workers died over an item, ``DEATHS`` of them.
        Refused: the cluster cannot be used.

    >>> map(abs, [3, -2])
    [3, 2]
    """
    found = sorted(ended(function, items, executor=executor or Serial()), key=lambda one: one.index)
    return [one.answer() for one in found]


def ended(function: Callable[[Item], Answer], items: Sequence[Item], *, executor: Executor) -> Iterator[Ended[Answer]]:
    """Every item as its work ends, in any order; nothing is kept, so that answers may be large. See ``map``.

    Raises:
        Refused: the cluster cannot be used, or was lost on the way.
    """
    if isinstance(executor, Serial):
        yield from _here(function, items)
        return
    parcels = (pickle.dumps((function, item)) for item in items)
    if isinstance(executor, Processes):
        told = _in_processes(parcels, min(executor.workers, len(items)))
    else:
        from yipanqi.kernel import _cluster

        told = _cluster.carried(executor.address, parcels)
    for index, parcel in told:
        if parcel is None:
            yield Ended(index, None, Exhausted(Limit.CRASH), None)
            continue
        (kind, value), cost = pickle.loads(parcel)
        yield Ended(index, value, None, cost) if kind == "returned" else Ended(index, None, value, cost)


def _here(function: Callable[[Item], Answer], items: Sequence[Item]) -> Iterator[Ended[Answer]]:
    for index, item in enumerate(items):
        began = time.monotonic()
        try:
            answer = function(item)
        except Exception as error:
            yield Ended(index, None, error, _cost(began))
        else:
            yield Ended(index, answer, None, _cost(began))


def _in_processes(parcels: Iterable[bytes], workers: int) -> Iterator[tuple[int, bytes | None]]:
    """Each parcel's answer as it comes, None when ``DEATHS`` workers died over it.

    A pool of one process for each worker, so that a death is one item's and leaves the others alone.
    """
    from concurrent.futures import FIRST_COMPLETED, wait

    waiting, again = iter(enumerate(parcels)), deque[tuple[int, bytes]]()
    deaths: Counter[int] = Counter()
    free = [_pool() for _ in range(max(workers, 1))]
    running: dict[Future[bytes], tuple[int, bytes, ProcessPoolExecutor]] = {}
    try:
        while True:
            while free and (job := again.popleft() if again else next(waiting, None)):
                future, pool = _submitted(free.pop(), job[1])
                running[future] = (*job, pool)
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                index, parcel, pool = running.pop(future)
                answer, pool = _taken(future, pool)
                free.append(pool)
                deaths[index] += answer is None
                if answer is None and deaths[index] < DEATHS:
                    again.append((index, parcel))
                else:
                    yield index, answer
    finally:
        for pool in [*free, *(pool for _, _, pool in running.values())]:
            pool.shutdown(cancel_futures=True)


def _submitted(pool: "ProcessPoolExecutor", parcel: bytes) -> "tuple[Future[bytes], ProcessPoolExecutor]":
    """The parcel under way, and its pool: a new one where the process died while it had nothing to do."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        return pool.submit(carry, parcel), pool
    except BrokenProcessPool:
        pool.shutdown()
        pool = _pool()
        return pool.submit(carry, parcel), pool


def _taken(future: "Future[bytes]", pool: "ProcessPoolExecutor") -> "tuple[bytes | None, ProcessPoolExecutor]":
    """What came back, and the pool; None and a new pool where the process died."""
    from concurrent.futures.process import BrokenProcessPool

    try:
        return future.result(), pool
    except BrokenProcessPool:
        pool.shutdown()
        return None, _pool()


def _pool() -> "ProcessPoolExecutor":
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_one_thread)


def _one_thread() -> None:
    os.environ.update(_ONE_THREAD)


def carry(parcel: bytes) -> bytes:
    """The worker's side: the parcel's function asked about its item; what came of it and its cost, as a parcel."""
    began = time.monotonic()
    try:
        function, item = pickle.loads(parcel)
        outcome = ("returned", function(item))
        return pickle.dumps((outcome, _cost(began)))
    except Exception as error:
        return pickle.dumps((("raised", _travelling(error)), _cost(began)))


def _cost(began: float) -> Cost:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Cost(time.monotonic() - began, peak, f"{os.uname().nodename}:{os.getpid()}")


@lru_cache(maxsize=1)
def edition() -> str:
    """Engine version and a digest of what decides an answer: code, rulebooks, Python, and the libraries that compute.

    Two workers of one edition give the same bytes on processors of one kind.
    """
    found = (sys.version_info[:2], *((name, version(name)) for name in _DECIDING))
    whole = hashlib.sha256(repr(found).encode())
    for package in ("yipanqi", "yipanqi_rulebooks"):
        root = Path(importlib.import_module(package).__path__[0])
        for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".yaml", ".csv")):
            whole.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return f"{version('yipanqi')}-{whole.hexdigest()[:12]}"
