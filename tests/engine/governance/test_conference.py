"""An item of the joint conference, from its proposal to the end of its tasks."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipanqi.governance import conference, profile
from yipanqi.governance.conference import TRANSITIONS, Item, ItemState, Opinion, Resolution, Stance
from yipanqi.governance.duties import DutyState, Task, move
from yipanqi.policy.rulebook import load

JIADING, PUDONG = (profile.read(load(name)) for name in ("jiading", "pudong"))
DAY, DUE, AFTER = date(2026, 6, 1), date(2026, 6, 5), date(2026, 6, 6)
TASK = Task("K1", "落实用地", "planning_department", "joint_conference", AFTER, date(2026, 7, 1))


def proposed():
    return Item("I1", "某项目一事一议", "town", DAY, "A1")


def consulted():
    return conference.consult(
        conference.brief(proposed(), "材料"), ["planning_department", "environment_department"], DUE
    )


def heard():
    item = conference.opine(consulted(), Opinion("planning_department", Stance.AGREES, DAY))
    return conference.opine(item, Opinion("environment_department", Stance.AGREES_IF, DAY, "须做环评"))


def decided(resolution=Resolution.ADOPTED, conditions=""):
    return conference.decide(heard(), JIADING, resolution, "joint_conference", DAY, conditions)


def test_an_item_is_followed_until_its_last_task_has_ended():
    item = conference.minute(decided(), "纪要", [TASK])
    with pytest.raises(ValueError, match="still open: K1"):
        conference.close(item)
    done = TASK
    for state, by in ((DutyState.UNDERWAY, "planning_department"), (DutyState.DELIVERED, "planning_department"),
                      (DutyState.CLOSED, "joint_conference")):  # fmt: skip
        done = move(done, state, date(2026, 6, 20), by)
        item = conference.follow(item, done)
    assert conference.close(item).state is ItemState.CLOSED


def test_opinions_stand_in_a_fixed_order_whoever_speaks_first():
    opinions = [
        Opinion("planning_department", Stance.AGREES, DAY),
        Opinion("environment_department", Stance.AGREES, DAY),
    ]
    one = conference.opine(conference.opine(consulted(), opinions[0]), opinions[1])
    other = conference.opine(conference.opine(consulted(), opinions[1]), opinions[0])
    assert one == other


def test_no_decision_while_a_body_may_still_speak_and_silence_is_named_afterwards():
    item = conference.opine(consulted(), Opinion("planning_department", Stance.AGREES, DAY))
    with pytest.raises(ValueError, match="environment_department may still speak"):
        conference.decide(item, JIADING, Resolution.ADOPTED, "joint_conference", DUE)
    late = conference.decide(item, JIADING, Resolution.ADOPTED, "joint_conference", AFTER)
    assert late.decision.silent == ("environment_department",)


def test_who_decides_follows_from_the_districts_profile():
    for body in ("town", "promotion_centre"):
        with pytest.raises(PermissionError):
            conference.decide(heard(), JIADING, Resolution.ADOPTED, body, DAY)
    with pytest.raises(PermissionError):
        conference.decide(heard(), PUDONG, Resolution.ADOPTED, "joint_conference", DAY)
    assert conference.decide(heard(), PUDONG, Resolution.ADOPTED, "district_government", DAY).decision is not None


def test_a_body_does_not_decide_its_own_item():
    own = conference.consult(conference.brief(Item("I2", "自提", "leading_group", DAY), "材料"), ["town"], DUE)
    with pytest.raises(PermissionError):
        conference.decide(own, JIADING, Resolution.ADOPTED, "leading_group", AFTER)


def test_conditions_belong_to_a_conditional_adoption_and_to_no_other():
    assert decided(Resolution.ADOPTED_IF, "三年内达产").decision.conditions == "三年内达产"
    for resolution, conditions in ((Resolution.ADOPTED_IF, " "), (Resolution.REFUSED, "条件")):
        with pytest.raises(ValueError, match="with conditions"):
            decided(resolution, conditions)


def test_a_refused_item_gives_out_no_tasks_and_closes_with_its_minutes():
    with pytest.raises(ValueError, match="no tasks"):
        conference.minute(decided(Resolution.REFUSED), "纪要", [TASK])
    assert conference.close(conference.minute(decided(Resolution.REFUSED), "纪要")).state is ItemState.CLOSED


def test_a_deferred_item_comes_back_with_a_new_brief_and_no_old_opinions():
    again = conference.brief(conference.defer(heard()), "补充材料")
    assert (again.state, again.brief, again.opinions, again.consulted) == (ItemState.BRIEFED, "补充材料", (), ())


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: conference.brief(proposed(), "  "),
        lambda: conference.consult(conference.brief(proposed(), "材料"), [], DUE),
        lambda: conference.opine(consulted(), Opinion("finance_bureau", Stance.AGREES, DAY)),
        lambda: conference.opine(heard(), Opinion("planning_department", Stance.AGREES, DAY)),
        lambda: conference.opine(consulted(), Opinion("planning_department", Stance.OBJECTS, DAY, " ")),
        lambda: conference.opine(proposed(), Opinion("planning_department", Stance.AGREES, DAY)),
        lambda: conference.minute(decided(), ""),
        lambda: conference.minute(decided(), "纪要", [TASK, TASK]),
        lambda: conference.follow(conference.minute(decided(), "纪要"), TASK),
        lambda: conference.withdraw(decided()),
    ],
)
def test_a_step_out_of_turn_or_without_its_content_is_refused(mistake):
    with pytest.raises(ValueError):  # each says its own
        mistake()


STEPS = {
    "brief": lambda i: conference.brief(i, "材料"),
    "consult": lambda i: conference.consult(i, ["planning_department"], DUE),
    "opine": lambda i: conference.opine(i, Opinion("planning_department", Stance.AGREES, DAY)),
    "decide": lambda i: conference.decide(i, JIADING, Resolution.ADOPTED, "joint_conference", AFTER),
    "defer": conference.defer,
    "minute": lambda i: conference.minute(i, "纪要", [TASK]),
    "follow": lambda i: conference.follow(i, TASK),
    "close": conference.close,
    "withdraw": conference.withdraw,
}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=15))
def test_every_step_follows_the_table_and_nothing_is_minuted_undecided(steps):
    item = proposed()
    for name in steps:
        try:
            following = STEPS[name](item)
        except ValueError:
            continue
        assert following.state is item.state or following.state in TRANSITIONS[item.state]
        item = following
        assert (item.decision is not None) == (
            item.state in (ItemState.DECIDED, ItemState.MINUTED, ItemState.FOLLOWED, ItemState.CLOSED)
        )


def test_every_state_can_be_reached():
    assert {s for f in TRANSITIONS.values() for s in f} | {ItemState.PROPOSED} == set(ItemState)
