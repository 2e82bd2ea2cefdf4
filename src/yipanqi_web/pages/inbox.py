"""消息: what an officer was told."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from yipanqi_web.actions import inbox as actions
from yipanqi_web.pages.frame import page
from yipanqi_web.pages.listing import listing
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.queries import inbox as queries
from yipanqi_web.queries.places import town_names


def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The messages, the newest first, or only those not read."""
    shown = listing(request, queries.messages(actor, unread_only=request.GET.get("show") == "unread"), ("show",))
    return page(request, actor, "inbox/list.html", {
        "list": shown,
        "told": queries.told(actor, list(shown.rows)),
        "towns": town_names(actor),
        "here": "inbox",
    })  # fmt: skip


def read(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Mark one message as read, or all."""
    given = request.POST.get("message", "")
    try:
        actions.mark_read(str(uuid.UUID(given)) if given else None, by=actor)
    except ValueError:
        return redirect("inbox")
    return redirect("inbox")
