"""The sentences behind message ids, in Chinese and English.

Texts stand in ``yipanqi_rulebooks/wording/<room>.yaml`` as ``id: {zh: …, en: …}``; an id belongs to one file. A text
is a format string over the message's parameters with these formats of its own:

- ``{x:mu}`` m² shown in mu, ``{x:n}`` a number with thousands separators and no needless decimals, ``{x:n1}`` one
  decimal, ``{x:pct}`` a share as per cent, ``{x:wan}`` 万元, from 10,000 on as 亿元;
- ``{x:label.<set>}`` the word for a code: the text with id ``label.<set>.<value>``;
- ``{x:word.<set>}`` the same for what may also be free text: the value itself where no word is known.

A null parameter reads ``—``.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import Any

from yipanqi.kernel.findings import Finding, Message, Scalar
from yipanqi.kernel.units import M2_PER_MU, WAN_PER_YI
from yipanqi.policy.rulebook import yaml_of

LANGUAGES = ("zh", "en")


@lru_cache(maxsize=1)
def texts() -> Mapping[str, Mapping[str, str]]:
    """All texts by id.

    Raises:
        ValueError: an id stands in two files, or lacks one of the languages.
    """
    found: dict[str, Mapping[str, str]] = {}
    folder = files("yipanqi_rulebooks") / "wording"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".yaml"):
            continue
        for message_id, text in (yaml_of(entry.read_text(encoding="utf-8")) or {}).items():
            if message_id in found:
                raise ValueError(f"{message_id} stands twice; second in {entry.name}")
            if not isinstance(text, dict) or set(text) != set(LANGUAGES):
                raise ValueError(f"{message_id} in {entry.name} needs exactly {LANGUAGES}")
            found[message_id] = MappingProxyType({k: str(v) for k, v in text.items()})
    return MappingProxyType(found)


def render(message: Message, language: str = "zh") -> str:
    """The sentence of a message.

    Raises:
        KeyError: no such id, or the text names a parameter the message does not have.
    """
    return _Words(language).vformat(texts()[message.id][language], (), dict(message.params))


def say(message_id: str, language: str = "zh", **params: Scalar) -> str:
    """The sentence of an id with the given parameters; short for ``render(Message(...))``."""
    return render(Message(message_id, params), language)


def label(group: str, code: str | None, language: str = "zh") -> str:
    """The word for a code: the text ``label.<group>.<code>``; ``—`` for null."""
    return "—" if code is None else texts()[f"label.{group}.{code}"][language]


def sentence(finding: Finding, language: str = "zh") -> str:
    """What is wrong: place, rule and value, then what to do about it.

    Facts that came from no file name their table and column as the schema does; here they get their words.
    """
    finding = _in_words(finding, language)
    params: dict[str, Scalar] = {
        "file": finding.file,
        "table": finding.table,
        "row": finding.row,
        "column": finding.column,
        "value": finding.value,
        **finding.params,
    }
    what = say(finding.rule, language, **params)
    remedy = say(f"{finding.rule}.remedy", language, **params) if f"{finding.rule}.remedy" in texts() else ""
    place = " · ".join(_place(finding, language))
    gap = "" if language == "zh" else " "
    return f"{place}{'：' if language == 'zh' else ': '}{what}{gap}{remedy}" if place else f"{what}{gap}{remedy}"


def _in_words(finding: Finding, language: str) -> Finding:
    table, column = f"label.table.{finding.table}", f"column.{finding.table}.{finding.column}"
    return finding.at(
        table=texts()[table][language] if table in texts() else finding.table,
        column=texts()[column][language] if column in texts() else finding.column,
    )


def _place(finding: Finding, language: str) -> list[str]:
    parts = [finding.file, finding.table]
    if finding.row:  # a fault of the header or layer as a whole has no row of its own
        parts.append(say("place.row", language, row=finding.row))
    parts.append(finding.column)
    return [str(part) for part in parts if part]


class _Words(Formatter):
    def __init__(self, language: str) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if value is None:
            return "—"
        if format_spec.startswith("label."):
            return texts()[f"{format_spec}.{value}"][self.language]
        if format_spec.startswith("word."):
            words = texts().get(f"label.{format_spec.removeprefix('word.')}.{value}")
            return str(value) if words is None else words[self.language]
        if format_spec in _FORMATS:
            return _FORMATS[format_spec](float(value), self.language)
        if isinstance(value, float) and not format_spec:
            return _number(value, self.language)
        return str(super().format_field(value, format_spec))


def _number(value: float, _language: str = "zh") -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"


def _wan(value: float, language: str) -> str:
    if abs(value) >= WAN_PER_YI:
        return f"{_number(value / WAN_PER_YI)} 亿元" if language == "zh" else f"{_number(value / 100)} M yuan"
    return f"{_number(value)} 万元" if language == "zh" else f"{_number(value / 100)} M yuan"


_FORMATS = {
    "mu": lambda v, lang: f"{v / M2_PER_MU:,.2f} {'亩' if lang == 'zh' else 'mu'}",
    "n": _number,
    "n1": lambda v, _lang: f"{v:,.1f}",
    "pct": lambda v, _lang: f"{v * 100:.1f}%",
    "wan": _wan,
}
