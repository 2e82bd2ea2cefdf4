"""Reasons: right figures, words in both languages, and comparisons that hold."""

import json
import re
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

import cast
import matched
from yipanqi import matching
from yipanqi.kernel.findings import Message
from yipanqi.policy.wording import LANGUAGES, render, texts
from yipanqi.simulation.district import district

ROOM = Path(matching.__file__).parent


def said(answer: object, project_id: str) -> dict[int, list[str]]:
    """shown rank → the Chinese sentences of the scheme."""
    shown = answer.schemes.filter((pl.col("project_id") == project_id) & pl.col("shown_rank").is_not_null())  # type: ignore[attr-defined]
    rows = answer.reasons.join(shown.select("scheme_id", "shown_rank"), on="scheme_id").sort("shown_rank", "reason_no")  # type: ignore[attr-defined]
    found: dict[int, list[str]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row["shown_rank"], []).append(
            render(Message(row["message_id"], json.loads(row["params_json"])))
        )
    return found


def test_two_schemes_are_told_against_each_other() -> None:
    first, second = said(matched.answered(cast.facts()), "B1").values()
    assert "启动时间最早，比方案二早8个月" in first
    assert "已知成本最低，比方案二少6,000 万元" in first
    assert {"净地比方案一晚8个月", "须先动迁企业2家，费用6,000 万元，最长8个月"} <= set(second)


def test_strengths_come_before_prices_and_these_before_notes() -> None:
    reasons = matched.answered(cast.facts()).reasons
    order = {"strength": 0, "price": 1, "note": 2}
    for _, group in reasons.group_by("scheme_id", maintain_order=True):
        roles = [order[role] for role in group["role"]]
        assert roles == sorted(roles)
        assert group["reason_no"].to_list() == list(range(1, group.height + 1))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_of_a_synthetic_district_can_be_said(language: str) -> None:
    facts = district(matched.BOOK, projects=40, sites=600, seed=5, as_of=cast.AS_OF)
    answer = matched.answered(facts)
    told = pl.concat(
        [answer.reasons.select("message_id", "params_json"), answer.misses.select("message_id", "params_json")]
    )
    sentences = [render(Message(m, json.loads(p)), language) for m, p in told.unique("message_id").iter_rows()]
    assert all(sentences)
    assert len(sentences) > 15


def test_only_what_is_behind_is_called_late() -> None:
    """Wanted in 2027: available at the end of 2026 is in time, at its own end is not."""
    for days, expected in ((180, "matching.strength.on_time"), (500, "matching.price.late")):
        site = cast.site("S1", "T2", cleared_on=cast.AS_OF + timedelta(days=days))
        answer = matched.answered(matched.small([site], [cast.project("A", "T2")], [cast.demand("A")]))
        told = set(answer.reasons["message_id"])
        assert told & {"matching.strength.on_time", "matching.price.late"} == {expected}


def test_stale_and_unverified_facts_are_counted_and_told() -> None:
    site = cast.site("S1", "T2", fact_state="surveyed", fact_on=None)
    answer = matched.answered(matched.small([site], [cast.project("A", "T2")], [cast.demand("A")]))
    assert answer.schemes.select("stale_count", "unverified_count").row(0) == (1, 1)
    assert {"matching.note.stale", "matching.note.unverified"} <= set(answer.reasons["message_id"])


def test_every_message_the_room_names_has_words() -> None:
    """The ids are put together from a prefix and a word, so they are read from the source."""
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(ROOM.glob("*.py")))
    calls = {("strength", i) for i in re.findall(r'_strength\("(\w+)"', source)}
    calls |= {("price", i) for i in re.findall(r'_price\("(\w+)"', source)}
    calls |= {("note", i) for i in re.findall(r'_note\("(\w+)"', source)}
    named = {f"matching.{role}.{word}" for role, word in calls} | set(re.findall(r'"(matching\.miss\.\w+)"', source))
    assert len(named) > 25
    assert sorted(named - set(texts())) == []
