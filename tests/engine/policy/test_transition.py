"""Which version governs a project, and whether a clause reaches it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipanqi.policy import wording
from yipanqi.policy.rulebook import Provision
from yipanqi.policy.transition import Ground, clause_applies, gap, governing

START = date(2015, 1, 1)
DAYS = st.integers(0, 4000).map(lambda n: START + timedelta(days=n))


def provision(start, end=None, *, mandatory=False, transition=None, clause="第一条"):
    return Provision(
        clause=clause, source="测试", issued_by="区经委", basis="assumed", effective_from=start, effective_to=end,
        mandatory=mandatory, transition_to=transition,
    )  # fmt: skip


@st.composite
def provisions(draw, *, mandatory=None):
    start = draw(DAYS)
    end = draw(st.none() | st.integers(0, 2000).map(lambda n: start + timedelta(days=n)))
    transition = draw(st.none() | st.integers(0, 400).map(lambda n: start + timedelta(days=n)))
    strict = draw(st.booleans()) if mandatory is None else mandatory
    return provision(start, end, mandatory=strict, transition=transition, clause=draw(st.sampled_from("甲乙丙")))


OLD = provision(date(2015, 1, 1), date(2017, 2, 28))
NEW = provision(date(2017, 3, 1), transition=date(2017, 8, 31))


def test_the_version_in_force_on_the_reference_date_governs():
    assert governing([NEW, OLD], date(2016, 5, 1)) is OLD
    assert governing([OLD, NEW], date(2017, 3, 1)) is NEW


def test_a_gap_between_versions_has_no_governing_version():
    later = provision(date(2018, 1, 1))
    assert governing([OLD, later], date(2017, 6, 1)) is None
    assert governing([], date(2017, 6, 1)) is None


def test_a_project_reported_before_the_new_version_may_finish_under_the_old_within_the_transition():
    assert governing([OLD, NEW], date(2017, 8, 31), reported_on=date(2017, 2, 1)) is OLD
    assert governing([OLD, NEW], date(2017, 9, 1), reported_on=date(2017, 2, 1)) is NEW
    assert governing([OLD, NEW], date(2017, 8, 31), reported_on=date(2017, 3, 1)) is NEW


def test_a_transition_without_an_older_version_changes_nothing():
    assert governing([NEW], date(2017, 4, 1), reported_on=date(2017, 1, 1)) is NEW


@given(st.lists(provisions(), max_size=6), DAYS)
def test_the_governing_version_is_in_force_and_no_other_in_force_began_later(versions, reference_on):
    version = governing(versions, reference_on)
    alive = [v for v in versions if v.in_force(reference_on)]
    if version is None:
        assert not alive
    else:
        assert version in alive
        assert all(v.effective_from <= version.effective_from for v in alive)


@given(st.lists(provisions(), max_size=5), provisions(), DAYS, st.none() | DAYS)
def test_a_later_version_never_changes_which_governs_an_earlier_project(versions, later, reference_on, reported_on):
    if later.effective_from > reference_on:
        before = governing(versions, reference_on, reported_on=reported_on)
        assert governing([*versions, later], reference_on, reported_on=reported_on) == before


@given(st.permutations([OLD, NEW, provision(date(2017, 3, 1), clause="第二条")]), DAYS)
def test_the_order_of_the_versions_does_not_matter(versions, reference_on):
    assert governing(versions, reference_on) == governing(sorted(versions, key=lambda v: v.clause), reference_on)


@pytest.mark.parametrize(
    ("clause", "as_of", "ground", "applies"),
    [
        (provision(date(2016, 1, 1)), date(2020, 1, 1), Ground.IN_FORCE, True),
        (provision(date(2016, 1, 1), date(2018, 1, 1)), date(2020, 1, 1), Ground.GRANDFATHERED, True),
        (provision(date(2018, 1, 1)), date(2020, 1, 1), Ground.NOT_RETROACTIVE, False),
        (provision(date(2021, 1, 1)), date(2020, 1, 1), Ground.NOT_YET, False),
        (provision(date(2015, 1, 1), date(2016, 1, 1)), date(2020, 1, 1), Ground.EXPIRED, False),
        (provision(date(2018, 1, 1), mandatory=True), date(2020, 1, 1), Ground.MANDATORY_AT_ONCE, True),
        (provision(date(2016, 1, 1), mandatory=True), date(2020, 1, 1), Ground.IN_FORCE, True),
        (provision(date(2018, 1, 1), mandatory=True), date(2017, 6, 2), Ground.NOT_YET, False),
        (provision(date(2016, 1, 1), date(2018, 1, 1), mandatory=True), date(2020, 1, 1), Ground.EXPIRED, False),
        (
            provision(date(2018, 1, 1), mandatory=True, transition=date(2018, 6, 30)),
            date(2018, 6, 30), Ground.IN_TRANSITION, False,
        ),
        (
            provision(date(2018, 1, 1), mandatory=True, transition=date(2018, 6, 30)),
            date(2018, 7, 1), Ground.MANDATORY_AT_ONCE, True,
        ),
    ],
)  # fmt: skip
def test_a_clause_reaches_a_project_accepted_on_1_june_2017_or_says_why_not(clause, as_of, ground, applies):
    found = clause_applies(clause, date(2017, 6, 1), as_of)
    assert (found.ground, found.applies) == (ground, applies)
    for language in wording.LANGUAGES:
        assert "第一条" in wording.render(found.message, language)


@given(provisions(mandatory=False), DAYS, DAYS)
def test_a_discretionary_clause_that_began_after_the_reference_date_never_applies(clause, reference_on, as_of):
    if clause.effective_from > reference_on and as_of >= reference_on:
        assert not clause_applies(clause, reference_on, as_of).applies


@given(provisions(mandatory=True), DAYS, DAYS)
def test_a_mandatory_clause_never_applies_outside_its_own_dates(clause, reference_on, as_of):
    if as_of >= reference_on and not clause.in_force(as_of):
        assert not clause_applies(clause, reference_on, as_of).applies


def test_a_day_before_the_reference_date_is_the_callers_mistake():
    with pytest.raises(ValueError, match="before the reference date"):
        clause_applies(OLD, date(2017, 1, 1), date(2016, 1, 1))


def test_a_provision_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="lies before"):
        provision(date(2017, 1, 1), date(2016, 12, 31))


@pytest.mark.parametrize(
    ("versions", "on", "expected"),
    [
        ([], date(2016, 1, 1), "policy.gap.none"),
        ([NEW], date(2016, 1, 1), "policy.gap.not_begun"),
        ([OLD], date(2018, 1, 1), "policy.gap.expired"),
        ([OLD, provision(date(2019, 1, 1))], date(2018, 1, 1), "policy.gap.between"),
    ],
)
def test_a_day_without_a_version_says_why(versions, on, expected):
    message = gap(versions, on)
    assert message.id == expected
    assert all(on.isoformat() in wording.render(message, language) for language in wording.LANGUAGES)


def test_an_expiry_says_that_the_extension_is_unknown():
    assert "是否延长不详" in wording.render(gap([OLD], date(2018, 1, 1)))


def test_where_a_version_is_in_force_there_is_no_gap():
    with pytest.raises(ValueError, match="in force"):
        gap([OLD], date(2016, 1, 1))


@given(st.lists(provisions(), max_size=6), DAYS)
def test_either_a_version_governs_or_the_gap_is_explained(versions, on):
    if governing(versions, on) is None:
        assert wording.render(gap(versions, on))
    else:
        with pytest.raises(ValueError, match="in force"):
            gap(versions, on)
