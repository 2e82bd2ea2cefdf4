"""Allocation of whole boards: our search beside HiGHS, CP-SAT and SCIP, on the same integer programme.

Every run is one process with one thread; two run side by side. All get the same model and the same wall time, counted
from the moment it is loaded, and begin with the same greedy answer; on one seed the peers also begin with nothing.
"""

import importlib
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from benchmarks import seeds
from benchmarks.reports import Cell, Goal, Report, Table
from benchmarks.seeds import SEEDS
from benchmarks.worlds import boards


@dataclass(frozen=True)
class Scale:
    """One size: wall time, of the ten seeds how many are ours, the peers', the peers' without a start; our work."""

    projects: int
    sites: int
    seconds: float
    ours: int
    peers: int
    cold: int
    work: float

    @property
    def name(self) -> str:
        """``100 × 1,000``."""
        return f"{self.projects:,} × {self.sites:,}"


#: Work is about what the seconds allow on a quiet core; their end ends the run, as it ends the peers'.
FULL = (
    Scale(100, 1_000, 15.0, 10, 3, 1, 120_000.0),
    Scale(1_000, 10_000, 60.0, 10, 3, 1, 400_000.0),
    Scale(5_000, 50_000, 60.0, 5, 3, 0, 400_000.0),
)
SMALL = (Scale(20, 100, 20.0, 1, 1, 0, 150_000.0), Scale(30, 100, 2.0, 1, 1, 0, 15_000.0))
PEERS = {"HiGHS": "highs_alone", "CP-SAT": "cpsat", "SCIP": "scip"}
OURS = "yipanqi"
#: The moments at which the best answer so far is looked at, in seconds.
MOMENTS = (1.0, 10.0, 60.0)
#: Runs side by side.
SIDE_BY_SIDE = 2


@dataclass(frozen=True)
class Job:
    """One solver on one board."""

    scale: Scale
    seed: int
    solver: str
    started: bool = True


@dataclass(frozen=True)
class Outcome:
    """What one solver found: the values by second, the best bound, whether they met; the bound of the relaxation."""

    job: Job
    trajectory: tuple[tuple[float, float], ...]
    bound: float
    proven: bool
    seconds: float
    work: float
    peak_mib: float
    relaxed: float

    def at(self, second: float) -> float | None:
        """The best value at that second; None: nothing yet."""
        return max((value for when, value in self.trajectory if when <= second), default=None)


def digests() -> dict[str, str]:
    """The digests of the boards; one of 5,000 × 50,000 takes 10 s to draw, so only those used are drawn."""
    wanted = [(scale, seed) for scale in FULL for seed in SEEDS[: scale.ours]]
    wanted += [(scale, seed) for scale in SMALL for seed in SEEDS[:3]]
    return {_name(scale, seed): boards.board(scale.projects, scale.sites, seed).digest() for scale, seed in wanted}


def run(scale: str) -> Report:
    """All sizes; answers are checked against all limits, values against all bounds, and proven ones with each other."""
    sizes = FULL if scale == "full" else SMALL
    jobs = [Job(size, seed, OURS) for size in sizes for seed in SEEDS[: size.ours]]
    jobs += [Job(size, seed, peer) for size in sizes for peer in PEERS for seed in SEEDS[: size.peers]]
    jobs += [Job(size, seed, peer, False) for size in sizes for peer in PEERS for seed in SEEDS[: size.cold]]
    with ProcessPoolExecutor(SIDE_BY_SIDE, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        outcomes = [outcome for outcome in pool.map(play, jobs) if outcome is not None]
    agree(outcomes)
    tables = [_values(outcomes), _equal_time(outcomes), _costs(outcomes)]
    return Report(
        name="allocation",
        title="Allocation: whole boards beside HiGHS, CP-SAT and SCIP alone",
        scale=scale,
        tables=tables,
        goals=_goals(outcomes) if scale == "full" else (),
        notes=_notes(outcomes, sizes),
        packages=("highspy", "ortools", "pyscipopt"),
    )


def play(job: Job) -> Outcome | None:
    """Run one job in this process; None: the peer is not installed."""
    size = job.scale
    try:
        peer = None if job.solver == OURS else importlib.import_module(f"benchmarks.peers.{PEERS[job.solver]}")
    except ImportError:
        return None
    from yipanqi.allocation.programme import programme
    from yipanqi.allocation.search import Effort, search
    from yipanqi.kernel import solver

    drawn = boards.board(size.projects, size.sites, job.seed)
    seeds.check(_name(size, job.seed), drawn.digest())
    whole = programme(drawn.problem)
    start = whole.start(drawn.start)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    begun, work, relaxed = time.perf_counter(), 0.0, np.nan
    if peer is None:
        values: list[tuple[float, float]] = [(0.0, float(whole.model.cost @ start))]
        found = search(
            whole.model, whole.groups, Effort(size.work, size.seconds), start,
            watch=lambda value: values.append((time.perf_counter() - begun, value)),
        )  # fmt: skip
        seconds, bound, proven, x = time.perf_counter() - begun, found.bound, found.status == "optimal", found.x
        work, peak = found.work, peak_mib()
        relaxed = solver.solve(whole.model.relaxed, solver.Limits()).value
    else:
        answer = peer.solve(whole.model, size.seconds, start if job.started else None)
        values, bound, proven, x = answer.trajectory, answer.bound, answer.proven, answer.x
        seconds, peak = time.perf_counter() - begun, peak_mib()
    if x is not None:
        values.append((seconds, checked(drawn.problem, whole.chosen(x))))
    return Outcome(job, tuple(values), bound, proven, seconds, work, peak, relaxed)


def checked(problem: boards.Problem, scheme_ids: Sequence[str]) -> float:
    """The value of schemes that keep every limit of the problem, looked up in its tables, not in the programme.

    Raises:
        AssertionError: they break one.
    """
    taken = problem.columns.filter(pl.col("scheme_id").is_in(list(scheme_ids)))
    assert taken["project_id"].is_unique().all(), "a project is placed twice"
    sums = problem.uses.join(taken, on="scheme_id").group_by("resource_id").agg(pl.col("amount").sum())
    full = problem.resources.join(sums, on="resource_id", how="left").with_columns(pl.col("amount").fill_null(0.0))
    full = full.with_columns(beyond=(pl.col("amount") - pl.col("capacity")).clip(lower_bound=0.0).fill_null(0.0))
    slack = 1e-5 * pl.max_horizontal(pl.lit(1.0), pl.col("capacity").fill_null(1.0))
    drawn = full.filter(pl.col("overflow_id").is_not_null()).group_by(resource_id="overflow_id")
    pots = full.join(drawn.agg(drawn=pl.col("beyond").sum()), on="resource_id")
    assert full.filter(pl.col("overflow_id").is_null() & (pl.col("beyond") > slack)).is_empty(), "too much is taken"
    assert pots.filter(pl.col("drawn") > pl.col("capacity") + slack).is_empty(), "a pot is overdrawn"
    short = full.filter(pl.col("amount") < pl.col("floor") * (1 - 1e-5))
    assert short.is_empty(), "a floor is missed"
    return float(taken["value_wan"].sort().sum())


def agree(outcomes: Sequence[Outcome]) -> None:
    """No value lies above anybody's bound, and proven optima are equal.

    Raises:
        AssertionError: they disagree.
    """
    for group in _by_board(outcomes):
        best, bound = max(_last(one) or -np.inf for one in group), min(one.bound for one in group)
        assert best <= bound + 1e-4 * abs(bound) / 100 + 0.02, [(o.job, _last(o), o.bound) for o in group]


def peak_mib() -> float:
    """The most this process has held since its mark was reset, and its running children."""
    children = [one for task in Path("/proc/self/task").iterdir() for one in (task / "children").read_text().split()]
    status = [Path(f"/proc/{process}/status").read_text(encoding="utf-8") for process in ("self", *children)]
    marks = [line for text in status for line in text.splitlines() if line.startswith("VmHWM")]
    return sum(int(line.split()[1]) for line in marks) / 1024


def _name(scale: Scale, seed: int) -> str:
    return f"boards/{scale.projects}x{scale.sites}/{seed}"


def _last(outcome: Outcome) -> float | None:
    return outcome.at(np.inf)


def _by_board(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    boards_: dict[tuple[int, int], list[Outcome]] = {}
    for one in outcomes:
        boards_.setdefault((one.job.scale.projects, one.job.seed), []).append(one)
    return list(boards_.values())


@dataclass(frozen=True)
class Bounds:
    """What is known of a board from all runs: the bound of the linear relaxation and the best dual bound."""

    relaxed: float
    best: float


def _bounds(outcomes: Sequence[Outcome]) -> dict[tuple[int, int], Bounds]:
    return {
        (group[0].job.scale.projects, group[0].job.seed): Bounds(
            next((one.relaxed for one in group if not np.isnan(one.relaxed)), np.nan), min(one.bound for one in group)
        )
        for group in _by_board(outcomes)
    }


def _gap(value: float | None, bound: float) -> float:
    """How far below the bound, as a share; nothing found is 1."""
    return 1.0 if value is None else max(0.0, (bound - value) / bound)


def _share(values: Sequence[float]) -> str:
    """Median and worst, in percent."""
    return f"{100 * median(values):.2f} / {100 * max(values):.2f}" if values else "–"


def _solvers(outcomes: Sequence[Outcome]) -> list[tuple[Scale, str, bool, list[Outcome]]]:
    """The outcomes by size and solver, ours first; missing peers have none."""
    sizes = list(dict.fromkeys(one.job.scale for one in outcomes))
    wanted = [(OURS, True), *((peer, True) for peer in PEERS), *((peer, False) for peer in PEERS)]
    rows = []
    for size in sizes:
        for solver, started in wanted:
            mine = [o for o in outcomes if (o.job.scale, o.job.solver, o.job.started) == (size, solver, started)]
            if mine or started:
                rows.append((size, solver, started, mine))
    return rows


def _values(outcomes: Sequence[Outcome]) -> Table:
    bounds = _bounds(outcomes)
    rows: list[list[Cell]] = []
    for size, solver, started, mine in _solvers(outcomes):
        known = [bounds[(size.projects, one.job.seed)] for one in mine]
        row: list[Cell] = [size.name, solver if started else f"{solver}, no start", len(mine)]
        for moment in MOMENTS:
            row.append(_share([_gap(o.at(moment), b.relaxed) for o, b in zip(mine, known, strict=True)]))
        row.append(_share([_gap(_last(o), b.best) for o, b in zip(mine, known, strict=True)]))
        row.append(_share([_gap(_last(o), o.bound) for o in mine]))
        row.append(f"{sum(o.proven for o in mine)} of {len(mine)}")
        row.append(f"{median(_last(o) or 0.0 for o in mine):,.0f}" if mine else None)
        row.append(f"{median(o.bound for o in mine):,.0f}" if mine else None)
        rows.append(row)
    moments = [f"gap to LP bound at {moment:.0f} s, %" for moment in MOMENTS]
    return Table(
        "Median / worst over seeds; gaps are (bound − value) / bound",
        ["projects × sites", "solver", "seeds", *moments, "gap to best dual bound of all at the end, %",
         "gap to own bound, %", "proven", "median value, 万元", "median own bound, 万元"],
        rows,
    )  # fmt: skip


def _equal_time(outcomes: Sequence[Outcome]) -> Table:
    """How often we are better, equal or worse than a peer on the same board at the same second."""
    ours = {(o.job.scale.projects, o.job.seed): o for o in outcomes if o.job.solver == OURS}
    rows: list[list[Cell]] = []
    for size, solver, started, mine in _solvers(outcomes):
        if solver == OURS:
            continue
        row: list[Cell] = [size.name, solver if started else f"{solver}, no start", len(mine)]
        for moment in MOMENTS:
            row.append(_compared([(ours[(size.projects, o.job.seed)], o) for o in mine], min(moment, size.seconds)))
        rows.append(row)
    heads = [f"at {moment:.0f} s" for moment in MOMENTS]
    return Table(
        "Never worse: boards on which ours is better – equal – worse at the same second (worst deficit, %)",
        ["projects × sites", "peer", "seeds", *heads],
        rows,
    )


def _compared(pairs: Sequence[tuple[Outcome, Outcome]], second: float) -> str:
    if not pairs:
        return "–"
    leads = [(ours.at(second) or 0.0) / max(peer.at(second) or 1e-9, 1e-9) - 1.0 for ours, peer in pairs]
    better, worse = sum(lead > 1e-7 for lead in leads), sum(lead < -1e-7 for lead in leads)
    deficit = f" ({-100 * min(leads):.3f})" if worse else ""
    return f"{better} – {len(leads) - better - worse} – {worse}{deficit}"


def _costs(outcomes: Sequence[Outcome]) -> Table:
    rows: list[list[Cell]] = []
    for size, solver, started, mine in _solvers(outcomes):
        if started and mine:
            seconds = [o.seconds for o in mine]
            work = f"{median(o.work for o in mine):,.0f}" if solver == OURS else None
            rows.append([size.name, solver, f"{median(seconds):.1f} / {max(seconds):.1f}", work,
                         f"{max(o.peak_mib for o in mine):,.0f}"])  # fmt: skip
    return Table(
        "Cost of a run: median / worst",
        ["projects × sites", "solver", "seconds", "work", "peak memory with solver child, MiB"],
        rows,
    )


def _goals(outcomes: Sequence[Outcome]) -> list[Goal]:
    ours, bounds = [o for o in outcomes if o.job.solver == OURS], _bounds(outcomes)

    def gaps(projects: int, second: float, best: bool) -> list[float]:
        mine = [(o, bounds[(projects, o.job.seed)]) for o in ours if o.job.scale.projects == projects]
        return [_gap(o.at(second), b.best if best else b.relaxed) for o, b in mine]

    proofs = [o.seconds if o.proven else np.inf for o in ours if o.job.scale.projects == 100]
    within = sum(second <= 10.0 for second in proofs)
    worse = [row for row in _equal_time(outcomes).rows if any("(" in str(cell) for cell in row[3:])]
    return [
        Goal("100 × 1,000 proven optimal in 10 s", f"{within} of {len(proofs)} boards", within == len(proofs)),
        _below("1,000 × 10,000: 0.5 % of the LP bound in 10 s", gaps(1000, 10, False), 0.005),
        _below("1,000 × 10,000: 0.1 % of the best dual bound in 60 s", gaps(1000, 60, True), 0.001),
        _below("5,000 × 50,000: 0.6 % of the LP bound in 60 s", gaps(5000, 60, False), 0.006),
        Goal("never worse than a peer at equal time", f"{len(worse)} rows with a deficit", not worse),
    ]


def _below(promise: str, gaps: Sequence[float], most: float) -> Goal:
    return Goal(promise, f"median / worst {_share(gaps)} %", max(gaps) <= most)


def _notes(outcomes: Sequence[Outcome], sizes: Sequence[Scale]) -> list[str]:
    seen = {o.job.solver for o in outcomes}
    told = [
        "; ".join(f"{s.name}: ours {s.ours} seeds, peers {s.peers}, {s.seconds:.0f} s" for s in sizes)
        + f"; {SIDE_BY_SIDE} runs side by side, one thread each.",
        "Peers have their default parameters, one thread, no gap allowed, and the greedy start; CP-SAT gets weights as "
        "whole numbers (8 places). Their clock starts when the model is loaded, ours with the call.",
        "Demand over capacity, in m² of what the smallest schemes take, is 0.9 to 1.3 over the seeds.",
    ]
    return told + [f"{peer} is not installed here." for peer in PEERS if peer not in seen]
