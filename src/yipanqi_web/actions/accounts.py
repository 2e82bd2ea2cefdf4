"""What administrators do with accounts: make them, place them in a body, switch them off, unlock them.

The system administrator makes accounts and places them; the security administrator sets who is an administrator and
unlocks; nobody does both, and nobody changes their own account here.
"""

from typing import Any

from axes.utils import reset
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from yipanqi.governance.bodies import bodies
from yipanqi.governance.rights import Permission
from yipanqi.kernel.findings import Finding, Message
from yipanqi_web.accounts.models import AdminRole, Membership, User
from yipanqi_web.actions import trail
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.acts import RefusedError
from yipanqi_web.records.models import TownFact


def make_officer(username: str, password: str, full_name: str, body: str, place: str, *, by: Actor) -> User:
    """An account of an officer of a body.

    Raises:
        RefusedError: not the system administrator. NotPossibleError: the name is taken, or there is no such body or
            place. ValidationError: the password breaks the rules.
    """
    _only(by, AdminRole.SYSTEM)
    with transaction.atomic():
        if User.objects.filter(username=username).exists():
            raise NotPossibleError(Finding("web.account_taken", params={"name": username}))
        user = User.objects.create_user(username, password, full_name=full_name)
        _place(user, body, place, by)
        trail.audit(by, "make_officer", ("user", username), after={"body": body, "place": place})
    return user


def move_officer(user: User, body: str, place: str, *, by: Actor) -> None:
    """Place an officer in another body.

    Raises:
        RefusedError; NotPossibleError: an administrator, or no such body or place.
    """
    _only(by, AdminRole.SYSTEM)
    _not_self(user, by)
    if user.admin_role:
        raise NotPossibleError(Finding("web.account_is_admin", params={"name": user.username}))
    old = Membership.objects.filter(user=user).first()
    with transaction.atomic():
        _place(user, body, place, by)
        before = None if old is None else {"body": old.body, "place": old.place}
        trail.audit(by, "move_officer", ("user", user.username), before=before, after={"body": body, "place": place})


def switch(user: User, active: bool, *, by: Actor, why: str) -> None:
    """Switch an account on or off; whoever is signed in with it is out at once.

    Raises:
        RefusedError; NotPossibleError: one's own account, or no reason.
    """
    _only(by, AdminRole.SYSTEM)
    _not_self(user, by)
    if not why.strip():
        raise NotPossibleError(Finding("web.reason_needed"))
    with transaction.atomic():
        trail.audit(by, "switch_account", ("user", user.username), before={"active": user.is_active},
                    after={"active": active}, why=why)  # fmt: skip
        user.is_active = active
        user.save(update_fields=["is_active"])


def set_password(user: User, password: str, *, by: Actor) -> None:
    """Give an account a new password.

    Raises:
        RefusedError; NotPossibleError: one's own account; ValidationError: the password breaks the rules.
    """
    _only(by, AdminRole.SYSTEM)
    _not_self(user, by)
    validate_password(password, user)
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        trail.audit(by, "set_password", ("user", user.username))


def unlock(user: User, *, by: Actor) -> None:
    """Let an account try again that was locked after wrong passwords.

    Raises:
        RefusedError: not the security administrator.
    """
    _only(by, AdminRole.SECURITY)
    with transaction.atomic():
        reset(username=user.username)
        trail.audit(by, "unlock", ("user", user.username))


def _place(user: User, body: str, place: str, by: Actor) -> None:
    known = bodies(by.profile, by.on)
    if body not in known:
        raise NotPossibleError(Finding("web.no_such_body", params={"body": body}))
    wanted: dict[str, Any] = {"district_code": by.district_code, "body": body, "place": place}
    if known[body].each != bool(place):
        raise NotPossibleError(Finding("web.place_wrong", params={"body": body}))
    towns = TownFact.objects.filter(district_code=by.district_code, superseded_at=None)
    if body in ("town", "park") and not towns.filter(town_id=place).exists():
        raise NotPossibleError(Finding("web.place_wrong", params={"body": body}))
    Membership.objects.update_or_create(user=user, defaults=wanted)


def _only(by: Actor, role: AdminRole) -> None:
    if by.admin is not role:
        raise RefusedError(Permission(False, (), Message("web.may.only_admin", {"role": role.value}), None))


def _not_self(user: User, by: Actor) -> None:
    if user.username == by.name:
        raise NotPossibleError(Finding("web.own_account"))
