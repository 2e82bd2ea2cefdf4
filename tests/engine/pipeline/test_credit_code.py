"""Credit codes keep GB 32100-2015."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipanqi.pipeline import credit_code
from yipanqi.policy import wording

EXAMPLE = "91350100M000100Y43"  # the example printed in the standard
BODIES = st.tuples(
    st.text(credit_code.ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(credit_code.ALPHABET, min_size=9, max_size=9),
).map("".join)


def test_the_standards_own_example_is_right():
    assert credit_code.problem(EXAMPLE) is None


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("", "length"),
        (EXAMPLE[:-1], "length"),
        (EXAMPLE + "3", "length"),
        (EXAMPLE.replace("M", "O"), "alphabet"),
        (EXAMPLE.lower(), "alphabet"),
        ("91A50100M000100Y43", "division"),
        ("91350100M000100Y44", "check"),
    ],
)
def test_a_wrong_code_says_what_is_wrong(code, problem):
    assert credit_code.problem(code) == f"pipeline.credit_code.{problem}"
    for language in wording.LANGUAGES:
        assert wording.say(f"pipeline.credit_code.{problem}", language, value=code)


@given(BODIES)
def test_a_body_and_its_check_character_make_a_right_code(body):
    assert credit_code.problem(body + credit_code.check_character(body)) is None


@given(BODIES, st.integers(0, 17), st.sampled_from(credit_code.ALPHABET))
def test_one_mistyped_character_never_passes(body, place, other):
    code = body + credit_code.check_character(body)
    if code[place] != other:
        assert credit_code.problem(code[:place] + other + code[place + 1 :]) is not None


@given(BODIES, st.integers(0, 16))
def test_two_swapped_neighbours_never_pass(body, place):
    code = body + credit_code.check_character(body)
    if code[place] != code[place + 1]:
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert credit_code.problem(swapped) is not None


def test_a_check_character_needs_seventeen_characters():
    with pytest.raises(ValueError, match="17"):
        credit_code.check_character(EXAMPLE)
