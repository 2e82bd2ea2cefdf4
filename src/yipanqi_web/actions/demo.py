"""The demo's cast: an account for each kind of body, its password made at random, marked so that production refuses."""

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from yipanqi.governance.bodies import bodies, title
from yipanqi.governance.profile import BodyKind
from yipanqi.planning.zones import TownKind
from yipanqi_web.accounts.models import AdminRole, User
from yipanqi_web.actions.accounts import make_officer
from yipanqi_web.permissions.actor import system_actor
from yipanqi_web.records.models import District, ProjectFact, TownFact

#: One account for the first body of each kind; towns get two, for what goes on between them.
_KINDS = (
    BodyKind.LEAD_BODY,
    BodyKind.CONFERENCE_OFFICE,
    BodyKind.PROMOTION_CENTRE,
    BodyKind.DEPARTMENT,
    BodyKind.TOWN,
    BodyKind.TOWN,
    BodyKind.PARK,
)


@dataclass(frozen=True)
class Account:
    """One account of the demo; the password is known only here and to whom it is printed."""

    username: str
    password: str
    post: str


def make_cast(district: District, language: str) -> list[Account]:
    """The demo's accounts, made or given new passwords.

    Raises:
        RuntimeError: this is production.
    """
    if settings.PRODUCTION:
        raise RuntimeError("accounts of the demo are not made in production")
    with transaction.atomic():
        posts = [*_officers(district, language), *((role.value, "", "", role) for role in AdminRole)]
        return [_account(district, *post) for post in posts]


def _officers(district: District, language: str) -> list[tuple[str, str, str, str]]:
    """(user name, body, place, what it is called) of each officer."""
    by = system_actor(district)
    known = bodies(by.profile, by.on)
    here = {"district_code": district.code, "superseded_at": None}
    towns: list[tuple[str, str]] = []
    parks: list[tuple[str, str]] = []
    for town in TownFact.objects.filter(**here).order_by("town_id"):
        (parks if town.town_kind == TownKind.PARK.value else towns).append((town.town_id, town.name))
    named = ProjectFact.objects.filter(**here).exclude(centre=None).order_by("centre").values_list("centre", flat=True)
    centres = [(str(centre), str(centre)) for centre in named.distinct()]
    found: list[tuple[str, str, str, str]] = []
    for kind in _KINDS:
        body = next((key for key in sorted(known) if known[key].kind is kind), None)
        if body is None:
            continue
        told = title(by.profile, body, by.on, language)
        if not known[body].each:
            found.append((body, body, "", told))
            continue
        places = {BodyKind.PROMOTION_CENTRE: centres, BodyKind.PARK: parks}.get(kind, towns)
        taken = sum(1 for one in found if one[1] == body)
        if taken < len(places):
            place, name = places[taken]
            found.append((body if not taken else f"{body}{taken + 1}", body, place, f"{told} · {name}"))
    return found


def _account(district: District, username: str, body: str, place: str, post: str | AdminRole) -> Account:
    password = secrets.token_urlsafe(9)
    user = User.objects.filter(username=username, demo=True).first()
    if user is not None:
        user.set_password(password)
    elif isinstance(post, AdminRole):
        user = User.objects.create_user(username, password, admin_role=post.value)
    else:
        user = make_officer(username, password, post, body, place, by=system_actor(district))
    user.demo = True
    user.save()
    return Account(username, password, post.value if isinstance(post, AdminRole) else post)
