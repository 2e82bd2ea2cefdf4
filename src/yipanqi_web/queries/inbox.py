"""消息 of one officer: what was told, as far as they still see what it is about."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.visibility import projects_filter
from yipanqi_web.records.models import InboxItem, ProjectFact, SiteFact


@dataclass(frozen=True)
class Told:
    """One message as the page shows it: its text id with parameters, and where the thing stands."""

    item: InboxItem
    message: str
    params: dict[str, Any]
    address: str


def messages(actor: Actor, unread_only: bool = False) -> QuerySet[InboxItem]:
    """The actor's messages, the newest first; none about a project they do not see now."""
    own = InboxItem.objects.filter(district_code=actor.district_code, user__username=actor.name)
    if actor.admin is not None:
        return own.none()
    if unread_only:
        own = own.filter(read_at=None)
    seen = ProjectFact.objects.filter(projects_filter(actor), superseded_at=None).values("project_id")
    return own.filter(Q(project_id="") | Q(project_id__in=seen)).order_by("-id")


def unread(actor: Actor) -> int:
    """How many messages the actor has not read."""
    return messages(actor, unread_only=True).count()


def told(actor: Actor, items: list[InboxItem]) -> list[Told]:
    """The messages with the names of what they are about."""
    here = {"district_code": actor.district_code, "superseded_at": None}
    projects = {
        p.project_id: p for p in ProjectFact.objects.filter(**here, project_id__in={i.project_id for i in items})
    }
    sites = {s.site_id: s for s in SiteFact.objects.filter(**here, site_id__in={i.site_id for i in items})}
    found = []
    for item in items:
        project, site = projects.get(item.project_id), sites.get(item.site_id)
        names = {"project": project.name if project else "", "site": site.name if site else ""}
        address = f"/sites/{site.public_id}/" if site else f"/projects/{project.public_id}/" if project else ""
        found.append(Told(item, f"web.inbox.{item.topic}", item.params | names, address))
    return found
