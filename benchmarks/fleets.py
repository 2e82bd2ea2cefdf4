"""Fleets of districts: one map over districts, here, in processes and on Dask workers; the same bytes, and the cost."""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks import country
from benchmarks.clusters import NoSecondHostError, cluster
from benchmarks.reports import Goal, Report, Table
from benchmarks.timing import exponent, ratio
from benchmarks.worlds import fleet as world
from yipanqi.files.fleet import Job, Played, play
from yipanqi.kernel import executor
from yipanqi.kernel.executor import Dask, Ended, Executor, Processes, Serial
from yipanqi.policy.rulebook import load

_SEED = 11
_WORKERS = 2
_MIB = 2**20


@dataclass(frozen=True)
class Run:
    """One map over a fleet: where, the wall time, the digest of all answers, and the cost of each district."""

    where: str
    seconds: float
    digest: str
    tasks: tuple[tuple[str, float, float, str], ...]
    #: The largest solver child seen beside a worker.
    solver_mib: float
    #: Districts that could not be played, and why.
    failed: tuple[str, ...]

    @property
    def work_s(self) -> float:
        """The seconds of all districts together."""
        return sum(seconds for _, seconds, _, _ in self.tasks)

    @property
    def peak_mib(self) -> float:
        """The most memory any worker held."""
        return max(mib for _, _, mib, _ in self.tasks)


def digests() -> dict[str, str]:
    """The fleets of the seed that is measured, and the small fleet of every seed."""
    from benchmarks.seeds import SEEDS

    found = [(world.FEW, seed) for seed in SEEDS] + [(world.CITY, seed) for seed in SEEDS[:2]]
    return {
        name: digest
        for size, seed in [*found, (world.PROVINCE, _SEED)]
        for name, digest in world.digests_of(size, seed).items()
    }


def run(scale: str) -> Report:
    """Every fleet by every executor; a digest that differs from the serial one raises."""
    full = scale == "full"
    sizes = (world.CITY, world.PROVINCE) if full else (world.FEW,)
    notes = [_sizes(sizes), _BYTES, _THREADS]
    jobs = {size.name: _jobs(size) for size in sizes}
    runs = {name: _runs(of_fleet, full and name == "city", notes) for name, of_fleet in jobs.items()}
    notes += [
        f"{name}: not played, by any executor: {told}" for name, found in runs.items() for told in found[0].failed
    ]
    tables = [_table(name, found) for name, found in runs.items()]
    tables += [_spread(runs), _overhead(200 if full else 20)]
    goals = [Goal("the same bytes from serial, processes and Dask", "digests equal", True)]
    if full:
        grown = _growth(jobs["province"], runs["province"])
        sizes_of = {name: country.sizes_of(of_fleet) for name, of_fleet in jobs.items()}
        mean_s = {name: found[0].work_s / len(found[0].tasks) for name, found in runs.items()}
        tables += [_growth_table(grown), country.travel_table(sizes_of), country.country_table(mean_s, sizes_of)]
        goals += _goals(runs, grown)
        notes += _pays(runs)
    return Report("fleets", "Fleets of districts", scale, tables, goals, notes, ("dask", "distributed"))


_SECOND_HOST = (
    "The second host is a network namespace with an address of its own behind a veth pair; "
    "it shares this machine's two cores, so it shows that it works and not how fast."
)
_BYTES = "A digest covers every district's figures, findings, summary.json and stored run (Parquet)."
_THREADS = (
    "Every worker has one thread for polars, numpy and numba, the serial run too; two workers on two cores. Wall time "
    "includes starting the processes, not the Dask cluster, which stands before."
)


def _sizes(sizes: Sequence[world.Size]) -> str:
    told = (f"{s.name}: {s.districts} districts of {s.smallest} to {s.largest} projects (sizes spread evenly over the "
            f"logarithms, 14 sites a project)" for s in sizes)  # fmt: skip
    return "; ".join(told) + f"; seed {_SEED}. Facts in memory: reading workbooks is not part of it."


def _jobs(size: world.Size) -> list[Job]:
    """The districts as the fleet command hands them out: the largest first."""
    drawn = world.drawn(size, _SEED, Processes(_WORKERS))
    jobs = [Job(m.name, "plan", facts, load(m.profile), "normal", whole=False, language="zh") for m, facts in drawn]
    return sorted(jobs, key=lambda job: (-job.facts.projects.height, job.district))


def _runs(jobs: list[Job], all_of_them: bool, notes: list[str]) -> list[Run]:
    """The fleet by every executor there is; with ``all_of_them`` also a second host, and workers killed midway."""
    found = [_serial(jobs), _timed("processes(2)", jobs, Processes(_WORKERS))]
    if all_of_them:
        found.append(_timed("processes(2), one killed", jobs, Processes(_WORKERS), kill=True))
    if find_spec("distributed") is None:
        notes.append("Dask: –, the extra [cluster] is not installed.")
        return _agreed(found)
    with cluster(_WORKERS) as address:
        _timed("", jobs[-1:], Dask(address))  # imports of the first task
        found.append(_timed("dask, 2 workers over TCP", jobs, Dask(address)))
        if all_of_them:
            found.append(_timed("dask, one killed", jobs, Dask(address), kill=True))
    if all_of_them:
        try:
            with cluster(_WORKERS, second_host=True) as address:
                found.append(_timed("dask, one worker in a second host", jobs, Dask(address)))
        except NoSecondHostError as error:
            notes.append(f"Second host: –, no network namespace here ({error}).")
        else:
            notes.append(_SECOND_HOST)
    return _agreed(found)


def _agreed(found: list[Run]) -> list[Run]:
    for one in found:
        if one.digest != found[0].digest:
            raise AssertionError(f"{one.where} answers {one.digest}, serial {found[0].digest}")
    return found


def _serial(jobs: list[Job]) -> Run:
    """The serial run in a fresh process, where threads can still be set to one."""
    (found,) = executor.map(serially, [jobs], executor=Processes(1))
    return found


def serially(jobs: list[Job]) -> Run:
    """The fleet by ``Serial``."""
    return _timed("serial", jobs, Serial())


def _timed(where: str, jobs: list[Job], how: Executor, *, kill: bool = False) -> Run:
    """One map; with ``kill`` the worker that brought the first third is killed half a second later, in mid-task."""
    answers: dict[int, str] = {}
    tasks: list[tuple[str, float, float, str]] = []
    solver, struck = 0.0, threading.Event()

    def strike(pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        struck.set()

    began = time.perf_counter()
    for one in executor.ended(play, jobs, executor=how):
        answers[one.index] = _digest(jobs[one.index], one)
        assert one.cost is not None
        tasks.append((jobs[one.index].district, one.cost.seconds, one.cost.peak_bytes / _MIB, one.cost.worker))
        solver = max(solver, _children_mib(_pid(one.cost.worker)))
        if kill and len(answers) == 1 + len(jobs) // 3:
            threading.Timer(0.5, strike, [_pid(one.cost.worker)]).start()
    seconds = time.perf_counter() - began
    if kill and not struck.is_set():
        raise AssertionError(f"{where}: the fleet had ended before its worker could be killed")
    whole = hashlib.sha256("\n".join(answers[i] for i in range(len(jobs))).encode()).hexdigest()[:16]
    failed = tuple(answers[i] for i in range(len(jobs)) if ": " in answers[i])
    return Run(where, seconds, whole, tuple(tasks), solver, failed)


def _digest(job: Job, one: Ended[Played]) -> str:
    if one.error is not None:  # a district that cannot be played fails alike everywhere; the report names it
        return f"{job.district}: {type(one.error).__name__}: {one.error}"
    answer = one.answer()
    found = hashlib.sha256(repr((job.district, sorted(answer.figures.items()), answer.findings)).encode())
    for name, content in answer.files:
        found.update(f"{name}\n".encode() + content)
    return found.hexdigest()


def _pid(worker: str) -> int:
    return int(worker.rpartition(":")[2])


def _children_mib(pid: int) -> float:
    """The peak of the largest child of a process, 0 where it has none or is gone."""
    peaks = [0.0]
    with suppress(OSError):
        threads = Path(f"/proc/{pid}/task").glob("*/children")
        for child in " ".join(path.read_text(encoding="utf-8") for path in threads).split():
            lines = Path(f"/proc/{child}/status").read_text(encoding="utf-8").splitlines()
            peaks += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return max(peaks)


def _table(name: str, found: list[Run]) -> Table:
    columns = ("executor", "wall s", "of serial", "work s", "largest worker MiB", "its solver MiB", "digest")
    rows = [
        (r.where, r.seconds, ratio(r.seconds, found[0].seconds), r.work_s, r.peak_mib, r.solver_mib or None, r.digest)
        for r in found
    ]
    return Table(f"{name}: {len(found[0].tasks)} districts", columns, rows)


def _spread(runs: dict[str, list[Run]]) -> Table:
    """How long a district takes, from the serial runs."""
    rows = []
    for name, found in runs.items():
        seconds = np.array([taken for _, taken, _, _ in found[0].tasks])
        p50, p90 = (float(np.quantile(seconds, q)) for q in (0.5, 0.9))
        rows.append((name, p50, p90, float(seconds.max()), float(seconds.max() / seconds.sum())))
    return Table("One district (serial)", ("fleet", "p50 s", "p90 s", "largest s", "largest / all"), rows)


def _overhead(count: int) -> Table:
    """What a task costs beyond its work: nothing to do, and 1 MiB there and back."""
    rows: list[tuple[str, float | None, float | None, float | None]] = []

    def measured(where: str, how: Executor) -> None:
        first, empty = _arrivals([b""] * count, how)
        rows.append((where, first, empty * 1e3, _arrivals([bytes(_MIB)] * count, how)[1] * 1e3))

    measured("serial", Serial())
    measured("processes(2)", Processes(_WORKERS))
    if find_spec("distributed") is not None:
        with cluster(_WORKERS) as address:
            executor.map(len, [b""] * 8, executor=Dask(address))
            measured("dask, 2 workers over TCP", Dask(address))
    columns = ("executor", "first answer s", "ms a further task", "ms a task of 1 MiB there and back")
    return Table(f"Overhead, {count} tasks", columns, rows)


def _arrivals(items: list[bytes], how: Executor) -> tuple[float, float]:
    """Seconds until the first answer, and from answer to answer once every worker has started."""
    began = time.perf_counter()
    came = [time.perf_counter() - began for _ in executor.ended(bytes, items, executor=how)]
    warm = len(came) // 4
    return came[0], (came[-1] - came[warm]) / (len(came) - 1 - warm)


def _growth(jobs: list[Job], known: list[Run]) -> list[tuple[int, float]]:
    """Districts and wall seconds of every fourth district, every second, and all, by processes."""
    parts = [_timed("part", jobs[::step], Processes(_WORKERS)) for step in (4, 2)]
    whole = next(r for r in known if r.where == "processes(2)")
    return [(len(r.tasks), r.seconds) for r in (*parts, whole)]


def _growth_table(grown: list[tuple[int, float]]) -> Table:
    return Table("Growth, province, processes(2)", ("districts", "wall s"), grown)


def _goals(runs: dict[str, list[Run]], grown: list[tuple[int, float]]) -> list[Goal]:
    killed = {r.where: r for r in runs["city"]}
    told = [
        f"{where}: {killed[f'{where}, one killed'].seconds - killed[whole].seconds:+.1f} s"
        for where, whole in (("processes(2)", "processes(2)"), ("dask", "dask, 2 workers over TCP"))
        if f"{where}, one killed" in killed
    ]
    grows = exponent([n for n, _ in grown], [s for _, s in grown])
    return [
        Goal("a killed worker changes nothing but time", "; ".join(told) + "; digests equal", True),
        Goal("growth over districts, exponent at most 1.2", f"{grows:.2f}", grows <= 1.2,
             "" if grows <= 1.2 else "the machine was shared while it ran, or a part of the fleet is not linear"),
    ]  # fmt: skip


def _pays(runs: dict[str, list[Run]]) -> list[str]:
    """When a cluster pays, from the figures above."""
    notes = []
    for name, found in runs.items():
        named = {r.where: r for r in found}
        here, there = named["processes(2)"], named.get("dask, 2 workers over TCP")
        if there is not None:
            factor, largest = there.seconds / here.seconds, max(s for _, s, _, _ in here.tasks)
            more = there.peak_mib - here.peak_mib
            notes.append(
                f"{name}: on this one machine Dask takes {factor:.2f} times as long as as many processes, and its "
                f"largest worker held {more:+.0f} MiB. h hosts of this kind would take {factor:.2f}/h of one host's "
                f"time, but never less than the largest district ({largest:.1f} s): from two hosts on a cluster pays, "
                f"if the fleet takes minutes rather than seconds."
            )
    return notes
