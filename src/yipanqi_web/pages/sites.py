"""资源一个库: the list, one site's card, and what is done with it."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from yipanqi.governance.profile import Act
from yipanqi.inventory.reservation import HoldEnd
from yipanqi.inventory.sites import AreaClass, FactState, SiteKind, SiteState
from yipanqi.inventory.stocktaking import TRANSITIONS
from yipanqi.policy.wording import say
from yipanqi_web.actions import sites as actions
from yipanqi_web.pages.frame import language, page
from yipanqi_web.pages.listing import listing
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.acts import authorize
from yipanqi_web.queries import places, projects
from yipanqi_web.queries import sites as queries

_NAMES = ("q", "town_id", "site_kind", "area_class", "state", "fact_state")


def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The list with its filters."""
    wanted = {name: request.GET.get(name, "").strip() for name in _NAMES}
    shown = listing(request, queries.sites(actor, wanted), _NAMES)
    return page(request, actor, "sites/list.html", {
        "list": shown,
        "towns": places.town_names(actor),
        "kinds": [kind.value for kind in SiteKind],
        "classes": [kind.value for kind in AreaClass],
        "states": [state.value for state in SiteState],
        "fact_states": [state.value for state in FactState],
        "here": "sites",
    })  # fmt: skip


def due(request: HttpRequest, actor: Actor) -> HttpResponse:
    """到期雷达: what ends within twelve months, and facts that are stale."""
    rows = queries.stale_list(actor).head(200).to_dicts()
    return page(request, actor, "sites/due.html", {
        "due": queries.due(actor)[:400], "stale": rows, "towns": places.town_names(actor), "here": "due",
    })  # fmt: skip


def card(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """一地一档."""
    found = _card(actor, public_id)
    site = found.site
    act = Act.RESERVE_LAND if site.site_kind == SiteKind.LAND.value else Act.RESERVE_PROPERTY
    steps = [
        (to.value, authorize(actor, actions.act_to(to), site.town_id)) for to in TRANSITIONS[FactState(site.fact_state)]
    ]
    return page(request, actor, "sites/card.html", {
        "card": found,
        "towns": places.town_names(actor),
        "steps": [(to, permission) for to, permission in steps],
        "may_hold": authorize(actor, act, site.town_id),
        "projects": projects.projects(actor, {})[:500],
        "here": "sites",
    })  # fmt: skip


def move(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """Take the fact a step further, or back."""
    site = _card(actor, public_id, request.POST.get("version")).site
    actions.move_fact(site, FactState(request.POST["to"]), by=actor, why=request.POST.get("why", ""))
    return _done(request, public_id, "web.done.fact")


def hold(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """意向锁定."""
    site = _card(actor, public_id).site
    project = projects.project(actor, request.POST.get("project", ""))
    if project is None:
        raise Http404
    until = date.fromisoformat(request.POST["until"])
    actions.reserve(site, project, until, by=actor, reason=request.POST.get("why", ""))
    return _done(request, public_id, "web.done.held")


def release(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """End a hold."""
    found = _card(actor, public_id)
    if found.hold is None:
        raise Http404
    actions.release(found.hold, by=actor, end=HoldEnd.PROJECT_LEFT, why=request.POST.get("why", ""))
    return _done(request, public_id, "web.done.released")


def _card(actor: Actor, public_id: str, version: str | None = None) -> queries.Card:
    found = queries.card(actor, public_id)
    if found is None:
        raise Http404
    if version is not None and str(found.site.version) != version:
        raise actions.StaleError
    return found


def _done(request: HttpRequest, public_id: str, message: str) -> HttpResponse:
    messages.success(request, say(message, language()))
    return redirect("site", public_id=public_id)
