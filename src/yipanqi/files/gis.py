"""Layers: GeoPackage, GeoJSON, Shapefile, FileGDB and DXF in; GeoPackage and GeoJSON out.

Files of users are opened in a limited child (``executor.apart``), by an allow-list of drivers, and every geometry goes
through ``geometry.gate``. Nothing is repaired: what is wrong is a finding.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from yipanqi.files import layer_intake
from yipanqi.files.layer_intake import DRIVERS, Request
from yipanqi.kernel import geometry
from yipanqi.kernel.executor import Exhausted, apart
from yipanqi.kernel.findings import Finding

SUFFIXES = tuple(DRIVERS)
# Processor time is what is promised; the wall is generous, for a busy machine must not refuse good files.
_CPU_S, _WALL_S, _MEMORY = 9.0, 60.0, 3 * 2**29
_INTAKE = layer_intake.__name__
_EMPTY = pl.DataFrame(schema={"row": pl.Int64, "geometry_wkb": pl.Binary})


def read_layer(
    path: Path, layer: str | None = None, *, crs: str | None = None
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """The rows of a layer (the first one if none is named) and what is wrong with them.

    Columns: ``row`` (the feature's number in the file, from 1), the attributes as the file names and types them (text,
    Int64, Float64, Boolean, Date, Datetime; lists as text joined by 、; an attribute named ``row`` or
    ``geometry_wkb`` gets the suffix ``_given``), and ``geometry_wkb``: point, polygon or multipolygon in CGCS2000
    longitude and latitude, two-dimensional. A missing or empty geometry is null. Rows with a blocking finding are left
    out; a fault all rows share is one finding without a row.

    ``crs`` is the coordinate system a person states for the layer (``"EPSG:4549"``, ``"GCJ-02"``, ``"BD-09"``) and
    overrides the file's. A layer without any is read as CGCS2000 if its numbers can be degrees, and refused otherwise.

    Finding rules: ``gis.*`` for the file or layer, ``geometry.*`` for one geometry.
    """
    if (finding := layer_intake.suitable(path)) is not None:
        return _EMPTY, (finding.at(file=path.name),)
    return _answer(path, layer, *_apart("read", Request(str(path), layer, crs)))


def read_layers(path: Path, *, crs: str | None = None) -> tuple[tuple[str, pl.DataFrame, tuple[Finding, ...]], ...]:
    """Every layer of a file with its name, as ``read_layer`` gives it; the file is opened once.

    A file that cannot be opened gives one empty layer that bears the file's name and says why.
    """
    if (finding := layer_intake.suitable(path)) is not None:
        return ((path.stem, _EMPTY, (finding.at(file=path.name),)),)
    found, stopped = _apart("read_all", Request(str(path), None, crs))
    if found is None:
        return ((path.stem, *_answer(path, path.stem, None, stopped)),)
    return tuple((name, *_answer(path, name, answer, None)) for name, answer in found)


def _apart(task: str, request: Request) -> tuple[Any, Exhausted | None]:
    try:
        return apart(f"{_INTAKE}:{task}", request, cpu_s=_CPU_S, memory_bytes=_MEMORY, wall_s=_WALL_S), None
    except Exhausted as stopped:
        return None, stopped


def _answer(
    path: Path, layer: str | None, found: Any, stopped: Exhausted | None
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    if stopped is not None:
        finding = Finding("gis.exhausted", params={"reason": str(stopped.reason)}, table=layer)
        return _EMPTY, (finding.at(file=path.name),)
    frame, findings = found
    return frame, tuple(f.at(file=path.name) for f in findings)


def write_gpkg(path: Path, layers: Mapping[str, pl.DataFrame], on: date) -> None:
    """Write each frame as a layer of a GeoPackage in CGCS2000 (EPSG:4490); the same frames give the same bytes.

    Every frame has ``geometry_wkb``; its other columns are the attributes (lists as text joined by 、). Features are
    sorted by their attributes from left to right. ``on`` is the date the file says it was changed: the facts' date,
    not today's.
    """
    path.unlink(missing_ok=True)
    for name, frame in layers.items():
        _write(path, frame, "GPKG", on, layer=name, crs="EPSG:4490", append=path.exists())


def write_geojson(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame as GeoJSON (RFC 7946: WGS 84 longitude and latitude, 7 decimals); the same frame, the same bytes.

    CGCS2000 and WGS 84 agree within centimetres, so the coordinates are written as they are. Columns and order as in
    ``write_gpkg``.
    """
    path.unlink(missing_ok=True)
    options = {"RFC7946": "YES", "COORDINATE_PRECISION": "7", "WRITE_NAME": "NO"}
    _write(path, frame, "GeoJSON", None, layer=path.stem, crs="EPSG:4326", layer_options=options)


def _write(path: Path, frame: pl.DataFrame, driver: str, on: date | None, **options: Any) -> None:
    import pyogrio
    from pyogrio.raw import write

    rows = _in_order(frame)
    wkbs = np.empty(rows.height, dtype=object)
    wkbs[:] = rows["geometry_wkb"].to_list()
    names = [name for name in rows.columns if name != "geometry_wkb"]
    data, masks = zip(*(_values(rows[name]) for name in names), strict=True) if names else ((), ())
    kind = _kind(wkbs)
    stamp = None if on is None else f"{on.isoformat()}T00:00:00.000Z"
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        write(
            path,
            wkbs,
            list(data),
            names,
            field_mask=list(masks),
            driver=driver,
            geometry_type=kind,
            promote_to_multi=kind == "MultiPolygon",
            **options,
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    joined = [pl.col(n).cast(pl.List(pl.String)).list.join("、") for n, t in frame.schema.items() if t == pl.List]
    flat = frame.with_columns(joined)
    return flat.sort([*(n for n in flat.columns if n != "geometry_wkb"), "geometry_wkb"])


def _values(column: pl.Series) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The values for GDAL, and which of them are null (the values there do not matter)."""
    mask = column.is_null().to_numpy()
    if column.dtype.is_integer():
        return column.fill_null(0).cast(pl.Int64).to_numpy(), mask
    if column.dtype.is_float():
        return column.fill_null(0.0).cast(pl.Float64).to_numpy(), mask
    if column.dtype == pl.Boolean:
        return column.fill_null(False).to_numpy(), mask
    if column.dtype == pl.Date:
        return column.fill_null(date(1970, 1, 1)).to_numpy().astype("datetime64[D]"), mask
    if column.dtype == pl.Datetime:
        return column.dt.cast_time_unit("ms").to_numpy(), mask
    return column.cast(pl.String).to_numpy().astype(object), mask


def _kind(wkbs: NDArray[Any]) -> str:
    """The geometry type the layer declares."""
    kinds = {geometry.kind(wkb) for wkb in wkbs if wkb is not None}
    if kinds and kinds <= {"Polygon", "MultiPolygon"}:
        return "MultiPolygon"
    return "Point" if kinds == {"Point"} else "Unknown"
