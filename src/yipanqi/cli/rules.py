"""profiles and rulebook: the institutions of the districts, and rulebooks of one's own."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click
import polars as pl

from yipanqi.cli import terminal
from yipanqi.governance import comparison, diagnosis
from yipanqi.governance.profile import Profile, read
from yipanqi.kernel.findings import Finding, Message, Severity
from yipanqi.policy.parameters import parameters
from yipanqi.policy.rulebook import PROFILES, Rulebook, RulebookError
from yipanqi.policy.rulebook import load as load_rulebook
from yipanqi.policy.wording import label, render, say, sentence, texts


@click.group()
def profiles() -> None:
    """The shipped institutions: list, show, compare, diagnose."""


@profiles.command("list")
@terminal.as_json
@terminal.language
def list_(as_json: bool, lang: str) -> None:
    """List the shipped profiles."""
    found = _profiles(lang)
    if as_json:
        terminal.print_json([{"profile": name, "title": _title(profile, lang)} for name, profile in found.items()])
        return
    for name, profile in found.items():
        click.echo(f"{name:12} {_title(profile, lang)}")


@profiles.command()
@click.argument("name")
@terminal.as_json
@terminal.language
def show(name: str, as_json: bool, lang: str) -> None:
    """Show every statement of a profile with its clause, source, basis and dates."""
    profile = read(terminal.rulebook_of(name, lang))
    rows = [
        {
            "statement": key,
            "clause": s.clause,
            "source": s.source,
            "basis": s.basis.value,
            "effective_from": s.effective_from,
            "effective_to": s.effective_to,
        }
        for key, s in profile.statements()
    ]
    if as_json:
        terminal.print_json({"profile": name, "title": _title(profile, lang), "statements": rows})
        return
    click.echo(f"{_title(profile, lang)}（{name}）")
    for row in rows:
        ends = "" if row["effective_to"] is None else f" — {row['effective_to']}"
        basis = label("basis", str(row["basis"]), lang)
        click.echo(
            f"{row['statement']}  [{basis} · {row['effective_from']}{ends}]\n    {row['clause']}（{row['source']}）"
        )


@profiles.command()
@click.option(
    "--data", type=click.Path(exists=True, path_type=Path), help="also play these data under all six profiles"
)
@terminal.data_date
@terminal.mapping_file
@terminal.as_json
@terminal.language
def compare(data: Path | None, as_of: datetime | None, mapping: Path | None, as_json: bool, lang: str) -> None:
    """Print the paper's table 1 in its own words, where text and table differ, and every pair of profiles."""
    found = _profiles(lang)
    table, notes, pairs = comparison.table_one(found), comparison.table_notes(found), comparison.pairs(found)
    played = None if data is None else _outcomes(data, mapping, as_of, lang, quiet=as_json)
    if as_json:
        answer = {"table_1": table.to_dicts(), "notes": notes.to_dicts(), "pairs": pairs.to_dicts()}
        terminal.print_json(
            answer | ({} if played is None else {"outcomes": played[0].to_dicts(), "differences": played[1]})
        )
        return
    words = {c: say(f"cli.table_one.{c}", lang) for c in table.columns[1:]}
    _print(table.drop("profile"), say("cli.table_one", lang), words)
    for note in notes.iter_rows(named=True):
        click.echo(f"· {note['note_zh' if lang == 'zh' else 'note_en']}")
    _print(pairs, say("cli.pairs", lang), {c: say(f"cli.pair.{c}", lang) for c in pairs.columns})
    if played is not None:
        for row in played[1]:
            click.echo(f"{row['a']} / {row['b']}\n    {row['numbers']}\n    {row['acts']}")


def _outcomes(
    data: Path, mapping: Path | None, as_of: datetime | None, lang: str, *, quiet: bool
) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    """The main job under all six profiles, and for every pair what differs, in words."""
    import json

    from yipanqi.allocation.outcomes import differences, outcomes

    facts, _ = terminal.facts_of(data, mapping=mapping, as_of=as_of, lang=lang)
    books = {name: terminal.rulebook_of(name, lang) for name in PROFILES}
    with terminal.progress(lang, quiet=quiet) as (watch, _):
        found = outcomes(facts, books, watch=watch)

    def told(row: dict[str, Any], what: str) -> str:
        return render(Message(row[f"{what}_id"], json.loads(row[f"{what}_json"])), lang)

    rows = differences(found, _profiles(lang)).iter_rows(named=True)
    words = [{"a": r["a"], "b": r["b"], "numbers": told(r, "numbers"), "acts": told(r, "acts")} for r in rows]
    return found.figures, words


@profiles.command()
@click.argument("name")
@click.option("--against", default="recommended", show_default=True)
@terminal.as_json
@terminal.language
def diagnose(name: str, against: str, as_json: bool, lang: str) -> None:
    """List what a profile's mechanism lacks against the recommended one, with the model's clause beside it."""
    found = diagnosis.diagnose(read(terminal.rulebook_of(name, lang)), read(terminal.rulebook_of(against, lang)))
    lacking = found.table.filter(pl.col("state") != diagnosis.PieceState.STATED.value)
    if as_json:
        terminal.print_json(found.table.to_dicts())
        return
    click.echo(say("cli.diagnosis", lang, profile=name, missing=lacking.height, pieces=found.table.height))
    for finding in found.findings:
        click.echo(f"· {sentence(finding.at(table=None, column=None), lang)}")


@click.group()
def rulebook() -> None:
    """Rulebooks of one's own."""


@rulebook.command("check")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@terminal.as_json
@terminal.language
def check(folder: Path, as_json: bool, lang: str) -> None:
    """Check a folder of YAML laid over the city's shared texts: form, references, words for every rule."""
    findings: list[Finding] = []
    documents = 0
    try:
        book = load_rulebook(folder.name, folder.resolve())
    except RulebookError as error:
        findings += error.findings
    else:
        findings, documents = _faults(book), len(book.documents)
    if as_json:
        terminal.print_json({"documents": documents, "findings": terminal.findings_json(findings, lang)})
    elif findings:
        terminal.show_findings(findings, lang, limit=200)
    else:
        click.echo(say("cli.rulebook_fine", lang, n=documents))
    terminal.finish(findings)


def _faults(book: Rulebook) -> list[Finding]:
    """Everything wrong with a rulebook's documents: each room reads its own, and each rule must have words."""
    from yipanqi.admission import standards
    from yipanqi.pipeline import rules as pipeline
    from yipanqi.planning import rules

    found: list[Finding] = []
    for reading in (parameters, read, standards.book, pipeline.read, rules.book):
        try:
            reading(book)
        except RulebookError as error:
            found += error.findings
    if not found:
        unsaid = sorted(key for key in rules.book(book).rules if f"planning.{key}" not in texts())
        found += [
            Finding("rulebook.no_words", Severity.BLOCK, {"id": f"planning.{key}"}, file="planning.yaml")
            for key in unsaid
        ]
    return found


def _profiles(lang: str) -> dict[str, Profile]:
    return {name: read(terminal.rulebook_of(name, lang)) for name in PROFILES}


def _title(profile: Profile, lang: str) -> str:
    return profile.title_zh if lang == "zh" else profile.title_en


def _print(rows: pl.DataFrame, title: str, heads: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_lines=True)
    for column in rows.columns:
        numeric = rows[column].dtype.is_numeric()
        table.add_column(heads[column], justify="right" if numeric else "left", overflow="fold")
    for row in rows.iter_rows():
        table.add_row(*(str(value) for value in row))
    Console().print(table)
