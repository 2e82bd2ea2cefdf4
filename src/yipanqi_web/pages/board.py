"""一盘棋: the cockpit."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from yipanqi.inventory.sites import SiteState
from yipanqi.policy.wording import label, say
from yipanqi_web.accounts.models import AdminRole
from yipanqi_web.pages.frame import language, page
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.queries import board as queries


def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The board of an officer; the desk of an administrator."""
    if actor.admin is not None:
        return redirect("trail" if actor.admin is AdminRole.AUDIT else "accounts")
    return cockpit(request, actor)


def cockpit(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Key figures, map, stages, and what waits for the actor."""
    stages = queries.stages(actor)
    return page(request, actor, "board/cockpit.html", {
        "district": queries.district(actor),
        "figures": queries.figures(actor),
        "stages": stages,
        "most": max((count for _, count in stages), default=1),
        "todo": queries.todo(actor),
        "map_words": _map_words(language()),
        "here": "board",
    })  # fmt: skip


def _map_words(lang: str) -> dict[str, object]:
    return {
        "states": {state.value: label("site_state", state.value, lang) for state in SiteState},
        "mu": say("web.unit.mu", lang),
        "failed": say("web.map.failed", lang),
        "empty": say("web.map.empty", lang),
    }


def layers(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The map's towns and sites."""
    return JsonResponse(queries.map_layers(actor))


def todo(request: HttpRequest, actor: Actor) -> HttpResponse:
    """我的待办, whole."""
    return page(request, actor, "board/todo.html", {"todo": queries.todo(actor), "here": "todo"})
