"""What a scheme is worth: formula, dates, acceptance, and facts that are not stated."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yipanqi.allocation.valuation import untaxed, worth
from yipanqi.policy import rulebook

AS_OF = date(2026, 6, 30)
BOOK = rulebook.load("jiading")


def scheme(scheme_id: str = "P/1", **changes: object) -> dict[str, object]:
    return {
        "scheme_id": scheme_id, "project_id": "P", "kind": "single", "land_m2": 40_000.0, "available_on": AS_OF,
        "relocation_cost_wan": 0.0, "town_ids": ["T1"],
    } | changes  # fmt: skip


def project(**changes: object) -> pl.DataFrame:
    row = {
        "project_id": "P", "tax_wan": 1_000.0, "consent": "not_asked", "acceptance_share": None,
        "fixed_site_ids": None, "origin_town_id": "T1",
    } | changes  # fmt: skip
    return pl.DataFrame([row], schema_overrides={"fixed_site_ids": pl.List(pl.String), "acceptance_share": pl.Float64,
                                                 "tax_wan": pl.Float64})  # fmt: skip


def value(changes: dict[str, object] | None = None, **of_project: object) -> dict[str, float]:
    return worth(pl.DataFrame([scheme(**(changes or {}))]), project(**of_project), BOOK, AS_OF).row(0, named=True)


def test_ten_years_of_tax_begin_when_the_works_are_done() -> None:
    # 18 months to build; paid at the end of each of ten years; 6 % a year.
    by_hand = sum(1_000.0 * 1.06 ** -(1.5 + year) for year in range(1, 11))
    assert by_hand == pytest.approx(value()["value_wan"])


def test_moving_a_firm_costs_what_it_costs_today() -> None:
    assert value()["value_wan"] - 300.0 == pytest.approx(value({"relocation_cost_wan": 300.0})["value_wan"])


def test_a_date_that_has_passed_counts_as_today() -> None:
    assert value()["value_wan"] == value({"available_on": date(2020, 1, 1)})["value_wan"]


def test_leased_space_is_ready_sooner_than_new_building() -> None:
    assert value({"land_m2": 0.0})["value_wan"] > value({"kind": "renovation"})["value_wan"] > value()["value_wan"]


@given(st.integers(0, 4000), st.integers(0, 4000))
def test_a_later_date_never_raises_the_value(days: int, more: int) -> None:
    early, late = (AS_OF + timedelta(days=d) for d in (days, days + more))
    assert value({"available_on": late})["value_wan"] <= value({"available_on": early})["value_wan"]


@pytest.mark.parametrize(
    ("facts", "share"),
    [
        ({"consent": "accepted"}, 1.0),
        ({"consent": "declined", "acceptance_share": 0.9}, 0.0),
        ({"acceptance_share": 0.4}, 0.4),
        ({"consent": "asked"}, 0.7),
        ({"fixed_site_ids": ["S1"]}, 1.0),
    ],
)
def test_the_expected_value_is_weighed_by_the_chance_that_the_investor_accepts(
    facts: dict[str, object], share: float
) -> None:
    found = value(**facts)
    assert share * found["value_wan"] == pytest.approx(found["expected_wan"])


def test_a_project_that_states_no_tax_brings_none_and_is_named() -> None:
    found = value(tax_wan=None)
    assert (found["value_wan"], found["tax_wan"]) == (0.0, 0.0)
    assert [(f.rule, f.value) for f in untaxed(project(tax_wan=None))] == [("allocation.untaxed", "P")]
    assert untaxed(project()) == ()
