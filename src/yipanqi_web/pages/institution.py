"""治理: bodies, decision rights and duties of the district, as its profile states them."""

from django.http import HttpRequest, HttpResponse

from yipanqi.governance.bodies import bodies, title
from yipanqi.governance.profile import MANAGEMENT_RIGHTS, Right
from yipanqi.governance.rights import holders
from yipanqi_web.pages.frame import language, page
from yipanqi_web.permissions.actor import Actor


def institution(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Bodies with their successors, the decision-rights matrix, the duties."""
    profile, lang = actor.profile, language()
    known = bodies(profile, actor.on)
    titles = {key: title(profile, key, actor.on, lang) for key in profile.bodies}
    rights = [(right, [(h, titles[h.body]) for h in holders(profile, right, actor.place, actor.on)]) for right in Right]
    duties = [duty for duty in profile.duties.values() if duty.in_force(actor.on)]
    return page(request, actor, "institution.html", {
        "profile": profile,
        "name": profile.title_zh if lang == "zh" else profile.title_en,
        "bodies": [(body, titles[key], titles.get(body.within or "")) for key, body in known.items()],
        "matrices": [
            ("web.institution.rights", [row for row in rights if row[0] not in MANAGEMENT_RIGHTS]),
            ("web.institution.management", [row for row in rights if row[0] in MANAGEMENT_RIGHTS]),
        ],
        "duties": [(duty, duty.title_zh if lang == "zh" else duty.title_en, titles[duty.owner]) for duty in duties],
        "here": "institution",
    })  # fmt: skip
