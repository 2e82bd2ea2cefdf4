"""How every page is guarded and drawn: a route names its policy, a view gets the actor, a refusal is a page.

A route without a policy cannot be made, and ``unguarded`` finds any that came in another way; the start refuses then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.utils.translation import get_language

from yipanqi.governance.profile import Act
from yipanqi.policy.wording import render as words
from yipanqi_web.accounts.models import AdminRole
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.actions.versions import StaleError
from yipanqi_web.permissions.actor import Actor, NoBodyError, actor_of
from yipanqi_web.permissions.acts import RefusedError, require

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Policy:
    """Who may open a route. ``act`` is asked for at the actor's own place; objects are asked for by the action."""

    name: str
    officers: bool = False
    admins: tuple[AdminRole, ...] = ()
    act: Act | None = None


#: Anybody, signed in or not: the way in, and whether the server lives.
OPEN = Policy("open")
#: Every officer of a body; what the page shows is cut to what they see.
OFFICERS = Policy("officers", officers=True)
#: Everybody with an account.
SIGNED_IN = Policy("signed_in", officers=True, admins=tuple(AdminRole))


def admins(*roles: AdminRole) -> Policy:
    """Administrators of these roles only."""
    return Policy("admins", admins=roles)


def route(where: str, view: View, policy: Policy, name: str) -> URLPattern:
    """A route with its policy; ``view(request, actor, …)``, for an open one ``view(request, …)``."""
    guarded = view if policy is OPEN else _guarded(view, policy)
    setattr(guarded, "policy", policy)  # noqa: B010 - read by ``unguarded`` and by the permission matrix
    return path(where, guarded, name=name)


def _guarded(view: View, policy: Policy) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, **where: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect(f"/login/?next={request.path}")
        try:
            actor = actor_of(request.user)
        except NoBodyError:
            return refused(request, "web.page.no_body")
        if not (actor.admin in policy.admins if actor.admin else policy.officers):
            return refused(request, "web.page.not_for_you")
        try:
            if policy.act is not None:
                require(actor, policy.act, actor.place)
            return view(request, actor, **where)
        except RefusedError as error:
            return page(request, actor, "refused.html", {"reason": error.permission.reason}, status=403)
        except NotPossibleError as error:
            return page(request, actor, "not_possible.html", {"finding": error.finding}, status=409)
        except StaleError:
            return page(request, actor, "stale.html", {}, status=409)
        except Http404:
            return page(request, actor, "missing.html", {}, status=404)

    return guarded


def page(
    request: HttpRequest, actor: Actor, template: str, context: Mapping[str, Any], status: int = 200
) -> HttpResponse:
    """A page drawn for the actor."""
    return render(request, template, {**context, "actor": actor, "lang": language()}, status=status)


def refused(request: HttpRequest, reason: str) -> HttpResponse:
    """The page for an account that may not come in here."""
    return render(request, "outside.html", {"reason_id": reason, "lang": language()}, status=403)


def language() -> str:
    """``zh`` or ``en``, as the wording has it."""
    return "en" if (get_language() or "").startswith("en") else "zh"


def sentence_of(message: Any) -> str:
    """The sentence of a message in the reader's language."""
    return words(message, language())


def unguarded() -> list[str]:
    """The routes that have no policy; static files are served below the routes and hold no facts."""
    return sorted(str(pattern.pattern) for pattern in _patterns(get_resolver()) if not _policy(pattern))


def _policy(pattern: URLPattern) -> Policy | None:
    return getattr(pattern.callback, "policy", None)


def _patterns(resolver: URLResolver) -> list[URLPattern]:
    found = []
    for entry in resolver.url_patterns:
        found += _patterns(entry) if isinstance(entry, URLResolver) else [entry]
    return found
