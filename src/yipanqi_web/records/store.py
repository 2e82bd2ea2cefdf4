"""The file store: bytes on disk under ``HOME/files``, named by their SHA-256; rows say whose they are.

A file is whole or not there: it is written beside its place, flushed, and moved. It is read only by name of a row that
the reader may see; nothing serves the folder itself.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings


def put(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Keep the bytes; their digest and size. The same bytes again change nothing."""
    folder = _folder()
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as new:
        try:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                new.write(chunk)
            new.flush()
            os.fsync(new.fileno())
            place = path(digest.hexdigest())
            place.parent.mkdir(exist_ok=True)
            Path(new.name).replace(place)
        except BaseException:
            Path(new.name).unlink(missing_ok=True)
            raise
    return digest.hexdigest(), size


def path(digest: str) -> Path:
    """Where the bytes of a digest lie."""
    return _folder() / digest[:2] / digest


def _folder() -> Path:
    folder = Path(settings.HOME) / "files"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
