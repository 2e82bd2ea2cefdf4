"""Times, quantiles, growth exponents and peak memory."""

import resource
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

Asked = TypeVar("Asked")


@dataclass(frozen=True)
class Times:
    """How long each of many questions took, in seconds."""

    seconds: tuple[float, ...]

    @property
    def p50_ms(self) -> float:
        """The median in milliseconds."""
        return float(np.quantile(self.seconds, 0.5)) * 1e3

    @property
    def p99_ms(self) -> float:
        """The 99th percentile in milliseconds."""
        return float(np.quantile(self.seconds, 0.99)) * 1e3

    @property
    def total_s(self) -> float:
        """All of it together."""
        return float(sum(self.seconds))


def timed(ask: Callable[[Asked], object], questions: Iterable[Asked], *, warm: int = 1, repeats: int = 1) -> Times:
    """The time of each question, the best of ``repeats``; the first ``warm`` are asked once before the clock runs."""
    questions = list(questions)
    for question in questions[:warm]:
        ask(question)
    taken = []
    for question in questions:
        best = np.inf
        for _ in range(repeats):
            begun = time.perf_counter()
            ask(question)
            best = min(best, time.perf_counter() - begun)
        taken.append(best)
    return Times(tuple(taken))


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The exponent e of cost ~ size**e, by least squares over the logarithms.

    >>> round(exponent([10, 100, 1000], [3, 30, 300]), 6)
    1.0
    """
    slope, _ = np.polyfit(np.log(np.asarray(sizes, float)), np.log(np.asarray(costs, float)), 1)
    return float(slope)


def ratio(peer: float, ours: float) -> str:
    """How many times ours, for a table: ``×12``, ``×0.80``."""
    times = peer / ours
    return f"×{times:.0f}" if times >= 10 else f"×{times:.2g}"


def resident_mib() -> float:
    """What this process holds in memory now."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def peak_mib() -> float:
    """The most memory this process, or a child that has ended, has held."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
