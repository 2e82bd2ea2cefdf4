"""The worker: takes tasks from the database one by one, and gives a sign of life while it does."""

import threading

from django.core.management import call_command
from django.db import DatabaseError, connections

from yipanqi_web.actions import tasks
from yipanqi_web.jobs.tick import process_name


def work(*, batch: bool = False) -> None:
    """Work until told to stop; ``batch``: until nothing waits."""
    name, ended = process_name("worker"), threading.Event()
    tasks.beat("worker", name)
    life = threading.Thread(target=_live, args=(name, ended), daemon=True)
    life.start()
    try:
        call_command("db_worker", queue_name="*", worker_id=name, batch=batch, startup_delay=not batch, verbosity=1)
    finally:
        ended.set()
        life.join(5)
        tasks.forget(name)


def _live(name: str, ended: threading.Event) -> None:
    """A beat every few seconds, on a connection of its own, however long a task takes."""
    try:
        while not ended.wait(tasks.BEAT_EVERY.total_seconds()):
            try:
                tasks.beat("worker", name)
            except DatabaseError:
                # The next beat tries again on a new connection; who stays silent for long is taken for dead.
                connections.close_all()
    finally:
        connections.close_all()
