"""Plan-change procedures and the quota ledger."""

from datetime import date

import polars as pl
import pytest

import cast
from cast import AS_OF
from yipanqi.inventory.sites import Site
from yipanqi.kernel import tables
from yipanqi.pipeline.projects import Project
from yipanqi.planning import amendment
from yipanqi.planning.quotas import QuotaLine, QuotaNeed, balances, needs, overdrawn, unstated
from yipanqi.policy.rulebook import PROFILES, RulebookError, load, parse
from yipanqi.policy.wording import texts

BOOK = load("jiading")


@pytest.mark.parametrize("profile", PROFILES)
def test_each_procedure_is_the_sum_of_its_steps_and_has_one_decision(profile: str) -> None:
    book = load(profile)
    steps = amendment.steps(book, AS_OF)
    for key in amendment.procedures(book, AS_OF):
        mine = steps.filter(pl.col("procedure") == key)
        assert amendment.delay_days(book, key, AS_OF) == mine["step_days"].sum()
        assert [amendment.decider(book, key, AS_OF)] == mine.filter(pl.col("decides"))["body"].to_list()
        assert f"label.plan_procedure.{key}" in texts()


def test_who_decides_follows_the_right_of_planning_in_the_district() -> None:
    assert [amendment.decider(load(p), "use_change", AS_OF) for p in ("pudong", "songjiang")] == [
        "district_government",
        "planning_department",
    ]


def test_the_filing_with_the_city_is_a_municipal_step() -> None:
    steps = amendment.steps(BOOK, AS_OF).filter(pl.col("procedure") == "use_change")
    assert steps.filter(pl.col("municipal"))["step_id"].to_list() == ["filing"]


def test_a_procedure_not_in_force_is_unknown() -> None:
    with pytest.raises(KeyError):
        amendment.delay_days(BOOK, "use_change", date(1999, 1, 1))


def test_a_rule_with_a_procedure_that_is_not_there_is_refused() -> None:
    with pytest.raises(RulebookError, match="no such procedure"):
        amendment.procedures(parse("x", {"planning": "rules: {use_class: {procedure: nowhere}}"}, _shipped()), AS_OF)


def _shipped() -> dict[str, str]:
    from importlib.resources import files

    folder = files("yipanqi_rulebooks") / "shanghai"
    return {"planning": (folder / "planning.yaml").read_text(encoding="utf-8")}


def taken(*rows: tuple[str, str, str, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["case_id", "project_id", "site_id", "take_m2"], orient="row")


def test_new_land_takes_land_energy_and_emission_of_the_town_it_lies_in() -> None:
    facts = cast.facts()
    found = needs(facts.projects, taken(("c", "A1", "N1", 30_000.0)), facts.sites, BOOK)
    QuotaNeed.validate(found)
    assert found.rows() == [("c", "emission", "T1", 2.0), ("c", "energy", "T1", 1000.0), ("c", "land", "T1", 30_000.0)]


def test_land_built_on_before_and_plants_take_no_land_and_offices_take_office_area() -> None:
    facts = cast.facts()
    units = taken(("a", "A1", "K1", 40_000.0), ("b", "A3", "E1", 4_000.0), ("c", "C1", "E5", 2_000.0))
    found = needs(facts.projects, units, facts.sites, BOOK).filter(pl.col("quota_kind").is_in(["land", "office"]))
    assert found.rows() == [("c", "office", "T3", 2_000.0)]


def test_a_split_case_takes_land_where_it_lies_and_energy_where_most_of_it_lies() -> None:
    facts = cast.facts()
    found = needs(facts.projects, taken(("c", "A1", "N1", 10_000.0), ("c", "A1", "S1", 20_000.0)), facts.sites, BOOK)
    expected = [("land", "T1", 10_000.0), ("land", "T2", 20_000.0), ("energy", "T2", 1000.0), ("emission", "T2", 2.0)]
    assert sorted(expected) == sorted(found.drop("case_id").rows())


def test_what_is_not_stated_has_no_row_but_a_finding_where_it_is_rationed() -> None:
    projects = tables.frame(Project, [cast.project("P", "T1", energy_tce=None, emission_t=None)])
    sites = tables.frame(Site, [cast.site("S", "T1")])
    assert needs(projects, taken(("c", "P", "S", 1.0)), sites, BOOK)["quota_kind"].to_list() == ["land"]
    ledger = cast.facts().quotas
    assert [(f.rule, f.params["quota"]) for f in unstated(projects, ledger)] == [("planning.quota_unstated", "energy")]


def test_a_ledger_that_gives_more_than_it_has_is_reported() -> None:
    lines = [("issued", 100.0), ("reserved", 70.0), ("used", 60.0), ("returned", 10.0)]
    rows = [{"entry_id": str(i), "quota_kind": "land", "entry": e, "amount": a} for i, (e, a) in enumerate(lines)]
    ledger = tables.frame(QuotaLine, rows)
    assert balances(ledger)["available"].to_list() == [-20.0]
    assert [(f.rule, f.params["amount"]) for f in overdrawn(ledger)] == [("planning.quota_overdrawn", 20.0)]
    assert overdrawn(ledger.head(2)) == ()


def test_the_row_order_of_the_ledger_moves_no_bit_of_a_balance() -> None:
    amounts = [3185.878, 55900.75, 58137.3277]
    rows = [{"entry_id": str(i), "quota_kind": "land", "entry": "issued", "amount": a} for i, a in enumerate(amounts)]
    ledger = tables.frame(QuotaLine, rows)
    assert balances(ledger)["issued"].to_list() == balances(ledger.reverse())["issued"].to_list()
