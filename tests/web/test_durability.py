"""What was acknowledged outlives ``kill -9``; a backup under load is one consistent view and comes back elsewhere."""

import http.client
import http.cookiejar
import os
import random
import re
import sqlite3
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import officers
import pytest
from django.db import connection, connections
from installation import Installation, answers, data_set, kill

from yipanqi_web.actions import projects
from yipanqi_web.records import archive, chain, guards, rows
from yipanqi_web.records.models import FACTS, AuditRow, District, ProjectFact, StageChange

ROUNDS = 6
_OFFICER = """
from django.contrib.auth.hashers import make_password
from yipanqi_web.accounts.models import *
u = User.objects.create(username="officer", password=make_password("chess-board-2026"))
Membership.objects.create(user=u, district_code="310114", body="town", place={town!r})
"""
_STATE = """
import json
from yipanqi_web.records import chain, guards
from yipanqi_web.records.models import *
new = ProjectFact.objects.filter(project_id__startswith="310114-")
ids = sorted(new.values_list("project_id", flat=True))
chain.seal("310114")
demands = FACTS["demands"].objects
print(json.dumps({
    "names": sorted(new.values_list("name", flat=True)), "ids": ids,
    "audit": sorted(AuditRow.objects.filter(act="enter_lead").values_list("object_id", flat=True)),
    "stages": sorted(StageChange.objects.values_list("project_id", flat=True)),
    "demands": sorted(p for p in demands.values_list("project_id", flat=True) if p.startswith("310114-")),
    "told": sorted(o.payload["project"] for o in OutboxRow.objects.filter(topic="project.lead")),
    "broken": chain.verify("310114").broken_at, "missing": guards.missing(),
}))
"""


class Browser:
    """A signed-in officer who enters leads."""

    def __init__(self, address: str, town: str) -> None:
        self.address, self.town = address, town
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar, _Stay())
        self.post("/login/", {"username": "officer", "password": "chess-board-2026"})

    def post(self, where: str, form: dict[str, str]) -> int:
        """The status of the answer; a redirect is not followed."""
        with self.opener.open(self.address + where, timeout=10) as page:
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
        assert token is not None
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token.group(1), **form}).encode()
        with self.opener.open(self.address + where, data, timeout=10) as answer:
            return int(answer.status)

    def lead(self, name: str) -> bool:
        """Whether the server said that a lead stands."""
        status = self.post("/projects/enter/", {
            "name": name, "investor": "某公司", "origin_town_id": self.town, "category": "new_land",
            "industry_code": "3453", "need_kind": "land", "need_m2": "20000",
        })  # fmt: skip
        return status == 302


class _Stay(urllib.request.HTTPRedirectHandler):
    def http_error_302(self, req, fp, code, msg, headers):  # type: ignore[no-untyped-def]
        fp.status = code
        return fp


def _entering(browser: Browser, label: str, acknowledged: list[str], stop: threading.Event) -> None:
    for n in range(10_000):
        if stop.is_set():
            return
        try:
            if browser.lead(f"{label}-{n}"):
                acknowledged.append(f"{label}-{n}")
        except (OSError, AssertionError, http.client.HTTPException):
            return


@pytest.mark.slow
@pytest.mark.django_db
def test_every_lead_the_server_acknowledged_is_there_after_kills_and_each_is_whole(tmp_path: Path) -> None:
    import json

    place, town = Installation(tmp_path / "home"), officers.towns()[0]
    place.done("migrate")
    place.done("load", str(data_set(tmp_path / "data")), "--district", officers.CODE)
    place.python(_OFFICER.format(town=town))
    acknowledged: list[str] = []
    chance, port = random.Random(7), 18_000 + os.getpid() % 10_000
    for number in range(ROUNDS):
        address = f"http://127.0.0.1:{port + number}"
        server = place.start("serve", "--bind", address.removeprefix("http://"))
        stop = threading.Event()
        try:
            answers(address)
            browsers = [Browser(address, town) for _ in range(3)]
            clients = [
                threading.Thread(target=_entering, args=(b, f"r{number}c{i}", acknowledged, stop))
                for i, b in enumerate(browsers)
            ]
            for client in clients:
                client.start()
            time.sleep(0.8 + 1.5 * chance.random())
        finally:
            kill(server)
            stop.set()
        for client in clients:
            client.join(30)
    state = json.loads(place.python(_STATE))
    assert len(acknowledged) > ROUNDS
    assert set(acknowledged) - set(state["names"]) == set()
    # Nothing half-written: each lead has its one phase, stage, audit row and news, and nothing else has.
    assert state["ids"] == state["audit"] == state["stages"] == state["demands"] == state["told"]
    assert len(state["ids"]) == len(set(state["ids"]))
    assert (state["broken"], state["missing"]) == (None, [])


@pytest.mark.slow
@pytest.mark.django_db
def test_a_load_that_is_killed_leaves_all_or_nothing_and_can_be_done_again(tmp_path: Path) -> None:
    place, data = Installation(tmp_path / "home"), data_set(tmp_path / "data")
    place.done("migrate")
    models = "District, SiteFact, AuditRow"
    count = f"from yipanqi_web.records.models import {models}\nprint(*(m.objects.count() for m in ({models})))"
    whole = ["1", str(officers.made().sites.height)]
    for delay in (1.0, 2.0, 2.6, 3.2):
        process = place.start("load", str(data), "--district", officers.CODE)
        time.sleep(delay)
        kill(process)
        *facts, trail = place.python(count).split()
        # A load that ended before it was killed stands whole, with a row of the trail for every time it ended.
        assert (facts, int(trail) > 0) in ((["0", "0"], False), (whole, True))
    place.done("load", str(data), "--district", officers.CODE)
    assert place.python(count).split()[:2] == whole
    assert "310114" in place.done("audit", "verify")


@pytest.mark.slow
@pytest.mark.django_db
def test_a_migration_that_is_killed_can_be_run_again(tmp_path: Path) -> None:
    place = Installation(tmp_path / "home")
    for delay in (0.6, 0.9, 1.2, 1.5, 1.8, 2.2):
        process = place.start("migrate")
        time.sleep(delay)
        kill(process)
    place.done("migrate")
    assert place.python("from yipanqi_web.records import guards; print(guards.missing())") == "[]"
    place.done("load", str(data_set(tmp_path / "data")), "--district", officers.CODE)


def _lead(name: str) -> None:
    town = officers.towns()[0]
    values = {"name": name, "investor": "某公司", "category": "new_land", "industry_code": "3453",
              "origin_town_id": town}  # fmt: skip
    projects.enter_lead(values, {"need_kind": "land", "need_m2": 20_000.0}, by=officers.officer("town", town))


def _elsewhere(name: str) -> None:
    """A lead entered and committed on another connection."""

    def client() -> None:
        try:
            _lead(name)
        finally:
            connections.close_all()

    thread = threading.Thread(target=client)
    thread.start()
    thread.join()


def _leads(lines: list[bytes]) -> int:
    return sum(b'"310114-' in line for line in lines)


@pytest.mark.usefixtures("committed")
def test_a_backup_sees_one_instant_and_without_its_snapshot_it_would_see_two() -> None:
    officers.loaded()
    _lead("先")
    with archive._snapshot():
        before = _leads(list(rows.lines(ProjectFact)))
        _elsewhere("后")
        assert (before, _leads(list(rows.lines(StageChange)))) == (1, 1)
    before = _leads(list(rows.lines(ProjectFact)))
    _elsewhere("再后")
    assert (before, _leads(list(rows.lines(StageChange)))) == (2, 3)


@pytest.mark.usefixtures("committed")
def test_a_backup_under_load_is_consistent_and_stops_no_writer(tmp_path: Path) -> None:
    officers.loaded()
    stop, entered = threading.Event(), []

    def officer() -> None:
        try:
            while not stop.is_set() and len(entered) < 60:
                _lead(f"n{len(entered)}")
                entered.append(time.monotonic())
        finally:
            connections.close_all()

    thread = threading.Thread(target=officer)
    thread.start()
    began = time.monotonic()
    manifests = [archive.write(tmp_path / f"{n}.zip") for n in range(3)]
    ended = time.monotonic()
    stop.set()
    thread.join()
    assert any(began < at < ended for at in entered)
    for manifest in manifests:
        archive.verify(Path(manifest.path))
        members = _members(Path(manifest.path))
        leads = {line.split(b'"310114-')[1].split(b'"')[0] for line in members["fact_project"] if b'"310114-' in line}
        for table in ("stage_change", "fact_demand"):
            found = {line.split(b'"310114-')[1].split(b'"')[0] for line in members[table] if b'"310114-' in line}
            assert found == leads


def _members(file: Path) -> dict[str, list[bytes]]:
    import zipfile

    with zipfile.ZipFile(file) as z:
        names = [n for n in z.namelist() if n.startswith("tables/")]
        return {n.removeprefix("tables/").removesuffix(".jsonl"): z.read(n).splitlines() for n in names}


@pytest.mark.usefixtures("committed")
def test_a_backup_comes_back_on_the_other_database_and_back_again_with_the_same_digests(
    tmp_path: Path, settings: object
) -> None:
    officers.loaded()
    officers.member("lead_body")
    _lead("恢复后仍在")
    chain.seal(officers.CODE)
    store = settings.HOME / "files"  # type: ignore[attr-defined]
    (store / "ab").mkdir(parents=True, exist_ok=True)
    (store / "ab" / "abcd").write_bytes(b"\x00\xff" * 1000)
    try:
        first = archive.write(tmp_path / "first.zip")
    finally:
        (store / "ab" / "abcd").unlink()
        (store / "ab").rmdir()
    middle = Installation(tmp_path / "middle", sqlite=True)
    last = Installation(tmp_path / "last")
    for place, source, target in ((middle, "first", "second"), (last, "second", "third")):
        place.done("migrate")
        place.done("restore", str(tmp_path / f"{source}.zip"))
        assert "完整" in place.done("audit", "verify")
        place.done("backup", str(tmp_path / f"{target}.zip"))
        assert (place.home / "files" / "ab" / "abcd").read_bytes() == b"\x00\xff" * 1000
    digests = [{p.name: p.sha256 for p in archive.verify(tmp_path / f"{n}.zip").tables} for n in ("second", "third")]
    assert digests == [{p.name: p.sha256 for p in first.tables}] * 2
    # New rows find free numbers, and the guards stand.
    last.python(
        "from yipanqi_web.records.models import *; from yipanqi_web.records import guards\n"
        "from django.utils import timezone\n"
        "AuditRow.objects.create(district_code='310114', at=timezone.now(), user_name='x', act='x', object_kind='x',"
        " object_id='x'); assert guards.missing() == []"
    )


@pytest.mark.usefixtures("committed")
def test_a_cut_or_altered_archive_is_refused_and_restores_nothing(tmp_path: Path) -> None:
    officers.loaded()
    whole = tmp_path / "whole.zip"
    made = archive.write(whole)
    assert archive.verify(whole).digest == made.digest
    content, chance = whole.read_bytes(), random.Random(3)
    damaged = [content[: int(len(content) * part)] for part in (0, 0.1, 0.5, 0.99)] + [content[:-1], content + b"x"]
    for _ in range(40):
        at = chance.randrange(len(content))
        damaged.append(content[:at] + bytes([content[at] ^ (1 << chance.randrange(8))]) + content[at + 1 :])
    for n, text in enumerate(damaged):
        file = tmp_path / f"{n}.zip"
        file.write_bytes(text)
        with pytest.raises(archive.ArchiveError):
            archive.verify(file)
    with pytest.raises(archive.ArchiveError, match="altered"):
        archive.restore(tmp_path / "10.zip", force=True)
    assert District.objects.count() == 1


@pytest.mark.usefixtures("committed")
def test_a_record_that_is_not_empty_is_kept_unless_forced(tmp_path: Path) -> None:
    officers.loaded()
    archive.write(tmp_path / "a.zip")
    _lead("之后")
    with pytest.raises(archive.ArchiveError, match="not_empty"):
        archive.restore(tmp_path / "a.zip")
    assert ProjectFact.objects.filter(name="之后").exists()
    archive.restore(tmp_path / "a.zip", force=True)
    assert not ProjectFact.objects.filter(name="之后").exists()
    assert guards.missing() == []
    assert AuditRow.objects.count() == 1
    _lead("恢复之后")
    assert FACTS["projects"]._default_manager.filter(name="恢复之后").exists()


@pytest.mark.usefixtures("committed")
def test_an_archive_can_be_read_by_its_owner_only_and_holds_no_secret(tmp_path: Path, settings: object) -> None:
    officers.loaded()
    made = archive.write(tmp_path / "a.zip")
    assert (tmp_path / "a.zip").stat().st_mode & 0o777 == 0o600
    assert settings.SECRET_KEY.encode() not in b"".join(b"".join(v) for v in _members(Path(made.path)).values())  # type: ignore[attr-defined]
    assert "django_session.jsonl" not in {p.name for p in made.tables}


@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="a matter of SQLite's settings")
@pytest.mark.usefixtures("committed")
def test_sqlite_writes_are_flushed_before_they_are_acknowledged() -> None:
    with connection.cursor() as cursor:
        told = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert told == ["wal", 2]
    assert sqlite3.sqlite_version_info >= (3, 37)
