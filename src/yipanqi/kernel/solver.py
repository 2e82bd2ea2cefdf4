"""Linear and mixed-integer optimisation in a child process: the only door to HiGHS.

``solve`` answers one model; ``open_values`` answers a family of linear programmes that differ only in which columns
are open. Both run in a child that is kept for the next call, killed when it overruns its wall time and ended with the
process. Stopping is counted in the solver's own work, so the same call gives the same answer on every machine; wall
time is only a safety net, and an answer it cut short says so (``Status.TIME``).
"""

import atexit
import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: After the solver's own time limit has passed, the child gets this much longer before it is killed.
_GRACE_S = 5.0
_TOLERANCE = 1e-7
#: A relaxation of more columns than this is solved over few of them: ``solve_relaxed``.
_WHOLE_MOST_COLUMNS = 20_000
#: HiGHS' code for a basic row or column.
_BASIC = 1


class Status(StrEnum):
    """Why the solver ended: optimal, work used up, wall time passed, or no solution exists."""

    OPTIMAL = "optimal"
    WORK = "work"
    TIME = "time"
    INFEASIBLE = "infeasible"


@dataclass(frozen=True)
class Model:
    """Maximise ``cost·x`` subject to ``row_lower ≤ A x ≤ row_upper``, ``lower ≤ x ≤ upper``, x whole where integral.

    ``A`` is compressed by rows: row i holds ``columns[starts[i]:starts[i+1]]`` with ``weights``. Bounds may be ±inf.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    integral: Bools
    starts: Ints
    columns: Ints
    weights: Floats
    row_lower: Floats
    row_upper: Floats

    @property
    def row_of(self) -> Ints:
        """The row of each entry of ``columns``."""
        return np.repeat(np.arange(self.row_lower.size), np.diff(self.starts))

    @property
    def relaxed(self) -> "Model":
        """The linear relaxation: nothing need be whole."""
        return replace(self, integral=np.zeros_like(self.integral))

    def activity(self, x: Floats) -> Floats:
        """``A x``."""
        return _sums(self.row_of, self.weights * x[self.columns], self.row_lower.size)

    def priced(self, row_prices: Floats) -> Floats:
        """``cost − Aᵀ y``: what each column earns beyond the price of what it takes."""
        taken = _sums(self.columns, self.weights * row_prices[self.row_of], self.cost.size)
        return self.cost - taken


def _sums(places: Ints, values: Floats, count: int) -> Floats:
    return np.bincount(places, values, minlength=count).astype(np.float64, copy=False)


def by_rows(rows: Ints, columns: Ints, weights: Floats, row_count: int) -> tuple[Ints, Ints, Floats]:
    """``starts``, ``columns`` and ``weights`` of a model from its entries in any order; equal places are added up.

    >>> starts, columns, weights = by_rows(np.array([1, 0, 1]), np.array([0, 2, 0]), np.array([1.0, 2.0, 3.0]), 2)
    >>> starts.tolist(), columns.tolist(), weights.tolist()
    ([0, 1, 2], [2, 0], [2.0, 4.0])
    """
    order = np.lexsort((weights, columns, rows))
    rows, columns, weights = rows[order], columns[order], weights[order]
    first = np.ones(rows.size, dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
    summed = np.add.reduceat(weights, np.flatnonzero(first)) if rows.size else weights
    starts = np.concatenate(([0], np.cumsum(np.bincount(rows[first], minlength=row_count)))).astype(np.int64)
    return starts, columns[first].astype(np.int64), summed.astype(np.float64)


@dataclass(frozen=True)
class Basis:
    """Where a linear programme ended, as a start for one like it: the state of each column and row."""

    columns: Ints
    rows: Ints

    def with_rows(self, count: int) -> "Basis":
        """The basis of the same programme with rows added at its end, ``count`` in all."""
        return Basis(self.columns, np.concatenate([self.rows, np.full(count - self.rows.size, _BASIC)]))


@dataclass(frozen=True)
class Solution:
    """The best x found (None: none), its value, a bound no x can beat, and for linear models the duals.

    ``row_prices`` are what one more unit of each row's upper (or one less of its lower) bound would add to the value;
    empty for integer models. ``checks`` counts the places where the solver asked whether to go on. ``seconds`` is for
    keeping a safety net only: it differs from run to run. ``basis``: of a linear model solved to its optimum.
    """

    x: Floats | None
    value: float
    bound: float
    row_prices: Floats
    status: Status
    nodes: int
    checks: int
    iterations: int = 0
    seconds: float = 0.0
    basis: Basis | None = None


@dataclass(frozen=True)
class Limits:
    """When to stop: branch-and-bound nodes and check points of the solver (reproducible), wall time (the safety net).

    ``restarts``: whether the solver may begin anew with what it has learnt; pays on large models only.
    """

    nodes: int = 1_000_000
    checks: int = 1_000_000
    wall_s: float = 600.0
    restarts: bool = True


def _unwatched(answer: Solution) -> None:
    """Nobody looks on."""


def solve(
    model: Model,
    limits: Limits,
    start: Floats | Basis | None = None,
    *,
    watch: Callable[[Solution], None] = _unwatched,
) -> Solution:
    """The optimum of the model, or the best found when the limits are reached.

    ``start`` is a feasible x to begin with (an infeasible one is not used) or, for a linear model, the basis of one
    like it. The same model, limits and start give the same solution unless the status is TIME. A model without
    integral columns is solved as a linear programme by the simplex method and has row prices. ``watch`` is told every
    better answer as it is found.

    Raises:
        RuntimeError: the solver refused the model (not finite, unbounded) or its child died of something else than
            its wall time.
    """
    if model.cost.size == 0:
        return _of_nothing(model)
    x = start if isinstance(start, np.ndarray) else None
    best = Solution(x, -np.inf if x is None else float(model.cost @ x), np.inf, np.zeros(0), Status.TIME, 0, 0)
    began = time.monotonic()
    for answer in _ask("solve", (model, limits, start), limits.wall_s):
        best = answer
        watch(answer)
    return replace(best, seconds=time.monotonic() - began)


def solve_relaxed(model: Model, limits: Limits) -> Solution:
    """The optimum of the model's linear relaxation, with row prices; a large one is solved over its few useful columns.

    Where several x or prices are optimal, which of them is given differs between the two ways, the value does not.
    Same model, same answer. ``basis`` is missing for a large model.

    Raises:
        RuntimeError: as ``solve``.
    """
    if model.cost.size <= _WHOLE_MOST_COLUMNS:
        return solve(model.relaxed, limits)
    late = Solution(None, -np.inf, np.inf, np.zeros(0), Status.TIME, 0, 0)
    return next(iter(_ask("solve_relaxed", (model.relaxed, limits), limits.wall_s)), late)


def _of_nothing(model: Model) -> Solution:
    """The answer of a model without columns: 0, if its rows allow that nothing is taken."""
    prices = np.zeros(model.row_lower.size)
    if (model.row_lower > _TOLERANCE).any() or (model.row_upper < -_TOLERANCE).any():
        return Solution(None, -np.inf, -np.inf, prices, Status.INFEASIBLE, 0, 0)
    return Solution(np.zeros(0), 0.0, 0.0, prices, Status.OPTIMAL, 0, 0)


@dataclass(frozen=True)
class Family:
    """Linear programmes that differ in who takes part: one for each mask, whose set bits are the members.

    A column is open when its ``tags`` bits all lie in the mask (0: always), else fixed at its lower bound. The upper
    bound of each of ``rows`` is ``rest`` plus the ``endowments`` (rows × members) of those who take part.
    """

    model: Model
    tags: Ints
    masks: Ints
    rows: Ints
    rest: Floats
    endowments: Floats


def open_values(family: Family, wall_s: float = 600.0) -> Floats:
    """The optimum of each programme of the family; −inf for one without a solution.

    Each is solved over the few columns that matter, the others priced out, from the basis of the one before: masks
    that follow each other should differ little.

    Raises:
        TimeoutError: the wall time passed first.
    """
    answers = list(_ask("open_values", (family,), wall_s))
    if not answers:
        raise TimeoutError(f"{family.masks.size} linear programmes took longer than {wall_s} s")
    return np.asarray(answers[-1])


# --- the parent's side -------------------------------------------------------------------------------------------


class _Child:
    """A running child and the thread that reads its answers; belongs to the process that started it."""

    def __init__(self) -> None:
        code = f"import sys; sys.path[:] = {sys.path!r}; from yipanqi.kernel.solver import serve; serve()"
        self.process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.owner = os.getpid()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        try:
            while True:
                self.answers.put(pickle.load(self._stdout))
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            self.answers.put(("gone", None))

    @property
    def _stdout(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def send(self, message: object) -> None:
        assert self.process.stdin is not None
        pickle.dump(message, self.process.stdin, protocol=5)
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):  # what was still in the buffer of a killed child
                pipe.close()


_lock = threading.Lock()
_running: list[_Child] = []


@atexit.register
def _end() -> None:
    while _running:
        child = _running.pop()
        if child.owner == os.getpid():
            child.end()


def _child() -> _Child:
    """The running child of this process; a child inherited by a fork belongs to the parent and is left alone."""
    if _running and (_running[0].owner != os.getpid() or _running[0].process.poll() is not None):
        _running.pop()
    if not _running:
        _running.append(_Child())
    return _running[0]


def _ask(name: str, arguments: tuple[Any, ...], wall_s: float) -> Iterator[Any]:
    """The answers of the child, better and better; fewer when it had to be killed."""
    with _lock:
        child = _child()
        finished = False
        try:
            child.send((name, arguments))
            deadline = time.monotonic() + wall_s + _GRACE_S
            while True:
                try:
                    kind, answer = child.answers.get(timeout=max(0.0, deadline - time.monotonic()))
                except queue.Empty:
                    return
                if kind in ("gone", "error"):
                    raise RuntimeError(answer or "the solver's process died")
                if answer is not None:
                    yield answer
                if kind == "last":
                    finished = True
                    return
        finally:
            if not finished:
                _running.clear()
                child.end()


# --- the child's side --------------------------------------------------------------------------------------------


def serve() -> None:
    """Answer questions from standard input until it closes. What the solver prints is thrown away."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    from yipanqi.kernel import _columns, _highs

    tasks: dict[str, Any] = {
        "solve": _highs.solve,
        "solve_relaxed": _columns.solve_relaxed,
        "open_values": _columns.open_values,
    }

    def answer(kind: str, value: object) -> None:
        pickle.dump((kind, value), out, protocol=5)
        out.flush()

    while True:
        try:
            name, arguments = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer("last", tasks[name](*arguments, better=lambda value: answer("better", value)))
        except RuntimeError as error:
            answer("error", str(error))
