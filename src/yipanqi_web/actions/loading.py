"""Loading a whole data set into the record, as ``yipanqi load`` and the demo do."""

from dataclasses import dataclass

from django.db import transaction

from yipanqi.allocation.board import Facts
from yipanqi.inventory.reservation import live
from yipanqi_web.actions import trail, versions
from yipanqi_web.clock import now
from yipanqi_web.permissions.actor import Actor, system_actor
from yipanqi_web.records.models import FACTS, District, Reservation


@dataclass(frozen=True)
class Loaded:
    """What a load did, table by table."""

    district: District
    tables: dict[str, versions.Written]
    holds: int


def load(facts: Facts, code: str, profile: str) -> Loaded:
    """All tables of a data set into the record of a district, whole or not at all; the same set again changes nothing.

    The district is made if the record has none of the code. Live holds are added where the site is free.
    """
    with transaction.atomic():
        district, _ = District.objects.update_or_create(
            code=code,
            defaults={
                "name": facts.district or code,
                "profile": profile,
                "synthetic": facts.synthetic,
                "as_of": facts.as_of,
            },
        )
        by = system_actor(district)
        written = {
            name: versions.write(model, getattr(facts, name).to_dicts(), by, facts.as_of)
            for name, model in FACTS.items()
        }
        held = _hold(facts, by)
        counts = {name: [w.added, w.changed, w.unchanged] for name, w in written.items()}
        trail.audit(by, "load", ("district", code), after=counts | {"as_of": facts.as_of, "holds": held})
    return Loaded(district, written, held)


def _hold(facts: Facts, by: Actor) -> int:
    taken = set(
        Reservation.objects.filter(district_code=by.district_code, ended_at=None).values_list("site_id", flat=True)
    )
    holds = live(facts.holds, facts.as_of).select("site_id", "project_id", "held_until")
    rows = [
        Reservation(
            district_code=by.district_code,
            site_id=site_id,
            project_id=project_id,
            held_until=until,
            held_at=now(),
            held_by=by.name,
        )
        for site_id, project_id, until in holds.iter_rows()
        if site_id not in taken
    ]
    Reservation.objects.bulk_create(rows, batch_size=500)
    return len(rows)
