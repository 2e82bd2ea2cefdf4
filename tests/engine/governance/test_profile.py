"""The governance document: validated as a whole, statements dated, bodies named."""

import json
from datetime import date

import pytest

from yipanqi.governance import profile
from yipanqi.governance.bodies import bodies, of_kind, title
from yipanqi.governance.profile import BodyKind
from yipanqi.policy.rulebook import PROFILES, RulebookError, load, parse
from yipanqi.policy.rulebook import Rulebook as Book

JIADING = profile.read(load("jiading"))


def broken(text: str) -> list[str]:
    shared = {word: _dump(document) for word, document in load("jiading").documents.items() if word == "governance"}
    with pytest.raises(RulebookError) as caught:
        profile.read(parse("mine", {"governance": text}, shared))
    return [str(f.params["problem"]) for f in caught.value.findings]


def _dump(document) -> str:
    """The document as JSON, which is YAML; dates as plain text, which pydantic reads."""
    return json.dumps(document, default=str)


def test_a_holder_that_is_no_body_is_refused():
    text = "bodies: {lead_body: {within: nobody}}"
    assert any("no such body: nobody" in problem for problem in broken(text))


def test_an_act_without_a_rule_is_refused():
    assert any("no rule says who may: issue_policy" in problem for problem in broken("acts: {issue_policy: []}"))


def test_an_unknown_right_is_refused():
    assert broken("rights: {teleport: []}")


STATEMENT = "clause: 一, source: s, issued_by: i, basis: assumed, effective_from: 2020-01-01"


@pytest.mark.parametrize(
    "text",
    [
        f"rights: {{policy: [{{{STATEMENT}, holders: [town, park]}}]}}",  # two alone
        f"rights: {{policy: [{{{STATEMENT}, holders: [town], manner: jointly}}]}}",
        f"rights: {{policy: [{{{STATEMENT}, holders: []}}]}}",
        f"acts: {{issue_policy: [{{{STATEMENT}}}]}}",  # neither rights nor performers
        f"acts: {{issue_policy: [{{{STATEMENT}, rights: [policy], performers: [town]}}]}}",
        f"duties: {{x: {{{STATEMENT}, topic: t, on_list: task, owner: town, title_zh: 一, title_en: a, "
        "deadline: {basis: assumed, days: 5}}}",  # days after what?
        f"duties: {{x: {{{STATEMENT}, topic: t, on_list: task, owner: town, title_zh: 一, title_en: a, "
        "deadline: {basis: assumed, days: 5, after: 上报, every: year}}}",
    ],
)
def test_a_statement_that_contradicts_itself_is_refused(text):
    assert broken(text)


def test_the_shipped_texts_pass_through_the_same_door():
    text = _dump(load("jiading").document("governance"))
    assert profile.read(parse("mine", {"governance": text})) == JIADING


def test_the_conference_is_older_than_the_leading_group():
    assert of_kind(JIADING, BodyKind.JOINT_CONFERENCE, date(2015, 1, 1)) == ("joint_conference",)
    assert of_kind(JIADING, BodyKind.LEADING_GROUP, date(2017, 2, 28)) == ()
    assert of_kind(JIADING, BodyKind.LEADING_GROUP, date(2017, 3, 1)) == ("leading_group",)


def test_without_a_day_the_last_state_is_meant():
    assert JIADING.latest() == date(2017, 3, 1)
    assert bodies(JIADING) == bodies(JIADING, date(2017, 3, 1))


def test_a_department_takes_its_successors_name_on_the_day_it_takes_over():
    names = [title(JIADING, "environment_department", day) for day in (date(2018, 12, 31), date(2019, 1, 1))]
    assert names == ["区环保部门（环保）", "区生态环境局"]
    assert title(JIADING, "environment_department", date(2020, 1, 1), "en") == "Ecology and environment bureau"


@pytest.mark.parametrize("name", PROFILES)
def test_every_statement_has_a_place_of_its_own(name):
    places = [place for place, _ in profile.read(load(name)).statements()]
    assert len(places) == len(set(places))


def test_a_rulebook_without_governance_is_refused():
    with pytest.raises(RulebookError):
        profile.read(Book("empty", {}, "0"))
