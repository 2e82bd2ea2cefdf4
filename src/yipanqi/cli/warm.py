"""warm: compile what is compiled at first use, so that nobody waits later."""

import time
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

import click

import yipanqi
from yipanqi.cli import terminal
from yipanqi.policy.wording import say


@click.command()
@click.option("-q", "--quiet", is_flag=True, help="say nothing")
@terminal.language
def warm(quiet: bool, lang: str) -> None:
    """Compile the inner loops once and keep them: beside the installation, or in the user's cache if that is closed."""
    for module in kernels():
        began = time.monotonic()
        module.warm()
        if not quiet:
            click.echo(say("cli.warmed", lang, module=module.__name__, seconds=time.monotonic() - began))


def kernels() -> Iterator[ModuleType]:
    """Every module of compiled loops: those named ``_kernels`` or ``_<what>_kernels`` that have a ``warm``."""
    for found in walk_packages(yipanqi.__path__, "yipanqi."):
        if found.name.rpartition(".")[2].endswith("_kernels"):
            module = import_module(found.name)
            if hasattr(module, "warm"):
                yield module
