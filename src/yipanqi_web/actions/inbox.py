"""消息: what stands in the outbox becomes a message to every member of the bodies it concerns, once.

Whether somebody may see the project is asked at delivery, and again when the page is drawn (``queries.inbox``). What a
message keeps are ids and codes. Mail and webhooks are not built.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from django.db import transaction

from yipanqi.governance.profile import Act, BodyKind
from yipanqi_web.accounts.models import Membership, User
from yipanqi_web.clock import now
from yipanqi_web.permissions.actor import Actor, actor_of
from yipanqi_web.permissions.acts import authorize
from yipanqi_web.permissions.visibility import sees_project
from yipanqi_web.records.models import InboxItem, OutboxRow, ProjectFact, Reservation, SiteFact

log = logging.getLogger(__name__)


class Concern(StrEnum):
    """Whom a topic concerns."""

    LEAD_BODY = "lead_body"
    #: Who says which town takes a project.
    ALLOCATOR = "allocator"
    #: The town that brought the project.
    ORIGIN = "origin"
    #: The town named in the message: the one that was asked.
    NAMED_TOWN = "named_town"
    #: The town of the site.
    SITE_TOWN = "site_town"
    #: The officer who holds the site.
    HOLDER = "holder"


_LED = (Concern.LEAD_BODY, Concern.ORIGIN)
_HELD = (Concern.SITE_TOWN, Concern.ORIGIN, Concern.HOLDER)
#: Topic → whom it concerns. A topic that is not named here stays in the outbox and counts as failed.
TOPICS: Mapping[str, tuple[Concern, ...]] = MappingProxyType(
    {
        "project.lead": (Concern.LEAD_BODY,),
        "project.stage": _LED,
        "referral.offered": (*_LED, Concern.ALLOCATOR),
        "referral.asked": (Concern.NAMED_TOWN,),
        "referral.accepted": (*_LED, Concern.ALLOCATOR),
        "referral.placed": (*_LED, Concern.NAMED_TOWN),
        "referral.withdrawn": (*_LED, Concern.NAMED_TOWN),
        "site.fact_moved": (Concern.SITE_TOWN,),
        "site.reserved": _HELD,
        "site.released": _HELD,
        "site.hold_ending": _HELD,
        "site.hold_expired": _HELD,
        "exchange.imported": (Concern.LEAD_BODY,),
    }
)
#: What a message keeps of the payload besides the ids.
_KEPT = ("stage", "state", "until", "rows")


@dataclass(frozen=True)
class _Cause:
    """An outbox row with the things it names."""

    row: OutboxRow
    project: ProjectFact | None
    site: SiteFact | None
    holder: str


def deliver() -> dict[str, int]:
    """Deliver what waits, in order; how many rows were delivered, messages written, and rows that failed.

    A row that fails is counted, stays, and holds up no other.
    """
    done = {"delivered": 0, "messages": 0, "undelivered": 0}
    actors: dict[str, list[tuple[User, Actor]]] = {}
    for row in OutboxRow.objects.filter(delivered_at=None, topic__in=list(TOPICS)).order_by("id"):
        if row.district_code not in actors:
            actors[row.district_code] = _members(row.district_code)
        try:
            with transaction.atomic():
                # Whoever sets the instant delivers; a second deliverer finds it set.
                if OutboxRow.objects.filter(pk=row.pk, delivered_at=None).update(delivered_at=now()):
                    done["messages"] += _tell(_cause(row), actors[row.district_code])
                    done["delivered"] += 1
        except Exception:
            log.exception("outbox row %s was not delivered", row.pk)
            OutboxRow.objects.filter(pk=row.pk).update(attempts=row.attempts + 1)
            done["undelivered"] += 1
    return done


def _members(district_code: str) -> list[tuple[User, Actor]]:
    members = Membership.objects.filter(district_code=district_code, user__is_active=True).select_related("user")
    return [(m.user, actor_of(m.user)) for m in members.order_by("user__username")]


def _cause(row: OutboxRow) -> _Cause:
    here = {"district_code": row.district_code, "superseded_at": None}
    project_id, site_id = row.payload.get("project", ""), row.payload.get("site", "")
    held = Reservation.objects.filter(district_code=row.district_code, site_id=site_id, project_id=project_id)
    last = held.order_by("-id").first() if site_id and project_id else None
    return _Cause(
        row,
        ProjectFact.objects.filter(**here, project_id=project_id).first() if project_id else None,
        SiteFact.objects.filter(**here, site_id=site_id).first() if site_id else None,
        last.held_by if last else "",
    )


def _tell(cause: _Cause, members: list[tuple[User, Actor]]) -> int:
    items = [item for user, actor in members if (item := _message(cause, user, actor)) is not None]
    InboxItem.objects.bulk_create(items, batch_size=500)
    return len(items)


def _message(cause: _Cause, user: User, actor: Actor) -> InboxItem | None:
    if not any(_concerned(concern, cause, actor) for concern in TOPICS[cause.row.topic]):
        return None
    visible = cause.project is not None and sees_project(actor, cause.project)
    if cause.row.payload.get("project") and cause.site is None and not visible:
        return None
    return InboxItem(
        district_code=cause.row.district_code,
        user=user,
        cause=cause.row,
        at=cause.row.at,
        topic=cause.row.topic,
        # Everybody sees that a site is held; for what, only who sees the project.
        project_id=cause.project.project_id if visible and cause.project else "",
        site_id=cause.site.site_id if cause.site else "",
        params={name: cause.row.payload[name] for name in _KEPT if name in cause.row.payload},
    )


def _concerned(concern: Concern, cause: _Cause, actor: Actor) -> bool:
    own = actor.place if actor.body in ("town", "park") else None
    match concern:
        case Concern.LEAD_BODY:
            return actor.profile.bodies[actor.body].kind is BodyKind.LEAD_BODY
        case Concern.ALLOCATOR:
            return authorize(actor, Act.CONFIRM_ALLOCATION, None).permitted
        case Concern.ORIGIN:
            return own is not None and cause.project is not None and cause.project.origin_town_id == own
        case Concern.NAMED_TOWN:
            return own is not None and cause.row.payload.get("town") == own
        case Concern.SITE_TOWN:
            return own is not None and cause.site is not None and cause.site.town_id == own
        case Concern.HOLDER:
            return bool(cause.holder) and cause.holder == actor.name


def mark_read(public_id: str | None, *, by: Actor) -> int:
    """Mark one of the actor's own messages as read, or all (null); how many that were.

    Reading is no change of the record's business, and writes no audit row.
    """
    own = InboxItem.objects.filter(district_code=by.district_code, user__username=by.name, read_at=None)
    return (own if public_id is None else own.filter(public_id=public_id)).update(read_at=now())
