"""A ZIP into a folder: counted while it is expanded, no paths, known kinds only. Runs in the limited child."""

import zipfile
from pathlib import Path

from yipanqi.files.gate import MAX_ENTRIES, MAX_EXPANDED, Refused

#: Tables, layers, and the parts of a Shapefile.
_KINDS = (".xlsx", ".xlsm", ".geojson", ".gpkg", ".dxf", ".shp", ".shx", ".dbf", ".prj", ".cpg")
_CHUNK = 1 << 20
_UTF8 = 0x800


def unpack(paths: tuple[str, str]) -> None:
    """Put the known files of an archive side by side into a folder.

    Raises:
        Refused: damaged, encrypted, too many or too large parts, or two of one name.
    """
    source, folder = Path(paths[0]), Path(paths[1])
    try:
        with zipfile.ZipFile(source) as archive:
            _unpack(archive, folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise Refused("workbook.damaged") from error


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Refused("workbook.too_large", {"limit": f"{MAX_ENTRIES:,} entries"})
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused("workbook.encrypted")
    expanded = 0
    for entry in entries:
        name = _name(entry)
        if Path(name).suffix.lower() not in _KINDS or name.startswith((".", "~$")):
            continue
        with archive.open(entry) as part, (folder / name).open("xb") as target:
            while chunk := part.read(_CHUNK):
                expanded += len(chunk)
                if expanded > MAX_EXPANDED:
                    raise Refused("workbook.too_large", {"limit": "200 MiB"})
                target.write(chunk)


def _name(entry: zipfile.ZipInfo) -> str:
    """The bare name; Chinese programs write it in GB 18030 without saying so."""
    name = entry.filename
    if not entry.flag_bits & _UTF8:
        try:
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            name = entry.filename
    return name.replace("\\", "/").rpartition("/")[2].replace("\x00", "")
