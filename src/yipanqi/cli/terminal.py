"""What the commands say on a terminal: progress, findings, errors."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import click

from yipanqi.allocation.board import Facts
from yipanqi.kernel.findings import Finding, findings_table
from yipanqi.policy.rulebook import PROFILES, Rulebook, RulebookError, load
from yipanqi.policy.wording import label, say, sentence

language = click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="语言 / language"
)
as_json = click.option("--json", "as_json", is_flag=True, help="print JSON for scripts")
data = click.argument("data", type=click.Path(exists=True, path_type=Path))
profile_name = click.option(
    "--profile",
    default="jiading",
    show_default=True,
    help=f"a shipped profile ({', '.join(PROFILES)}) or a folder of YAML",
)
effort = click.option(
    "--effort", default="normal", show_default=True, help="normal, high, or a number (work, 1 = normal)"
)
mapping_file = click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="columns and units of foreign tables (YAML)",
)
data_date = click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="数据日期 of the facts, where the workbook does not say"
)


def rulebook_of(name: str, lang: str = "zh") -> Rulebook:
    """The rulebook of a shipped profile, or of a folder; a wrong one ends the command with status 2."""
    try:
        folder = Path(name)
        return load(folder.name, folder.resolve()) if folder.is_dir() else load(name)
    except KeyError:
        raise click.BadParameter(say("cli.no_profile", lang, name=name, known=", ".join(PROFILES))) from None
    except RulebookError as error:
        show_findings(error.findings, lang)
        raise SystemExit(2) from error


def facts_of(
    path: Path, *, mapping: Path | None, as_of: datetime | None, lang: str
) -> tuple[Facts, tuple[Finding, ...]]:
    """The facts of a data set and the findings about them; without facts the command ends with status 1."""
    from yipanqi.files.dataset import load as load_dataset

    day: date | None = None if as_of is None else as_of.date()
    loaded = load_dataset(path, mapping=mapping, as_of=day)
    if loaded.facts is None:
        show_findings(loaded.findings, lang)
        raise SystemExit(1)
    return loaded.facts, loaded.findings


def work(effort: str) -> str | float:
    """The effort as a word or a factor; anything else ends the command with status 2."""
    if effort in ("normal", "high"):
        return effort
    try:
        factor = float(effort)
    except ValueError:
        factor = 0.0
    if not 0 < factor <= 1000:
        raise click.BadParameter("normal, high, or a number above 0", param_hint="--effort")
    return factor


def show_findings(findings: Sequence[Finding], lang: str, limit: int = 40) -> None:
    """Print findings to standard error, the worst first, the rest counted."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True, soft_wrap=True)
    colours = {"block": "red", "warn": "yellow", "note": "dim"}
    ranked = sorted(findings, key=lambda f: list(colours).index(f.severity.value))
    for finding in ranked[:limit]:
        colour = colours[finding.severity.value]
        word = label("severity", finding.severity.value, lang)
        console.print(f"[{colour}]{word}[/] {escape(sentence(finding, lang))}", highlight=False)
    if len(ranked) > limit:
        console.print(say("cli.more_findings", lang, n=len(ranked) - limit))


def findings_json(findings: Sequence[Finding], lang: str) -> list[dict[str, Any]]:
    """Findings as plain objects with their sentence."""
    rows = findings_table(findings).to_dicts()
    return [row | {"sentence": sentence(f, lang)} for row, f in zip(rows, findings, strict=True)]


def print_json(value: Any) -> None:
    """Print a value as JSON; dates as ISO text."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def finish(findings: Sequence[Finding]) -> NoReturn:
    """End the command: status 1 when a finding blocks, else 0."""
    raise SystemExit(1 if any(f.blocks for f in findings) else 0)


Watch = Callable[[str], None]


@contextmanager
def progress(lang: str, *, quiet: bool = False) -> Iterator[tuple[Watch, dict[str, float]]]:
    """A spinner that names the stage at work, and the seconds each stage took (filled when the block ends).

    The stage ids have words under ``cli.stage.<id>``.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    seconds: dict[str, float] = {}
    current: list[tuple[str, float]] = []
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        task = bar.add_task("")

        def close() -> None:
            if current:
                stage, began = current.pop()
                seconds[stage] = round(seconds.get(stage, 0.0) + time.monotonic() - began, 3)

        def watch(stage: str) -> None:
            close()
            current.append((stage, time.monotonic()))
            bar.update(task, description=say(f"cli.stage.{stage}", lang))

        yield watch, seconds
        close()
