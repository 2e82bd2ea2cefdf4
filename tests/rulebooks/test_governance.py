"""The governance of the six profiles: whole, worded, and in the paper's own words."""

import os
import re
from pathlib import Path

import pytest

from yipanqi.governance import profile
from yipanqi.governance.profile import DECISION_RIGHTS, BodyKind, Right
from yipanqi.governance.rights import unstated
from yipanqi.policy import wording
from yipanqi.policy.rulebook import PROFILES, Basis, load

#: The paper's half-width marks, written full width in the clauses.
MARKS = str.maketrans({",": "，", ";": "；", "､": "、", "｡": "。", "(": "（", ")": "）", ":": "："})
FROM_THE_PAPER = (Basis.PAPER, Basis.PAPER_PROPOSAL)


def plain(text: str) -> str:
    return re.sub(r"\s+", "", text).translate(MARKS)


def paper() -> str:
    folder = os.environ.get("YIPANQI_REAL_DATA")
    if not folder:
        pytest.skip("YIPANQI_REAL_DATA names no folder")
    found = [path for path in (Path(folder) / "seed.txt", Path(folder).parent / "seed.txt") if path.is_file()]
    if not found:
        pytest.skip("the paper is not beside the real data")
    return plain(found[0].read_text(encoding="utf-8"))


@pytest.mark.real_data
@pytest.mark.parametrize("name", PROFILES)
def test_every_clause_taken_from_the_paper_stands_in_it(name):
    text = paper()
    statements = list(profile.read(load(name)).statements())
    quoted = [(place, s.clause) for place, s in statements if s.basis in FROM_THE_PAPER]
    assert quoted
    assert [(place, clause) for place, clause in quoted if plain(clause) not in text] == []


@pytest.mark.real_data
@pytest.mark.parametrize("name", PROFILES)
def test_table_one_and_both_sides_of_every_difference_stand_in_the_paper(name):
    text, own = paper(), profile.read(load(name))
    row = own.table_one
    cells = [] if row is None else [row.place + row.main_body + row.mechanism]
    sides = [side for d in own.text_differences for side in (d.table, d.text)]
    assert [side for side in cells + sides if plain(side) not in text] == []


def test_the_domain_has_eleven_decision_rights():
    assert len(DECISION_RIGHTS) == 11


@pytest.mark.parametrize("name", PROFILES)
def test_every_right_has_a_holder(name):
    assert unstated(profile.read(load(name))) == ()


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_has_one_lead_body_and_a_town(name):
    kinds = [body.kind for body in profile.read(load(name)).bodies.values()]
    assert (kinds.count(BodyKind.LEAD_BODY), kinds.count(BodyKind.TOWN)) == (1, 1)


@pytest.mark.parametrize("name", PROFILES)
def test_a_statement_from_the_paper_names_its_section(name):
    said = [s for _, s in profile.read(load(name)).statements() if s.basis in FROM_THE_PAPER]
    assert all(s.source.startswith("论文") for s in said)


@pytest.mark.parametrize("name", PROFILES)
def test_assumptions_say_that_they_are_assumed(name):
    assumed = [s for _, s in profile.read(load(name)).statements() if s.basis is Basis.ASSUMED]
    assert all(s.source == "规则库假定" for s in assumed)


@pytest.mark.parametrize(
    ("name", "mechanism", "parts"),
    [
        ("minhang", "six_mechanisms", 6),
        ("songjiang", "six_elements", 6),
        ("jiading", "four_measures", 4),
        ("pudong", "five_core_rights", 5),
        ("pudong", "two_and_two", 4),
        ("pudong", "five_unified", 5),
        ("pudong", "six_coordinated", 6),
    ],
)
def test_a_numbered_bundle_has_as_many_parts_as_its_name_says(name, mechanism, parts):
    assert len(profile.read(load(name)).mechanisms[mechanism].parts) == parts


def test_pudong_has_eighteen_promotion_centres():
    assert profile.read(load("pudong")).bodies["promotion_centre"].count == 18


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_every_code_of_a_profile_has_words(name, language):
    own = profile.read(load(name))
    codes = [("body_kind", b.kind) for b in own.bodies.values()]
    codes += [("duty_topic", d.topic) for d in own.duties.values()]
    codes += [("list_kind", d.on_list) for d in own.duties.values()]
    codes += [("instrument_kind", i.kind) for i in own.instruments.values()]
    codes += [("right", r) for r in Right] + [("act", a) for a in own.acts]
    codes += [("manner", h.manner) for held in own.rights.values() for h in held]
    codes += [("basis", s.basis) for _, s in own.statements()]
    assert all(wording.label(group, code, language) for group, code in codes)
