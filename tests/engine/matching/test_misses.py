"""Nothing fits: the three nearest misses, and the changes that are enough."""

import json
from typing import Any

import polars as pl
import pytest

import cast
import matched
from yipanqi.inventory.sites import Hold, Site
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Message
from yipanqi.matching.misses import passes
from yipanqi.matching.setting import prepared
from yipanqi.policy.wording import LANGUAGES, render


def lease(sites: list[Any], **asked: Any) -> Any:
    need = cast.plant_demand("A", **asked)
    return matched.small(sites, [cast.project("A", "T3", category="lease", tax_wan=900.0)], [need])


def told(facts: Any) -> list[tuple[list[str], str, dict[str, Any]]]:
    """(sites, message, params) of every row of misses."""
    misses = matched.answered(facts).misses
    return [(r["site_ids"], r["message_id"], json.loads(r["params_json"])) for r in misses.iter_rows(named=True)]


def test_the_site_that_lacks_the_least_comes_first() -> None:
    sites = [cast.plant(f"E{i}", "T3", clear_height_m=h) for i, h in enumerate((3.0, 6.5, 5.0, 6.0))]
    assert [(s, m, p["have"], p["need"]) for s, m, p in told(lease(sites))] == [
        (["E1"], "matching.miss.fact", 6.5, 7.0),
        (["E3"], "matching.miss.fact", 6.0, 7.0),
        (["E2"], "matching.miss.fact", 5.0, 7.0),
    ]


def test_one_lack_is_nearer_than_two() -> None:
    sites = [cast.plant("E1", "T3", clear_height_m=6.9, state="occupied"), cast.plant("E2", "T3", clear_height_m=1.0)]
    assert [(s, m) for s, m, _ in told(lease(sites))] == [
        (["E2"], "matching.miss.fact"),
        (["E1"], "matching.miss.state"),
        (["E1"], "matching.miss.fact"),
    ]


@pytest.mark.parametrize(
    ("change", "asked", "message"),
    [({"area_m2": 3000.0}, {}, "small"), ({"area_m2": 30_000.0}, {}, "large"), ({"state": "occupied"}, {}, "state"),
     ({}, {"rent_max_yuan_m2_day": 0.5}, "rent"), ({}, {"power_kva": 5000.0}, "fact")],
)  # fmt: skip
def test_every_lack_has_its_words_and_the_change_told_is_enough(
    change: dict[str, Any], asked: dict[str, Any], message: str
) -> None:
    site = cast.plant("E1", "T3", **change)
    rows = told(lease([site], **asked))
    assert [(s, m) for s, m, _ in rows] == [(["E1"], f"matching.miss.{message}")]
    _, message_id, params = rows[0]
    assert all(render(Message(message_id, params), language) for language in LANGUAGES)
    mended = {"small": {"area_m2": 4000.0}, "large": {"area_m2": 4000.0}, "state": {"state": "available"},
              "rent": {"rent_yuan_m2_day": 0.5}, "fact": {"power_kva": 5000.0}}[message]  # fmt: skip
    assert matched.places(matched.answered(lease([site | mended], **asked)), "A") == {("E1",)}


def test_a_change_that_is_not_enough_does_not_pass() -> None:
    facts = lease([cast.plant("E1", "T3", clear_height_m=3.0, state="occupied")])
    setting = prepared(*matched.asked(facts), matched.BOOK, cast.AS_OF)
    need = setting.needs[0]
    changes = ([], ["state"], ["clear_height_m"], ["state", "clear_height_m"])
    assert [passes(setting, need, 0, names) for names in changes] == [False, False, False, True]


@pytest.mark.parametrize("state", ["available", "reserved"])
def test_a_hold_of_another_project_is_told_and_its_end_is_enough(state: str) -> None:
    facts = lease([cast.plant("E1", "T3", state=state)])
    hold = {"site_id": "E1", "project_id": "B", "held_until": cast.AS_OF}
    held = type(facts)(**(vars(facts) | {"holds": tables.frame(Hold, [hold])}))
    assert [(s, m) for s, m, _ in told(held)] == [(["E1"], "matching.miss.held")]


def test_what_the_plan_forbids_is_told_with_its_rule() -> None:
    facts = matched.small([cast.site("S1", "T2", use_class="C")], [cast.project("A", "T2")], [cast.demand("A")])
    rows = told(facts)
    assert [(s, m, p["from_value"], p["to_value"]) for s, m, p in rows] == [(["S1"], "planning.use_class", "C", "M1")]
    assert all(render(Message(rows[0][1], rows[0][2]), language) for language in LANGUAGES)


def test_a_firm_without_a_destination_is_told() -> None:
    facts = cast.facts()
    nowhere = cast.facts(sites=tables.frame(Site, [s for s in cast.sites() if s["site_id"][0] == "K"]))
    assert facts.incumbents.height == 2
    rows = [r for r in told(nowhere) if r[1] == "matching.miss.destination"]
    assert {s[0] for s, _, _ in rows} == {"K1", "K2"}


def test_an_admission_refusal_tells_the_clauses_missed() -> None:
    answer = matched.answered(cast.facts())
    misses = answer.misses.filter(pl.col("project_id") == "D1")
    assert set(misses["message_id"]) == {"matching.miss.admission"}
    assert misses["miss_rank"].max() == 3
    params = [json.loads(p) for p in misses["params_json"]]
    assert all(p["gap"] == pytest.approx(abs(p["value"] - p["threshold"])) for p in params)
    assert {"tax_wan_per_mu", "output_wan_per_mu"} <= {p["indicator"] for p in params}


def test_only_projects_without_a_scheme_have_misses() -> None:
    answer = matched.answered(cast.facts())
    assert set(answer.misses["project_id"]) == {"D1"}
