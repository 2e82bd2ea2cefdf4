"""The cases beside each rulebook's plan rules, as a lawyer reads them, against plan compliance."""

from importlib.resources import files
from typing import Any

import polars as pl
import pytest

import cast
from yipanqi.inventory.sites import Site
from yipanqi.kernel import tables
from yipanqi.pipeline.projects import Demand, Project
from yipanqi.planning.compliance import Question, compliance
from yipanqi.planning.rules import book
from yipanqi.planning.zones import ZoneShare
from yipanqi.policy.rulebook import PROFILES, SHARED, Rulebook, load, parse, yaml_of
from yipanqi.policy.wording import texts

RULEBOOKS = files("yipanqi_rulebooks")


#: What the city's shared texts leave to the districts: a name and the body that leads.
CITY = """
title_zh: 全市
title_en: City
bodies:
  lead_body: {kind: lead_body, title_zh: 区经委, title_en: Commission, clause: 用例, source: 用例, issued_by: 用例,
              basis: assumed, effective_from: 2010-01-01}
"""


def rulebook(name: str) -> Rulebook:
    """A district's rulebook; for the city's name the shared texts alone."""
    if name != SHARED:
        return load(name)
    texts_of = {e.name: e.read_text("utf-8") for e in (RULEBOOKS / SHARED).iterdir() if e.name.endswith(".yaml")}
    return parse(SHARED, {"governance": CITY}, {n.removesuffix(".yaml"): text for n, text in texts_of.items()})


def cases() -> list[Any]:
    found = []
    for name in (SHARED, *PROFILES):
        document = yaml_of((RULEBOOKS / name / "cases" / "planning.yaml").read_text(encoding="utf-8"))
        found += [pytest.param(name, document, case, id=f"{name}: {case['title']}") for case in document["cases"]]
    return found


@pytest.mark.parametrize(("name", "document", "case"), cases())
def test_a_case_gets_the_answer_it_should(name: str, document: dict[str, Any], case: dict[str, Any]) -> None:
    site, project, demand = (document[k] | case.get(k, {}) for k in ("site", "project", "demand"))
    shares = [{"site_id": "S", "zone_id": f"Z{i}", "area_m2": 1.0} | s for i, s in enumerate(case.get("shares", ()))]
    question = Question(
        pl.DataFrame({"project_id": ["P"], "phase": [1], "site_id": ["S"]}),
        tables.frame(Demand, [cast.demand("P") | demand]),
        tables.frame(Project, [cast.project("P", "T1") | project]),
        tables.frame(Site, [cast.site("S", "T1") | site]),
        tables.frame(ZoneShare, shares),
    )
    answer = compliance(question, rulebook(name), document["as_of"])
    binding = answer.reasons.filter(pl.col("status") != "allowed")
    deciders = binding["decider"].to_list()
    actual = {
        "status": answer.pairs["status"][0],
        "rules": binding["rule_id"].to_list(),
        "decider": deciders[0] if deciders else None,
    }
    expected = case["expect"]
    assert expected == {key: actual[key] for key in expected}


@pytest.mark.parametrize("name", [SHARED, *PROFILES])
def test_every_rule_parameter_and_procedure_has_words(name: str) -> None:
    document = book(rulebook(name))
    ids = {f"planning.{key}" for key in document.rules}
    ids |= {f"label.plan_parameter.{rule.parameter}" for rule in document.rules.values()}
    ids |= {f"label.plan_procedure.{key}" for key in document.procedures}
    assert ids <= set(texts())


@pytest.mark.parametrize("name", [SHARED, *PROFILES])
def test_what_is_no_regulation_says_assumed(name: str) -> None:
    document = book(rulebook(name))
    entries = [*document.rules.values(), *document.procedures.values()]
    assert {"assumed"} == {entry.basis.value for entry in entries}
