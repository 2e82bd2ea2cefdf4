"""The paper's cases through the whole main job, and the answers held against the independent checker."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import polars as pl
import pytest

from board_checker import placements
from checker import Checker
from paper_case import FOLDER, build, case, loaded, values
from yipanqi.allocation.board import TABLES, Facts, Plan, PlayOptions, play
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files.dataset import load as load_dataset
from yipanqi.kernel import tables
from yipanqi.policy.rulebook import PROFILES, load

FIVE = {"F1", "F2", "F3", "F4", "F5"}
FIELD = {"M1", "M2", "M3"}


@lru_cache(maxsize=2)
def played(profile: str = "jiading") -> Plan:
    return play(case.facts(), load(profile), PlayOptions())


def shown(plan: Plan, project_id: str) -> pl.DataFrame:
    return plan.schemes.schemes.filter(pl.col("project_id") == project_id, pl.col("shown_rank").is_not_null())


def of(plan: Plan, table: str, scheme_id: str, column: str) -> set[str]:
    return set(getattr(plan.schemes, table).filter(pl.col("scheme_id") == scheme_id)[column])


def without_site(facts: Facts, site_id: str) -> Facts:
    return replace(facts, sites=facts.sites.filter(pl.col("site_id") != site_id))


def test_the_committed_files_are_what_the_script_writes(tmp_path):
    build.build(tmp_path)
    names = ["towns.geojson", "zones.geojson", "sites.geojson", "sources/values.csv"]
    assert [(tmp_path / n).read_bytes() == (FOLDER / n).read_bytes() for n in names] == [True] * len(names)
    # Of the workbook only what it says must be the same: the form around the facts may be improved.
    assert same(load_dataset(tmp_path).facts, loaded().facts)


def test_reading_the_files_gives_the_case_back_without_a_complaint():
    assert not loaded().blocked, loaded().findings
    assert same(loaded().facts, case.facts().sorted(), but="geometry_wkb")


def same(one: Facts, other: Facts, but: str = "") -> bool:
    """Whether two districts have the same facts, but for a column written with fewer digits."""
    left, right = ([getattr(f, n).drop(but, strict=False) for n in TABLES] for f in (one, other))
    return all(a.equals(b) for a, b in zip(left, right, strict=True))


def test_every_value_has_a_basis_and_what_the_paper_states_has_its_words():
    rows = values()
    assert {row["basis"] for row in rows} == {"paper", "assumed"}
    assert all(bool(row["clause"] and row["quote"]) == (row["basis"] == "paper") for row in rows)
    stated = {(row["row"].split("/")[0], row["column"]) for row in rows if row["basis"] == "paper"}
    figures = {("NIO", c) for c in ("total_investment_wan", "output_wan", "tax_wan", "capacity_count", "need_m2")}
    assert figures | {("MEB", "need_m2"), ("GOTION", "total_investment_wan"), ("F1", "name")} <= stated


def test_meb_has_two_different_feasible_schemes_with_relocation_lists():
    plan = played()
    schemes = shown(plan, "MEB")["scheme_id"].to_list()
    assert len(schemes) >= 2
    sites = [frozenset(of(plan, "units", s, "site_id")) for s in schemes]
    assert len(set(sites)) == len(sites)
    assert all(of(plan, "relocations", s, "firm_id") for s in schemes)


def test_the_papers_three_parcels_are_cleared_by_moving_the_five_firms():
    plan = played()
    found = [s for s in shown(plan, "MEB")["scheme_id"] if of(plan, "units", s, "site_id") == FIELD]
    assert len(found) == 1
    assert of(plan, "relocations", found[0], "firm_id") == FIVE
    names = dict(plan.facts.incumbents.select("firm_id", "name").iter_rows())
    assert "上海鹤亭机械涂装厂" in {names[f] for f in FIVE}


def test_without_the_only_destination_of_the_coating_plant_its_parcel_cannot_be_had():
    facts = case.facts()
    before = {frozenset(u) for u in sites_of(played(), "MEB")}
    after = {frozenset(u) for u in sites_of(play(without_site(facts, "H1"), load("jiading"), PlayOptions()), "MEB")}
    assert frozenset(FIELD) in before
    assert after
    assert not any("M3" in sites for sites in after)


def sites_of(plan: Plan, project_id: str) -> list[set[str]]:
    """The sites of every scheme of the pool."""
    schemes = plan.schemes.schemes.filter(pl.col("project_id") == project_id)["scheme_id"]
    return [of(plan, "units", s, "site_id") for s in schemes]


def test_the_firm_whose_town_has_no_land_is_settled_over_two_other_towns():
    plan = played()
    assert shown(plan, "GROWING").select("kind", "town_ids").rows() == [("split", ["T2", "T3"])]
    alone, board = (
        plan.scenarios[n].placements["project_id"].to_list() for n in (ScenarioName.ALONE, ScenarioName.BOARD)
    )
    assert "GROWING" not in alone
    assert set(board) == {"NIO", "MEB", "GOTION", "GROWING"}


@pytest.mark.parametrize("profile", ["jiading", *(p for p in PROFILES if p != "jiading")])
def test_the_independent_checker_accepts_every_scheme_and_every_scenario(profile):
    plan = played(profile)
    s = plan.schemes
    assert Checker(case.facts()).schemes(s.schemes, s.units, s.relocations) == []
    for scenario in plan.scenarios.values():
        assert placements(case.facts(), scenario.placements, s.schemes, s.units, s.relocations) == []


def test_the_case_is_the_same_whatever_the_row_order():
    facts = case.facts()
    turned = {n: getattr(facts, n).reverse() for n in ("sites", "projects", "demands", "incumbents", "zones")}
    again = play(replace(facts, **turned), load("jiading"), PlayOptions())
    assert tables.digest(again.schemes.schemes) == tables.digest(played().schemes.schemes)
    assert again.gain_wan == played().gain_wan


def test_the_board_shows_what_the_readme_says():
    plan = played()
    best = plan.preliminary.verdicts.filter(pl.col("case_id").str.ends_with("/104/base"))
    assert dict(best.select("project_id", "verdict").iter_rows()) == {
        "NIO": "admitted", "GOTION": "admitted", "GROWING": "admitted", "MEB": "conference",
    }  # fmt: skip
    settled = [plan.scenarios[n].settled for n in (ScenarioName.ALONE, ScenarioName.BOARD)]
    assert settled == [1, 4]
    assert shown(plan, "NIO").height == shown(plan, "MEB").height == 2


def test_the_folder_holds_what_the_readme_says():
    for name in ("README.md", "README.zh-CN.md"):
        text = (Path(FOLDER) / name).read_text(encoding="utf-8")
        assert all(file in text for file in ("paper.xlsx", "sources/values.csv", "sources/figures.csv"))
