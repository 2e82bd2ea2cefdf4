"""Growth: the whole main job from a district of 100 projects to one of 10,000, each stage timed apart.

There is no peer: the promise is how cost grows. Times are those of processors, the solver's child included; peaks are
those of each stage by itself.
"""

import gc
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import seeds
from benchmarks.reports import Goal, Report, Table
from benchmarks.timing import exponent
from benchmarks.worlds import district
from yipanqi.allocation import scenarios
from yipanqi.allocation.board import Facts, Plan, PlayOptions, effort_of, play, prepare
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files import parquet, plan_book, plan_layers, report, summary
from yipanqi.files.dataset import load
from yipanqi.files.documents import write as write_documents
from yipanqi.files.template import write_dataset

#: Projects whose documents are compiled, whatever the size of the district; in a test.
_DOCUMENTS, _SMALL_DOCUMENTS = 20, 2
#: The factor of the normal work a test spends.
_SMALL_EFFORT = 0.01
#: The promises: the local exponent of a stage, minutes and memory of the largest district.
_MOST_EXPONENT, _MOST_MINUTES, _MOST_GIB = 1.2, 15.0, 10.0
#: A stage cheaper than this at its largest is not worth an exponent.
_LEAST_S = 1.0
_MAIN_JOB = ("planning", "admission", "matching", "valuation", "alone", "referral", "board", "prices", "division",
             "counterfactual")  # fmt: skip
_PER_PROJECT = "scenarios, work ∝ projects"
_PROGRAMMES = (
    "linear programmes: the simplex method takes steps in proportion to the board, and each step costs more on a "
    "larger one"
)
_CAPPED = "counted work caps it: it grows only until the work is used up"
#: Why a stage grows faster than the board, as far as it is known.
_REASONS = {
    "matching": "schemes kept per project rise with the board (16 at 300 projects, 20 at 1,000; the cap is 40), and "
    "nearest misses sort every site of a kind for each need that lacks one",
    "alone": _CAPPED,
    "referral": _CAPPED,
    "board": _CAPPED,
    "prices": _PROGRAMMES,
    "division": f"{_PROGRAMMES}; orders are fewer on boards of more than 20,000 schemes",
}
_TICK = os.sysconf("SC_CLK_TCK")


def digests() -> dict[str, str]:
    """The districts' digests."""
    return district.digests()


def run(scale: str) -> Report:
    """The stages at every size, and how they grow."""
    sizes = district.SIZES if scale == "full" else district.SMALL_SIZES
    documents = _DOCUMENTS if scale == "full" else _SMALL_DOCUMENTS
    runs = [_whole_job(projects, full=scale == "full") for projects in sizes]
    stages = [name for name in runs[-1].cpu_s if name]
    rows = [_row(name, sizes, runs) for name in stages]
    counted = [name for name in stages if runs[-1].cpu_s[name] >= _LEAST_S]
    local = {name: exponent(sizes[-2:], [r.cpu_s[name] for r in runs[-2:]]) for name in counted}
    peaks = [max(r.peak_mib.values()) / 1024 for r in runs]
    return Report(
        name="growth",
        title="Growth of the main job",
        scale=scale,
        tables=[
            Table(
                "Processor seconds by stage; exponents over all sizes and over the last two; peak of the largest, MiB",
                ["stage", *(f"{size:,} projects" for size in sizes), "exponent", "local", "wall s", "peak MiB"],
                rows,
            ),
            Table("The boards",
                  ["projects", "sites", "schemes", "settled", "gap %", "gap %, work ∝ projects", "peak GiB"],
                  [[size, *r.board[:3], 100 * r.board[3], None if r.gap_again is None else 100 * r.gap_again, peak]
                   for size, r, peak in zip(sizes, runs, peaks, strict=True)]),
        ],
        goals=_goals(local, runs, peaks) if scale == "full" else (),
        notes=[
            f"Ground, projects and sites grow together, {district.DEMO_SITES:,} sites for {district.DEMO_PROJECTS} "
            "projects as in the demo; towns stay twelve and grow. Seed "
            f"{district.SEED}, profile {district.PROFILE}.",
            "alone, referral and board spend counted work, so they hardly grow once they use it up; what grows with "
            f"the board is what that work leaves undone: see the gap. '{_PER_PROJECT}' gives each project the share "
            "of the work it has in the demo.",
            f"Documents: {documents} projects at every size; their cost is that of reading the whole plan and of "
            "these pages.",
            "The division draws fewer orders on boards of more than 20,000 schemes (allocation.shapley_work_count), "
            "two pairs at least; one of its linear programmes grows faster than the board, and prices are one of them.",
        ],
        packages=("shapely", "highspy", "xlsxwriter"),
    )  # fmt: skip


def _row(name: str, sizes: Sequence[int], runs: Sequence["Clock"]) -> list[str | float | None]:
    seconds = [r.cpu_s[name] for r in runs]
    small = seconds[-1] < _LEAST_S
    overall = None if small else exponent(sizes, [max(s, 1e-3) for s in seconds])
    local = None if small else exponent(sizes[-2:], [max(s, 1e-3) for s in seconds[-2:]])
    return [name, *seconds, overall, local, runs[-1].wall_s[name], runs[-1].peak_mib[name]]


def _goals(local: dict[str, float], runs: Sequence["Clock"], peaks: Sequence[float]) -> list[Goal]:
    fast = {name: e for name, e in local.items() if e > _MOST_EXPONENT}
    minutes = sum(runs[-1].wall_s[name] for name in _MAIN_JOB) / 60
    told = ", ".join(f"{name} {e:.2f}" for name, e in sorted(fast.items())) or "none"
    return [
        Goal(f"local exponent of every stage ≤ {_MOST_EXPONENT}", f"above: {told}", not fast,
             "; ".join(f"{name}: {_REASONS.get(name, 'not yet explained')}" for name in sorted(fast)) + "."),
        Goal(f"main job at the largest size ≤ {_MOST_MINUTES:.0f} min", f"{minutes:.1f} min",
             minutes <= _MOST_MINUTES, "The dearest stages of the table decide."),
        Goal(f"peak memory ≤ {_MOST_GIB:.0f} GiB", f"{peaks[-1]:.1f} GiB", peaks[-1] <= _MOST_GIB,
             "The stage with the largest peak decides."),
    ]  # fmt: skip


def _whole_job(projects: int, *, full: bool) -> "Clock":
    """Every stage of one district, from drawing it to its documents."""
    clock = Clock()
    clock.begin("generating")
    facts = district.drawn(projects)
    clock.begin("")
    seeds.check(district.name(projects), district.digest(facts))
    rulebook, options = district.rulebook(), PlayOptions(1.0 if full else _SMALL_EFFORT)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        clock.begin("writing the dataset")
        write_dataset(out / "data", facts)
        clock.begin("reading the dataset")
        load(out / "data")
        plan = play(facts, rulebook, options, watch=clock.begin)
        clock.begin("")
        board = plan.scenarios[ScenarioName.BOARD]
        clock.board = (facts.sites.height, plan.schemes.schemes.height, board.settled, board.gap_share)
        _written(plan, out, clock, _DOCUMENTS if full else _SMALL_DOCUMENTS)
    if full:
        _played_again(facts, clock)
    del facts, plan
    gc.collect()
    return clock


def _played_again(facts: Facts, clock: "Clock") -> None:
    """The scenarios with as much work for each project as the demo's have."""
    problem = prepare(facts, district.rulebook()).problem
    effort = PlayOptions(facts.projects.height / district.DEMO_PROJECTS)
    clock.begin(_PER_PROJECT)
    again = scenarios.play(problem, effort_of(effort, district.rulebook(), facts.as_of), [1.0])
    clock.begin("")
    clock.gap_again = again.scenarios[ScenarioName.BOARD].gap_share


def _written(plan: Plan, out: Path, clock: "Clock", documents: int) -> None:
    clock.begin("summary")
    summary.write(plan, out / "summary.json")
    clock.begin("workbook")
    plan_book.write(plan, out / "plan.xlsx", "zh")
    clock.begin("layers")
    plan_layers.write(plan, out, "zh")
    clock.begin("report")
    report.write(plan, out / "report.html", "zh")
    clock.begin("run store")
    parquet.store(plan, out)
    clock.begin("documents of some projects")
    write_documents(replace(plan, in_play=plan.in_play.head(documents)), out / "documents")
    clock.begin("")


@dataclass
class Clock:
    """What each stage cost; a stage ends where the next begins, and "" is what is not counted."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    wall_s: dict[str, float] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)
    #: Sites, schemes, projects the board settles, its gap; and the gap with work in proportion to the projects.
    board: tuple[int, int, int, float] = (0, 0, 0, 0.0)
    gap_again: float | None = None
    _stage: str = ""
    _begun: tuple[float, float] = (0.0, 0.0)

    def begin(self, stage: str) -> None:
        """The stage before has ended."""
        now = _processor_s(), time.perf_counter()
        if self._stage:
            self.cpu_s[self._stage] = now[0] - self._begun[0]
            self.wall_s[self._stage] = now[1] - self._begun[1]
            self.peak_mib[self._stage] = _peak_mib()
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        self._stage, self._begun = stage, (_processor_s(), time.perf_counter())


def _children() -> list[int]:
    """The processes this one has started and that still run."""
    lists = Path("/proc/self/task").glob("*/children")
    return [int(pid) for one in lists for pid in one.read_text(encoding="ascii").split()]


def _processor_s() -> float:
    """Processor seconds of this process and its children, ended or not."""
    spent = sum(os.times()[:4])
    for pid in _children():
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        spent += (int(fields[11]) + int(fields[12])) / _TICK
    return spent


def _peak_mib() -> float:
    """The most memory held since the peak was last reset, and what the solver's child has held at most."""
    return sum(_high_water_mib(pid) for pid in [os.getpid(), *_children()])


def _high_water_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0
