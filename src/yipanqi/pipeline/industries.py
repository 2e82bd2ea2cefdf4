"""Industry codes of GB/T 4754-2017: which exist, what they are called, which section they belong to.

A code has two digits (division 大类), three (group 中类) or four (class 小类). The table is packaged reference data.
"""

import csv
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

_TABLE = "tables/gbt4754_2017.csv"


def known(code: str) -> bool:
    """Whether a division, group or class of this code exists.

    >>> known("3612"), known("36"), known("9999"), known("C")
    (True, True, False, False)
    """
    return code.isdigit() and code in _industries()


def name(code: str) -> str:
    """The Chinese name of a division, group or class; of a section for its letter.

    Raises:
        KeyError: no such code.

    >>> name("36"), name("C")
    ('汽车制造业', '制造业')
    """
    return _industries()[code][0]


def section(code: str) -> str:
    """The letter of the section (门类) a code belongs to.

    Raises:
        KeyError: no such code.

    >>> section("3612")
    'C'
    """
    return _industries()[code][1]


@lru_cache(maxsize=1)
def _industries() -> Mapping[str, tuple[str, str]]:
    with (files("yipanqi_rulebooks") / _TABLE).open(encoding="utf-8") as lines:
        return MappingProxyType({row["code"]: (row["name"], row["section"]) for row in csv.DictReader(lines)})
