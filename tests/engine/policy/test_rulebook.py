"""Rulebooks: overlaid, checked, and refused with a finding when they cannot be read."""

from datetime import date

import pytest

from yipanqi.policy import wording
from yipanqi.policy.parameters import number, parameters, version
from yipanqi.policy.rulebook import PROFILES, Provision, RulebookError, load, parse, read, yaml_of

PARAMETER = """
parameters:
  days:
    title_zh: 天数
    title_en: Days
    unit: days
    versions:
      - {value: 5, clause: 一, source: s, issued_by: i, basis: assumed, effective_from: 2010-01-01}
      - {value: 9, clause: 二, source: s, issued_by: i, basis: assumed, effective_from: 2020-01-01}
"""


@pytest.mark.parametrize("profile", PROFILES)
def test_every_shipped_profile_loads(profile):
    assert load(profile).document("governance")


def test_a_districts_key_replaces_the_citys_and_leaves_the_others():
    book = parse("x", {"a": "m: {b: 2}\nl: [3]"}, {"a": "m: {a: 1, b: 1}\nl: [1, 2]", "c": "d: 1"})
    assert dict(book.documents) == {"a": {"m": {"a": 1, "b": 2}, "l": [3]}, "c": {"d": 1}}


def test_a_change_of_any_text_changes_the_digest():
    first, second = parse("x", {"a": "b: 1"}, {"c": "d: 1"}), parse("x", {"a": "b: 1"}, {"c": "d: 2"})
    assert first.digest != second.digest
    assert first.digest == parse("x", {"a": "b: 1"}, {"c": "d: 1"}).digest


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "expected"),
        ("- 1", "not a mapping"),
        ("a: 1\na: 2", "a stands twice"),
        ("a: {b: 1, b: 2}", "b stands twice"),
        ("a: 2026-02-30", "day"),
        ("a: !!python/object/apply:os.system [ls]", "constructor"),
    ],
)
def test_a_text_that_cannot_be_read_is_a_finding_naming_the_file(text, problem):
    with pytest.raises(RulebookError) as caught:
        parse("x", {"a": text})
    (finding,) = caught.value.findings
    assert (finding.rule, finding.file) == ("rulebook.unreadable", "x/a.yaml")
    assert problem in str(finding.params["problem"])
    assert "x/a.yaml" in wording.sentence(finding)


def test_a_merged_key_may_be_written_again():
    assert yaml_of("x: &x {a: 1}\ny: {<<: *x, a: 2}")["y"] == {"a": 2}


def test_a_folder_with_another_encoding_is_a_finding(tmp_path):
    (tmp_path / "governance.yaml").write_bytes("title_zh: 嘉定".encode("gb18030"))
    with pytest.raises(RulebookError, match="not UTF-8"):
        load("mine", tmp_path)


def test_a_folder_is_overlaid_on_the_citys_texts(tmp_path):
    (tmp_path / "pipeline.yaml").write_text("common_words: [甲]", encoding="utf-8")
    assert load("mine", tmp_path).document("pipeline")["common_words"] == ["甲"]
    assert load("mine", tmp_path).document("pipeline")["parameters"]


def test_an_unknown_profile_is_the_callers_mistake():
    with pytest.raises(KeyError):
        load("atlantis")


def test_a_broken_entry_is_a_finding_that_names_its_place():
    with pytest.raises(RulebookError) as caught:
        read(Provision, parse("x", {"a": "clause: 一\nsource: s\nissued_by: i\nbasis: guess\nextra: 1"}), "a")
    places = {(f.file, f.column) for f in caught.value.findings}
    assert places == {("x/a.yaml", "basis"), ("x/a.yaml", "effective_from"), ("x/a.yaml", "extra")}


def test_the_parameter_in_force_began_last():
    book = parse("x", {"r": PARAMETER})
    assert [number(book, "r.days", date(y, 1, 1)) for y in (2019, 2020)] == [5.0, 9.0]
    assert version(book, "r.days", date(2020, 1, 1)).clause == "二"


def test_a_parameter_without_a_version_in_force_is_the_callers_mistake():
    book = parse("x", {"r": PARAMETER})
    with pytest.raises(KeyError, match="no version in force"):
        number(book, "r.days", date(2009, 12, 31))


def test_broken_parameters_of_all_documents_are_listed_together():
    with pytest.raises(RulebookError) as caught:
        parameters(parse("x", {"a": "parameters: {days: {unit: d}}", "b": "parameters: [1]"}))
    files = {f.file for f in caught.value.findings}
    assert files == {"x/a.yaml", "x/b.yaml"}
    assert all(str(f.column).startswith("parameters") for f in caught.value.findings)
