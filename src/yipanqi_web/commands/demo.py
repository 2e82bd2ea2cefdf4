"""The demo: a record of its own with the synthetic district, an account per role, web, worker and tick at once."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yipanqi.cli import terminal
from yipanqi.policy.wording import label, say
from yipanqi_web.commands.start import fit_to_serve, setup

if TYPE_CHECKING:
    from yipanqi_web.actions.demo import Account

#: The district of the synthetic data, and the morning on which its clock stands.
_DISTRICT = "310114"
_NOW = "2026-06-30T09:00"
_TICK_S = 20
_PATIENCE_S = 60.0


@click.command("demo-server")
@terminal.data
@click.option("--home", required=True, type=click.Path(file_okay=False, path_type=Path), help="folder of its record")
@terminal.profile_name
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any that is free")
@click.option("--once/--stay", default=None, help="look whether it serves, then end; usual without a terminal")
@terminal.language
def demo_server(data: Path, home: Path, profile: str, port: int, once: bool | None, lang: str) -> None:
    """Serve a data set as a demo on this machine, with accounts whose passwords are made now and printed."""
    if once is None:
        once = os.environ.get("CI") == "true" or not sys.stdin.isatty()
    if os.environ.get("YIPANQI_HOSTS"):
        raise click.UsageError(say("web.demo.not_in_production", lang))
    os.environ |= {"YIPANQI_HOME": str(home.resolve()), "YIPANQI_NOW": _NOW}
    os.environ.pop("DATABASE_URL", None)
    cast = _prepare(data, profile, lang)
    bind = f"127.0.0.1:{_free_port() if once or not port else port}"
    with _processes(bind) as children:
        _wait(bind, children)
        if once:
            _look(bind, cast[0])
            click.echo("ok")
            return
        _tell(bind, cast, lang)
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        raise SystemExit(1)


def _prepare(data: Path, profile: str, lang: str) -> "list[Account]":
    """The record at this version, with the district in it and the accounts made."""
    setup()
    from django.core.management import call_command

    from yipanqi_web.actions.demo import make_cast
    from yipanqi_web.actions.loading import load
    from yipanqi_web.records import guards
    from yipanqi_web.records.models import District

    call_command("migrate", verbosity=0, interactive=False)
    guards.install()
    fit_to_serve(lang)
    district = District.objects.filter(code=_DISTRICT).first()
    if district is None:  # what was entered in an earlier demo stays
        facts, _ = terminal.facts_of(data, mapping=None, as_of=None, lang=lang)
        district = load(facts, _DISTRICT, profile).district
    return make_cast(district, lang)


@contextmanager
def _processes(bind: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Web, worker and tick; they end with the block, whatever ends it."""
    children: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        for command in (["serve", "--bind", bind], ["worker"], ["tick", "--every", str(_TICK_S)]):
            start = [sys.executable, "-c", "from yipanqi.cli import main; main()", *command]
            # A session of its own: Ctrl-C reaches this process, which ends them in order.
            children.append(subprocess.Popen(start, stdout=subprocess.DEVNULL, start_new_session=True))
        yield children
    except KeyboardInterrupt:
        pass
    finally:
        for child in children:
            _signal(child, signal.SIGTERM)
        until = time.monotonic() + 10
        for child in children:
            try:
                child.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.wait()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(bind: str, children: list[subprocess.Popen[bytes]]) -> None:
    """Until the server answers that it is well, and worker and tick have given a sign of life."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if any(child.poll() is not None for child in children):
            break
        try:
            with urllib.request.urlopen(f"http://{bind}/health/", timeout=5) as answer:
                state = json.load(answer)
            if state["ok"] and None not in (state["worker_age_s"], state["tick_age_s"]):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.3)
    raise click.ClickException("the server did not start")


def _look(bind: str, account: "Account") -> None:
    """Sign in and open the board, as a browser does."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with browser.open(f"http://{bind}/login/") as page:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
    token = found.group(1) if found else ""
    form = {"csrfmiddlewaretoken": token, "username": account.username, "password": account.password}
    with browser.open(f"http://{bind}/login/", urllib.parse.urlencode(form).encode()) as page:
        text = page.read().decode()
    if page.status != 200 or urllib.parse.urlsplit(page.url).path != "/" or account.username not in text:
        raise click.ClickException("the board did not open")


def _tell(bind: str, cast: "list[Account]", lang: str) -> None:
    click.echo(say("web.cli.serving", lang, address=f"http://{bind}/"))
    click.echo(say("web.demo.accounts", lang))
    admins = {"system", "security", "audit"}
    for one in cast:
        post = label("admin_role", one.post, lang) if one.post in admins else one.post
        click.echo(f"  {one.username:<20} {one.password:<14} {post}")
    click.echo(say("web.demo.stop", lang))
