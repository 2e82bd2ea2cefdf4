"""Who holds a right, and who may do an act; change the rulebook and the answer changes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipanqi.governance import profile
from yipanqi.governance.profile import Act, Holding, Manner, Right
from yipanqi.governance.rights import holders, may, performers, unstated
from yipanqi.policy import wording
from yipanqi.policy.rulebook import PROFILES, load

OWN = {name: profile.read(load(name)) for name in PROFILES}
JIADING, PUDONG, MINHANG = OWN["jiading"], OWN["pudong"], OWN["minhang"]
DAYS = st.dates(date(2009, 1, 1), date(2030, 1, 1))


def holding(*bodies, manner=None, places=None, start=date(2010, 1, 1), end=None):
    return Holding(
        clause="测试条款", source="测试", issued_by="测试", basis="assumed", effective_from=start, effective_to=end,
        holders=bodies, manner=manner or (Manner.ALONE if len(bodies) == 1 else Manner.EACH), places=places,
    )  # fmt: skip


def changed(own, right, *holdings):
    return own.model_copy(update={"rights": own.rights | {right: holdings}})


def test_the_same_act_of_a_town_is_refused_in_pudong_and_permitted_in_jiading():
    assert not may(PUDONG, "town", Act.OPEN_NEGOTIATION).permitted
    assert may(JIADING, "town", Act.OPEN_NEGOTIATION).permitted


def test_one_right_changed_in_the_rulebook_changes_the_answer():
    given_back = changed(PUDONG, Right.ATTRACTION, holding("town"))
    assert may(given_back, "town", Act.OPEN_NEGOTIATION).permitted
    assert performers(given_back, Act.OPEN_NEGOTIATION) == ("town",)
    assert performers(PUDONG, Act.OPEN_NEGOTIATION) == ("promotion_centre",)


def test_the_refusal_names_who_holds_the_right_and_the_clause():
    reason = may(PUDONG, "town", Act.OPEN_NEGOTIATION).reason
    assert reason.params["who"] == "promotion_centre"
    assert "18个投资促进服务中心" in wording.render(reason)
    assert "论文" in wording.render(reason)


def test_a_joint_right_names_the_others():
    found = may(MINHANG, "town", Act.LEAD_DEVELOPMENT)
    assert (found.permitted, found.jointly_with) == (True, ("asset_company", "xinzhuang_zone"))
    assert found.reason.id == "governance.may.jointly"


def test_bodies_side_by_side_need_nobody_else():
    assert may(JIADING, "town", Act.OPEN_NEGOTIATION).jointly_with == ()


def test_a_body_the_district_does_not_have_may_do_nothing():
    assert may(PUDONG, "leading_group", Act.ISSUE_POLICY).reason.id == "governance.may.no_such_body"


def test_a_right_limited_to_a_town_is_held_only_there():
    own = changed(JIADING, Right.CLEARING, holding("industrial_zone_group", places=("T1",)), holding("town"))
    assert [h.body for h in holders(own, Right.CLEARING, "T1")] == ["industrial_zone_group", "town"]
    assert [h.body for h in holders(own, Right.CLEARING, "T2")] == ["town"]
    assert [h.body for h in holders(own, Right.CLEARING)] == ["town"]
    assert may(own, "industrial_zone_group", Act.CLEAR_LAND, "T1").permitted
    assert not may(own, "industrial_zone_group", Act.CLEAR_LAND, "T2").permitted


def test_a_town_holds_a_right_for_its_own_place():
    found = holders(JIADING, Right.CLEARING, "T1")
    assert [(h.body, h.place) for h in found] == [("town", "T1")]
    assert [h.place for h in holders(JIADING, Right.PLANNING, "T1")] == [None]


def test_a_right_nobody_is_stated_to_hold_is_listed():
    own = changed(JIADING, Right.POLICY, holding("town", end=date(2012, 1, 1)))
    assert unstated(own) == (Right.POLICY,)
    found = may(own, "town", Act.ISSUE_POLICY)
    assert (found.permitted, found.reason.params["who"]) == (False, None)


def test_an_act_without_a_rule_on_the_day_is_refused():
    found = may(JIADING, "town", Act.REPORT_PROJECT, on=date(2017, 2, 28))
    assert (found.permitted, found.reason.id) == (False, "policy.gap.not_begun")
    assert "2017-03-01" in wording.render(found.reason)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_every_permission_has_words(name, language):
    own = OWN[name]
    for act in Act:
        for body in own.bodies:
            assert wording.render(may(own, body, act).reason, language)


@given(st.sampled_from(PROFILES), st.sampled_from(Act), DAYS)
def test_whoever_is_listed_as_performer_may_and_nobody_else(name, act, on):
    own = OWN[name]
    listed = performers(own, act, on=on)
    assert [body for body in sorted(own.bodies) if may(own, body, act, on=on).permitted] == list(listed)


@given(st.sampled_from(PROFILES), st.sampled_from(Right), DAYS)
def test_a_right_held_on_a_day_rests_on_statements_in_force_that_day(name, right, on):
    assert all(h.statement.in_force(on) for h in holders(OWN[name], right, on=on))
