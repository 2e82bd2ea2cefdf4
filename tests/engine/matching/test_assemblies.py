"""Assemblies: every connected set that is minimal for a need, each once."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cast
import matched
from yipanqi.matching.assemblies import MOST, clusters, joined, neighbours
from yipanqi.matching.setting import prepared

Edges = set[tuple[int, int]]


def connected(sites: tuple[int, ...], edges: Edges) -> bool:
    """Whether one can walk from the first site to all others."""
    reached, left = [sites[0]], set(sites[1:])
    while reached:
        here = reached.pop()
        near = {s for s in left if (min(s, here), max(s, here)) in edges}
        left -= near
        reached += near
    return not left


def minimal_sets(areas: list[float], edges: Edges, need: float) -> list[tuple[int, ...]]:
    """Every connected set of two to four sites that suffices while no connected part of it does."""
    sets = [
        s for k in range(1, MOST + 1) for s in combinations(range(len(areas)), k)
        if connected(s, edges) and sum(areas[i] for i in s) >= need
    ]  # fmt: skip
    return sorted(s for s in sets if len(s) > 1 and not any(set(t) < set(s) for t in sets))


@st.composite
def maps(draw: st.DrawFn) -> tuple[list[float], Edges]:
    size = draw(st.integers(2, 9))
    areas = draw(st.lists(st.integers(1, 30).map(float), min_size=size, max_size=size))
    pairs = list(combinations(range(size), 2))
    return areas, set(draw(st.lists(st.sampled_from(pairs), max_size=14, unique=True)))


@settings(max_examples=200, deadline=None)
@given(maps(), st.integers(2, 90))
def test_the_sets_found_are_those_of_brute_force(drawn: tuple[list[float], Edges], need: int) -> None:
    areas, edges = drawn
    near = joined(np.array(sorted(edges), dtype=np.int64).reshape(-1, 2), len(areas))
    found = clusters(near, np.array(areas), 90.0)
    rows = found.units[found.for_need(float(need))]
    sets = sorted(tuple(int(i) for i in row if i >= 0) for row in rows)
    # A site that suffices alone is no part of an assembly: the filter leaves it out before.
    assert [s for s in sets if all(areas[i] < need for i in s)] == minimal_sets(areas, edges, need)


@settings(max_examples=100, deadline=None)
@given(maps())
def test_no_set_is_found_twice_and_all_are_connected(drawn: tuple[list[float], Edges]) -> None:
    areas, edges = drawn
    near = joined(np.array(sorted(edges), dtype=np.int64).reshape(-1, 2), len(areas))
    found = clusters(near, np.array(areas), 1e9)
    sets = [tuple(int(i) for i in row if i >= 0) for row in found.units]
    every = [s for k in range(2, MOST + 1) for s in combinations(range(len(areas)), k) if connected(s, edges)]
    assert sorted(sets) == sorted(every)


def test_parcels_touch_across_a_lane_but_not_across_a_field() -> None:
    setting = prepared(*matched.asked(cast.facts()), matched.BOOK, cast.AS_OF)
    index = setting.ground.index
    pairs = [("N1", "N2"), ("K1", "K2"), ("N1", "N3")]
    linked = [bool(setting.near.linked(np.array([index[a]]), np.array([index[b]]))[0]) for a, b in pairs]
    assert linked == [True, True, False]


@pytest.mark.parametrize(("reach", "expected"), [(1, 4), (3, 9)])
def test_rooms_of_a_building_are_joined_with_those_near_in_order(reach: int, expected: int) -> None:
    rooms = [cast.plant(f"U{i}", "T3", parent_site_id="B", unit_no=f"{i:02}") for i in range(5)]
    facts = matched.small([cast.plant("B", "T3"), *rooms], [cast.project("A", "T3")], [cast.plant_demand("A")])
    setting = prepared(*matched.asked(facts), matched.BOOK, cast.AS_OF)
    rules = type(setting.rules)(**(vars(setting.rules) | {"unit_reach_count": reach}))
    near = neighbours(setting.ground, facts.sites, rules, 4549)
    assert len(near.to) // 2 == expected


def test_a_site_nobody_may_have_joins_nothing() -> None:
    sites = [s | {"state": "occupied"} if s["site_id"] == "N2" else s for s in cast.sites()]
    facts = matched.small(sites, cast.projects(), cast.demands(), cast.incumbents())
    assert not any("N2" in place for place in matched.places(matched.answered(facts), "B1"))
    assert ("N1", "N2") in matched.places(matched.answered(cast.facts()), "B1")


def test_a_divisible_member_gives_only_what_is_needed() -> None:
    sites = [s | {"divisible": True} if s["site_id"] == "N2" else s for s in cast.sites()]
    facts = matched.small(sites, cast.projects(), cast.demands(), cast.incumbents())
    answer = matched.answered(facts)
    taken = answer.units.filter(pl.col("scheme_id").str.starts_with("B1/") & pl.col("site_id").is_in(["N1", "N2"]))
    assert taken["take_m2"].sum() == pytest.approx(110 * 2000 / 3)


@pytest.mark.parametrize(("parent", "kind"), [("B", "assembly"), (None, "split")])
def test_phases_on_plants_that_do_not_touch_are_no_assembly(parent: str | None, kind: str) -> None:
    halls = [
        cast.plant("U1", "T2", 4_000.0, parent_site_id=parent, lon_deg=121.20, lat_deg=31.30),
        cast.plant("U2", "T2", 4_000.0, parent_site_id=parent, lon_deg=121.22, lat_deg=31.30),
    ]
    building = [cast.plant("B", "T2", 8_000.0)] if parent else []
    demands = [cast.plant_demand("A", 4_000.0, phase=phase) for phase in (1, 2)]
    answer = matched.answered(matched.small([*building, *halls], [cast.project("A", "T2")], demands))
    both = answer.units.group_by("scheme_id").len().filter(pl.col("len") == 2)["scheme_id"]
    kinds = answer.schemes.filter(pl.col("scheme_id").is_in(both.implode()))["kind"]
    assert [kind] == kinds.unique().to_list()
    prices = answer.reasons.filter(pl.col("message_id") == "matching.price.apart")
    assert (kind == "split") == bool(prices.height)


def test_places_are_counted_by_what_hangs_together() -> None:
    near = joined(np.array([[0, 1], [1, 2], [3, 4]], dtype=np.int32), 6)
    assert [near.places(sites) for sites in ([], [0, 1, 2], [0, 2], [0, 1, 3, 4, 5])] == [0, 1, 2, 3]
