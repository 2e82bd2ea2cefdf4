"""How a command starts: Django on this installation's settings, a record that is migrated and whole."""

import os

import click

from yipanqi.policy.wording import say


def setup() -> None:
    """Start Django with this installation's settings; a wrong one ends the command with status 2."""
    import django
    from django.core.exceptions import ImproperlyConfigured

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yipanqi_web.settings")
    try:
        django.setup()
        from django.conf import settings

        settings.HOME.mkdir(parents=True, exist_ok=True)
    except ImproperlyConfigured as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from error


def ready(lang: str) -> None:
    """Start Django on a record that is migrated and whole; otherwise the command ends with status 2."""
    setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from yipanqi_web.records import guards

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        _refuse(say("web.cli.not_migrated", lang))
    if missing := guards.missing():
        _refuse(say("web.cli.guard_missing", lang, guards=", ".join(missing)))


def fit_to_serve(lang: str) -> None:
    """Also that every route has its policy, and that production holds no account of the demo."""
    ready(lang)
    from django.conf import settings

    from yipanqi_web.accounts.models import User
    from yipanqi_web.pages.frame import unguarded

    if stray := unguarded():
        _refuse(say("web.cli.unguarded", lang, routes=", ".join(stray)))
    demo = list(User.objects.filter(demo=True).order_by("username").values_list("username", flat=True))
    if settings.PRODUCTION and demo:
        _refuse(say("web.cli.demo_accounts", lang, names=", ".join(demo)))


def _refuse(why: str) -> None:
    click.echo(why, err=True)
    raise SystemExit(2)
