"""Whether an actor may do an act of the main job to an object: the profile's word, and the object's place."""

from yipanqi.governance.profile import Act
from yipanqi.governance.rights import Permission, may
from yipanqi.kernel.findings import Message
from yipanqi_web.permissions.actor import Actor


def authorize(actor: Actor, act: Act, place: str | None) -> Permission:
    """Whether the actor may do the act at a place (the town of the site, the town a project is of; null: the district).

    A body that stands in every town acts in its own town only; all else the decision rights say.
    """
    if actor.admin is not None:
        return Permission(False, (), Message("web.may.administrator", {"act": act.value}), None)
    if not actor.wide and place is not None and place != actor.place and _town_like(actor):
        return Permission(False, (), Message("web.may.other_place", {"act": act.value}), None)
    return may(actor.profile, actor.body, act, place, actor.on)


def _town_like(actor: Actor) -> bool:
    return actor.body in ("town", "park")


class RefusedError(Exception):
    """The actor may not; ``permission.reason`` says why, with the clause."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(permission.reason.id)
        self.permission = permission


def require(actor: Actor, act: Act, place: str | None) -> Permission:
    """The permission, if there is one.

    Raises:
        RefusedError: there is none.
    """
    permission = authorize(actor, act, place)
    if not permission.permitted:
        raise RefusedError(permission)
    return permission
