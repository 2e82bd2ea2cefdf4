"""The packaged table of industry codes."""

import pytest

from yipanqi.pipeline import industries
from yipanqi.pipeline.industries import _industries


def test_a_class_has_a_name_and_a_section():
    assert (industries.name("3612"), industries.section("3612")) == ("新能源车整车制造", "C")


def test_divisions_groups_and_classes_are_known_and_sections_are_not():
    assert [industries.known(c) for c in ("36", "361", "3612", "C")] == [True, True, True, False]


def test_a_code_that_does_not_exist_has_no_name():
    assert not industries.known("9999")
    with pytest.raises(KeyError):
        industries.name("9999")


def test_every_code_stands_under_its_division_group_and_section():
    codes = _industries()
    for code, (_, letter) in codes.items():
        assert code.isalpha() or {code[:n] for n in range(2, len(code))} <= set(codes)
        assert code.isalpha() or industries.section(code[:2]) == letter


def test_the_standards_twenty_sections_and_ninety_seven_divisions_are_there():
    lengths = [len(code) for code in _industries()]
    assert (lengths.count(1), lengths.count(2)) == (20, 97)
