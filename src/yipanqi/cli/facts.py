"""check, admit, match, template: facts in, verdicts and schemes out."""

from datetime import datetime
from pathlib import Path

import click
import polars as pl

from yipanqi.cli import terminal
from yipanqi.policy.wording import label, render, say


@click.command()
@terminal.data
@terminal.profile_name
@terminal.data_date
@terminal.mapping_file
@terminal.as_json
@terminal.language
def check(data: Path, profile: str, as_of: datetime | None, mapping: Path | None, as_json: bool, lang: str) -> None:
    """Check a data set: the files by sheet, row, column and value, then the facts against borders, plan and quotas."""
    from yipanqi.allocation.board import examine
    from yipanqi.files.dataset import load

    rulebook = terminal.rulebook_of(profile, lang)
    with terminal.progress(lang, quiet=as_json) as (watch, _):
        watch("read")
        loaded = load(data, mapping=mapping, as_of=None if as_of is None else as_of.date())
        watch("examine")
        findings = (*loaded.findings, *(() if loaded.facts is None else examine(loaded.facts, rulebook)))
    if as_json:
        counts = {name: {"read": c.read, "kept": c.kept} for name, c in loaded.counts.items()}
        terminal.print_json({"counts": counts, "findings": terminal.findings_json(findings, lang)})
        terminal.finish(findings)
    for name, count in loaded.counts.items():
        click.echo(say("cli.checked", lang, table=label("table", name, lang), read=count.read, kept=count.kept))
    terminal.show_findings(findings, lang, limit=200)
    if not findings:
        click.echo(say("cli.fine", lang))
    terminal.finish(findings)


@click.command()
@terminal.data
@terminal.profile_name
@terminal.data_date
@terminal.mapping_file
@click.option("--project", help="only this project, with every clause")
@terminal.as_json
@terminal.language
def admit(data: Path, profile: str, as_of: datetime | None, mapping: Path | None, project: str | None, as_json: bool,
          lang: str) -> None:  # fmt: skip
    """Judge every project before it has a site: admitted, to the conference, or refused, and by how much."""
    from yipanqi.admission.explanation import clause_message
    from yipanqi.admission.verdict import best_cases, preliminary
    from yipanqi.allocation.board import playing

    rulebook = terminal.rulebook_of(profile, lang)
    facts, findings = terminal.facts_of(data, mapping=mapping, as_of=as_of, lang=lang)
    projects = playing(facts.projects) if project is None else facts.projects.filter(pl.col("project_id") == project)
    if projects.is_empty():
        raise click.BadParameter(say("cli.no_project", lang, project=project), param_hint="--project")
    judged = preliminary(projects, facts.demands, rulebook, facts.as_of)
    best = best_cases(judged.verdicts)
    clauses = judged.clauses.join(best, on="case_id", how="semi").sort("project_id", "clause_id")
    shown = clauses if project is not None else clauses.filter(~pl.col("met").fill_null(False) & pl.col("hard"))
    lines: dict[str, list[str]] = {}
    for row in shown.iter_rows(named=True):
        lines.setdefault(row["project_id"], []).append(render(clause_message(row), lang))
    everything = (*findings, *judged.findings)
    if as_json:
        rows = [row | {"clauses": lines.get(row["project_id"], [])} for row in best.to_dicts()]
        terminal.print_json(rows)
        terminal.finish(everything)
    named = dict(projects.select("project_id", "name").iter_rows())
    for row in best.iter_rows(named=True):
        key = row["project_id"]
        click.echo(f"{key} {named[key]}：{label('verdict', row['verdict'], lang)}")
        for line in lines.get(key, []):
            click.echo(f"    {line}")
    terminal.show_findings(everything, lang, limit=20)
    terminal.finish(everything)


@click.command()
@terminal.data
@click.option("--project", required=True, help="the project's identifier")
@terminal.profile_name
@terminal.data_date
@terminal.mapping_file
@terminal.as_json
@terminal.language
def match(data: Path, project: str, profile: str, as_of: datetime | None, mapping: Path | None, as_json: bool,
          lang: str) -> None:  # fmt: skip
    """Show the two or three siting schemes of one project, or its nearest misses."""
    from yipanqi.allocation.board import prepare
    from yipanqi.files.plan_tables import SchemeWords, told

    rulebook = terminal.rulebook_of(profile, lang)
    facts, findings = terminal.facts_of(data, mapping=mapping, as_of=as_of, lang=lang)
    with terminal.progress(lang, quiet=as_json) as (watch, _):
        ready = prepare(facts, rulebook, watch=watch)
    if ready.in_play.filter(pl.col("project_id") == project).is_empty():
        raise click.BadParameter(say("cli.no_project", lang, project=project), param_hint="--project")
    shown = ready.schemes.schemes.filter((pl.col("project_id") == project) & pl.col("shown_rank").is_not_null())
    shown = shown.sort("shown_rank")
    misses = ready.schemes.misses.filter(pl.col("project_id") == project).sort("miss_rank", "reason_no")
    words = SchemeWords.of(ready.facts, ready.schemes, lang)
    if as_json:
        rows = [row | words.parts(row) for row in shown.to_dicts()]
        near = [row | {"sentence": told(row, lang)} for row in misses.to_dicts()]
        terminal.print_json({"project": project, "schemes": rows, "misses": near})
        terminal.finish(findings)
    for row in shown.iter_rows(named=True):
        click.echo(say("cli.scheme", lang, rank=row["shown_rank"]))
        for part in words.scheme(row):
            click.echo("    " + part.replace("\n", "\n    "))
    for row in misses.iter_rows(named=True):
        click.echo(say("cli.miss", lang, rank=row["miss_rank"], sites="、".join(row["site_ids"]), why=told(row, lang)))
    terminal.finish(findings)


@click.command()
@click.argument("name")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="the workbook to write")
@terminal.language
def template(name: str, out: Path, lang: str) -> None:
    """Write the official Excel form of a profile (NAME, e.g. jiading)."""
    from yipanqi.files.template import template as write_template
    from yipanqi.governance import profile

    rulebook = terminal.rulebook_of(name, lang)
    titles = profile.read(rulebook)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_template(out, language=lang, district=titles.title_zh if lang == "zh" else titles.title_en)
    click.echo(say("cli.template_written", lang, file=str(out)))
