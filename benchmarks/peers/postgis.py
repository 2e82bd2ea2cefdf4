"""PostgreSQL with PostGIS: a cluster of its own for the length of a benchmark, tuned for questions in memory.

The cluster lies in a temporary folder, listens on a socket there and on no port, runs as an unprivileged user and is
ended with the ``with`` block. Every connection is one process; parallel workers and the compiler (jit) are off.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import psycopg

#: What was set, for the report: everything in memory, one process, nothing written for safety.
SETTINGS: Mapping[str, str] = {
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.0",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
}
_START_S = 60


def missing() -> str | None:
    """Why no cluster can be started on this machine; None where one can."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        return f"psycopg: {error}"
    folder = _programs()
    if folder is None:
        return "PostgreSQL is not installed"
    share = subprocess.check_output([folder / "pg_config", "--sharedir"], text=True) if _has_config(folder) else ""
    known = Path(share.strip() or f"/usr/share/postgresql/{folder.parent.name}") / "extension" / "postgis.control"
    return None if known.exists() else "PostGIS is not installed"


@contextmanager
def cluster(shared_buffers_mb: int = 2048) -> Iterator["psycopg.Connection"]:
    """A connection (autocommit) to a fresh cluster with the extension postgis; all of it gone afterwards.

    Raises:
        RuntimeError: the cluster does not start; the message holds its log.
    """
    import psycopg

    programs = _programs()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="bench-postgis-"))
    as_user = _unprivileged(folder)
    data, log = folder / "data", folder / "log"
    settings = SETTINGS | {
        "shared_buffers": f"{shared_buffers_mb}MB",
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
    }
    chosen = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    server = None
    try:
        options = ["-U", "bench", "-A", "trust", "-E", "UTF8", "-N", "--locale=C"]
        made = [*as_user, programs / "initdb", "-D", data, *options]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        with log.open("wb") as out:
            server = subprocess.Popen(
                [*as_user, programs / "postgres", "-D", data, *chosen], cwd=folder, stdout=out, stderr=out
            )
        with _connected(folder, server, log) as connection:
            connection.execute("CREATE EXTENSION postgis")
            yield connection
    except psycopg.OperationalError as error:
        raise RuntimeError(f"{error}\n{log.read_text(errors='replace') if log.exists() else ''}") from error
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def version(connection: "psycopg.Connection") -> str:
    """The versions of the server and of PostGIS."""
    row = connection.execute("SELECT current_setting('server_version'), postgis_lib_version()").fetchone()
    return "PostgreSQL {}, PostGIS {}".format(*row) if row else "unknown"


def load(connection: "psycopg.Connection", table: str, frame: pl.DataFrame) -> None:
    """Copy a frame into a table that has its columns in its order; an empty field is null."""
    with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
        for part in frame.iter_slices(50_000):
            copy.write(part.write_csv(include_header=False))


def _connected(folder: Path, server: subprocess.Popen[bytes], log: Path) -> "psycopg.Connection":
    """A connection as soon as the server answers."""
    import psycopg

    until = time.monotonic() + _START_S
    while True:
        try:
            return psycopg.connect(host=str(folder), user="bench", dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}") from None
            time.sleep(0.1)


def _programs() -> Path | None:
    """The folder with the newest initdb: Debian's, or the one in the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    if found:
        return found[-1].parent
    in_path = shutil.which("initdb")
    return Path(in_path).parent if in_path else None


def _has_config(folder: Path) -> bool:
    return (folder / "pg_config").exists()


def _unprivileged(folder: Path) -> list[str]:
    """What a command begins with to run as a user the server accepts; the folder is made that user's."""
    if os.getuid() != 0:
        return []
    names = [name for name in ("postgres", "nobody") if _known(name)]
    user = pwd.getpwnam(names[0])
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _known(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False
