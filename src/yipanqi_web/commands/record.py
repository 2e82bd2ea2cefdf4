"""The record: bring it to this version, load a district, make an administrator, seal and verify the trail."""

import json
import sys
from datetime import datetime
from pathlib import Path

import click

from yipanqi.cli import terminal
from yipanqi.policy.wording import label, say
from yipanqi_web.commands.start import ready, setup


@click.command()
@terminal.language
def migrate(lang: str) -> None:
    """Bring the record to this version and lay its guards."""
    setup()
    from django.core.management import call_command

    from yipanqi_web.records import guards

    call_command("migrate", verbosity=0, interactive=False)
    guards.install()
    click.echo(say("web.cli.migrated", lang, guards=len(guards.GUARDS)))


@click.command()
@terminal.data
@click.option("--district", required=True, help="code of the district, e.g. 310114")
@terminal.profile_name
@terminal.data_date
@terminal.mapping_file
@terminal.as_json
@terminal.language
def load(
    data: Path, district: str, profile: str, as_of: datetime | None, mapping: Path | None, as_json: bool, lang: str
) -> None:
    """Load a data set into the record of a district, whole or not at all; the same one again changes nothing."""
    ready(lang)
    from yipanqi_web.actions.loading import load as load_facts

    terminal.rulebook_of(profile, lang)
    facts, findings = terminal.facts_of(data, mapping=mapping, as_of=as_of, lang=lang)
    if any(finding.blocks for finding in findings):
        terminal.show_findings(findings, lang)
        click.echo(say("web.cli.nothing_loaded", lang), err=True)
        raise SystemExit(1)
    done = load_facts(facts, district, profile)
    rows = {name: vars(w) if hasattr(w, "__dict__") else w for name, w in done.tables.items()}
    if as_json:
        terminal.print_json({"district": district, "tables": rows, "holds": done.holds})
        return
    for name, written in done.tables.items():
        table = label("table", name, lang)
        click.echo(
            say("web.cli.loaded", lang, table=table, added=written.added, changed=written.changed,
                unchanged=written.unchanged)
        )  # fmt: skip
    terminal.show_findings(findings, lang)


@click.command()
@click.argument("username")
@click.option("--role", required=True, type=click.Choice(["system", "security", "audit"]))
@click.option("--password-stdin", is_flag=True, help="read the password from standard input")
@terminal.language
def createadmin(username: str, role: str, password_stdin: bool, lang: str) -> None:
    """Make one of the three administrators. There is no default password and no superuser."""
    ready(lang)
    from django.core.exceptions import ValidationError

    from yipanqi_web.accounts.models import User

    password = (
        sys.stdin.readline().rstrip("\n")
        if password_stdin
        else click.prompt(say("web.cli.password", lang), hide_input=True, confirmation_prompt=True)
    )
    try:
        User.objects.create_user(username, password, admin_role=role)
    except ValidationError as error:
        for message in error.messages:
            click.echo(message, err=True)
        raise SystemExit(1) from error
    click.echo(say("web.cli.admin_made", lang, name=username))


@click.group()
def audit() -> None:
    """The audit trail: seal it, verify it."""


@audit.command("verify")
@click.option("--head", help="a head noted earlier: it must still stand in the chain")
@terminal.as_json
@terminal.language
def verify(head: str | None, as_json: bool, lang: str) -> None:
    """Walk the chain of every district; status 1 where it is broken."""
    ready(lang)
    from yipanqi_web.records import chain
    from yipanqi_web.records.models import District

    found = [chain.verify(code, head) for code in District.objects.order_by("code").values_list("code", flat=True)]
    if as_json:
        click.echo(json.dumps([vars(one) for one in found], ensure_ascii=False, indent=1))
    for one in found if not as_json else ():
        key = "web.cli.chain_whole" if one.broken_at is None else "web.cli.chain_broken"
        click.echo(
            say(key, lang, district=one.district_code, sealed=one.sealed, unsealed=one.unsealed, head=one.head,
                place=one.broken_at or 0)
        )  # fmt: skip
    raise SystemExit(1 if any(one.broken_at is not None for one in found) else 0)


@audit.command("seal")
@terminal.language
def seal(lang: str) -> None:
    """Seal the rows that are not sealed yet; the tick does this."""
    ready(lang)
    from yipanqi_web.records import chain
    from yipanqi_web.records.models import District

    for code in District.objects.order_by("code").values_list("code", flat=True):
        click.echo(say("web.cli.sealed", lang, district=code, count=chain.seal(code)))
