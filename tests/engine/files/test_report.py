"""The one-file report: its figures are the plan's, its texts are harmless, and it needs nothing from outside."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cast
from plan_cast import HOSTILE, made_plan, scenarios
from yipanqi.admission.verdict import overall
from yipanqi.allocation.board import Plan, PlayOptions, play
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files.report import render, write
from yipanqi.kernel import tables
from yipanqi.planning.zones import Zone
from yipanqi.policy.parameters import parameters
from yipanqi.policy.rulebook import PROFILES, load
from yipanqi.simulation.district import district

VIEWS = ["overview", "admission", "placements", "scenarios", "towns", "unmatched", "sites", "planning", "rules",
         "findings", "project/A2", "project/D1", "site/N1"]  # fmt: skip


class Page(HTMLParser):
    """What a browser would see of a page: elements with their attributes, and the texts of script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open, []).append(data)

    @property
    def data(self) -> dict[str, Any]:
        """The figures behind the page."""
        return json.loads(self.texts["script"][0])

    def count(self, tag: str, look: str) -> int:
        """Elements of a kind whose class list begins with a word."""
        return sum(t == tag and (a.get("class") or "").split(" ")[0] == look for t, a in self.elements)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return made_plan(cast.facts())


@pytest.fixture(scope="module")
def page(plan: Plan) -> Page:
    return Page(render(plan))


def of_rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table["cols"], row, strict=True)) for row in table["rows"]]


def test_the_key_figures_are_those_of_the_plan(plan: Plan, page: Page) -> None:
    keys = {k["id"]: k for k in page.data["keys"]}
    board = plan.scenarios[ScenarioName.BOARD]
    assert keys["projects"]["value"] == plan.in_play.height
    assert keys["settled"]["value"] == board.settled
    assert (keys["gain"]["low"], keys["gain"]["high"]) == plan.gain_wan
    # N1–N3, S1 available and K1, K2 low-efficiency, each of 60 mu; N4 is for reduction. E1, E2, E4 are free plants.
    assert keys["land"]["value"] == 360
    assert keys["plant"]["value"] == 1.3
    assert {s["name"]: (s["settled"], s["value"]) for s in page.data["scenarios"]} == {
        name.value: (s.settled, s.value_wan) for name, s in plan.scenarios.items()
    }


def test_every_project_site_scheme_and_clause_of_the_plan_is_on_the_page(plan: Plan, page: Page) -> None:
    data = page.data
    assert len(data["projects"]["rows"]) == plan.facts.projects.height
    assert len(data["sites"]["rows"]) == plan.facts.sites.height
    assert len(data["scheme"]["schemes"]["rows"]) == plan.schemes.schemes.height
    told = [len(data["verdicts"]["results"][case["results"]]) for case in of_rows(data["verdicts"]["preliminary"])]
    assert sum(told) == plan.preliminary.clauses.height
    first = of_rows(data["verdicts"]["norms"])[0]
    assert (first["indicator"], first["threshold"], first["basis"]) == (
        "fixed_investment_wan_per_mu",
        500,
        "published-example",
    )


def test_the_map_draws_towns_zones_sites_and_an_arc_for_each_move(plan: Plan, page: Page) -> None:
    board = plan.scenarios[ScenarioName.BOARD].placements
    assert page.count("path", "t") == plan.facts.towns.height
    assert page.count("path", "z") == plan.facts.zones.height
    assert page.count("path", "s") == plan.facts.sites.height
    assert page.count("path", "arc") == int(board["moved"].sum()) > 0


def test_a_hostile_name_stays_a_text(plan: Plan) -> None:
    towns = plan.facts.towns.with_columns(name=pl.lit(HOSTILE))
    projects = plan.facts.projects.with_columns(name=pl.lit(HOSTILE), investor=pl.lit("=HYPERLINK(1)"))
    facts = replace(plan.facts, towns=towns, projects=projects, district=HOSTILE)
    page = Page(render(replace(plan, facts=facts)))
    assert [t for t, _ in page.elements if t in {"img", "iframe", "object"}] == []
    assert page.count("path", "t") == towns.height
    assert {p["name"] for p in of_rows(page.data["projects"])} == {HOSTILE}


def test_nothing_is_fetched_and_only_the_own_script_may_run(plan: Plan, page: Page) -> None:
    text = render(plan)
    links = [v for t, a in page.elements for k, v in a.items() if k in {"src", "href", "action", "data", "srcset"}]
    assert links == ["#content"]
    assert re.findall(r"url\(|@import|<link|https?://", "".join(page.texts["style"]) + page.texts["script"][1]) == []
    code = re.search(r"<script>(.*?)</script>", text, re.DOTALL)
    assert code is not None
    digest = base64.b64encode(hashlib.sha256(code[1].encode()).digest()).decode()
    (policy,) = [a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert f"script-src 'sha256-{digest}'" in str(policy)
    assert [k for _, a in page.elements for k in a if k.startswith("on")] == []


def test_every_text_the_script_asks_for_stands_in_both_languages(page: Page) -> None:
    asked = set(re.findall(r"\bt\('([\w.]+)'", page.texts["script"][1]))
    texts = page.data["texts"]
    # Ids that end in a dot are put together with a code.
    missing = [i for i in asked if not i.endswith(".") and f"report.{i}" not in texts]
    stems = [i for i in asked if i.endswith(".") and not any(k.startswith(f"report.{i}") for k in texts)]
    assert (missing, stems) == ([], [])
    assert all(len(pair) == 2 and all(pair) for pair in texts.values())


def test_every_report_text_is_used(page: Page) -> None:
    script = page.texts["script"][1]

    def asked(text_id: str) -> bool:
        stems = [text_id[: cut + 1] for cut, character in enumerate(text_id) if character == "."]
        if text_id.endswith(".line") and "'.line'" in script:
            return asked(text_id.removesuffix(".line"))
        return f"'{text_id}'" in script or any(f"'{s}'" in script or f"`{s}$" in script for s in stems)

    named = [k.removeprefix("report.") for k in page.data["texts"] if k.startswith("report.")]
    assert [i for i in named if not asked(i)] == ["noscript"]


def test_the_same_plan_gives_the_same_bytes_whatever_the_row_order(plan: Plan, tmp_path: Path) -> None:
    shuffled = made_plan(cast.facts(sites=plan.facts.sites.reverse(), projects=plan.facts.projects.reverse()))
    write(plan, tmp_path / "a.html")
    write(shuffled, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_other_language_is_in_the_same_file(plan: Plan, page: Page) -> None:
    english = Page(render(plan, "en"))
    assert english.data["texts"] == page.data["texts"]
    assert (page.data["head"]["language"], english.data["head"]["language"]) == ("zh", "en")
    with pytest.raises(ValueError, match="fr"):
        render(plan, "fr")


def test_a_district_without_geometry_milestones_or_placements_still_has_a_report(plan: Plan) -> None:
    bare = replace(
        plan.facts,
        towns=plan.facts.towns.with_columns(
            pl.lit(None, pl.Binary).alias("geometry_wkb"), lon_deg=None, lat_deg=None
        ).cast({"lon_deg": pl.Float64, "lat_deg": pl.Float64}),
        sites=plan.facts.sites.with_columns(
            pl.lit(None, pl.Binary).alias("geometry_wkb"), lon_deg=None, lat_deg=None
        ).cast({"lon_deg": pl.Float64, "lat_deg": pl.Float64}),
        zones=tables.empty(Zone),
    )
    page = Page(render(replace(plan, facts=bare, scenarios=scenarios([]))))
    assert page.count("path", "s") == page.count("path", "t") == 0
    assert [k["id"] for k in page.data["keys"] if k["id"] == "schedule"] == []


def test_the_report_of_a_whole_district_stays_small() -> None:
    big = made_plan(district(load("jiading"), projects=372, sites=5000, seed=1, as_of=cast.AS_OF))
    assert len(render(big).encode()) < 6_000_000


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser here")
@pytest.mark.parametrize(
    "view",
    VIEWS,
)
def test_a_browser_shows_the_page_without_script_errors(plan: Plan, tmp_path: Path, view: str) -> None:
    write(plan, tmp_path / "report.html")
    done = subprocess.run(
        [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=2000",
            "--dump-dom",
            f"file://{tmp_path / 'report.html'}#{view}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    assert "report." not in re.sub(r"<script.*?</script>", "", done.stdout, flags=re.DOTALL)
    assert done.stdout.count('data-t="0"') >= 1
    assert "<h1>" in done.stdout


@pytest.mark.parametrize("profile", PROFILES)
def test_every_unit_and_room_of_a_shipped_parameter_has_words(profile: str, page: Page) -> None:
    used = parameters(load(profile))
    asked = {f"report.unit_of.{p.unit}" for p in used.values()} | {f"report.room.{name.split('.')[0]}" for name in used}
    assert sorted(asked - set(page.data["texts"])) == []


def test_a_played_board_reads_the_same_on_the_page() -> None:
    played = play(cast.facts(), load("jiading"), PlayOptions())
    page = Page(render(played))
    board = played.scenarios[ScenarioName.BOARD]
    placed = of_rows(page.data["placements"]["board"])
    assert [p["project_id"] for p in placed] == board.placements["project_id"].sort().to_list()
    known = {s["scheme_id"] for s in of_rows(page.data["scheme"]["schemes"])}
    assert {p["scheme_id"] for p in placed} <= known
    verdicts = overall(played.preliminary.verdicts)["verdict"].to_list()
    (told,) = [k for k in page.data["keys"] if k["id"] == "admitted"]
    said = (told["value"], told["conference"], told["refused"])
    assert said == tuple(verdicts.count(v) for v in ("admitted", "conference", "refused"))
