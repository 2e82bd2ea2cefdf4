"""招商项目库: the list, quick entry, one project's file, stages and referrals."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from yipanqi.governance.profile import Act
from yipanqi.kernel.findings import Finding
from yipanqi.pipeline import intake
from yipanqi.pipeline.projects import Category, NeedKind
from yipanqi.pipeline.stages import TRANSITIONS, Stage
from yipanqi.policy.wording import say
from yipanqi_web.actions import projects as actions
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.pages.frame import language, page
from yipanqi_web.pages.listing import listing
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.acts import authorize
from yipanqi_web.queries import places
from yipanqi_web.queries import projects as queries

_NAMES = ("q", "origin_town_id", "category", "stage")
#: The fields of quick entry, by table, and which of them are numbers.
_PROJECT = ("name", "investor", "credit_code", "category", "industry_code", "origin_town_id", "contact_name",
            "contact_phone", "total_investment_wan", "tax_wan")  # fmt: skip
_DEMAND = ("need_kind", "need_m2")
#: Characters of a pasted text that are read: a business plan is longer, but says its figures early.
_TEXT_MOST = 20_000
_NUMBERS = ("total_investment_wan", "tax_wan", "need_m2")


def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The list with its filters."""
    wanted = {name: request.GET.get(name, "").strip() for name in _NAMES}
    return page(request, actor, "projects/list.html", {
        "list": listing(request, queries.projects(actor, wanted), _NAMES),
        "towns": places.town_names(actor),
        "categories": [category.value for category in Category],
        "stages": [stage.value for stage in Stage],
        "may_enter": authorize(actor, Act.REGISTER_LEAD, actor.place).permitted,
        "here": "projects",
    })  # fmt: skip


def enter(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Quick entry: at most twelve fields, on a phone too."""
    context = _form(actor, request.POST)
    if request.method != "POST":
        return page(request, actor, "projects/enter.html", context)
    try:
        project = actions.enter_lead(*_read(request), by=actor)
    except NotPossibleError as error:
        return page(request, actor, "projects/enter.html", context | {"finding": error.finding}, status=422)
    messages.success(request, say("web.done.entered", language(), number=project.project_id))
    return redirect("project", public_id=project.public_id)


def read(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The form filled in from a pasted message, with what is missing and what the text says twice."""
    card = intake.read(request.POST.get("text", "")[:_TEXT_MOST])
    given = {name: _shown(content) for name, content in {**card.project, **card.demand}.items()}
    found = {"text": request.POST.get("text", ""), "missing": card.missing, "contradicted": card.contradicted}
    return page(request, actor, "projects/enter.html", _form(actor, given) | found | {"was_read": True})


def _shown(content: str | float) -> str:
    return content if isinstance(content, str) else f"{content:.2f}".rstrip("0").rstrip(".")


def _form(actor: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the form of quick entry needs; a town enters leads of its own."""
    towns = places.town_names(actor)
    return {
        "towns": {actor.place: towns[actor.place]} if actor.place in towns else towns,
        "categories": [category.value for category in Category],
        "kinds": [kind.value for kind in NeedKind],
        "given": given,
        "here": "projects",
    }


def _read(request: HttpRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """The form as columns; an empty field is not stated.

    Raises:
        NotPossibleError: a number or a day that is none.
    """
    given = {name: text.strip() for name, text in request.POST.items() if isinstance(text, str) and text.strip()}
    project = {name: _number("projects", name, text) for name, text in given.items() if name in _PROJECT}
    demand = {name: _number("demands", name, text) for name, text in given.items() if name in _DEMAND}
    return project, demand


def _number(table: str, name: str, text: str) -> float | str:
    if name not in _NUMBERS:
        return text
    try:
        return float(text.replace(",", "").replace("，", ""))
    except ValueError:
        wrong = Finding("web.not_a_number", table=table, column=name, value=text)
        raise NotPossibleError(wrong) from None


def file(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """One project's file."""
    found = _file(actor, public_id)
    project = found.project
    following = list(TRANSITIONS[Stage(project.stage)])
    steps = [(to.value, authorize(actor, actions.act_to(to), project.origin_town_id)) for to in following]
    towns = places.town_names(actor)
    turn = found.referral.asked[-1]["town"] if found.referral and found.referral.asked else None
    return page(request, actor, "projects/file.html", {
        "file": found,
        "towns": towns,
        "steps": steps,
        "may_refer": authorize(actor, Act.REFER_PROJECT, project.origin_town_id).permitted,
        "may_ask": authorize(actor, Act.CONFIRM_ALLOCATION, None).permitted,
        "may_answer": turn is not None and authorize(actor, Act.ACCEPT_REFERRAL, turn).permitted,
        "others": {k: v for k, v in towns.items() if k != project.origin_town_id},
        "here": "projects",
    })  # fmt: skip


def move(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """Take a project to its next stage."""
    actions.move(_file(actor, public_id).project, Stage(request.POST["to"]), by=actor,
                 reason=request.POST.get("why", ""))  # fmt: skip
    return _done(request, public_id, "web.done.stage")


def refer(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """项目流转: offer, ask, accept or decline."""
    found = _file(actor, public_id)
    step, why = request.POST.get("step", ""), request.POST.get("why", "")
    if step == "offer":
        actions.refer(found.project, why, by=actor)
    elif found.referral is None:
        raise Http404
    elif step == "ask":
        actions.ask_town(found.referral, request.POST.get("town", ""), by=actor)
    elif step == "accept":
        actions.accept(found.referral, by=actor)
    elif step == "decline":
        actions.decline(found.referral, why, by=actor)
        messages.success(request, say("web.done.referral", language()))
        return redirect("projects")  # the town that declined sees the project no more
    else:
        raise Http404
    return _done(request, public_id, "web.done.referral")


def referrals(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All referrals the actor sees."""
    rows = queries.referrals(actor)
    return page(request, actor, "projects/referrals.html",
                {"rows": rows, "towns": places.town_names(actor), "here": "referrals"})  # fmt: skip


def contested(request: HttpRequest, actor: Actor) -> HttpResponse:
    """争抢: seen whole by the district's bodies only."""
    context = {"clusters": queries.contested(actor), "towns": places.town_names(actor), "here": "contested"}
    return page(request, actor, "projects/contested.html", context)


def pace(request: HttpRequest, actor: Actor) -> HttpResponse:
    """三提前、三个第一时间, and what should have been reported."""
    return page(request, actor, "projects/pace.html",
                {"pace": queries.pace(actor), "towns": places.town_names(actor), "here": "pace"})  # fmt: skip


def _file(actor: Actor, public_id: str) -> queries.File:
    found = queries.file_of(actor, public_id)
    if found is None:
        raise Http404
    return found


def _done(request: HttpRequest, public_id: str, message: str) -> HttpResponse:
    messages.success(request, say(message, language()))
    return redirect("project", public_id=public_id)
