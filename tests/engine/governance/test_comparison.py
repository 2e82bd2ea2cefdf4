"""The paper's table 1, where text and table differ, and what two profiles permit differently."""

from itertools import combinations

import pytest

from yipanqi.governance import profile
from yipanqi.governance.comparison import differences, pairs, table_notes, table_one
from yipanqi.governance.profile import Holding, Right
from yipanqi.policy import wording
from yipanqi.policy.rulebook import PROFILES, load

OWN = {name: profile.read(load(name)) for name in PROFILES}


TABLE = """
嘉定｜区经委｜内设区产业促进工作领导小组与区产业促进服务中心进行统筹领导，
    分别负责部署区域统筹重大事项、整合招商机构和资源
闵行｜区经委、各镇｜建立区经济统筹发展平台，区招商引资和企业服务联席会议负责牵头协调统筹区域经济发展各项工作；
    建立镇经济统筹发展平台，加强镇域范围内资源、重大产业项目的统筹管理与落地推进
松江｜区经委｜区投促中心负责统筹招商，建立“分级负责、区级统筹”的机制
金山｜区经委｜机制尚不清晰，有待建立与优化
浦东｜区商务委｜新设投资促进服务中心，分别承接对应区域的招商引资目标任务，由区商务委（投资办）统筹管理
"""


def test_table_one_has_the_papers_five_rows_in_its_order_and_words():
    expected = [tuple(line.split("｜")) for line in TABLE.replace("\n    ", "").split()]
    assert expected == [(r["place"], r["main_body"], r["mechanism"]) for r in table_one(OWN).to_dicts()]


def test_every_district_of_the_table_has_a_note_on_where_the_text_differs():
    assert table_notes(OWN)["profile"].unique(maintain_order=True).to_list() == [
        "jiading", "minhang", "songjiang", "jinshan", "pudong",
    ]  # fmt: skip


def keys(a, b, piece):
    table = differences(OWN[a], OWN[b]).table
    return set(table.filter(table["piece"] == piece)["key"])


def test_jiading_and_pudong_differ_in_who_attracts_who_reports_and_from_which_stage_on():
    assert "attraction" in keys("jiading", "pudong", "right")
    assert {"open_negotiation", "report_project", "set_town_attraction_target"} <= keys("jiading", "pudong", "act")
    assert {"reporters", "from_stage"} == keys("jiading", "pudong", "reporting")


def test_what_both_say_alike_is_no_difference():
    assert "clearing" not in keys("jiading", "pudong", "right")
    assert "leases_floor" not in keys("jiading", "pudong", "reporting")


def test_a_body_of_another_name_differs_and_the_same_act_by_it_does_not():
    assert "lead_body" in keys("jinshan", "pudong", "body")
    assert "propose_schemes" not in keys("jinshan", "pudong", "act")


@pytest.mark.parametrize(("a", "b"), list(combinations(PROFILES, 2)))
def test_every_pair_differs_in_permitted_acts_and_turned_round_in_the_same(a, b):
    there, back = differences(OWN[a], OWN[b]), differences(OWN[b], OWN[a])
    assert there.table.filter(there.table["piece"] == "act").height > 0
    assert there.compared == back.compared
    assert there.table.select("piece", "key", x="a_zh", y="b_zh").equals(
        back.table.select("piece", "key", x="b_zh", y="a_zh")
    )


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_is_the_same_as_itself_and_the_message_says_why(name):
    found = differences(OWN[name], OWN[name])
    assert found.table.is_empty()
    assert str(found.compared) in wording.render(found.message)
    assert "相同，因为" in wording.render(found.message)


def test_one_right_changed_is_one_difference_in_the_right_and_in_the_acts_that_follow_from_it():
    own = OWN["jiading"]
    given = Holding(
        clause="一", source="s", issued_by="i", basis="assumed", effective_from="2017-03-01", holders=("town",)
    )
    changed = own.model_copy(update={"rights": own.rights | {Right.PUBLIC_FACILITIES: (given,)}})
    found = differences(own, changed).table
    assert found.select("piece", "key").rows() == [("right", "public_facilities"), ("act", "build_public_facilities")]
    assert found.row(0, named=True)["a_manner"] == "each"
    assert found.row(0, named=True)["b_zh"] == "镇（街道）"


def test_all_pairs_are_counted_once():
    table = pairs(OWN)
    assert table.height == 15
    line = table.filter((table["a"] == "jiading") & (table["b"] == "pudong")).row(0, named=True)
    found = differences(OWN["jiading"], OWN["pudong"])
    assert found.table.height == sum(
        line[f"{p}_count"] for p in ("body", "right", "act", "duty", "instrument", "reporting")
    )
    assert line["compared_count"] == found.compared
