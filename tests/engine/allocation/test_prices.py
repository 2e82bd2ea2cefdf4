"""Prices: what one more unit is worth to the whole board."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import boards
from small_boards import POOL, SPREAD, THREE, TWO, board, quota, site
from yipanqi.allocation.prices import DISTRICT, Price, prices
from yipanqi.kernel.units import M2_PER_MU


def priced(problem, chosen=()) -> dict[tuple[str, str], tuple[float, float]]:
    rows = prices(problem, chosen).select("resource", "town_id", "price_wan", "used_share").iter_rows()
    return {(resource, town): (price, used) for resource, town, price, used in rows}


def test_land_that_two_projects_want_costs_what_the_loser_would_have_brought() -> None:
    pool = {"A/1": (10.0, [("S", 60.0)]), "B/1": (6.0, [("S", 60.0)])}
    # The relaxation takes A whole and two thirds of B: 0.1 万元 a m² is what B brings.
    assert priced(board([site("S", divisible=True)], TWO, pool), ["A/1"])["land", "T1"] == pytest.approx(
        (0.1 * M2_PER_MU, 0.6)
    )


def test_land_that_is_left_over_is_free() -> None:
    pool = {"A/1": (10.0, [("S", 40.0)]), "B/1": (6.0, [("S", 40.0)])}
    assert priced(board([site("S", divisible=True)], TWO, pool), ["A/1", "B/1"])["land", "T1"] == (0.0, 0.8)


def test_the_districts_quota_has_a_price_where_it_binds() -> None:
    problem = board(SPREAD, THREE, POOL, quotas=quota(("energy", None, 20.0)))
    found = priced(problem, ["A/1", "B/1"])
    assert found["quota_energy", DISTRICT] == pytest.approx((0.8, 1.0))
    assert found["quota_energy", "T1"] == pytest.approx((0.8, 0.5))
    loose = priced(board(SPREAD, THREE, POOL, quotas=quota(("energy", None, 90.0))), ["A/1", "B/1", "C/1"])
    assert loose["quota_energy", DISTRICT] == pytest.approx((0.0, 30 / 90))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_no_price_is_negative_and_each_has_its_unit(seed: int) -> None:
    shape = boards.Shape(projects=8, sites=25, towns=3, pool=4, offered_share=0.6)
    table = prices(boards.board(shape, seed).problem(), [])
    Price.validate(table)
    units = {"land": "mu", "plant": "1000m2"}
    assert table.filter(pl.col("unit") != pl.col("resource").replace_strict(units)).height == 0
