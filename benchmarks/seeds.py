"""The ten seeds, and the digests of what is drawn from them: nothing is measured on data other than the committed.

``digests.json`` says what every generator made of a seed and a size when it was committed. A benchmark draws through
``drawn``, which refuses data of another digest, so that no figure is tuned on data chosen afterwards.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl

SEEDS = (11, 23, 37, 41, 59, 67, 73, 83, 97, 101)
_DIGESTS = Path(__file__).with_name("digests.json")


class OtherDataError(Exception):
    """A generator made something else than what was committed."""


def known() -> dict[str, str]:
    """The committed digests: ``<world>/<size>/<seed>`` → the first 16 hex digits of SHA-256."""
    return dict(json.loads(_DIGESTS.read_text(encoding="utf-8"))) if _DIGESTS.exists() else {}


def commit(digests: dict[str, str]) -> None:
    """Write further digests down; an existing one is never changed.

    Raises:
        OtherDataError: a digest differs from the committed one.
    """
    stood = known()
    if changed := sorted(name for name in digests if stood.get(name, digests[name]) != digests[name]):
        raise OtherDataError(f"these were committed with other data: {changed}")
    ordered = dict(sorted((stood | digests).items()))
    _DIGESTS.write_text(json.dumps(ordered, indent=0) + "\n", encoding="utf-8")


def check(name: str, digest: str) -> None:
    """Refuse data that is not the committed one.

    Raises:
        OtherDataError: the name has no committed digest, or another.
    """
    if known().get(name) != digest:
        raise OtherDataError(f"{name}: drawn {digest}, committed {known().get(name)}")


def digest(parts: Iterable[np.ndarray | pl.DataFrame | str]) -> str:
    """The first 16 hex digits of SHA-256 over arrays (type, shape, bytes), frames (rows as CSV) and texts, in order."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, pl.DataFrame):
            flat = [
                pl.col(name).cast(pl.List(pl.String)).list.join("|")
                for name, kind in part.schema.items()
                if kind == pl.List
            ]
            found.update(part.with_columns(flat).write_csv().encode())
        elif isinstance(part, str):
            found.update(part.encode())
        else:
            found.update(f"{part.dtype.str}{part.shape}".encode())
            found.update(np.ascontiguousarray(part).tobytes())
    return found.hexdigest()[:16]
