"""What a benchmark says: tables of figures, goals met or not, and notes; and what it was measured on."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Where results are kept between runs; the page is written from what lies there.
RESULTS = ROOT / "out" / "bench"

Cell = str | float | int | None


@dataclass(frozen=True)
class Table:
    """Figures under column headings; units stand in the headings. None: not measured."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Goal:
    """What was promised, what was measured, whether that is enough; where not, why, and what would meet it."""

    promise: str
    measured: str
    met: bool
    why_not: str = ""


@dataclass(frozen=True)
class Report:
    """One promise after its run. ``scale`` is ``full`` or ``small``; small runs show that it works, not how fast."""

    name: str
    title: str
    scale: str
    tables: Sequence[Table]
    goals: Sequence[Goal] = ()
    notes: Sequence[str] = ()
    #: Distributions whose versions belong to the figures, and other versions by name.
    packages: Sequence[str] = ()
    versions: dict[str, str] = field(default_factory=dict)


def save(report: Report, seconds: float) -> Path:
    """Keep the report as JSON with machine, versions and commit."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{report.name}.json"
    told = asdict(report) | {"seconds": round(seconds, 1), "measured_on": setting(report)}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def setting(report: Report) -> dict[str, str]:
    """Commit, machine and how busy it was, interpreter and packages of a run."""
    found = {name: _version(name) for name in ("numpy", "polars", "numba", *report.packages)}
    run = {"commit": _commit(), "machine": _machine(), "load at the end": f"{os.getloadavg()[0]:.1f}"}
    return run | {"python": platform.python_version()} | found | report.versions


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _commit() -> str:
    """The short commit, with + where the engine or the benchmarks differ from it."""
    try:
        head = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True).strip()
        changed = subprocess.check_output(
            ["git", "status", "--porcelain", "--", "src", "benchmarks"], cwd=ROOT, text=True
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


def _machine() -> str:
    cores = len(os.sched_getaffinity(0))
    names = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    total = [line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    memory = f", {int(total[0]) / 2**20:.0f} GiB" if total else ""
    return f"{names[0] if names else platform.machine()}, {cores} cores{memory}, {platform.system()}"


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
