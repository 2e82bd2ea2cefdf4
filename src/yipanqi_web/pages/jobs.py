"""The background on a page: signs of life, tasks, backups."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from yipanqi.policy.wording import say
from yipanqi_web.actions import custody
from yipanqi_web.pages.frame import language, page
from yipanqi_web.pages.listing import listing
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.queries import jobs as queries


def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Who lives, what waits, the tasks and the backups."""
    return page(request, actor, "jobs/list.html", {
        "background": queries.background(),
        "list": listing(request, queries.tasks(), ()),
        "here": "jobs",
    })  # fmt: skip


def order_backup(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Ask for a backup."""
    custody.order_backup(by=actor)
    messages.success(request, say("web.jobs.backup_ordered", language()))
    return redirect("jobs")
