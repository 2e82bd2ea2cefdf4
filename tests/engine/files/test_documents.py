"""The documents: what each edition shows, that the investor's leaks nothing, and that the pages come out the same."""

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cast
from yipanqi.allocation.board import Facts, Plan, PlayOptions, play
from yipanqi.files.documents import write
from yipanqi.files.documents.content import Issue, content
from yipanqi.files.documents.editions import EDITIONS, INTERNAL, INVESTOR, Edition, limited
from yipanqi.files.documents.library import HIDDEN, Library, public_names
from yipanqi.files.documents.write import file_names
from yipanqi.policy.rulebook import load

PROJECTS = ["A1", "A2", "A3", "B1", "C1"]
FONTS = Path(write.__globals__["__file__"]).parent / "fonts"


def secretive() -> Facts:
    """The small district with a holder and an odd price on every site, and site names that tell who sits there."""
    facts = cast.facts()
    telling = pl.when(pl.col("site_id").is_in(["K1", "K2"])).then(pl.col("name") + pl.lit("（老厂1旧址）"))
    sites = facts.sites.with_columns(
        holder=pl.lit("大权利人有限公司"), name=telling.otherwise("name"),
        price_wan_per_mu=pl.when(pl.col("site_kind") == "land").then(pl.lit(87.65)),
    )  # fmt: skip
    return replace(facts, sites=sites, incumbents=facts.incumbents.with_columns(relocation_cost_wan=pl.lit(3_217.0)))


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The small district, played; its holders, firms and prices are secrets."""
    return play(secretive(), load("jiading"), PlayOptions())


def shown(plan: Plan, project_id: str, edition: Edition, language: str = "zh") -> dict[str, Any]:
    """The content of one document."""
    return content(Library.of(plan).dossier(project_id), edition, Issue.of(plan, language))


def secrets(plan: Plan, project_id: str) -> list[str]:
    """Every name and figure of the district an investor must not read in this project's document."""
    facts = plan.facts
    others = facts.projects.filter(pl.col("project_id") != project_id)
    names = [*facts.incumbents["name"], *facts.sites["holder"].drop_nulls(), *others["name"], *others["investor"]]
    costs = [f"{cost:,.0f} 万元" for cost in (*facts.incumbents["relocation_cost_wan"], 2 * 3_217)]
    prices = [f"{price:,.2f}".rstrip("0").rstrip(".") for price in plan.schemes.schemes["price_wan"].drop_nulls()]
    return [*names, *costs, *prices, "87.65", "底价", "动迁", "权利人", "得分", "全区价值"]


def leaks(plan: Plan, project_id: str, edition: Edition) -> list[str]:
    """The secrets that stand in a document."""
    text = json.dumps(shown(plan, project_id, edition), ensure_ascii=False)
    part_names = text.index('"words"')  # headings of parts stand in every document, shown or not
    return [secret for secret in secrets(plan, project_id) if secret in text[:part_names]]


def widened(table: str, fields: str, *messages: str) -> Edition:
    """The investor edition with more let through."""
    assert INVESTOR.fields is not None
    assert INVESTOR.messages is not None
    more = {table: INVESTOR.fields.get(table, frozenset()) | frozenset(fields.split())}
    return Edition("investor", {**INVESTOR.fields, **more}, INVESTOR.messages | frozenset(messages))


@pytest.mark.parametrize("project_id", PROJECTS)
def test_the_investor_reads_no_secret_of_the_district(plan: Plan, project_id: str) -> None:
    assert leaks(plan, project_id, INVESTOR) == []


@pytest.mark.parametrize(
    "edition",
    [
        widened("units", "holder"),
        widened("units", "price_wan_per_mu"),
        widened("units", "name"),
        widened("schemes", "price_wan"),
        widened("schemes", "score_share"),
        widened("schemes", "value_wan"),
        widened("schemes", "relocation_count relocation_cost_wan"),
        widened("relocations", "scheme_id firm firm_id from_name from_site_id to_name to_site_id cost_wan months"),
        widened("reasons", "public_params", "matching.price.relocation"),
    ],
)
def test_the_search_for_secrets_finds_each_one_the_list_would_let_through(plan: Plan, edition: Edition) -> None:
    assert any(leaks(plan, project_id, edition) for project_id in PROJECTS)


def test_what_the_list_does_not_name_does_not_pass_whatever_it_is_called(plan: Plan) -> None:
    dossier = Library.of(plan).dossier("A1")
    grown = {table: [row | {"new_secret": "机密"} for row in rows] for table, rows in dossier.items()}
    grown["new_table"] = [{"site_id": "机密"}]
    told = {"scheme_id": "A1/1", "role": "note", "message_id": "matching.note.new", "public_params": {"firm": "机密"}}
    grown["reasons"] = [*grown["reasons"], told]
    assert "机密" not in json.dumps(limited(grown, INVESTOR), default=str, ensure_ascii=False)


def test_site_names_lose_the_names_of_firms_and_holders(plan: Plan) -> None:
    names = public_names(plan.facts)
    assert (f"K1号地块（{HIDDEN}旧址）", "N1号地块") == (names["K1"], names["N1"])


def test_both_editions_show_the_verdict_and_the_schemes(plan: Plan) -> None:
    for edition in EDITIONS:
        document = shown(plan, "A1", edition)
        assert document["admission"]["code"] == "admitted"
        assert 1 <= len(document["siting"]["columns"]) <= 4
        assert document["promise"] == "不构成供地承诺，以公开出让结果为准。"


def test_the_internal_edition_lists_firms_to_move_and_what_the_board_recommends(plan: Plan) -> None:
    moved = plan.schemes.schemes.filter((pl.col("relocation_count") > 0) & pl.col("shown_rank").is_not_null())
    document = shown(plan, moved["project_id"].sort()[0], INTERNAL)
    assert {"老厂1", "老厂2"} & {row[1] for row in document["siting"]["moves"]["rows"]}
    placed = plan.scenarios[next(n for n in plan.scenarios if n.value == "board")].placements["project_id"].to_list()
    assert placed
    advice = [shown(plan, p, INTERNAL)["board"]["advice"][:3] for p in placed]
    assert ["拟落位"] * len(placed) == advice
    assert shown(plan, placed[0], INVESTOR)["board"] is None


def test_a_project_without_scheme_is_told_what_would_have_to_change(plan: Plan) -> None:
    document = shown(plan, "D1", INTERNAL)
    assert document["siting"] is None
    assert document["misses"]
    assert document["admission"]["changes"]
    assert document["board"]["advice"] == "暂无可行方案，本轮未安排落位。"


def test_what_nobody_stated_is_a_dash(plan: Plan) -> None:
    facts = dict(shown(plan, "A1", INTERNAL)["facts"])
    assert facts["统一社会信用代码"] == "—"


def test_pages_are_written_for_both_editions_and_are_the_same_bytes_again(plan: Plan, tmp_path: Path) -> None:
    first, again = write(plan, tmp_path / "a"), write(plan, tmp_path / "b", workers=2)
    assert [p.name for p in first] == [p.name for p in again]
    assert {"A1-内部版.pdf", "A1-投资方版.pdf", "D1-内部版.pdf"} <= {p.name for p in first}
    assert "D1-投资方版.pdf" not in {p.name for p in first}
    assert [p.read_bytes()[:5] for p in first] == [b"%PDF-"] * len(first)
    assert [a.read_bytes() == b.read_bytes() for a, b in zip(first, again, strict=True)] == [True] * len(first)


def test_the_printed_investor_page_holds_no_secret_either(plan: Plan, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    pages = [p for p in write(plan, tmp_path) if p.name.endswith("-投资方版.pdf")]
    text = {p.name.split("-")[0]: _printed(p) for p in pages}
    assert text
    assert [key for key, t in text.items() if "不构成供地承诺" not in t or "方案一" not in t] == []
    assert [(key, s) for key, t in text.items() for s in secrets(plan, key) if s.replace(" ", "") in t] == []


def _printed(page: Path) -> str:
    """The text of a page without blanks and line breaks."""
    text = subprocess.run(["pdftotext", "-raw", str(page), "-"], capture_output=True, check=True).stdout.decode()
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_both_languages_are_printed(plan: Plan, tmp_path: Path, language: str) -> None:
    title = {"zh": "准入预审与选址方案", "en": "Entry review and siting schemes"}[language]
    assert title == shown(plan, "A1", INVESTOR, language)["title"]
    few = replace(plan, in_play=plan.in_play.filter(pl.col("project_id") == "A1"))
    assert len(write(few, tmp_path, language)) == 2


def test_an_unknown_language_is_refused(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fr"):
        write(plan, tmp_path, "fr")


def test_hostile_names_are_text_and_rare_characters_are_told(plan: Plan, tmp_path: Path) -> None:
    name = '#set page(fill: red) $x$ "引号" \\ @ref <标签> \x07𠮷' + "长" * 300
    projects = plan.in_play.with_columns(name=pl.col("name").replace("A1项目", name))
    first, *_ = write(replace(plan, in_play=projects.filter(pl.col("name") == name)), tmp_path)
    assert first.parent == tmp_path
    assert first.read_bytes().startswith(b"%PDF-")
    if shutil.which("pdftotext"):
        printed = _printed(first)
        assert "#setpage(fill:red)$x$" in printed
        assert "U+20BB7" in printed


def test_file_names_are_safe_and_never_meet() -> None:
    names = file_names(["P1", "../x", "a/1", "A:1", "", "长" * 200])
    assert names["P1"] == "P1"
    assert len({n.casefold() for n in names.values()}) == len(names)
    assert all(re.fullmatch(r"[\w\-]{1,80}", n) for n in names.values())


def test_the_font_is_the_one_the_readme_names_and_small() -> None:
    said = dict(re.findall(r"\| (\S+\.ttf) \| ([0-9a-f]{64}) \|", (FONTS / "README.md").read_text(encoding="utf-8")))
    faces = sorted(FONTS.glob("*.ttf"))
    assert said == {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in faces}
    assert sum(f.stat().st_size for f in faces) < 6_000_000
