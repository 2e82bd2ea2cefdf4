"""Who acts: an account, its body, the body's place, and the profile in force."""

from dataclasses import dataclass
from datetime import date

from yipanqi.governance.profile import Profile, read
from yipanqi.policy.rulebook import Rulebook, load
from yipanqi_web.accounts.models import AdminRole, User
from yipanqi_web.clock import today
from yipanqi_web.records.models import District


@dataclass(frozen=True)
class Actor:
    """An officer of a body (``admin`` null), or one of the three administrators (``body`` empty).

    ``place``: the town or area of a body that stands in each; null for a body of the whole district.
    """

    name: str
    district_code: str
    body: str
    place: str | None
    admin: AdminRole | None
    rulebook: Rulebook
    on: date

    @property
    def profile(self) -> Profile:
        """The district's governance profile."""
        return read(self.rulebook)

    @property
    def wide(self) -> bool:
        """Whether the body's view is the whole district."""
        return self.admin is None and bool(self.body) and not self.profile.bodies[self.body].each


class NoBodyError(Exception):
    """An account that belongs to no body and is no administrator: it may do nothing."""


def actor_of(user: User) -> Actor:
    """Who the account is today.

    Raises:
        NoBodyError: it belongs to nobody.
    """
    if user.admin_role:
        first = District.objects.order_by("code").first()
        if first is None:
            raise NoBodyError
        return Actor(user.username, first.code, "", None, AdminRole(user.admin_role), load(first.profile), today())
    membership = getattr(user, "membership", None)
    if membership is None:
        raise NoBodyError
    district = District.objects.get(code=membership.district_code)
    rulebook = load(district.profile)
    place = membership.place or None
    return Actor(user.username, district.code, membership.body, place, None, rulebook, today())


def system_actor(district: District) -> Actor:
    """The actor of commands and the tick: no body; what it does is written down as the system's."""
    return Actor("system", district.code, "", None, AdminRole.SYSTEM, load(district.profile), today())
