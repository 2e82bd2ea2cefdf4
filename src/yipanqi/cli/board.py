"""demo, plan, divide: the main job."""

import json
import resource
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from yipanqi.allocation.board import Plan, PlayOptions, play
from yipanqi.allocation.division import Division
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.cli import terminal
from yipanqi.files.outputs import write
from yipanqi.files.summary import summary
from yipanqi.kernel.findings import Finding, Scalar, Severity
from yipanqi.kernel.units import WAN_PER_YI
from yipanqi.policy.wording import label, say

_out = click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="folder for the results"
)
_workers = click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="processes; the answer is the same"
)


@click.command()
@_out
@terminal.profile_name
@click.option("--projects", type=click.IntRange(1, 20_000), default=372, show_default=True)
@click.option("--sites", type=click.IntRange(10, 200_000), default=5000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
@terminal.effort
@_workers
@click.option("--documents", is_flag=True, help="also a PDF per project in two editions")
@click.option("--no-serve", is_flag=True, help="only write the files")
@terminal.as_json
@terminal.language
def demo(out: Path, profile: str, projects: int, sites: int, seed: int, effort: str, workers: int, documents: bool,
         no_serve: bool, as_json: bool, lang: str) -> None:  # fmt: skip
    """Play a seeded synthetic district: data, verdicts, schemes, plan, report."""
    from yipanqi.files.template import write_dataset
    from yipanqi.simulation.district import DEMO_AS_OF, district

    rulebook = terminal.rulebook_of(profile, lang)
    with terminal.progress(lang, quiet=as_json) as (watch, seconds):
        watch("district")
        facts = district(rulebook, projects=projects, sites=sites, seed=seed, as_of=DEMO_AS_OF)
        watch("dataset")
        write_dataset(out / "data", facts, language=lang)
        result = play(facts, rulebook, PlayOptions(terminal.work(effort), workers), watch=watch)
        write(result, out, documents=documents, language=lang, workers=workers, watch=watch)
    _report(result, (), Told(out, seconds, as_json, lang))


@click.command()
@terminal.data
@_out
@terminal.profile_name
@terminal.effort
@_workers
@terminal.data_date
@terminal.mapping_file
@click.option("--documents", is_flag=True, help="also a PDF per project in two editions")
@terminal.as_json
@terminal.language
def plan(data: Path, out: Path, profile: str, effort: str, workers: int, as_of: datetime | None, mapping: Path | None,
         documents: bool, as_json: bool, lang: str) -> None:  # fmt: skip
    """Play the board on a workbook, or a folder of workbook and layers."""
    rulebook = terminal.rulebook_of(profile, lang)
    with terminal.progress(lang, quiet=as_json) as (watch, seconds):
        watch("read")
        facts, findings = terminal.facts_of(data, mapping=mapping, as_of=as_of, lang=lang)
        result = play(facts, rulebook, PlayOptions(terminal.work(effort), workers), watch=watch)
        write(result, out, documents=documents, language=lang, workers=workers, watch=watch)
    _report(result, findings, Told(out, seconds, as_json, lang))


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--exact", is_flag=True, help="every coalition of towns instead of a sample")
@terminal.as_json
@terminal.language
def divide(run: Path, exact: bool, as_json: bool, lang: str) -> None:
    """Divide the gain of a stored run between the towns: Shapley value and core check."""
    from yipanqi.allocation.board import divide as divide_board
    from yipanqi.files.parquet import restore

    try:
        facts, description = restore(run)
    except (FileNotFoundError, ValueError):
        raise click.BadParameter(say("cli.no_run", lang, folder=str(run)), param_hint="RUN") from None
    rulebook = terminal.rulebook_of(description["profile"], lang)
    if rulebook.digest != description["rulebook"]:
        click.echo(say("cli.other_edition", lang), err=True)
    with terminal.progress(lang, quiet=as_json) as (watch, _):
        division = divide_board(facts, rulebook, exact=exact, watch=watch)
    towns = dict(facts.towns.select("town_id", "name").iter_rows())
    rows = [r | {"name": towns.get(r["town_id"], r["town_id"])} for r in division.shares.sort("town_id").to_dicts()]
    if as_json:
        terminal.print_json({f.name: getattr(division, f.name) for f in fields(division)} | {"shares": rows})
        return
    print_division(division, rows, lang)


def print_division(division: Division, rows: list[dict[str, Any]], lang: str) -> None:
    """Print the shares of the towns as a table, and what the core check can say."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=say("cli.division", lang, grand=division.grand_wan))
    table.add_column(say("book.town", lang))
    amounts = ("alone_wan", "shapley_wan", "stderr_wan", "priced_wan", "hosted_wan")
    for name in amounts:
        table.add_column(say(f"book.{name}", lang), justify="right")
    for row in rows:
        table.add_row(row["name"], *(f"{row[name]:,.0f}" for name in amounts))
    Console().print(table)
    names = {row["town_id"]: row["name"] for row in rows}
    blocking = "、".join(names.get(town, town) for town in division.blocking)
    in_core = say("cli.in_core" if division.exact else "cli.none_found", lang)
    click.echo(in_core if division.in_core else say("cli.blocking", lang, towns=blocking, excess=division.excess_wan))


@dataclass(frozen=True)
class Told:
    """Where and how a result is told: the folder, the seconds of each stage, JSON or words, the language."""

    out: Path
    seconds: dict[str, float]
    as_json: bool
    lang: str


def _report(result: Plan, findings: tuple[Finding, ...], told: Told) -> NoReturn:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = round(sum(told.seconds.values()), 3)
    timings = {"seconds": told.seconds, "total_seconds": total, "peak_mib": round(peak, 1)}
    (told.out / "timings.json").write_text(json.dumps(timings, indent=1) + "\n", encoding="utf-8")
    everything = (*findings, *result.findings)
    if told.as_json:
        terminal.print_json(summary(result))
        terminal.finish(everything)
    terminal.show_findings([f for f in everything if f.severity is not Severity.NOTE], told.lang, limit=8)
    _print_summary(result, told, total)
    terminal.finish(everything)


def _print_summary(result: Plan, told: Told, total: float) -> None:
    from rich.console import Console
    from rich.table import Table

    console, lang, figures = Console(), told.lang, summary(result)

    def line(message_id: str, style: str | None = None, **params: Scalar) -> None:
        console.print(say(message_id, lang, **params), style=style, highlight=False)

    counts = {name: figures[name] for name in ("as_of", "projects", "sites")}
    line("cli.headline", "bold", district=result.facts.district, in_play=result.in_play.height, **counts)
    if result.facts.synthetic:
        line("cli.synthetic", "yellow")
    line("cli.admission", **figures["admission"])
    line("cli.schemes", **figures["schemes"])
    table = Table(title=say("cli.in_yi", lang), title_justify="left")
    for head in ("scenario", "settled", "value_yi", "tax_yi", "bound_yi", "gap", "proven"):
        table.add_column(say(f"cli.{head}", lang), justify="left" if head == "scenario" else "right", no_wrap=True)
    for name in ScenarioName:
        s = result.scenarios[name]
        amounts = (f"{amount / WAN_PER_YI:,.2f}" for amount in (s.value_wan, s.tax_wan, s.bound_wan))
        proven = say("cli.proven_yes" if s.proven else "cli.proven_no", lang)
        table.add_row(label("scenario_name", name.value, lang), str(s.settled), *amounts, f"{s.gap_share:.2%}", proven)
    console.print(table)
    line("cli.gain", "bold", low=result.gain_wan[0], high=result.gain_wan[1])
    line("cli.written", folder=str(told.out), seconds=total)
