"""The command line. Exit status: 0 fine, 1 findings that block, 2 wrong use."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import click

#: Commands of the shell (``serve``, ``migrate`` …) register under this entry-point group; they need its extra.
_GROUP = "yipanqi.commands"

#: command → module that holds it; loaded only when the command is asked for, so that start-up stays short.
_COMMANDS = {
    "demo": "board",
    "plan": "board",
    "divide": "board",
    "fleet": "fleet",
    "check": "facts",
    "admit": "facts",
    "match": "facts",
    "shortlist": "shortlist",
    "template": "facts",
    "profiles": "rules",
    "rulebook": "rules",
    "warm": "warm",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_COMMANDS, *sorted(_of_the_shell())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command: click.Command | None = None
        if cmd_name in _COMMANDS:
            command = getattr(import_module(f"yipanqi.cli.{_COMMANDS[cmd_name]}"), cmd_name)
        elif load := _of_the_shell().get(cmd_name):
            command = load()
        return command


def _of_the_shell() -> dict[str, Callable[[], click.Command]]:
    """Name → loader of the shell's commands; none where the ``web`` extra is not installed."""
    from importlib.metadata import entry_points

    return {entry.name: entry.load for entry in entry_points(group=_GROUP)} if find_spec("django") else {}


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="yipanqi", message="yipanqi %(version)s")
def main() -> None:
    """一盘棋: a district's industrial land, plants and projects played as one board.

    区级产业用地、厂房与项目的统筹排布工具。
    """
