"""The sentences a page shows, each stored once in both languages and referred to by its number."""

import json
from collections.abc import Mapping
from typing import Any

from yipanqi.kernel.findings import Finding, Message, Scalar
from yipanqi.policy.wording import LANGUAGES, render, sentence, texts

#: Ids the page itself names: its own texts, the words of codes, columns and indicators.
PAGE_PREFIXES = ("report.", "label.", "admission.indicator.", "column.projects.", "allocation.value.")


class Phrases:
    """A growing list of sentences; the same sentence has one number."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}

    def message(self, message_id: str, params_json: str) -> int:
        """The number of the sentence of a message id and its parameters (a JSON object).

        Raises:
            KeyError: the id has no words.
        """
        params: Mapping[str, Scalar] = json.loads(params_json)
        return self._number(*(render(Message(message_id, params), language) for language in LANGUAGES))

    def finding(self, finding: Finding) -> int:
        """The number of the sentence of a finding: place, what is wrong, what to do."""
        return self._number(*(sentence(finding, language) for language in LANGUAGES))

    def all(self) -> list[list[str]]:
        """Every sentence as [zh, en], in the order of the numbers."""
        return [list(pair) for pair in self._numbers]

    def _number(self, *pair: str) -> int:
        return self._numbers.setdefault(pair, len(self._numbers))


def page_texts() -> dict[str, list[Any]]:
    """The texts a page names itself, as id → [zh, en]."""
    return {
        message_id: [text[language] for language in LANGUAGES]
        for message_id, text in sorted(texts().items())
        if message_id.startswith(PAGE_PREFIXES)
    }
