"""What a district's mechanism lacks against the recommended one."""

import pytest

from yipanqi.governance import profile
from yipanqi.governance.diagnosis import diagnose
from yipanqi.policy import wording
from yipanqi.policy.rulebook import PROFILES, load

OWN = {name: profile.read(load(name)) for name in PROFILES}
MODEL = OWN["recommended"]


def states(name, piece=None):
    table = diagnose(OWN[name], MODEL).table
    return {r["key"]: r["state"] for r in table.to_dicts() if piece in (None, r["piece"])}


def test_jinshan_has_nothing_of_the_recommended_mechanism_but_a_lead_body_and_planning():
    table = diagnose(OWN["jinshan"], MODEL).table
    had = table.filter(table["state"] == "stated")
    assert had.select("piece", "key").rows() == [("body", "lead_body"), ("right", "planning")]


def test_jinshan_lacks_the_leading_group_its_office_the_centre_the_lists_and_the_sharing_rule():
    missing = {key for key, state in states("jinshan").items() if state == "missing"}
    assert {
        "leading_group", "leading_group_office", "promotion_centre", "task_list", "responsibility_list",
        "flexible_clause", "assessment", "sharing_rule", "direction", "policy_delivery", "guidance",
    } <= missing  # fmt: skip


def test_what_jinshan_only_assumes_is_not_had():
    assert states("jinshan", "right")["attraction"] == "assumed"
    assert states("songjiang", "right")["admission"] == "stated"


def test_every_lack_stands_with_the_recommended_clause_in_both_languages():
    found = diagnose(OWN["jinshan"], MODEL)
    lacking = found.table.filter(found.table["state"] != "stated")
    assert len(found.findings) == lacking.height
    for finding, clause in zip(found.findings, lacking["model_clause"], strict=True):
        for language in wording.LANGUAGES:
            assert clause in wording.sentence(finding, language)


def test_the_recommended_profile_lacks_nothing_against_itself():
    assert diagnose(MODEL, MODEL).findings == ()


def test_a_leading_group_without_a_chair_is_said():
    jiading = OWN["jiading"]
    group = jiading.bodies["leading_group"].model_copy(update={"chair_zh": None})
    headless = jiading.model_copy(update={"bodies": jiading.bodies | {"leading_group": group}})
    (finding,) = [f for f in diagnose(headless, MODEL).findings if f.column == "body.leading_group"]
    assert finding.rule == "governance.diagnosis.unchaired.body"
    assert "组长" in wording.sentence(finding)
    assert states("jiading", "body")["leading_group"] == "stated"


@pytest.mark.parametrize("name", PROFILES)
def test_stating_a_missing_piece_takes_it_off_the_list(name):
    own = OWN[name]
    lists = {"task_list": MODEL.instruments["task_list"].model_copy(update={"source": "本区文件"})}
    mended = own.model_copy(update={"instruments": own.instruments | lists})
    assert not [f for f in diagnose(mended, MODEL).findings if f.column == "instrument.task_list"]


def test_the_order_of_the_documents_changes_nothing():
    own = OWN["jinshan"]
    turned = own.model_copy(update={"bodies": dict(reversed(own.bodies.items()))})
    model = MODEL.model_copy(update={
        "duties": dict(reversed(MODEL.duties.items())), "rights": dict(reversed(MODEL.rights.items())),
        "instruments": dict(reversed(MODEL.instruments.items())),
    })  # fmt: skip
    assert diagnose(own, MODEL).table.equals(diagnose(turned, model).table)
    assert diagnose(own, MODEL).findings == diagnose(turned, model).findings
