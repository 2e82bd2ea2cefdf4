"""Starting: the demo serves and ends, the processes end when told, and what is not fit does not start."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from django.urls import get_resolver, path
from installation import Installation, data_set, kill

from yipanqi_web.accounts.models import User
from yipanqi_web.commands import start
from yipanqi_web.records import guards

pytestmark = pytest.mark.django_db


def test_a_record_that_is_not_migrated_or_has_lost_a_guard_is_not_served(tmp_path: Path) -> None:
    place = Installation(tmp_path)
    told = place.run("serve")
    assert (told.returncode, "yipanqi migrate" in told.stderr) == (2, True)
    place.done("migrate")
    place.python("from yipanqi_web.records import guards; guards.remove(guards.GUARDS[0])")
    for command in ("serve", "worker", "tick"):
        told = place.run(command)
        assert (told.returncode, guards.GUARDS[0].names()[0] in told.stderr) == (2, True)
    place.done("migrate")
    assert place.run("tick", "--json").returncode == 0


def test_a_route_without_a_policy_stops_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    start.fit_to_serve("zh")
    stray, patterns = path("stray/", lambda request: None), get_resolver().url_patterns
    patterns.append(stray)
    try:
        with pytest.raises(SystemExit) as ended:
            start.fit_to_serve("zh")
    finally:
        patterns.remove(stray)
    assert (ended.value.code, "stray/" in capsys.readouterr().err) == (2, True)


def test_a_port_that_is_taken_is_refused_not_shared(tmp_path: Path) -> None:
    place = Installation(tmp_path)
    place.done("migrate")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        told = place.run("serve", "--bind", address)
    assert (told.returncode, address in told.stderr) == (2, True)


def test_worker_and_tick_end_in_order_when_told(tmp_path: Path) -> None:
    place = Installation(tmp_path)
    place.done("migrate")
    processes = [place.start("worker"), place.start("tick", "--every", "1")]
    count = "from yipanqi_web.records.models import Heartbeat; print(*Heartbeat.objects.values_list('kind', flat=True))"
    try:
        until = time.monotonic() + 60
        while set(place.python(count).split()) != {"worker", "tick"}:
            assert time.monotonic() < until
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(30) for process in processes] == [0, 0]
    finally:
        for process in processes:
            kill(process)
    assert place.python(count) == "tick"


def test_the_worker_does_what_was_ordered(tmp_path: Path) -> None:
    place = Installation(tmp_path)
    place.done("migrate")
    place.python("from yipanqi_web.jobs.backup import make_backup; make_backup.enqueue()")
    place.done("worker", "--batch")
    (made,) = (tmp_path / "backups").glob("*.zip")
    assert "完整" in place.done("verify", str(made))
    assert place.run("verify", str(made), "--digest", "0" * 64).returncode == 1
    assert place.run("backup", str(made)).returncode == 2


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, "subprocess.CompletedProcess[str]"]:
    """A demo that looked whether it serves, and ended."""
    folder = tmp_path_factory.mktemp("demo")
    place = Installation(folder / "home", sqlite=True)
    data = data_set(folder / "data")
    return place, place.run("demo-server", str(data), "--home", str(place.home), CI="true")


def test_the_demo_serves_a_signed_in_page_and_ends_by_itself_with_all_it_started(
    demo: tuple[Installation, "subprocess.CompletedProcess[str]"],
) -> None:
    place, told = demo
    assert (told.returncode, told.stdout.splitlines()[-1]) == (0, "ok")
    assert _processes_of(place.home) == []


def _processes_of(home: Path) -> list[str]:
    """The command lines of the processes that run on a home."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"YIPANQI_HOME={home}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [line for line in found if str(os.getpid()) not in line]


def test_production_does_not_start_on_a_record_with_accounts_of_the_demo(
    demo: tuple[Installation, "subprocess.CompletedProcess[str]"],
) -> None:
    place, _ = demo
    production = {"YIPANQI_HOSTS": "board.example", "YIPANQI_SECRET": "s" * 60}
    told = place.run("serve", **production)
    assert (told.returncode, "lead_body" in told.stderr) == (2, True)
    refused = place.run("demo-server", str(place.home.parent / "data"), "--home", str(place.home), **production)
    assert refused.returncode == 2


@pytest.mark.slow
def test_the_demo_keeps_what_was_entered_and_makes_new_passwords(
    demo: tuple[Installation, "subprocess.CompletedProcess[str]"],
) -> None:
    place, _ = demo
    hashes = "from yipanqi_web.accounts.models import User; print(*User.objects.order_by('pk').values_list('password'))"
    marks = "from yipanqi_web.records.models import *; print(District.objects.get().pk, SiteFact.objects.count())"
    before = place.python(hashes), place.python(marks)
    place.done("demo-server", str(place.home.parent / "data"), "--home", str(place.home), CI="true")
    after = place.python(hashes), place.python(marks)
    assert before[1] == after[1]
    assert before[0] != after[0]


def test_elsewhere_no_account_has_a_default_password(tmp_path: Path) -> None:
    place = Installation(tmp_path)
    place.done("migrate")
    place.done("load", str(data_set(tmp_path / "data")), "--district", "310114")
    assert place.python("from yipanqi_web.accounts.models import User; print(User.objects.count())") == "0"
    assert not User.objects.filter(demo=True).exists()
