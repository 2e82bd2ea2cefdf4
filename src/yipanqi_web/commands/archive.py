"""Backups: make one, look whether one is whole, bring one back."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from yipanqi.cli import terminal
from yipanqi.policy.wording import say
from yipanqi_web.commands.start import ready, setup

if TYPE_CHECKING:
    from yipanqi_web.records.archive import Manifest

_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@_file
@terminal.as_json
@terminal.language
def backup(file: Path, as_json: bool, lang: str) -> None:
    """Write the whole record and its files into one archive, also while others write. Secrets are not in it."""
    ready(lang)
    from yipanqi_web.records import archive

    if file.exists():
        raise click.BadParameter(say("web.archive.exists", lang, file=str(file)))
    _tell("web.archive.written", archive.write(file), as_json, lang)


@click.command()
@_file
@click.option("--digest", help="the digest noted when it was written")
@terminal.as_json
@terminal.language
def verify(file: Path, digest: str | None, as_json: bool, lang: str) -> None:
    """Whether an archive is whole and unaltered; status 1 where not."""
    setup()
    from yipanqi_web.records import archive

    try:
        manifest = archive.verify(file)
        if digest is not None and digest != manifest.digest:
            raise archive.ArchiveError("web.archive.altered")
    except archive.ArchiveError as error:
        _refuse(error, file, lang)
    _tell("web.archive.whole", manifest, as_json, lang)


@click.command()
@_file
@click.option("--force", is_flag=True, help="empty the record first: what stands there now is lost")
@terminal.as_json
@terminal.language
def restore(file: Path, force: bool, as_json: bool, lang: str) -> None:
    """Bring an archive back into a migrated, empty record, on either database; whole or not at all."""
    ready(lang)
    from yipanqi_web.records import archive

    try:
        manifest = archive.restore(file, force=force)
    except archive.ArchiveError as error:
        _refuse(error, file, lang)
    _tell("web.archive.restored", manifest, as_json, lang)


def _refuse(error: Exception, file: Path, lang: str) -> None:
    click.echo(say(str(error), lang, file=str(file)), err=True)
    raise SystemExit(1) from error


def _tell(text: str, manifest: "Manifest", as_json: bool, lang: str) -> None:
    rows = sum(part.rows for part in manifest.tables)
    if as_json:
        told = {"path": manifest.path, "digest": manifest.digest, "rows": rows, "files": len(manifest.files)}
        terminal.print_json(told | {"tables": {part.name: part.rows for part in manifest.tables}})
        return
    click.echo(say(text, lang, file=manifest.path, rows=rows, files=len(manifest.files), digest=manifest.digest))
