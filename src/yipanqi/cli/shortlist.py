"""shortlist: for every demand the best single sites in different towns, at once."""

from datetime import datetime
from pathlib import Path

import click
import polars as pl

from yipanqi.allocation.board import Facts
from yipanqi.cli import terminal
from yipanqi.policy.rulebook import Rulebook
from yipanqi.policy.wording import say


@click.command()
@terminal.data
@terminal.profile_name
@terminal.data_date
@terminal.mapping_file
@click.option("--project", help="only this project")
@click.option("--count", type=click.IntRange(1), default=3, show_default=True, help="sites, each in another town")
@terminal.as_json
@terminal.language
def shortlist(data: Path, profile: str, as_of: datetime | None, mapping: Path | None, project: str | None, count: int,
              as_json: bool, lang: str) -> None:  # fmt: skip
    """List the best single sites in different towns for every demand, at once; match and plan look deeper."""
    rulebook = terminal.rulebook_of(profile, lang)
    facts, findings = terminal.facts_of(data, mapping=mapping, as_of=as_of, lang=lang)
    picks = picked(facts, rulebook, count)
    if project is not None:
        if project not in facts.projects["project_id"]:
            raise click.BadParameter(say("cli.no_project", lang, project=project), param_hint="--project")
        picks = picks.filter(pl.col("project_id") == project)
    if as_json:
        terminal.print_json(picks.to_dicts())
        terminal.finish(findings)
    names = dict(facts.sites.select("site_id", "name").iter_rows())
    projects = dict(facts.projects.select("project_id", "name").iter_rows())
    towns = dict(facts.towns.select("town_id", "name").iter_rows())
    for (project_id, phase), rows in picks.group_by("project_id", "phase", maintain_order=True):
        click.echo(say("cli.shortlist", lang, project=f"{project_id} {projects[project_id]}", phase=phase))
        for row in rows.iter_rows(named=True):
            site, town = names[row["site_id"]], towns.get(row["town_id"], row["town_id"])
            words = {
                "rank": row["shown_rank"],
                "site": f"{row['site_id']} {site}",
                "town": town,
                "score": row["score_share"],
            }
            click.echo(say("cli.pick", lang, **words))
    terminal.finish(findings)


def picked(facts: Facts, rulebook: Rulebook, count: int) -> pl.DataFrame:
    """The shortlist of every project on the board (``matching.shortlist.Pick``)."""
    from yipanqi.allocation.board import playing
    from yipanqi.inventory.availability import available
    from yipanqi.inventory.reservation import live
    from yipanqi.inventory.stocktaking import fresh
    from yipanqi.matching.contract import Supply, Want
    from yipanqi.matching.quick import quick
    from yipanqi.planning.zones import locate

    facts, on = facts.sorted(), facts.as_of
    located = locate(facts.sites, facts.zones, rulebook, on)
    sites = fresh(available(located.sites), rulebook, on)
    in_play = playing(facts.projects)
    demands = facts.demands.join(in_play, on="project_id", how="semi")
    supply = Supply(sites, located.shares, facts.incumbents, live(facts.holds, on))
    return quick(supply, Want(in_play, demands, facts.wishes), rulebook, on, count)
