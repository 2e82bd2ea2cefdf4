"""The names of towns."""

from yipanqi_web.permissions.actor import Actor
from yipanqi_web.records.models import TownFact


def town_names(actor: Actor) -> dict[str, str]:
    """Town id → name, in the order of the ids."""
    rows = TownFact.objects.filter(district_code=actor.district_code, superseded_at=None).order_by("town_id")
    return {row.town_id: row.name for row in rows}
