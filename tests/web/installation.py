"""An installation of its own for a test: a home, a database of the kind the run is on, and the real command."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import officers

_COMMAND = [sys.executable, "-c", "from yipanqi.cli import main; main()"]


def fresh_postgres() -> str:
    """The address of a new, empty database beside the one DATABASE_URL names."""
    import psycopg

    name, url = f"t{uuid4().hex[:12]}", os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@dataclass
class Installation:
    """A home and, where the run has PostgreSQL and ``sqlite`` is not asked for, a database of its own there."""

    home: Path
    sqlite: bool = False
    more: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("YIPANQI_") and k != "DATABASE_URL"}
        self.env |= {"YIPANQI_HOME": str(self.home), "DJANGO_SETTINGS_MODULE": "yipanqi_web.settings", **self.more}
        if "DATABASE_URL" in os.environ and not self.sqlite:
            self.env["DATABASE_URL"] = fresh_postgres()

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """One command of yipanqi, to its end."""
        told = subprocess.run(
            [*_COMMAND, *command], env=self.env | env, capture_output=True, text=True, timeout=120, check=False
        )
        print(command, told.returncode, told.stdout[-2000:], told.stderr[-2000:])
        return told

    def done(self, *command: str, **env: str) -> str:
        """What a command that succeeds prints."""
        told = self.run(*command, **env)
        assert told.returncode == 0, told.stderr
        return told.stdout

    def start(self, *command: str, **env: str) -> subprocess.Popen[bytes]:
        """A command in a session of its own, so that it can be killed with all its children."""
        return subprocess.Popen([*_COMMAND, *command], env=self.env | env, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip

    def python(self, text: str) -> str:
        """What a piece of Python prints on this installation."""
        told = subprocess.run([sys.executable, "-c", f"import django; django.setup()\n{text}"], env=self.env,
                              capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
        assert told.returncode == 0, told.stderr
        return told.stdout.strip()


def kill(process: "subprocess.Popen[bytes]") -> None:
    """``kill -9`` of a started command and all its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(address: str, patience_s: float = 40.0) -> None:
    """Wait until a server is well."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{address}/health/", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def data_set(folder: Path) -> Path:
    """The cast's district as files."""
    from yipanqi.files.template import write_dataset

    write_dataset(folder, officers.made(), language="zh")
    return folder
