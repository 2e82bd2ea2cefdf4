"""The shell is tested on a real database: SQLite, and PostgreSQL where DATABASE_URL names one."""

import os
import tempfile
from collections.abc import Iterator

import pytest

os.environ.setdefault("YIPANQI_HOME", tempfile.mkdtemp(prefix="yipanqi-test-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yipanqi_web.settings")

import django

django.setup()


@pytest.fixture(scope="session", autouse=True)
def _guarded(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """The test record has the guards that ``migrate`` lays."""
    from yipanqi_web.records import guards

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        guards.install()


def pytest_report_header() -> str:
    """Which database the tests run on."""
    from django.db import connection

    return f"database: {connection.vendor}"


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """A record whose writes are committed, for tests with several clients; emptied afterwards, which the guards refuse.

    pytest-django runs such tests after all others, so nothing else meets a record without guards.
    """
    from yipanqi_web.records import guards

    guards.install()
    yield
    for guard in guards.GUARDS:
        guards.remove(guard)
