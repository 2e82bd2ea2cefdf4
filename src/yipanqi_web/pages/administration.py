"""三员: accounts for the system administrator, lock-outs for the security administrator, the trail for the auditor."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from yipanqi.policy.wording import say
from yipanqi_web.actions import accounts as actions
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.pages.frame import language, page
from yipanqi_web.pages.listing import listing
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.queries import accounts as queries

_TRAIL = ("user_name", "act", "object_id")


def accounts(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The accounts, and the form of a new one."""
    return _accounts(request, actor)


def _accounts(request: HttpRequest, actor: Actor, errors: list[str] | None = None) -> HttpResponse:
    return page(request, actor, "administration/accounts.html", {
        "accounts": queries.accounts(actor, language()),
        "bodies": queries.places(actor, language()),
        "given": request.POST,
        "errors": errors or [],
        "here": "accounts",
    }, status=422 if errors else 200)  # fmt: skip


def make(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new officer."""
    body, _, place = request.POST.get("body", "").partition("/")
    fields = {name: request.POST.get(name, "").strip() for name in ("username", "full_name")}
    try:
        actions.make_officer(
            fields["username"], request.POST.get("password", ""), fields["full_name"], body, place, by=actor
        )
    except ValidationError as error:
        return _accounts(request, actor, list(error.messages))
    except NotPossibleError as error:
        return _accounts(request, actor, [say(error.finding.rule, language(), **error.finding.params)])
    messages.success(request, say("web.account.made", language(), name=fields["username"]))
    return redirect("accounts")


def change(request: HttpRequest, actor: Actor, username: str) -> HttpResponse:
    """Move, switch, give a new password, unlock."""
    user = queries.account(actor, username)
    if user is None:
        raise Http404
    step, why = request.POST.get("step", ""), request.POST.get("why", "")
    try:
        if step == "move":
            body, _, place = request.POST.get("body", "").partition("/")
            actions.move_officer(user, body, place, by=actor)
        elif step in ("on", "off"):
            actions.switch(user, step == "on", by=actor, why=why)
        elif step == "password":
            actions.set_password(user, request.POST.get("password", ""), by=actor)
        elif step == "unlock":
            actions.unlock(user, by=actor)
        else:
            raise Http404
    except ValidationError as error:
        return _accounts(request, actor, list(error.messages))
    messages.success(request, say("web.account.changed", language(), name=username))
    return redirect("accounts")


def trail(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The audit trail with its filters."""
    wanted = {name: request.GET.get(name, "").strip() for name in _TRAIL}
    shown = listing(request, queries.trail(actor, wanted), _TRAIL)
    return page(request, actor, "administration/trail.html", {"list": shown, "here": "trail"})


def verify(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The chain, walked now."""
    found = queries.verification(actor)
    return page(request, actor, "administration/chain.html", {"found": found, "here": "trail"})
