"""Accounts and the trail, for administrators."""

from dataclasses import dataclass
from typing import Any

from axes.models import AccessAttempt
from django.db.models import QuerySet

from yipanqi.governance.bodies import bodies, title
from yipanqi_web.accounts.models import Membership, User
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.queries.places import town_names
from yipanqi_web.records import chain
from yipanqi_web.records.models import AuditRow, ProjectFact


@dataclass(frozen=True)
class Account:
    """One account, the body it belongs to in words, and how often it was refused lately."""

    user: User
    body: str
    place: str
    failures: int


def accounts(actor: Actor, language: str) -> list[Account]:
    """All accounts of the district and the administrators, by name."""
    towns = town_names(actor)
    failed: dict[str, int] = {}
    for attempt in AccessAttempt.objects.all():
        name = attempt.username or ""
        failed[name] = max(failed.get(name, 0), attempt.failures_since_start)
    member = {m.user_id: m for m in Membership.objects.filter(district_code=actor.district_code)}
    found = []
    for user in User.objects.order_by("username"):
        m = member.get(user.pk)
        if m is None and not user.admin_role:
            continue
        body = title(actor.profile, m.body, actor.on, language) if m and m.body in actor.profile.bodies else ""
        place = towns.get(m.place, m.place) if m else ""
        found.append(Account(user, body, place, failed.get(user.username, 0)))
    return found


def account(actor: Actor, username: str) -> User | None:
    """One account by name."""
    return User.objects.filter(username=username).first()


def places(actor: Actor, language: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Body id, title, and its places (id, name); no places: one for the whole district."""
    towns = list(town_names(actor).items())
    centres = ProjectFact.objects.filter(district_code=actor.district_code, superseded_at=None).exclude(centre=None)
    named = [(c, c) for c in sorted({str(c) for c in centres.values_list("centre", flat=True)})]
    found = []
    for key, body in sorted(bodies(actor.profile, actor.on).items()):
        where = (named if key == "promotion_centre" else towns) if body.each else []
        found.append((key, title(actor.profile, key, actor.on, language), where))
    return found


def trail(actor: Actor, wanted: dict[str, str]) -> QuerySet[AuditRow]:
    """The audit rows of the district that fit, the newest first; values are not shown, only what was done to what."""
    rows = AuditRow.objects.filter(district_code=actor.district_code)
    exact: dict[str, Any] = {name: wanted[name] for name in ("user_name", "act", "object_id") if wanted.get(name)}
    return rows.filter(**exact).order_by("-id")


def verification(actor: Actor) -> chain.Verification:
    """The chain of the district, walked now."""
    return chain.verify(actor.district_code)
