"""What time alone brings about: holds that end, reminders before they do, referrals nobody answered."""

from datetime import timedelta

from django.db import transaction

from yipanqi_web.actions import projects, sites, trail
from yipanqi_web.permissions.actor import system_actor
from yipanqi_web.records.models import District, OutboxRow, Reservation

#: So long before its end a hold is spoken of, on the to-do list and in the inbox.
REMINDED_BEFORE = timedelta(days=7)


def pass_deadlines() -> dict[str, int]:
    """Every district's deadlines up to today; how many holds ended, were announced, and referrals lapsed."""
    done = {"holds_ended": 0, "holds_ending": 0, "referrals_lapsed": 0}
    for district in District.objects.order_by("code"):
        by = system_actor(district)
        done["holds_ended"] += sites.expire_holds(by)
        done["holds_ending"] += _announce_ends(district)
        done["referrals_lapsed"] += projects.lapse_referrals(by)
    return done


def _announce_ends(district: District) -> int:
    """Tell once of every hold that ends within a week."""
    by, count = system_actor(district), 0
    told = set(
        OutboxRow.objects.filter(district_code=district.code, topic="site.hold_ending").values_list(
            "payload__hold", flat=True
        )
    )
    soon = Reservation.objects.filter(
        district_code=district.code, ended_at=None, held_until__lte=by.on + REMINDED_BEFORE
    )
    for held in soon.order_by("pk"):
        if str(held.public_id) in told:
            continue
        with transaction.atomic():
            trail.tell(by, "site.hold_ending", site=held.site_id, project=held.project_id, until=held.held_until,
                       hold=str(held.public_id))  # fmt: skip
        count += 1
    return count
