"""Coordinate frames: from whatever a layer is in to CGCS2000 longitude and latitude, and to metres."""

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from yipanqi.kernel.findings import Finding, Severity

if TYPE_CHECKING:
    from pyproj import CRS, Transformer

CANONICAL_EPSG = 4490
#: A box around China: what lies in it with the axes exchanged was written latitude first.
_WEST, _SOUTH, _EAST, _NORTH = 73.0, 3.0, 136.0, 54.0
#: Datums that agree with CGCS2000 within centimetres to a metre.
_SAME_DATUM = ("China 2000", "World Geodetic System 1984", "WGS 84", "International Terrestrial Reference Frame")


class Frame(StrEnum):
    """The shifted frames of Chinese web maps: 火星坐标 (Gaode, Tencent) and Baidu's on top of it."""

    GCJ02 = "GCJ-02"
    BD09 = "BD-09"


def projection(epsg: int) -> "Transformer":
    """From canonical longitude and latitude to the metres of a projected system.

    Raises:
        ValueError: the code names no projected system.
    """
    return _transformer(f"EPSG:{CANONICAL_EPSG}", f"EPSG:{_projected(epsg)}")


@lru_cache(maxsize=64)
def _projected(epsg: int) -> int:
    if not _crs(f"EPSG:{epsg}").is_projected:
        raise ValueError(f"EPSG:{epsg} is not a projected system")
    return epsg


@lru_cache(maxsize=64)
def _transformer(source: str, target: str) -> "Transformer":
    from pyproj import Transformer
    from pyproj.exceptions import ProjError
    from pyproj.network import set_network_enabled  # type: ignore[attr-defined]

    set_network_enabled(active=False)  # offline: PROJ must not look for shift grids
    try:
        return Transformer.from_crs(_crs(source), _crs(target), always_xy=True)
    except ProjError as error:
        raise ValueError(f"no way from {source!r} to {target!r}") from error


@lru_cache(maxsize=64)
def _crs(crs: str) -> "CRS":
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise ValueError(f"unknown coordinate system {crs!r}") from error


def is_projected(crs: str) -> bool:
    """Whether the coordinates of a system are metres.

    Raises:
        ValueError: PROJ does not know the system.
    """
    return bool(_crs(crs).is_projected)


def old_datum(crs: str) -> str | None:
    """The name of a datum that lies metres to a hundred metres off CGCS2000 (Beijing 1954, Xian 1980, local), or None.

    No official shift parameters are public, so such a layer is read as it stands and the reader says so.
    """
    datum = _crs(crs).datum
    name = datum.name if datum is not None else "?"
    return None if name.startswith(_SAME_DATUM) else name


def to_canonical(wkbs: list[bytes | None], crs: str) -> list[bytes | None]:
    """The geometries in CGCS2000 longitude and latitude, two-dimensional.

    ``crs`` is anything PROJ knows (``"EPSG:4549"``, a WKT text) or a ``Frame``. Coordinates outside the system's range
    become infinite; ``faults`` finds them.

    Raises:
        ValueError: PROJ does not know the system.
    """
    array = np.empty(len(wkbs), dtype=object)
    array[:] = wkbs
    given = shapely.force_2d(shapely.from_wkb(array))
    xy = shapely.get_coordinates(given)
    if len(xy):
        if crs in tuple(Frame):
            x, y = unshifted(xy[:, 0], xy[:, 1], Frame(crs))
        else:
            x, y = _transformer(crs, f"EPSG:{CANONICAL_EPSG}").transform(xy[:, 0], xy[:, 1])
        given = shapely.set_coordinates(given, np.column_stack([x, y]))
    return [None if wkb is None else bytes(wkb) for wkb in shapely.to_wkb(given)]


def misplaced(box: ArrayLike, *, projected: bool) -> Finding | None:
    """What is wrong with coordinates for the kind of system they claim, from their west, south, east, north.

    ``geometry.degrees_in_metric``: degrees under a projected system; ``geometry.metric_in_degrees``: metres under
    longitude and latitude; ``geometry.axes_swapped``: latitude first; ``geometry.abroad``: degrees far from China.
    """
    west, south, east, north = (float(v) for v in np.asarray(box, np.float64))
    params = {"west": west, "south": south, "east": east, "north": north}
    degrees = west >= -180 and east <= 180 and south >= -90 and north <= 90
    if projected:
        return Finding("geometry.degrees_in_metric", Severity.BLOCK, params) if degrees else None
    if west >= _SOUTH and east <= _NORTH and south >= _WEST and north <= _EAST:
        return Finding("geometry.axes_swapped", Severity.BLOCK, params)
    if not degrees:
        return Finding("geometry.metric_in_degrees", Severity.BLOCK, params)
    inside = west >= _WEST and east <= _EAST and south >= _SOUTH and north <= _NORTH
    return None if inside else Finding("geometry.abroad", Severity.BLOCK, params)


def unshifted(lon: ArrayLike, lat: ArrayLike, frame: Frame) -> tuple[NDArray[Any], NDArray[Any]]:
    """Longitude and latitude without the shift of a web map, within a millimetre of its inverse.

    The shift (a public polynomial with sines, on the Krasovsky ellipsoid) is inverted by fixed-point steps: it changes
    by less than 1 % of any step.
    """
    x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    if frame is Frame.BD09:
        x, y = x - 0.0065, y - 0.006
        radius = np.hypot(x, y) - 0.00002 * np.sin(y * np.pi * 3000 / 180)
        angle = np.arctan2(y, x) - 0.000003 * np.cos(x * np.pi * 3000 / 180)
        x, y = radius * np.cos(angle), radius * np.sin(angle)
    true_x, true_y = x, y
    for _ in range(6):
        dx, dy = _shift(true_x, true_y)
        true_x, true_y = x - dx, y - dy
    return true_x, true_y


def _shift(lon: NDArray[Any], lat: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """How far GCJ-02 moves a point, in degrees."""
    axis, flat = 6378245.0, 0.00669342162296594323
    x, y, pi = lon - 105.0, lat - 35.0, np.pi
    wave = (20 * np.sin(6 * pi * x) + 20 * np.sin(2 * pi * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x)) + wave
    north += (20 * np.sin(pi * y) + 40 * np.sin(pi * y / 3)) * 2 / 3
    north += (160 * np.sin(pi * y / 12) + 320 * np.sin(pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x)) + wave
    east += (20 * np.sin(pi * x) + 40 * np.sin(pi * x / 3)) * 2 / 3
    east += (150 * np.sin(pi * x / 12) + 300 * np.sin(pi * x / 30)) * 2 / 3
    bend = 1 - flat * np.sin(np.radians(lat)) ** 2
    meridian = axis * (1 - flat) / bend**1.5 * pi / 180
    parallel = axis / np.sqrt(bend) * np.cos(np.radians(lat)) * pi / 180
    return east / parallel, north / meridian
