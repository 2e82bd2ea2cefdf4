"""The documents: what each edition shows, that the investor's leaks nothing, and that the pages come out the same."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cast
from yipanqi.allocation.board import Plan, PlayOptions, play
from yipanqi.files.documents import write
from yipanqi.files.documents.content import Library, content
from yipanqi.files.documents.editions import INTERNAL, INVESTOR, Edition, Figure
from yipanqi.policy.rulebook import load


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The small district, played; its holders, firms and prices are secrets."""
    return play(cast.facts(), load("jiading"), PlayOptions())


def shown(plan: Plan, project_id: str, edition: Edition, language: str = "zh") -> dict[str, Any]:
    """The content of one document."""
    project = plan.in_play.row(by_predicate=pl.col("project_id") == project_id, named=True)
    return content(Library.of(plan, language), project, edition)


def secrets(plan: Plan, project_id: str) -> list[str]:
    """Every name and figure of the district an investor must not read in this project's document."""
    facts = plan.facts
    others = facts.projects.filter(facts.projects["project_id"] != project_id)
    names = [*facts.incumbents["name"], *others["name"], *others["investor"]]
    costs = [f"{cost:,.0f} 万元" for cost in facts.incumbents["relocation_cost_wan"]]
    return [*names, *facts.sites["holder"].drop_nulls(), *costs, "影子", "底价", "动迁"]


def leaks(plan: Plan, project_id: str, edition: Edition) -> list[str]:
    """The secrets that stand in a document."""
    text = json.dumps(shown(plan, project_id, edition), ensure_ascii=False)
    return [secret for secret in secrets(plan, project_id) if secret in text]


@pytest.mark.parametrize("project_id", ["A1", "A2", "A3", "B1", "C1"])
def test_the_investor_reads_no_secret_of_the_district(plan: Plan, project_id: str) -> None:
    assert leaks(plan, project_id, INVESTOR) == []


def test_the_search_for_secrets_finds_them_where_the_list_lets_them_through(plan: Plan) -> None:
    with_relocations = {s["project_id"] for s in plan.schemes.schemes.iter_rows(named=True) if s["relocation_count"]}
    project_id = sorted(with_relocations)[0]
    assert leaks(plan, project_id, replace(INVESTOR, relocations=True))
    assert leaks(plan, project_id, replace(INVESTOR, figures=(*INVESTOR.figures, Figure.PRICE, Figure.RELOCATIONS)))
    assert leaks(plan, project_id, INTERNAL)


def test_both_editions_show_the_verdict_and_the_schemes(plan: Plan) -> None:
    for edition in (INTERNAL, INVESTOR):
        document = shown(plan, "A1", edition)
        assert document["verdict"]["code"] == "admitted"
        assert 1 <= len(document["schemes"]) <= 3
        assert document["promise"] == "不构成供地承诺，以公开出让结果为准。"


def test_a_project_without_scheme_is_told_what_would_have_to_change(plan: Plan) -> None:
    document = shown(plan, "D1", INTERNAL)
    assert document["no_scheme"]
    assert document["schemes"] == []
    assert document["misses"]


def test_pages_are_written_for_both_editions_and_are_the_same_bytes_again(plan: Plan, tmp_path: Path) -> None:
    first, again = write(plan, tmp_path / "a"), write(plan, tmp_path / "b", workers=2)
    assert [p.name for p in first] == [p.name for p in again]
    assert {"A1-内部版.pdf", "A1-投资方版.pdf", "D1-内部版.pdf"} <= {p.name for p in first}
    assert "D1-投资方版.pdf" not in {p.name for p in first}
    assert [p.read_bytes()[:5] for p in first] == [b"%PDF-"] * len(first)
    assert [a.read_bytes() == b.read_bytes() for a, b in zip(first, again, strict=True)] == [True] * len(first)


def test_english_documents_have_english_headings(plan: Plan) -> None:
    assert shown(plan, "A1", INVESTOR, "en")["title"] == "Entry review and siting schemes"


def test_hostile_names_are_text_and_no_path(plan: Plan, tmp_path: Path) -> None:
    name = '#set page(fill: red) $x$ "引号" \\ @ref <标签> 𠮷'
    projects = plan.in_play.with_columns(name=plan.in_play["name"].replace("A1项目", name))
    (first, *_) = write(replace(plan, in_play=projects.filter(projects["name"] == name)), tmp_path)
    assert first.parent == tmp_path
    assert first.read_bytes().startswith(b"%PDF-")
