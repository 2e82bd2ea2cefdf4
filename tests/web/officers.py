"""The cast of the shell's tests: one small synthetic district in the record, and officers of its bodies."""

from dataclasses import replace
from functools import lru_cache

from yipanqi.allocation.board import Facts
from yipanqi.policy import rulebook
from yipanqi.simulation.district import DEMO_AS_OF, district
from yipanqi_web.accounts.models import AdminRole, Membership, User
from yipanqi_web.actions.loading import load
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.records.models import District

CODE = "310114"


@lru_cache(maxsize=1)
def made() -> Facts:
    """Forty projects over three hundred sites."""
    return district(rulebook.load("jiading"), projects=40, sites=300, seed=5, as_of=DEMO_AS_OF).sorted()


def loaded(profile: str = "jiading") -> District:
    """The district in the record."""
    return load(made(), CODE, profile).district


def officer(body: str, place: str | None = None, profile: str = "jiading", name: str | None = None) -> Actor:
    """An officer of a body, in a town or area where the body stands in each."""
    book = rulebook.load(profile)
    return Actor(name or f"{body}-{place or 'district'}", CODE, body, place, None, book, DEMO_AS_OF)


def member(body: str, place: str = "", name: str | None = None) -> User:
    """An account of an officer of a body, as the inbox delivers to."""
    user = User.objects.create(username=name or f"{body}-{place or 'district'}")
    Membership.objects.create(user=user, district_code=CODE, body=body, place=place)
    return user


def administrator(role: AdminRole = AdminRole.SYSTEM) -> Actor:
    """One of the three administrators."""
    return replace(officer("lead_body"), body="", admin=role, name=role.value)


def towns() -> list[str]:
    """The towns of the district."""
    return made().towns["town_id"].to_list()
