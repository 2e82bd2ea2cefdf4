"""The task that makes a backup."""

from django_tasks import task

from yipanqi_web.actions import custody


@task()
def make_backup() -> dict[str, str | int]:
    """A backup in HOME/backups: its file, digest and number of rows."""
    made = custody.make_backup()
    return {"path": made.path, "digest": made.digest, "rows": sum(part.rows for part in made.tables)}


def order(_row: object) -> None:
    """Hand a backup that was ordered to the worker."""
    make_backup.enqueue()
