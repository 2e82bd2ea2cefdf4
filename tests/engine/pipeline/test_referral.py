"""A project its town cannot host goes to the pool; another town accepts, declines or is silent."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipanqi.pipeline import referral
from yipanqi.pipeline.referral import TRANSITIONS, Answer, ReferralState
from yipanqi.policy.rulebook import load

RULES = load("jiading")
MONDAY = date(2026, 6, 1)
DUE = date(2026, 6, 8)


def offered():
    return referral.offer("A1", "T2", "镇内没有土地", MONDAY)


def asked():
    return referral.ask(offered(), "T1", RULES, MONDAY)


def test_a_town_has_five_working_days_to_answer():
    assert (asked().state, asked().to_town, asked().asked[0].due_on) == (ReferralState.ASKED, "T1", DUE)


def test_an_accepted_project_is_placed():
    done = referral.place(referral.accept(asked(), DUE))
    assert (done.state, done.to_town, done.asked[0].answer) == (ReferralState.PLACED, "T1", Answer.ACCEPTED)


def test_a_declined_project_returns_to_the_pool_with_the_reason():
    back = referral.decline(asked(), " 厂房荷载不足 ", DUE)
    assert (back.state, back.to_town, back.asked[0].reason) == (ReferralState.OFFERED, None, "厂房荷载不足")


def test_a_silent_town_loses_its_turn_the_day_after_it_was_due():
    assert referral.lapse(asked(), DUE) == asked()
    back = referral.lapse(asked(), date(2026, 6, 9))
    assert (back.state, back.asked[0].answer) == (ReferralState.OFFERED, Answer.SILENT)


def test_a_town_that_declined_is_not_asked_again_and_one_that_was_silent_may_be():
    declined = referral.decline(asked(), "无地", DUE)
    with pytest.raises(ValueError, match="T1 cannot be asked"):
        referral.ask(declined, "T1", RULES, DUE)
    silent = referral.lapse(asked(), date(2026, 6, 9))
    assert referral.ask(silent, "T1", RULES, date(2026, 6, 9)).state is ReferralState.ASKED


def test_a_released_project_returns_to_the_pool():
    assert referral.release(referral.accept(asked(), DUE)).state is ReferralState.OFFERED


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: referral.offer("A1", "T2", "  ", MONDAY),
        lambda: referral.ask(offered(), "T2", RULES, MONDAY),
        lambda: referral.ask(asked(), "T3", RULES, MONDAY),
        lambda: referral.accept(offered(), MONDAY),
        lambda: referral.accept(asked(), date(2026, 6, 9)),
        lambda: referral.decline(asked(), "", DUE),
        lambda: referral.place(asked()),
        lambda: referral.release(asked()),
        lambda: referral.withdraw(referral.withdraw(offered())),
        lambda: referral.withdraw(referral.place(referral.accept(asked(), DUE))),
    ],
)
def test_a_move_out_of_turn_is_refused(mistake):
    with pytest.raises(ValueError):  # each says its own
        mistake()


MOVES = {
    "ask": lambda r: referral.ask(r, "T1", RULES, MONDAY),
    "ask_other": lambda r: referral.ask(r, "T3", RULES, MONDAY),
    "accept": lambda r: referral.accept(r, MONDAY),
    "decline": lambda r: referral.decline(r, "无地", MONDAY),
    "lapse": lambda r: referral.lapse(r, date(2026, 7, 1)),
    "place": referral.place,
    "release": referral.release,
    "withdraw": referral.withdraw,
}


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=12))
def test_every_move_follows_the_transitions(moves):
    now = offered()
    for name in moves:
        try:
            following = MOVES[name](now)
        except ValueError:
            continue
        assert following.state in (now.state, *TRANSITIONS[now.state])
        assert (following == now) or following.state is not now.state
        now = following


def test_every_state_but_the_first_can_be_reached():
    reached = {state for following in TRANSITIONS.values() for state in following}
    assert reached | {ReferralState.OFFERED} == set(ReferralState)
