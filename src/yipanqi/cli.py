"""The command line."""

import click


@click.group()
@click.version_option(package_name="yipanqi")
def main() -> None:
    """一盘棋: a district's industrial land, plants and projects played as one board."""
