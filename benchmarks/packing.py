"""Plain packing problems: generalized assignment of types C, D, E and single-source facilities, ours and its peers.

Ours spends counted work that takes about the wall time of the peers on a quiet core; the time it took is printed.
Gaps are (value − bound) / bound with the best bound that anybody proved for the same instance.
"""

import importlib
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from benchmarks import seeds
from benchmarks.reports import Goal, Report, Table
from benchmarks.worlds import packings
from yipanqi.allocation import _bounds_kernels, _exchange_kernels, _oscillation_kernels, parts
from yipanqi.allocation.assignment import generalized_assignment, single_source
from yipanqi.allocation.search import Effort

PEERS = {"highs_alone": "HiGHS alone", "cpsat": "CP-SAT alone", "scip": "SCIP alone"}
#: Work of ours for the wall seconds of the peers.
WORK = {1: 60_000.0, 12: 40_000.0, 60: 200_000.0}
_SAME = 1e-4


@dataclass(frozen=True)
class Job:
    """One solver on one instance: kind C, D, E or F (facilities), agents × items, seed, wall seconds."""

    solver: str
    kind: str
    agents: int
    items: int
    seed: int
    seconds: int

    @property
    def instance(self) -> tuple[str, int, int, int]:
        """What is solved, whoever does."""
        return self.kind, self.agents, self.items, self.seed


@dataclass(frozen=True)
class Outcome:
    """What came out: the value (None: none found), the bound, whether proven, the seconds taken; None: no such peer."""

    job: Job
    value: float | None
    bound: float
    proven: bool
    seconds: float


def digests() -> dict[str, str]:
    """What the generators make of the seeds."""
    return packings.digests()


def run(scale: str) -> Report:
    """The report: gaps by type, size and solver; goals on the published types."""
    jobs = list(_full() if scale == "full" else _small())
    for job in jobs:
        _check(job)
    if scale == "full":
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            outcomes = [found for found in pool.map(play, jobs) if found is not None]
    else:
        outcomes = [found for found in map(play, jobs) if found is not None]
    bounds = agree(outcomes)
    if scale == "small" and any(not outcome.proven for outcome in outcomes):
        raise AssertionError([outcome.job for outcome in outcomes if not outcome.proven])
    return Report(
        name="packing",
        title="Plain packing problems: generalized assignment and single-source facilities",
        scale=scale,
        tables=[_table(outcomes, bounds)],
        goals=_goals(outcomes, bounds) if scale == "full" else (),
        notes=_NOTES,
        packages=("highspy", "ortools", "pyscipopt"),
    )


_NOTES = (
    "Everybody has one thread; two instances run side by side. Peers get the same integer programme with default "
    "parameters and no gap allowed, on fewer instances than ours. Models are loaded before their clock starts; ours "
    "reads its tables inside its own.",
    "Whole numbers throughout, so a bound is rounded up by whoever knows that.",
)


def _small() -> Iterable[Job]:
    for kind in (*packings.TYPES, "F"):
        for solver in ("ours", *PEERS):
            yield Job(solver, kind, 5, 20, seeds.SEEDS[0], 1 if solver == "ours" else 12)


def _full() -> Iterable[Job]:
    for agents, items in ((5, 100), (10, 100), (20, 100), (10, 200), (20, 200), (40, 400)):
        for kind in packings.TYPES:
            for seed in seeds.SEEDS[:2]:
                yield Job("ours", kind, agents, items, seed, 12)
    for agents, items in ((20, 100), (30, 200)):
        for seed in seeds.SEEDS[:2]:
            yield Job("ours", "F", agents, items, seed, 12)
    first = seeds.SEEDS[0]
    for peer in PEERS:
        for kind, agents, items in (("C", 40, 400), ("D", 20, 100), ("D", 40, 400), ("E", 40, 400), ("F", 30, 200)):
            yield Job(peer, kind, agents, items, first, 12)
    for solver in ("ours", *PEERS):
        yield Job(solver, "D", 40, 400, first, 60)
    for kind, agents, items in (("E", 40, 400), ("D", 20, 200)):
        yield Job("ours", kind, agents, items, first, 60)


def _drawn(job: Job) -> packings.Packing:
    if job.kind == "F":
        return packings.facilities(job.agents, job.items, job.seed)
    return packings.assignment(job.kind, job.agents, job.items, job.seed)


def _check(job: Job) -> None:
    """Refuse data that is not the committed one."""
    size = f"{job.agents}x{job.items}"
    if job.kind == "F":
        seeds.check(f"packings/facilities-{size}/{job.seed}", packings.digest([_drawn(job)]))
    else:
        drawn = [packings.assignment(kind, job.agents, job.items, job.seed) for kind in packings.TYPES]
        seeds.check(f"packings/{size}/{job.seed}", packings.digest(drawn))


def play(job: Job) -> Outcome | None:
    """One solver on one instance; what it hands back is checked against the capacities."""
    packing = _drawn(job)
    if job.solver != "ours":
        return _peer(job, packing)
    for kernels in (_bounds_kernels, _exchange_kernels, _oscillation_kernels):
        kernels.warm()
    solve = single_source if job.kind == "F" else generalized_assignment
    pairs, agents = packing.pairs, packing.agents
    begun = time.perf_counter()
    found = solve(pairs, agents, effort=Effort(WORK[job.seconds], 10.0 * job.seconds))
    seconds = time.perf_counter() - begun
    if found.assignment.is_empty():
        return Outcome(job, None, found.bound, False, seconds)
    held = np.array([int(agent[1:]) for agent in found.assignment["agent_id"]])
    value = _checked(packing, np.eye(packing.capacities.size)[held].ravel())
    return Outcome(job, value, found.bound, found.stopped_by == "optimal", seconds)


def _peer(job: Job, packing: packings.Packing) -> Outcome | None:
    try:
        peer = importlib.import_module(f"benchmarks.peers.{job.solver}")
    except ImportError:
        return None
    model = packings.model(packing)
    begun = time.perf_counter()
    answer = peer.solve(model, float(job.seconds), None)
    seconds = time.perf_counter() - begun
    if answer.x is not None and not parts.feasible(model, np.round(answer.x), 1e-6):
        raise AssertionError(f"{job}: the answer breaks a row")
    value = None if answer.x is None else _checked(packing, np.round(answer.x[: packing.costs.size]))
    return Outcome(job, value, -answer.bound, answer.proven, seconds)


def _checked(packing: packings.Packing, x: np.ndarray) -> float:
    """The cost of an assignment counted from the instance, after a look at its capacities."""
    taken = x.reshape(packing.costs.shape)
    load = (packing.sizes * taken).sum(axis=0)
    if (taken.sum(axis=1) != 1).any() or (load > packing.capacities + 1e-6).any():
        raise AssertionError("an item is not assigned once, or a capacity is exceeded")
    return float((packing.costs * taken).sum() + packing.openings[load > 0].sum())


def agree(outcomes: Sequence[Outcome]) -> dict[tuple[str, int, int, int], float]:
    """The best proven bound of each instance.

    Raises:
        AssertionError: somebody's bound is above somebody's value, or two have proven different optima.
    """
    best: dict[tuple[str, int, int, int], float] = {}
    for outcome in outcomes:
        key = outcome.job.instance
        proven = outcome.value if outcome.proven and outcome.value is not None else outcome.bound
        best[key] = max(best.get(key, -np.inf), proven)
    for outcome in outcomes:
        if outcome.value is not None and outcome.value < best[outcome.job.instance] * (1 - _SAME) - _SAME:
            raise AssertionError(f"{outcome} is below a bound of {best[outcome.job.instance]}")
    return best


Key = tuple[str, int, int, int]


def _gaps(outcomes: Iterable[Outcome], bounds: dict[Key, float]) -> list[float]:
    """The gaps in per cent, inf where nothing was found."""
    return [np.inf if o.value is None else 100.0 * max(0.0, o.value / bounds[o.job.instance] - 1.0) for o in outcomes]


def _table(outcomes: Sequence[Outcome], bounds: dict[Key, float]) -> Table:
    told: dict[tuple[str, str, int, str], list[Outcome]] = {}
    for o in outcomes:
        name = PEERS.get(o.job.solver, "ours")
        told.setdefault((o.job.kind, f"{o.job.agents} × {o.job.items}", o.job.seconds, name), []).append(o)
    rows = []
    for (kind, size, seconds, name), group in told.items():
        gaps = _gaps(group, bounds)
        proven = f"{sum(o.proven for o in group)} of {len(group)}"
        taken = float(np.median([o.seconds for o in group]))
        rows.append(
            (kind, size, seconds, name, len(group), _percent(np.median(gaps)), _percent(max(gaps)), proven, taken)
        )
    heads = (
        "type",
        "agents × items",
        "wall s allowed",
        "solver",
        "seeds",
        "gap % median",
        "gap % worst",
        "proven",
        "s",
    )
    return Table("Gap to the best proven bound; F: facilities", heads, rows)


def _percent(gap: float) -> str:
    return f"{gap:.3f}" if np.isfinite(gap) else "nothing found"


def _goals(outcomes: Sequence[Outcome], bounds: dict[Key, float]) -> list[Goal]:
    found = []
    for seconds, most in ((12, 0.5), (60, 0.3)):
        ours = [o for o in outcomes if o.job.solver == "ours" and o.job.seconds == seconds and o.job.kind != "F"]
        gaps = _gaps(ours, bounds)
        over = [(gap, o.job) for gap, o in zip(gaps, ours, strict=True) if gap > most]
        where = ", ".join(f"{j.kind} {j.agents} × {j.items} seed {j.seed}: {_percent(gap)}" for gap, j in over)
        measured = f"worst {_percent(max(gaps))} %, median {_percent(np.median(gaps))} %, {len(ours)} instances"
        why = f"Over it: {where}."
        found.append(Goal(f"types C, D, E: gap ≤ {most} % in {seconds} s", measured, not over, why if over else ""))
    return found
