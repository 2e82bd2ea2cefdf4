"""Production: without a secret, with a fixed clock or on plain settings nothing starts; Django's own check is clean."""

import subprocess
import sys
from pathlib import Path

import pytest
from installation import Installation

pytestmark = pytest.mark.django_db
HOSTS = {"YIPANQI_HOSTS": "board.example"}
SECRET = {"YIPANQI_SECRET": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"}


def checked(place: Installation) -> "subprocess.CompletedProcess[str]":
    """Django's deployment check, in which a warning is a failure."""
    command = [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, env=place.env, capture_output=True, text=True, check=False)


def test_the_deployment_check_is_clean_in_production_and_not_outside_it(tmp_path: Path) -> None:
    told = checked(Installation(tmp_path, sqlite=True, more=HOSTS | SECRET))
    assert told.returncode == 0, told.stderr
    assert checked(Installation(tmp_path, sqlite=True)).returncode != 0


@pytest.mark.parametrize(
    ("env", "named"),
    [
        (HOSTS, "YIPANQI_SECRET"),
        (HOSTS | {"YIPANQI_SECRET": "short"}, "YIPANQI_SECRET"),
        (HOSTS | SECRET | {"YIPANQI_NOW": "2026-06-30T09:00"}, "YIPANQI_NOW"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "migrate", "verify"])
def test_production_refuses_what_would_weaken_it(
    tmp_path: Path, command: str, env: dict[str, str], named: str
) -> None:
    more = [str(tmp_path / "x.zip")] if command == "verify" else []
    told = Installation(tmp_path, sqlite=True, more=env).run(command, *more)
    assert (told.returncode, named in told.stderr) == (2, True)
