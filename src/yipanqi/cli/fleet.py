"""fleet: the main job over many districts and scenarios, here, in processes, or on a cluster."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from yipanqi.allocation.fleet import FleetState, blocking, table, totals
from yipanqi.cli import terminal
from yipanqi.files import fleet as files
from yipanqi.files import fleet_book
from yipanqi.files.fleet import District, FleetFile, Job, Played
from yipanqi.kernel import executor
from yipanqi.kernel.executor import Dask, Ended, Executor, Exhausted, Processes, Refused, Serial
from yipanqi.kernel.findings import Finding, in_order
from yipanqi.kernel.units import WAN_PER_YI
from yipanqi.policy.rulebook import Rulebook
from yipanqi.policy.wording import render, say
from yipanqi.simulation.fleet import Member, facts_of, members

_out = click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="folder for the results"
)
_workers = click.option(
    "--workers", type=click.IntRange(1, 256), help="processes of this machine; as many as it has processors"
)


@click.group()
def fleet() -> None:
    """Many districts at once: a city's, a province's."""


@fleet.command("plan")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_out
@click.option(
    "--executor", "kind", type=click.Choice(["serial", "processes", "dask"]), default="processes", show_default=True,
    help="who does the work; the answer is the same",
)  # fmt: skip
@click.option("--scheduler", help="address of the Dask scheduler, e.g. tcp://10.0.0.5:8786")
@_workers
@terminal.profile_name
@click.option("--scenario", "chosen", multiple=True, help="only this scenario of fleet.yaml (may be repeated)")
@terminal.effort
@terminal.data_date
@click.option("--summary-only", is_flag=True, help="of each district only summary.json and the run")
@terminal.as_json
@terminal.language
def plan(folder: Path, out: Path, kind: str, scheduler: str | None, workers: int | None, profile: str,
         chosen: tuple[str, ...], effort: str, as_of: datetime | None, summary_only: bool, as_json: bool,
         lang: str) -> None:  # fmt: skip
    """Play every data set of FOLDER, and gather the districts in one table."""
    here = Serial() if kind == "serial" else Processes(workers or _processors())
    if (kind == "dask") != (scheduler is not None):
        raise click.UsageError(say("fleet.scheduler", lang))
    there = Dask(scheduler) if scheduler is not None else here
    if out.resolve().is_relative_to(folder.resolve()):
        raise click.BadParameter(say("fleet.out_inside", lang), param_hint="--out")
    entries, said, wrong = files.fleet(folder)
    if any(finding.blocks for finding in wrong):
        terminal.show_findings(wrong, lang)
        raise SystemExit(2)
    if unknown := sorted(set(chosen) - set(said.scenarios)):
        raise click.BadParameter(say("fleet.no_scenario", lang, name="、".join(unknown)), param_hint="--scenario")
    books = _Books(folder, said, profile, lang)
    for name in entries:
        for scenario in said.scenarios:
            books.of(name, scenario)  # a wrong rulebook is told before any work
    kept = _Kept(out, chosen or tuple(said.scenarios))
    try:
        if there is not here:
            executor.map(len, [b""], executor=there)  # a cluster that cannot be used is told before any work
        with _counting(len(entries), "read", lang, quiet=as_json) as step:
            _read(entries, None if as_of is None else as_of.date(), here, kept, step)
        jobs = _jobs(kept, books, (terminal.work(effort), not summary_only, lang))
        with _counting(len(jobs), "played", lang, quiet=as_json) as step:
            _play(jobs, there, kept, step)
    except Refused as refused:
        raise click.UsageError(render(refused.message, lang)) from None
    _tell(kept, as_json, lang)


@fleet.command()
@_out
@click.option("--districts", type=click.IntRange(1, 3000), default=16, show_default=True)
@click.option("--smallest", type=click.IntRange(1, 20_000), default=40, show_default=True, help="projects of the first")
@click.option("--largest", type=click.IntRange(1, 20_000), default=372, show_default=True, help="and of the last")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@_workers
@terminal.language
def demo(out: Path, districts: int, smallest: int, largest: int, seed: int, workers: int | None, lang: str) -> None:
    """Write a fleet of seeded synthetic districts to try it with: data sets and fleet.yaml."""
    if smallest > largest:
        raise click.BadParameter(say("fleet.sizes", lang), param_hint="--smallest")
    drawn = members(districts, seed, smallest=smallest, largest=largest)
    work = [(member, str(out / member.name), lang) for member in drawn]
    with _counting(len(work), "drawn", lang, quiet=False) as step:
        for one in executor.ended(draw, work[::-1], executor=Processes(workers or _processors())):
            one.answer()
            step()
    lines = ["districts:", *(f"  {member.name}: {{profile: {member.profile}}}" for member in drawn)]
    (out / files.FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    click.echo(say("fleet.demo", lang, n=districts, folder=str(out)))


def draw(given: tuple[Member, str, str]) -> None:
    """Write the data set of one synthetic district."""
    from yipanqi.files.template import write_dataset
    from yipanqi.simulation.district import DEMO_AS_OF

    member, folder, lang = given
    write_dataset(Path(folder), facts_of(member, DEMO_AS_OF), language=lang)


@dataclass(frozen=True)
class _Books:
    """The rulebook of each district under each scenario."""

    folder: Path
    said: FleetFile
    profile: str
    lang: str

    def of(self, district: str, scenario: str) -> Rulebook:
        own = self.said.districts.get(district, District()).profile
        name = self.said.scenarios[scenario].profile or own or self.said.profile or self.profile
        inside = self.folder / name
        return terminal.rulebook_of(str(inside) if inside.is_dir() else name, self.lang)


@dataclass
class _Kept:
    """What has come so far: facts by district, rows, findings, what each step took."""

    out: Path
    scenarios: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    #: Of a district's files, and under ``(district, scenario)`` those of its plans.
    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    of_plans: dict[tuple[str, str], tuple[Finding, ...]] = field(default_factory=dict)
    costs: list[dict[str, Any]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def cost(self, step: str, names: dict[str, str], one: Ended[Any]) -> None:
        """Keep what an answer took."""
        if one.cost is not None:
            told = {"seconds": round(one.cost.seconds, 3), "peak_mib": round(one.cost.peak_bytes / 2**20, 1)}
            self.costs.append({"step": step, **names, **told, "worker": one.cost.worker})

    def row(self, district: str, scenario: str, figures: Mapping[str, Any], found: tuple[Finding, ...] = ()) -> None:
        """Keep a row of the fleet's table with the findings of its plan."""
        self.of_plans[district, scenario] = found
        wrong = blocking(in_order([*self.findings[district], *found]))
        self.rows.append({"district": district, "scenario": scenario, **figures, **wrong})

    def wrong(self) -> list[tuple[str, Finding]]:
        """What blocks, by district."""
        of_plans = [(name, finding) for (name, _), found in self.of_plans.items() for finding in found]
        everything = [*((name, finding) for name, found in self.findings.items() for finding in found), *of_plans]
        named = {name: [f for other, f in everything if other == name and f.blocks] for name in sorted(self.findings)}
        return [(name, finding) for name, found in named.items() for finding in in_order(found)]


def _read(entries: dict[str, Path], as_of: date | None, where: Executor, kept: _Kept, step: Callable[[], None]) -> None:
    """The facts of every district; one that cannot be read becomes rows."""
    names = list(entries)
    for one in executor.ended(files.read, [(str(entries[name]), as_of) for name in names], executor=where):
        name = names[one.index]
        kept.cost("read", {"district": name}, one)
        facts, findings = (None, (_failure(one.error),)) if one.error is not None else one.answer()
        kept.findings[name] = findings
        if facts is not None:
            kept.facts[name] = facts
        else:
            for scenario in kept.scenarios:
                kept.row(name, scenario, {"state": FleetState.UNREAD.value})
        step()


def _jobs(kept: _Kept, books: _Books, how: tuple[str | float, bool, str]) -> list[Job]:
    """Every district under every scenario, the largest first: the last to end should be a small one."""
    effort, whole, lang = how
    jobs = [
        Job(
            name,
            scenario,
            facts,
            books.of(name, scenario),
            books.said.scenarios[scenario].effort or effort,
            whole,
            lang,
        )
        for name, facts in kept.facts.items()
        for scenario in kept.scenarios
    ]
    return sorted(jobs, key=lambda job: (-job.facts.projects.height, job.district, job.scenario))


def _play(jobs: Sequence[Job], where: Executor, kept: _Kept, step: Callable[[], None]) -> None:
    """Play, write the files of each plan as it comes, keep its row."""
    for one in executor.ended(files.play, jobs, executor=where):
        job = jobs[one.index]
        kept.cost("play", {"district": job.district, "scenario": job.scenario}, one)
        if one.error is not None:
            state = FleetState.LOST if isinstance(one.error, Exhausted) else FleetState.FAILED
            kept.row(job.district, job.scenario, {"state": state.value}, (_failure(one.error),))
        else:
            found: Played = one.answer()
            found.write(kept.out / job.district / job.scenario)
            kept.row(job.district, job.scenario, found.figures, found.findings)
        step()


def _failure(error: Exception) -> Finding:
    if isinstance(error, Exhausted):
        return Finding("fleet.lost", params={"deaths": executor.DEATHS})
    return Finding("fleet.failed", params={"problem": f"{type(error).__name__}: {error}"})


def _tell(kept: _Kept, as_json: bool, lang: str) -> None:
    """Write the fleet's table and what it took, print both in short, and end with the status."""
    rows = table(kept.rows)
    wrong = kept.wrong()
    fleet_book.write(kept.out, rows, wrong, lang)
    seconds = round(time.monotonic() - kept.began, 3)
    costs = sorted(kept.costs, key=lambda c: (c["step"], c["district"], c.get("scenario", "")))
    timings = {"total_seconds": seconds, "work_seconds": round(sum(c["seconds"] for c in costs), 3), "tasks": costs}
    (kept.out / "timings.json").write_text(json.dumps(timings, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json:
        terminal.print_json(fleet_book.answer(rows, wrong, lang))
    else:
        terminal.show_findings([f.at(file=f"{name}/{f.file or ''}".rstrip("/")) for name, f in wrong], lang, limit=20)
        _print(totals(rows).to_dicts(), lang)
        click.echo(say("fleet.written", lang, folder=str(kept.out), seconds=seconds))
    raise SystemExit(1 if rows["blocking_count"].sum() else 0)


def _print(sums: list[dict[str, Any]], lang: str) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=say("fleet.in_yi", lang), title_justify="left")
    counts, amounts = ("played_count", "settled_count"), ("investment_wan", "tax_wan", "gain_low_wan", "gain_high_wan")
    for name in ("scenario", *counts, *amounts):
        shown.add_column(say(f"fleet.short.{name}", lang), justify="left" if name == "scenario" else "right")
    for row in sums:
        played = f"{row['played_count']}/{row['districts_count']}"
        in_yi = (f"{row[name] / WAN_PER_YI:,.2f}" for name in amounts)
        shown.add_row(row["scenario"], played, f"{row['settled_count']:,}", *in_yi)
    Console().print(shown)


def _processors() -> int:
    return len(os.sched_getaffinity(0))


@contextmanager
def _counting(total: int, what: str, lang: str, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A bar that counts what has ended."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(say(f"fleet.stage.{what}", lang), total=total)
        yield lambda: bar.advance(task)
