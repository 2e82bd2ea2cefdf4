"""What happens to a user's layer inside the limited child: which driver, which encoding, which frame, which faults.

``gis`` calls ``names`` and ``read`` through ``executor.apart``; nothing here runs in the main process.
"""

import codecs
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from yipanqi.kernel import geometry
from yipanqi.kernel.findings import Finding, Severity, in_order

#: Suffix → driver, and how such a file begins. Everything else GDAL could open (virtual layers that point to other
#: files, network services, pipelines) is unloaded before the file is touched.
DRIVERS = {
    ".gpkg": ("GPKG", (b"SQLite format 3\x00",)),
    ".geojson": ("GeoJSON", (b"{",)),
    ".shp": ("ESRI Shapefile", (b"\x00\x00\x27\x0a",)),
    ".gdb": ("OpenFileGDB", ()),
    ".dxf": ("DXF", (b"0\r\n", b"0\n", b"999", b"AutoCAD Binary DXF")),
}
MAX_BYTES = 200 * 2**20
MAX_FEATURES = 200_000
#: Code pages by the names a .cpg file may give them; what Chinese programs call GB2312 or GBK is read as GB18030.
_CHINESE = {"936", "cp936", "gbk", "gb2312", "gb18030", "ansi 936", "ansi936", "oem 936"}
_UNSTATED_LANGUAGE = (0x00, 0x57)
_GIVEN = "_given"


@dataclass(frozen=True)
class Request:
    """One layer to read; ``crs`` is the coordinate system a person states for it, else the file's own counts."""

    path: str
    layer: str | None = None
    crs: str | None = None


class _Unusable(Exception):  # noqa: N818 - leaves this module only as a finding
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.rule)
        self.finding = finding


def suitable(path: Path) -> Finding | None:
    """Why the file is not opened at all: unknown suffix, empty, too large, or not what its suffix says."""
    if path.suffix.lower() not in DRIVERS:
        return Finding("gis.format", params={"extension": path.suffix})
    parts = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else sorted(path.parent.glob(f"{path.stem}.*"))
    if sum(p.stat().st_size for p in parts) > MAX_BYTES:
        return Finding("gis.too_large", params={"limit": f"{MAX_BYTES // 2**20} MiB"})
    driver, heads = DRIVERS[path.suffix.lower()]
    if driver == "OpenFileGDB":
        return None if (path / "a00000001.gdbtable").is_file() else Finding("gis.wrong_extension")
    if path.is_dir():
        return Finding("gis.wrong_extension")
    with path.open("rb") as file:
        head = file.read(4096).removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    if not head:
        return Finding("gis.empty_file")
    return None if head.startswith(heads) else Finding("gis.wrong_extension")


def names(path: str) -> list[str]:
    """The names of the layers of a suitable file, in its own order."""
    gdal = _gdal()
    try:
        return [str(name) for name in gdal.list_layers(path)[:, 0]]
    except gdal.errors.DataSourceError:
        return []


def read(request: Request) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """The rows that can be used, and what is wrong; see ``gis.read_layer``."""
    path = Path(request.path)
    try:
        layer = request.layer or _first(request.path)
    except _Unusable as unusable:
        return _nothing(), (unusable.finding,)
    findings: list[Finding] = []
    try:
        meta, shapes, columns = _raw(path, layer, findings)
        wkbs: list[bytes | None] = [None] * _height(shapes, columns) if shapes is None else list(shapes)
        if shapes is None:
            findings.append(Finding("gis.no_geometry", Severity.WARN))
        wkbs, blocked = _canonical(wkbs, request.crs or meta["crs"], path, findings)
    except _Unusable as unusable:
        return _nothing(), tuple(f.at(table=layer) for f in (*findings, unusable.finding))
    frame = _frame(list(meta["fields"]), columns, wkbs).filter(~pl.col("row").is_in(sorted(blocked)))
    if not wkbs:
        findings.append(Finding("gis.empty_layer", Severity.WARN))
    return frame, in_order(f.at(table=layer) for f in findings)


def read_all(request: Request) -> list[tuple[str, tuple[pl.DataFrame, tuple[Finding, ...]]]]:
    """Every layer of a file with its name, each as ``read`` gives it."""
    found = names(request.path) or [Path(request.path).stem]
    return [(name, read(replace(request, layer=name))) for name in found]


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema={"row": pl.Int64, "geometry_wkb": pl.Binary})


def _gdal() -> Any:
    """pyogrio with only the allowed drivers loaded."""
    import pyogrio
    import pyogrio.raw
    from pyogrio._ogr import _register_drivers

    allowed = {driver for driver, _ in DRIVERS.values()}
    unwanted = sorted(set(pyogrio.list_drivers()) - allowed)
    pyogrio.set_gdal_config_options({"OGR_SKIP": ",".join(unwanted)})
    _register_drivers()
    return pyogrio


def _first(path: str) -> str:
    found = names(path)
    if not found:
        raise _Unusable(Finding("gis.unreadable"))
    return found[0]


def _raw(path: Path, layer: str, findings: list[Finding]) -> tuple[Any, NDArray[Any] | None, list[NDArray[Any]]]:
    gdal = _gdal()
    encoding = _guessed_encoding(path) if path.suffix.lower() == ".shp" else None
    if encoding:
        findings.append(Finding("gis.encoding_guessed", Severity.NOTE, {"encoding": encoding}))
    try:
        meta, _, shapes, columns = gdal.raw.read(
            str(path), layer=layer, encoding=encoding, force_2d=True, max_features=MAX_FEATURES + 1
        )
    except UnicodeDecodeError as error:
        raise _Unusable(Finding("gis.encoding")) from error
    except gdal.errors.DataLayerError as error:
        raise _Unusable(Finding("gis.no_layer")) from error
    except (gdal.errors.DataSourceError, gdal.errors.FeatureError, gdal.errors.GeometryError, ValueError) as error:
        raise _Unusable(Finding("gis.unreadable")) from error
    if _height(shapes, columns) > MAX_FEATURES:
        raise _Unusable(Finding("gis.too_large", params={"limit": f"{MAX_FEATURES:,}"}))
    return meta, shapes, list(columns)


def _guessed_encoding(path: Path) -> str | None:
    """The encoding of a shapefile's table where GDAL is not told or not told in words it knows; None: leave it to GDAL.

    Without a .cpg file and a language mark the text is tried as UTF-8, then taken as GB18030.
    """
    table = path.with_suffix(".dbf")
    page = path.with_suffix(".cpg")
    if page.is_file():
        return "GB18030" if page.read_text("ascii", "replace").strip().lower() in _CHINESE else None
    text = table.read_bytes() if table.is_file() else b""
    if len(text) < 32 or text[29] not in _UNSTATED_LANGUAGE:
        return None
    try:
        text[32:].decode("utf-8")
    except UnicodeDecodeError:
        return "GB18030"
    return "UTF-8" if not text[32:].isascii() else None


def _height(shapes: NDArray[Any] | None, columns: Any) -> int:
    return len(shapes) if shapes is not None else len(columns[0]) if len(columns) else 0


def _canonical(
    wkbs: list[bytes | None], crs: str | None, path: Path, findings: list[Finding]
) -> tuple[list[bytes | None], set[int]]:
    """The geometries in CGCS2000, and the numbers of the rows that are kept out; findings are added to the list."""
    if path.suffix.lower() == ".dxf":
        wkbs = [None if wkb is None else geometry.line_as_polygon(wkb) for wkb in wkbs]
    gated = {i: geometry.gate(wkb) for i, wkb in enumerate(wkbs) if wkb is not None}
    faults = {i: finding for i, finding in gated.items() if finding is not None}
    sound = [None if i in faults else wkb for i, wkb in enumerate(wkbs)]
    boxes = geometry.bounds(sound)
    system, projected = _system(crs, boxes, findings)
    faults |= _misplaced(boxes, projected)
    sound = geometry.to_canonical([None if i in faults else wkb for i, wkb in enumerate(sound)], system)
    faults |= geometry.faults(sound)
    sound = [None if i in faults else wkb for i, wkb in enumerate(sound)]
    faults |= _misplaced(geometry.bounds(sound), False)
    findings += _placed(faults, len(wkbs))
    return [None if i in faults else w for i, w in enumerate(sound)], {i + 1 for i, f in faults.items() if f.blocks}


def _system(crs: str | None, boxes: NDArray[Any], findings: list[Finding]) -> tuple[str, bool]:
    """The coordinate system to read in, and whether it measures metres."""
    if crs is None:
        whole = (
            [*np.nanmin(boxes[:, :2], axis=0), *np.nanmax(boxes[:, 2:], axis=0)] if np.isfinite(boxes).any() else None
        )
        if whole is not None and geometry.misplaced(whole, projected=False) is not None:
            raise _Unusable(Finding("gis.no_crs"))
        findings.append(Finding("gis.crs_assumed", Severity.WARN))
        return f"EPSG:{geometry.CANONICAL_EPSG}", False
    if crs in tuple(geometry.Frame):
        findings.append(Finding("gis.shifted", Severity.NOTE, {"frame": crs}))
        return crs, False
    try:
        projected = geometry.is_projected(crs)
        geometry.to_canonical([geometry.box_wkb(0, 0, 1, 1)], crs)
    except ValueError as error:
        raise _Unusable(Finding("gis.unknown_crs", params={"crs": crs[:80]})) from error
    if datum := geometry.old_datum(crs):
        findings.append(Finding("gis.old_datum", Severity.WARN, {"datum": datum}))
    return crs, projected


def _misplaced(boxes: NDArray[Any], projected: bool) -> dict[int, Finding]:
    known = np.flatnonzero(np.isfinite(boxes).all(axis=1))
    found = {int(i): geometry.misplaced(boxes[i], projected=projected) for i in known}
    return {i: finding for i, finding in found.items() if finding is not None}


def _placed(faults: dict[int, Finding], count: int) -> list[Finding]:
    """The faults with their row numbers; one fault that all rows of a layer share is the layer's."""
    kinds = Counter(finding.rule for finding in faults.values())
    shared = {rule for rule, times in kinds.items() if times == count > 1}
    whole = [next(f for f in faults.values() if f.rule == rule) for rule in shared]
    return whole + [f.at(row=i + 1) for i, f in faults.items() if f.rule not in shared]


def _frame(fields: list[Any], columns: list[NDArray[Any]], wkbs: list[bytes | None]) -> pl.DataFrame:
    own = ("row", "geometry_wkb")
    named = {f"{n}{_GIVEN}" if n in own else str(n): c for n, c in zip(fields, columns, strict=True)}
    rows = pl.Series("row", range(1, len(wkbs) + 1), dtype=pl.Int64)
    shapes = pl.Series("geometry_wkb", wkbs, dtype=pl.Binary)
    return pl.DataFrame([rows, *(_column(name, values) for name, values in named.items()), shapes])


def _column(name: str, values: NDArray[Any]) -> pl.Series:
    """One attribute as text, number, yes-or-no or time; lists become text joined by 、, raw bytes are left out."""
    if values.dtype.kind == "O":
        return pl.Series(name, [_text(value) for value in values], dtype=pl.String)
    series = pl.Series(name, values)
    if values.dtype.kind == "f":
        return series.cast(pl.Float64).fill_nan(None)
    return series.cast(pl.Int64) if values.dtype.kind in "iu" else series


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, bytes):
        return None
    if isinstance(value, list | tuple | np.ndarray):
        return "、".join(str(part) for part in value)
    return str(value)
