"""The cases beside each rulebook's admission standards, as a lawyer reads them, against the judge."""

from datetime import date, datetime, time
from importlib.resources import files
from typing import Any

import polars as pl
import pytest

import cast
from yipanqi.admission.verdict import Case, judge
from yipanqi.kernel import tables
from yipanqi.kernel.units import m2
from yipanqi.pipeline.projects import Project
from yipanqi.policy.rulebook import PROFILES, SHARED, Rulebook, load, parse, yaml_of

RULEBOOKS = files("yipanqi_rulebooks")


def rulebook(name: str) -> Rulebook:
    """A district's rulebook; for the city's name the shared texts alone."""
    text = (RULEBOOKS / SHARED / "admission.yaml").read_text(encoding="utf-8")
    return parse(SHARED, {"admission": text}) if name == SHARED else load(name)


def cases() -> list[Any]:
    found = []
    for name in (SHARED, *PROFILES):
        document = yaml_of((RULEBOOKS / name / "cases" / "admission.yaml").read_text(encoding="utf-8"))
        found += [pytest.param(name, document, case, id=f"{name}: {case['title']}") for case in document["cases"]]
    return found


def typed(fact: Any, column: str) -> Any:
    if column == "reported_at" and isinstance(fact, date):
        return datetime.combine(fact, time(9))
    return float(fact) if isinstance(fact, int) and not column.endswith("_count") else fact


@pytest.mark.parametrize(("name", "document", "case"), cases())
def test_a_case_gets_the_verdict_it_should(name: str, document: dict[str, Any], case: dict[str, Any]) -> None:
    facts = {k: typed(v, k) for k, v in (document["project"] | case.get("project", {})).items()}
    if "capacity_count" in facts:
        facts["capacity_count"] = float(facts["capacity_count"])
    place = document["place"] | case.get("place", {})
    land = place.pop("land_mu")
    row = place | {
        "case_id": "c",
        "project_id": "P",
        "land_m2": land and m2(land),
        "floor_m2": typed(place["floor_m2"], ""),
    }
    # The case is about the rules, so the schema's own rule (fixed within total) does not stand in its way.
    projects = pl.DataFrame([cast.project("P", "T1") | facts], schema=tables.empty(Project).schema)
    as_of = case.get("as_of", document["as_of"])
    found = judge(tables.frame(Case, [row]), projects, rulebook(name), as_of)
    verdict = found.verdicts.row(0, named=True)
    missed = found.clauses.filter(pl.col("hard") & ~pl.col("met").fill_null(value=True))["clause_id"].to_list()
    actual = {
        "verdict": verdict["verdict"],
        "standard": verdict["standard_id"],
        "edition": verdict["edition"],
        "missed": missed,
    }
    expected = case["expect"]
    assert expected == {key: actual[key] for key in expected}


@pytest.mark.parametrize("name", [SHARED, *PROFILES])
def test_every_rulebook_shows_every_verdict_and_category(name: str) -> None:
    document = yaml_of((RULEBOOKS / name / "cases" / "admission.yaml").read_text(encoding="utf-8"))
    assert {c["expect"]["verdict"] for c in document["cases"]} == {"admitted", "conference", "refused"}
    categories = {(document["project"] | c.get("project", {}))["category"] for c in document["cases"]}
    assert {"new_land", "lease"} <= categories
