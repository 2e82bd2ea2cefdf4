"""The hard technical filters, and what an unknown fact does."""

from typing import Any

import polars as pl
import pytest

import cast
import matched
from yipanqi.inventory.sites import Hold
from yipanqi.kernel import tables
from yipanqi.matching.candidates import usable
from yipanqi.matching.setting import prepared


def offered(site: dict[str, Any], need: dict[str, Any], **project: Any) -> list[str]:
    """The sites offered to one project with one demand, where there is one site."""
    facts = matched.small([site], [cast.project("A", "T3", category="lease", **project)], [need])
    return sorted(set(matched.answered(facts).units["site_id"]))


PLANT = {"clear_height_m": 9.0, "floor_load_kn_m2": 20.0, "column_span_m": 12.0, "crane_t": 5.0, "power_kva": 1000.0,
         "gas_m3h": 10.0, "water_m3d": 20.0, "steam_th": 2.0, "sewage_m3d": 15.0}  # fmt: skip


@pytest.mark.parametrize("fact", sorted(PLANT))
def test_a_site_must_have_what_is_asked_and_an_unknown_fact_passes(fact: str) -> None:
    def found(there: float | None, asked: float | None) -> list[str]:
        site = cast.plant("E1", "T3", **(PLANT | {fact: there}))
        return offered(site, cast.plant_demand("A", **{fact: asked}))

    assert found(PLANT[fact], PLANT[fact]) == ["E1"]
    assert found(PLANT[fact], PLANT[fact] * 1.01) == []
    assert found(None, PLANT[fact] * 10) == ["E1"]
    assert found(0.0, None) == ["E1"]


def test_an_unknown_fact_lowers_the_fit_and_is_named() -> None:
    def one(height: float | None) -> tuple[float, list[str]]:
        facts = matched.small(
            [cast.plant("E1", "T3", clear_height_m=height)],
            [cast.project("A", "T3", category="lease")],
            [cast.plant_demand("A")],
        )
        answer = matched.answered(facts)
        unknown = answer.reasons.filter(pl.col("message_id") == "matching.note.unknown")["params_json"].to_list()
        return answer.schemes["fit_share"][0], unknown

    (known_fit, no_notes), (fit, notes) = one(9.0), one(None)
    assert (no_notes, fit < known_fit) == ([], True)
    assert notes == ['{"fact": "clear_height_m", "site": "E1号厂房", "site_id": "E1"}']


@pytest.mark.parametrize(
    ("floor_m2", "divisible", "taken"),
    [(3999.0, False, []), (4000.0, False, [4000.0]), (6000.0, False, [6000.0]), (6001.0, False, []),
     (20000.0, True, [4000.0]), (3999.0, True, [])],
)  # fmt: skip
def test_the_size_window(floor_m2: float, divisible: bool, taken: list[float]) -> None:
    facts = matched.small(
        [cast.plant("E1", "T3", floor_m2, divisible=divisible)],
        [cast.project("A", "T3", category="lease")],
        [cast.plant_demand("A")],
    )
    assert matched.answered(facts).units["take_m2"].to_list() == taken


@pytest.mark.parametrize(
    ("state", "found"),
    [("available", True), ("idle", True), ("clearing", True), ("low_efficiency", True), ("occupied", False),
     ("reserved", False), ("reduction", False)],
)  # fmt: skip
def test_only_offerable_states_are_offered(state: str, found: bool) -> None:
    assert bool(offered(cast.plant("E1", "T3", state=state), cast.plant_demand("A"))) == found


def test_rent_above_what_is_paid_is_out_and_unknown_rent_is_not() -> None:
    need = cast.plant_demand("A", rent_max_yuan_m2_day=1.0)
    rents = [offered(cast.plant("E1", "T3", rent_yuan_m2_day=rent), need) for rent in (1.0, 1.1, None)]
    assert rents == [["E1"], [], ["E1"]]


def test_what_the_investor_declined_is_not_offered_again() -> None:
    assert offered(cast.plant("E1", "T3"), cast.plant_demand("A"), declined_site_ids=["E1"]) == []


def test_another_kind_of_site_is_no_candidate() -> None:
    assert offered(cast.plant("E1", "T3", site_kind="office"), cast.plant_demand("A")) == []


@pytest.mark.parametrize(
    ("holder", "until", "state", "found"),
    [("B", "2026-06-30", "available", False), ("B", "2026-06-29", "available", True),
     ("A", "2026-06-30", "reserved", True), ("A", "2026-06-29", "reserved", False)],
)  # fmt: skip
def test_a_live_hold_keeps_the_others_out(holder: str, until: str, state: str, found: bool) -> None:
    facts = matched.small([cast.plant("E1", "T3", state=state)], [cast.project("A", "T3")], [cast.plant_demand("A")])
    hold = {"site_id": "E1", "project_id": holder, "held_until": pl.Series([until]).str.to_date()[0]}
    supply, want = matched.asked(facts)
    held = type(supply)(supply.sites, supply.shares, supply.incumbents, tables.frame(Hold, [hold]))
    setting = prepared(held, want, matched.BOOK, cast.AS_OF)
    assert usable(setting.ground, setting.needs[0]).tolist() == [found]


def test_units_have_power_together_but_each_its_own_height() -> None:
    rooms = [cast.plant(f"U{i}", "T3", 2000.0, parent_site_id="B", unit_no=str(i), power_kva=300.0) for i in (1, 2)]
    building = cast.plant("B", "T3", 4000.0)

    def found(**asked: float) -> int:
        facts = matched.small(
            [building, *rooms], [cast.project("A", "T3", category="lease")], [cast.plant_demand("A", **asked)]
        )
        return matched.answered(facts).schemes.height

    assert [found(power_kva=600.0), found(power_kva=601.0), found(power_kva=600.0, clear_height_m=9.5)] == [1, 0, 0]


def test_a_building_with_units_is_not_offered_itself() -> None:
    rooms = [cast.plant("U1", "T3", 4000.0, parent_site_id="B")]
    facts = matched.small(
        [cast.plant("B", "T3", 4000.0), *rooms],
        [cast.project("A", "T3", category="lease")],
        [cast.plant_demand("A")],
    )
    assert set(matched.answered(facts).units["site_id"]) == {"U1"}
