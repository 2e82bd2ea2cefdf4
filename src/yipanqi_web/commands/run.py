"""The three processes of an installation: web, worker, tick."""

import os
import signal
import socket
import threading
import time

import click

from yipanqi.cli import terminal
from yipanqi.policy.wording import say
from yipanqi_web.commands.start import fit_to_serve, ready


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="address and port")
@click.option("--workers", type=click.IntRange(1, 32), default=1, show_default=True, help="web processes")
@terminal.language
def serve(bind: str, workers: int, lang: str) -> None:
    """Serve the pages."""
    fit_to_serve(lang)
    from django.conf import settings
    from granian import Granian
    from granian.constants import Interfaces

    host, _, port = bind.rpartition(":")
    if not _free(host, int(port)):
        click.echo(say("web.cli.port_taken", lang, address=bind), err=True)
        raise SystemExit(2)
    # Where none is given (a demo), all web processes share the one that was made here.
    os.environ.setdefault("YIPANQI_SECRET", settings.SECRET_KEY)
    click.echo(say("web.cli.serving", lang, address=f"http://{bind}/"))
    Granian(
        "yipanqi_web.wsgi:application",
        address=host,
        port=int(port),
        workers=workers,
        blocking_threads=4,
        interface=Interfaces.WSGI,
        log_access=False,
    ).serve()


def _free(host: str, port: int) -> bool:
    """Whether nobody listens there: the server itself would share the port, and each request go to either."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError:
            return False
    return True


@click.command()
@click.option("--batch", is_flag=True, help="end when no task waits")
@terminal.language
def worker(batch: bool, lang: str) -> None:
    """Do the tasks that wait: backups, imports, long computations."""
    ready(lang)
    from yipanqi_web.jobs.worker import work

    work(batch=batch)


@click.command()
@click.option("--every", type=click.IntRange(1, 86_400), help="seconds between two rounds; without it one round")
@terminal.as_json
@terminal.language
def tick(every: int | None, as_json: bool, lang: str) -> None:
    """Do what is due: end holds, lapse referrals, deliver messages, seal the trail, lay down its heads."""
    ready(lang)
    from django.db import close_old_connections

    from yipanqi_web.jobs.tick import tick as round_

    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    while True:
        began = time.monotonic()
        close_old_connections()
        done = round_()
        _report(done, as_json, lang)
        if every is None:
            raise SystemExit(1 if done and done["failed_steps"] else 0)
        if stopped.wait(max(0.0, every - (time.monotonic() - began))):
            return


def _report(done: dict[str, int] | None, as_json: bool, lang: str) -> None:
    if as_json:
        terminal.print_json(done)
    elif done is None:
        click.echo(say("web.cli.tick_busy", lang))
    elif told := {name: count for name, count in done.items() if count}:
        click.echo("; ".join(say(f"web.cli.tick.{name}", lang, n=count) for name, count in told.items()))
