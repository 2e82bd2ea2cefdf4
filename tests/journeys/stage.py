"""Sets the stage of the journeys in an installation: a small synthetic district and its officers; prints what is there.

Run as ``python stage.py PROFILE`` in the installation's environment.
"""

import json
import sys
from typing import Any

import django

django.setup()

from yipanqi.governance.bodies import bodies  # noqa: E402
from yipanqi.governance.profile import Act  # noqa: E402
from yipanqi.inventory.sites import FactState  # noqa: E402
from yipanqi.policy import rulebook  # noqa: E402
from yipanqi.simulation.district import DEMO_AS_OF, district  # noqa: E402
from yipanqi_web.accounts.models import AdminRole, Membership, User  # noqa: E402
from yipanqi_web.actions.loading import load  # noqa: E402
from yipanqi_web.actions.sites import correct  # noqa: E402
from yipanqi_web.permissions.actor import Actor  # noqa: E402
from yipanqi_web.permissions.acts import authorize  # noqa: E402
from yipanqi_web.records.models import ProjectFact, Reservation, SiteFact, TownFact  # noqa: E402

CODE, PASSWORD = "310114", "chess-board-2026"


def account(name: str, body: str = "", place: str = "", role: str = "") -> None:
    user = User.objects.create_user(name, PASSWORD, admin_role=role)
    if body:
        Membership.objects.create(user=user, district_code=CODE, body=body, place=place)


def main(profile: str) -> dict[str, Any]:
    book = rulebook.load(profile)
    load(district(book, projects=60, sites=800, seed=3, as_of=DEMO_AS_OF).sorted(), CODE, profile)
    actor = Actor("x", CODE, "lead_body", None, None, book, DEMO_AS_OF)
    wide = [key for key, body in sorted(bodies(actor.profile, DEMO_AS_OF).items()) if not body.each]

    def who(act: Act) -> str:
        asked = [key for key in ("lead_body", *wide) if key in wide]
        return next(
            key for key in asked if authorize(Actor(key, CODE, key, None, None, book, DEMO_AS_OF), act, None).permitted
        )

    here = {"district_code": CODE, "superseded_at": None}
    projects = ProjectFact.objects.filter(**here).order_by("project_id")
    lead = projects.filter(stage="lead").first() or projects.exclude(stage__in=["lost", "withdrawn"])[0]
    town = lead.origin_town_id
    towns = list(TownFact.objects.filter(**here).order_by("town_id"))
    other = next(t for t in towns if t.town_id != town)
    held = Reservation.objects.filter(district_code=CODE, ended_at=None).values("site_id")
    parents = SiteFact.objects.filter(**here).exclude(parent_site_id=None).values("parent_site_id")
    free = SiteFact.objects.filter(**here, state="available", site_kind="land").exclude(site_id__in=held)
    site = free.exclude(site_id__in=parents).order_by("site_id")[0]
    fact = SiteFact.objects.filter(**here, town_id=town).order_by("site_id")[0]
    if fact.fact_state != FactState.SURVEYED.value:
        registrar = Actor("registrar", CODE, "town", town, None, book, DEMO_AS_OF)
        fact = correct(fact, {"name": fact.name}, by=registrar, why="重新摸底")
    for name, act in (("anna", Act.RESERVE_LAND), ("bert", Act.RESERVE_LAND), ("verifier", Act.VERIFY_SITE),
                      ("asker", Act.CONFIRM_ALLOCATION)):  # fmt: skip
        try:
            account(name, who(act))
        except StopIteration:
            continue  # a profile that leaves the act to nobody of the whole district
    account("towner", "town", town)
    account("other", "town", other.town_id)
    for role in AdminRole:
        account(f"admin-{role.value}", role=role.value)
    return {
        "town": town, "other": other.town_id, "other_name": other.name, "lead": str(lead.public_id),
        "lead_name": lead.name, "site": str(site.public_id), "fact": str(fact.public_id),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
