"""The command line. Exit status: 0 fine, 1 findings that block, 2 wrong use."""

from importlib import import_module

import click

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
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"yipanqi.cli.{_COMMANDS[cmd_name]}"), cmd_name)
        return command


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="yipanqi", message="yipanqi %(version)s")
def main() -> None:
    """一盘棋: a district's industrial land, plants and projects played as one board.

    区级产业用地、厂房与项目的统筹排布工具。
    """
