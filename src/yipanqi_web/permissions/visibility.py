"""What an officer sees: one rule per kind of object, as a check of one object and as a filter of many.

The two are compared object by object in a test, so that no list shows what a page would refuse. A hidden object and a
missing one answer alike.

Projects: the bodies of the whole district see all; a department from the review on; a town or park its own (brought by
it), those it is asked to take, and those whose placement there is settled; a promotion centre those in its charge.
Sites: everybody sees every site of the district (资源一个库), but the price, the holder, the firms and leases on it are
seen by the district and the site's own town only.
"""

from collections.abc import Iterable

from django.db.models import Q

from yipanqi.governance.profile import BodyKind
from yipanqi.pipeline.referral import ReferralState
from yipanqi.pipeline.stages import SETTLED, Stage
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.records.models import ProjectFact, ReferralRecord, SiteFact

#: From which stage on a department is consulted, and so sees a project.
_CONSULTED = tuple(stage.value for stage in (Stage.REVIEW, Stage.OPINION, *SETTLED))
_SETTLED = tuple(stage.value for stage in SETTLED)


def asked_of(town: str, district_code: str) -> list[str]:
    """The projects a town is asked to take, or has accepted."""
    states = [ReferralState.ASKED.value, ReferralState.ACCEPTED.value, ReferralState.PLACED.value]
    open_ = ReferralRecord.objects.filter(district_code=district_code, state__in=states)
    return sorted(r.project_id for r in open_ if r.asked and r.asked[-1]["town"] == town)


def settled_in(town: str, district_code: str) -> list[str]:
    """The projects whose signed, listed or built placement lies in a town."""
    own = set(
        SiteFact.objects.filter(district_code=district_code, superseded_at=None, town_id=town).values_list(
            "site_id", flat=True
        )
    )
    settled = ProjectFact.objects.filter(district_code=district_code, superseded_at=None, stage__in=_SETTLED)
    rows = settled.exclude(fixed_site_ids=None).values_list("project_id", "fixed_site_ids")
    return sorted(project_id for project_id, sites in rows if own.intersection(sites or ()))


def projects_filter(actor: Actor) -> Q:
    """The filter of the projects the actor sees."""
    here = Q(district_code=actor.district_code)
    if actor.admin is not None:
        return Q(pk__in=[])
    kind = actor.profile.bodies[actor.body].kind
    if kind in (BodyKind.DEPARTMENT, BodyKind.MUNICIPAL, BodyKind.SERVICE_CENTRE):
        return here & Q(stage__in=_CONSULTED)
    if kind in (BodyKind.STATE_DEVELOPER, BodyKind.MARKET_DEVELOPER):
        return here & Q(stage__in=_SETTLED)
    if actor.wide:
        return here
    if kind is BodyKind.PROMOTION_CENTRE:
        return here & Q(centre=actor.place)
    town = actor.place or ""
    others = {*asked_of(town, actor.district_code), *settled_in(town, actor.district_code)}
    return here & (Q(origin_town_id=town) | Q(project_id__in=sorted(others)))


def sees_project(actor: Actor, project: ProjectFact) -> bool:
    """Whether the actor sees the project: the same rule, for one."""
    if actor.admin is not None or project.district_code != actor.district_code:
        return False
    kind = actor.profile.bodies[actor.body].kind
    stage = project.stage
    if kind in (BodyKind.DEPARTMENT, BodyKind.MUNICIPAL, BodyKind.SERVICE_CENTRE):
        return stage in _CONSULTED
    if kind in (BodyKind.STATE_DEVELOPER, BodyKind.MARKET_DEVELOPER):
        return stage in _SETTLED
    if actor.wide:
        return True
    if kind is BodyKind.PROMOTION_CENTRE:
        return bool(project.centre == actor.place)
    town = actor.place or ""
    if project.origin_town_id == town or project.project_id in asked_of(town, actor.district_code):
        return True
    return stage in _SETTLED and _lies_in(project.fixed_site_ids or (), town, actor.district_code)


def _lies_in(site_ids: Iterable[str], town: str, district_code: str) -> bool:
    return SiteFact.objects.filter(
        district_code=district_code, superseded_at=None, site_id__in=list(site_ids), town_id=town
    ).exists()


def sees_inside(actor: Actor, town_id: str) -> bool:
    """Whether the actor sees price, holder, firms and leases of the sites of a town."""
    if actor.admin is not None or not actor.body:
        return False
    return actor.wide or actor.place == town_id
