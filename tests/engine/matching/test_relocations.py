"""Destinations of the firms that must move: capacity, restrictions, and no choice missed."""

import math
from datetime import timedelta
from itertools import product
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cast
import matched
from yipanqi.inventory.sites import Hold, Incumbent, Site
from yipanqi.kernel import tables
from yipanqi.matching.figures import ready_days
from yipanqi.matching.ground import lay_out
from yipanqi.matching.relocations import Relocation, destinations
from yipanqi.matching.rules import rules_of
from yipanqi.matching.schemes import Supply
from yipanqi.pipeline.projects import Project
from yipanqi.planning.zones import ZoneShare

RULES = rules_of(matched.BOOK, cast.AS_OF)


def firms(*needs: float, **changes: Any) -> list[dict[str, Any]]:
    """Firms on K1 with the given needs of floor."""
    return [cast.incumbents()[0] | {"firm_id": f"F{i}", "need_m2": n} | changes for i, n in enumerate(needs)]


def relocation_of(sites: list[dict[str, Any]], incumbents: list[dict[str, Any]]) -> Relocation:
    """Relocation from K1 to the given sites."""
    busy = cast.site("K1", "P1", state="low_efficiency", lon_deg=121.2, lat_deg=31.3)
    ready = pl.lit(cast.AS_OF).alias("available_on"), pl.lit(False).alias("stale")
    here = tables.frame(Site, [busy, *sites]).with_columns(ready)
    supply = Supply(here, tables.empty(ZoneShare), tables.frame(Incumbent, incumbents), tables.empty(Hold))
    ground = lay_out(supply, tables.empty(Project), cast.AS_OF, RULES.unknown_date_months)
    days = ready_days(ground, RULES)
    return Relocation(ground, days, destinations(ground, days, RULES))


def moved(relocation: Relocation) -> dict[str, str | None] | None:
    """firm → destination when K1 is taken, or None."""
    ground = relocation.ground
    at = ground.index["K1"]
    moves = relocation.moves({at: float(ground.area[at])})
    return None if moves is None else {m.firm.firm_id: None if m.to is None else ground.ids[m.to] for m in moves}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from([500.0, 1000.0, 2000.0]), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from([600.0, 1200.0, 2500.0, 4000.0]), st.booleans()), max_size=4),
)
def test_a_placing_is_found_exactly_when_brute_force_finds_one(
    needs: list[float], rooms: list[tuple[float, bool]]
) -> None:
    sites = [cast.plant(f"E{i}", "T3", area, divisible=parts) for i, (area, parts) in enumerate(rooms)]

    def fits(choice: tuple[int, ...]) -> bool:
        for i, (area, parts) in enumerate(rooms):
            here = [n for n, at in zip(needs, choice, strict=True) if at == i]
            if parts and sum(here) > area:
                return False
            if not parts and (len(here) > 1 or any(not n <= area <= 3 * n for n in here)):
                return False
        return True

    possible = any(fits(choice) for choice in product(range(len(rooms)), repeat=len(needs)))
    found = moved(relocation_of(sites, firms(*needs)))
    assert (found is not None) == possible
    if found is not None:
        assert fits(tuple(int(str(found[f"F{i}"])[1:]) for i in range(len(needs))))


def test_a_firm_goes_to_the_nearest_of_equal_places() -> None:
    far = cast.plant("E0", "T3", 2000.0, lon_deg=121.4, lat_deg=31.3)
    near = cast.plant("E1", "T3", 2000.0, lon_deg=121.21, lat_deg=31.3)
    assert moved(relocation_of([far, near], firms(2000.0))) == {"F0": "E1"}


def test_a_firm_that_needs_no_area_closes() -> None:
    assert moved(relocation_of([], firms(0.0))) == {"F0": None}


@pytest.mark.parametrize(
    ("change", "free"),
    [({}, True), ({"clear_height_m": 5.0}, False), ({"clear_height_m": None}, True), ({"state": "occupied"}, False),
     ({"power_kva": 10.0}, True), ({"site_kind": "office"}, False), ({"area_m2": 7000.0}, False)],
)  # fmt: skip
def test_a_destination_must_fit_and_an_unknown_fact_passes(change: dict[str, Any], free: bool) -> None:
    found = moved(relocation_of([cast.plant("E0", "T3", 2000.0, **change)], firms(2000.0)))
    assert (found is not None) == free


def test_a_firm_names_the_only_places_it_accepts() -> None:
    sites = [cast.plant("E0", "T3", 2000.0), cast.plant("E1", "T3", 2000.0)]
    assert moved(relocation_of(sites, firms(2000.0, destination_site_ids=["E1"]))) == {"F0": "E1"}
    assert moved(relocation_of(sites, firms(2000.0, destination_site_ids=["E9"]))) is None


def test_a_place_where_a_firm_sits_is_no_destination_so_there_is_no_cycle() -> None:
    """Two parcels whose firms would only swap."""
    sites = [
        cast.plant("E1", "T3", 2000.0, state="low_efficiency"),
        cast.plant("E2", "T3", 2000.0, state="low_efficiency"),
    ]
    swap = [
        cast.incumbents()[0] | {"firm_id": "F1", "site_id": "E1", "destination_site_ids": ["E2"]},
        cast.incumbents()[0] | {"firm_id": "F2", "site_id": "E2", "destination_site_ids": ["E1"]},
    ]
    facts = matched.small(sites, [cast.project("A", "T3", category="lease")], [cast.plant_demand("A", 2000.0)], swap)
    assert matched.answered(facts).schemes.is_empty()


def test_without_its_only_destination_the_scheme_is_gone() -> None:
    facts = cast.facts()
    assert ("K1", "K2") in matched.places(matched.answered(facts), "B1")
    fewer = cast.facts(sites=facts.sites.filter(pl.col("site_id") != "E4"))
    assert ("K1", "K2") not in matched.places(matched.answered(fewer), "B1")


def test_the_scheme_itself_is_no_destination() -> None:
    """The only plant that would take the firm is the one the project wants."""
    sites = [cast.plant("E1", "T3", 2000.0, state="low_efficiency"), cast.plant("E2", "T3", 2000.0)]
    firm = [cast.incumbents()[0] | {"site_id": "E1"}]
    facts = matched.small(sites, [cast.project("A", "T3", category="lease")], [cast.plant_demand("A", 2000.0)], firm)
    answer = matched.answered(facts)
    for move in answer.relocations.iter_rows(named=True):
        taken = answer.units.filter(pl.col("scheme_id") == move["scheme_id"])["site_id"]
        assert move["to_site_id"] not in set(taken)


def test_the_slowest_firm_and_the_latest_destination_count() -> None:
    """One firm moves in 3 months, one in 20; the third in 5, but its destination is free after 900 days only."""
    late = cast.AS_OF + timedelta(days=900)
    busy = cast.site("K1", "P1", state="low_efficiency")
    halls = [cast.plant("E1", "T3", 2000.0), cast.plant("E2", "T3", 2000.0)]
    slow = [cast.incumbents()[0] | {"firm_id": f"F{m}", "relocation_months": m} for m in (3.0, 20.0)]

    def ready(sites: list[Any], incumbents: list[Any]) -> int:
        facts = matched.small([busy, *sites], [cast.project("A", "P1")], [cast.demand("A")], incumbents)
        return int((matched.answered(facts).schemes["available_on"][0] - cast.AS_OF).days)

    assert ready(halls, slow) == math.ceil(20 * 365.25 / 12)
    waits = [cast.incumbents()[0] | {"relocation_months": 5.0}]
    assert ready([cast.plant("E1", "T3", 2000.0, cleared_on=late)], waits) == 900 + math.ceil(5 * 365.25 / 12)


def test_the_site_is_ready_only_when_its_last_firm_has_gone() -> None:
    answer = matched.answered(cast.facts())
    scheme = answer.schemes.filter((pl.col("project_id") == "B1") & (pl.col("kind") == "relocation")).row(0, named=True)
    assert (scheme["available_on"] - cast.AS_OF).days == pytest.approx(8 * 30.44, abs=1)
    assert (scheme["relocation_count"], scheme["relocation_cost_wan"]) == (2, 6000.0)
