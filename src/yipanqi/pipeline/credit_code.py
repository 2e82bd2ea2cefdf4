"""Unified social credit codes (统一社会信用代码), checked as GB 32100-2015 says.

18 characters: registering department, kind of body, six digits of the division, nine of the organisation, and a check
character over a 31-character alphabet that leaves out I, O, S, V and Z.
"""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, i, 31) for i in range(LENGTH - 1))
_DIVISION = slice(2, 8)


def check_character(body: str) -> str:
    """The last character of a code whose first 17 characters are given: 31 − Σ cᵢ·3^(i−1) mod 31.

    Raises:
        ValueError: not 17 characters of the alphabet.

    >>> check_character("91350100M000100Y4")
    '3'
    """
    if len(body) != LENGTH - 1 or not set(body) <= set(ALPHABET):
        raise ValueError(f"not {LENGTH - 1} characters of the alphabet: {body!r}")
    total = sum(_VALUE[character] * weight for character, weight in zip(body, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def problem(code: str) -> str | None:
    """What is wrong with a code, as a message id; none: it keeps the standard.

    Capital letters only: whoever reads a file normalises look-alikes, case and blanks before.

    >>> problem("91350100M000100Y43") is None
    True
    >>> problem("91350100M000100Y44")
    'pipeline.credit_code.check'
    >>> problem("91350100")
    'pipeline.credit_code.length'
    """
    if len(code) != LENGTH:
        return "pipeline.credit_code.length"
    if not set(code) <= set(ALPHABET):
        return "pipeline.credit_code.alphabet"
    if not (code[_DIVISION].isascii() and code[_DIVISION].isdigit()):
        return "pipeline.credit_code.division"
    if check_character(code[:-1]) != code[-1]:
        return "pipeline.credit_code.check"
    return None
