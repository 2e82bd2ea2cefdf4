"""The gate before GEOS: what an untrusted geometry must show before a geometry library touches it.

Two traps were seen: two megabytes of nested text kill the process, and repairing a ring of two hundred random
vertices takes twelve seconds. So depth, vertices, numbers and rings are counted here on the bytes, nothing is ever
repaired, and only then GEOS is asked whether a ring crosses itself (0.3 s for the largest ring let in).
"""

import re
import struct
from typing import Any, NoReturn

import numpy as np
import shapely
from numpy.typing import NDArray

from yipanqi.kernel.findings import Finding, Severity

#: Geometries inside geometries; a multipolygon is 2 deep.
MAX_DEPTH = 4
MAX_VERTICES = 20_000
#: Four numbers a vertex and room for the heads; a longer one is refused unread.
_MAX_BYTES = 40 * MAX_VERTICES
_MAX_TEXT = 2_000_000
_POINT, _LINE, _POLYGON, _COLLECTION = 1, 2, 3, 7
#: Kinds that hold other geometries: multipoint, multiline, multipolygon, collection.
_HOLDERS = (4, 5, 6, _COLLECTION)
#: What the engine works with.
_NAMES = {_POINT: "Point", _POLYGON: "Polygon", 6: "MultiPolygon"}
_CROSSING = re.compile(r"(?P<what>[^\[]+)\[(?P<x>\S+) (?P<y>\S+)\]")


class _Refused(Exception):  # noqa: N818 - leaves this module only as a finding
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.rule)
        self.finding = finding


def gate(wkb: bytes) -> Finding | None:
    """The first reason not to hand the WKB to GEOS, None if there is none.

    Rules ``geometry.unreadable`` (bytes that are no WKB), ``.depth``, ``.vertices``, ``.infinite``, ``.ring_short``
    (fewer than 4 points), ``.ring_open`` (last point is not the first), ``.kind`` (no point, polygon or multipolygon)
    and ``.empty`` (a warning: the row simply has no place).

    >>> gate(b"\\x01\\x03").rule
    'geometry.unreadable'
    """
    if len(wkb) > _MAX_BYTES:
        return Finding("geometry.vertices", params={"limit": MAX_VERTICES})
    try:
        kind, end, vertices = _walk(wkb, 0, 1, 0)
    except (struct.error, IndexError):
        return Finding("geometry.unreadable")
    except _Refused as refused:
        return refused.finding
    if end != len(wkb):
        return Finding("geometry.unreadable")
    if vertices == 0:
        return Finding("geometry.empty", Severity.WARN)
    return None if kind in _NAMES else Finding("geometry.kind")


def _walk(wkb: bytes, at: int, depth: int, vertices: int) -> tuple[int, int, int]:
    """Kind of the geometry that starts at a byte, the byte after its end, and the vertices counted so far."""
    if depth > MAX_DEPTH:
        raise _Refused(Finding("geometry.depth", params={"limit": MAX_DEPTH}))
    order = "<>"[wkb[at] ^ 1] if wkb[at] < 2 else _refuse("geometry.unreadable")
    kind, width, at = _head(wkb, at, order)
    if kind == _POINT:
        numbers = np.frombuffer(wkb, order + "f8", width, _within(wkb, at, 8 * width))
        if np.isnan(numbers).all():
            return kind, at + 8 * width, vertices
        _finite(numbers)
        return kind, at + 8 * width, vertices + 1
    (count,) = struct.unpack_from(order + "I", wkb, at)
    at += 4
    if kind == _LINE:
        at, vertices = _vertices(wkb, at, order, (count, width), vertices)
    elif kind == _POLYGON:
        for _ in range(count):
            (length,) = struct.unpack_from(order + "I", wkb, at)
            start = at + 4
            at, vertices = _vertices(wkb, start, order, (length, width), vertices)
            if length:
                _ring(np.frombuffer(wkb, order + "f8", length * width, start).reshape(length, width))
    elif kind in _HOLDERS:
        for _ in range(count):
            _, at, vertices = _walk(wkb, at, depth + 1, vertices)
    else:
        raise _Refused(Finding("geometry.kind"))
    return kind, at, vertices


def _head(wkb: bytes, at: int, order: str) -> tuple[int, int, int]:
    """Kind without dimension marks, numbers per vertex, and the byte after the head; ISO and extended marks."""
    (code,) = struct.unpack_from(order + "I", wkb, at + 1)
    kind, mark = code & 0xFFFF, code >> 29
    width = 2 + bool(mark & 4) + bool(mark & 2) + (0, 1, 1, 2)[min(kind // 1000, 3)]
    return kind % 1000, width, at + 5 + (4 if mark & 1 else 0)


def _vertices(wkb: bytes, at: int, order: str, shape: tuple[int, int], before: int) -> tuple[int, int]:
    count, width = shape
    if before + count > MAX_VERTICES:
        raise _Refused(Finding("geometry.vertices", params={"limit": MAX_VERTICES}))
    size = 8 * count * width
    if count:
        _finite(np.frombuffer(wkb, order + "f8", count * width, _within(wkb, at, size)))
    return at + size, before + count


def _within(wkb: bytes, at: int, size: int) -> int:
    return at if at + size <= len(wkb) else _refuse("geometry.unreadable")


def _finite(numbers: NDArray[Any]) -> None:
    if not np.isfinite(numbers).all():
        _refuse("geometry.infinite")


def _ring(points: NDArray[Any]) -> None:
    if len(points) < 4:
        _refuse("geometry.ring_short")
    if (points[0, :2] != points[-1, :2]).any():
        _refuse("geometry.ring_open")


def _refuse(rule: str) -> NoReturn:
    raise _Refused(Finding(rule))


def faults(wkbs: list[bytes | None]) -> dict[int, Finding]:
    """What GEOS finds wrong with geometries that passed the gate, by index: the first fault of each.

    ``geometry.infinite``: a coordinate left the range of its system; ``geometry.self_crossing`` with the place
    (``lon``, ``lat``); ``geometry.rings`` for holes outside their shell, nested or repeated rings.
    """
    array = np.empty(len(wkbs), dtype=object)
    array[:] = wkbs
    given = shapely.from_wkb(array)
    found = {int(i): Finding("geometry.infinite") for i in np.flatnonzero(_infinite(given))}
    for i in np.flatnonzero(~shapely.is_valid(given) & ~shapely.is_missing(given)):
        if int(i) not in found:
            found[int(i)] = _fault(str(shapely.is_valid_reason(given[i])))
    return dict(sorted(found.items()))


def _infinite(given: NDArray[Any]) -> NDArray[np.bool_]:
    box = np.asarray(shapely.bounds(given)).reshape(-1, 4)
    return np.asarray(~np.isfinite(box).all(axis=1) & ~shapely.is_missing(given))


def _fault(reason: str) -> Finding:
    place = _CROSSING.fullmatch(reason)
    params = {"lon": float(place["x"]), "lat": float(place["y"])} if place else {"lon": None, "lat": None}
    crossing = "self-intersection" in reason.lower()
    return Finding("geometry.self_crossing" if crossing else "geometry.rings", params=params)


def from_wkt(text: str) -> bytes | Finding:
    """The WKB of a WKT text that passes the gate, or the finding that stops it.

    >>> isinstance(from_wkt("POINT (121.2 31.3)"), bytes)
    True
    >>> from_wkt("GEOMETRYCOLLECTION (" * 9).rule
    'geometry.depth'
    """
    if len(text) > _MAX_TEXT:
        return Finding("geometry.vertices", params={"limit": MAX_VERTICES})
    depth = deepest = 0
    for sign in re.findall(r"[()]", text):
        depth += 1 if sign == "(" else -1
        deepest = max(deepest, depth)
    # A multipolygon's text has three brackets and its bytes are two deep; one more for each collection around it.
    if deepest > MAX_DEPTH + 1:
        return Finding("geometry.depth", params={"limit": MAX_DEPTH})
    try:
        wkb = bytes(shapely.to_wkb(shapely.from_wkt(text)))
    except (shapely.errors.GEOSException, TypeError):
        return Finding("geometry.unreadable")
    return gate(wkb) or wkb


def line_as_polygon(wkb: bytes) -> bytes:
    """A line as the polygon it goes round, other kinds unchanged: drawings (DXF) hold parcels as closed lines.

    Only the bytes are rewritten; ``gate`` refuses a line that is not closed as ``geometry.ring_open``.
    """
    order = "<" if wkb[:1] == b"\x01" else ">"
    if len(wkb) < 9 or _head(wkb, 0, order)[0] != _LINE:
        return wkb
    (code,) = struct.unpack_from(order + "I", wkb, 1)
    return wkb[:1] + struct.pack(order + "II", code + _POLYGON - _LINE, 1) + wkb[5:]


def kind(wkb: bytes) -> str:
    """``Point``, ``Polygon`` or ``MultiPolygon``, for a WKB that passed the gate."""
    return _NAMES[_head(wkb, 0, "<" if wkb[0] else ">")[0]]
