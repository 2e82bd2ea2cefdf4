"""The schemes of the small district and of others: every kind, and the independent checker's word on each."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cast
import matched
from yipanqi.admission.verdict import Verdict
from yipanqi.matching.schemes import Scheme, SchemeKind, SchemeOptions
from yipanqi.simulation.district import district

LATER = cast.AS_OF + timedelta(days=900)


def test_the_small_district_is_settled_as_one_would_by_hand() -> None:
    answer = matched.answered(cast.facts())
    found = {p: matched.places(answer, p) for p in ("A1", "A2", "A3", "B1", "C1", "D1")}
    parcels = {("N1",), ("N2",), ("N3",), ("S1",), ("K1",), ("K2",)}
    assert found == {
        "A1": parcels,
        "A2": parcels,
        "A3": {("E1",)},
        "B1": {("N1", "N2"), ("K1", "K2")},
        "C1": {("E1",)},
        "D1": set(),
    }


def test_two_fields_are_two_different_kinds_of_scheme() -> None:
    answer = matched.answered(cast.facts())
    shown = answer.schemes.filter((pl.col("project_id") == "B1") & pl.col("shown_rank").is_not_null())
    assert shown.sort("shown_rank")["kind"].to_list() == ["assembly", "relocation"]
    moved = answer.relocations.join(shown, on="scheme_id", how="semi").select("firm_id", "to_site_id").rows()
    assert moved == [("F1", "E4"), ("F2", "E1")]


def test_the_checker_finds_nothing_in_the_small_district() -> None:
    assert matched.wrong(cast.facts(), matched.answered(cast.facts())) == []


def shuffled(facts: Any, seed: int) -> Any:
    """The same facts with the rows of every table in another order."""
    frames = {k: v.sample(fraction=1.0, shuffle=True, seed=seed) for k, v in vars(facts).items()
              if isinstance(v, pl.DataFrame)}  # fmt: skip
    return type(facts)(**(vars(facts) | frames))


def tables_of(answer: Any) -> list[pl.DataFrame]:
    return [answer.schemes, answer.units, answer.relocations, answer.plan_changes, answer.reasons, answer.misses,
            answer.verdicts.verdicts, answer.verdicts.clauses]  # fmt: skip


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    facts = cast.facts()
    pairs = zip(tables_of(matched.answered(facts)), tables_of(matched.answered(shuffled(facts, seed))), strict=True)
    assert [a.equals(b) for a, b in pairs] == [True] * 8


def test_the_tables_keep_their_schemas() -> None:
    answer = matched.answered(cast.facts())
    Scheme.validate(answer.schemes)
    assert answer.schemes["scheme_id"].is_sorted()
    assert set(answer.units["scheme_id"]) == set(answer.schemes["scheme_id"])
    assert set(answer.reasons["scheme_id"]) == set(answer.schemes["scheme_id"])
    assert answer.verdicts.verdicts["case_id"].to_list() == answer.schemes["scheme_id"].to_list()


def test_what_admission_refuses_is_not_in_the_pool() -> None:
    answer = matched.answered(cast.facts())
    assert Verdict.REFUSED.value not in set(answer.verdicts.verdicts["verdict"])
    assert "D1" not in set(answer.schemes["project_id"])


def test_nobody_and_nothing_give_an_empty_answer() -> None:
    nobody = matched.answered(matched.small([cast.site("N1", "T1")], [cast.project("A", "T1")], []))
    assert [t.height for t in tables_of(nobody)] == [0] * 8
    nothing = matched.answered(matched.small([], [cast.project("A", "T1")], [cast.demand("A")]))
    assert [t.height for t in tables_of(nothing)] == [0] * 8


# The kinds


def one_project(sites: list[Any], *demands: Any, firms: list[Any] | None = None, **project: Any) -> tuple[Any, Any]:
    """Facts and answer of a district with one project of the south."""
    facts = matched.small(sites, [cast.project("A", "T2", **project)], list(demands), firms)
    return facts, matched.answered(facts)


@pytest.mark.parametrize(("may_split", "kinds"), [(True, {"split"}), (False, set())])
def test_a_project_is_split_over_two_towns_only_if_it_may(may_split: bool, kinds: set[str]) -> None:
    sites = [cast.site("S1", "T2", 30.0), cast.site("N1", "T1", 25.0), cast.site("S2", "T2", 25.0)]
    facts, answer = one_project(sites, cast.demand("A", may_split=may_split))
    assert matched.kinds(answer, "A") == kinds
    assert matched.wrong(facts, answer) == []
    # Two sites of one town that do not touch are no scheme.
    assert matched.places(answer, "A") == ({("N1", "S1"), ("N1", "S2")} if may_split else set())


@pytest.mark.parametrize(("south", "north"), [(45.0, 6.0), (25.0, 24.0), (40.0, 30.0)])
def test_the_parts_of_a_split_are_real_and_together_neither_too_small_nor_too_large(south: float, north: float) -> None:
    sites = [cast.site("S1", "T2", south), cast.site("N1", "T1", north)]
    assert one_project(sites, cast.demand("A", may_split=True))[1].schemes.is_empty()


def test_a_firm_begins_in_a_plant_while_it_waits_for_land() -> None:
    sites = [cast.site("S1", "T2", cleared_on=LATER), cast.plant("E1", "T3", 6000.0)]
    facts, answer = one_project(sites, cast.demand("A"))
    lease = answer.schemes.filter(pl.col("kind") == SchemeKind.LEASE_THEN_LAND.value).row(0, named=True)
    assert (lease["starts_on"], lease["available_on"]) == (cast.AS_OF, LATER)
    assert matched.places(answer, "A") == {("S1",), ("E1", "S1")}
    assert matched.wrong(facts, answer) == []


@pytest.mark.parametrize(
    "plant",
    [{"area_m2": 4000.0}, {"area_m2": 9000.0}, {"state": "occupied"}, {"cleared_on": LATER}, {"use_class": "C"}],
)
def test_the_plant_to_begin_in_must_do(plant: dict[str, Any]) -> None:
    """50 mu at a ratio of 1.5 is 50,000 m² of floor: a tenth of it, and not half as much again."""
    sites = [cast.site("S1", "T2", cleared_on=LATER), cast.plant("E1", "T3", **({"area_m2": 6000.0} | plant))]
    assert matched.places(one_project(sites, cast.demand("A"))[1], "A") == {("S1",)}


def test_land_that_comes_soon_needs_no_interim_plant() -> None:
    soon = cast.AS_OF + timedelta(days=200)
    sites = [cast.site("S1", "T2", cleared_on=soon), cast.plant("E1", "T3", 6000.0)]
    assert matched.kinds(one_project(sites, cast.demand("A"))[1], "A") == {"single"}


def test_low_efficiency_stock_is_renovated_first() -> None:
    site = cast.plant("E1", "T3", 5000.0, state="low_efficiency")
    _, answer = one_project([site], cast.plant_demand("A"), category="lease")
    scheme = answer.schemes.row(0, named=True)
    assert (scheme["kind"], (scheme["available_on"] - cast.AS_OF).days) == ("renovation", 274)


def test_what_the_plan_forbids_is_dropped_and_a_plan_change_costs_time() -> None:
    sites = [cast.site("S1", "T2", use_class="C"), cast.site("S2", "T2", use_class="W"), cast.site("S3", "T2")]
    _, answer = one_project(sites, cast.demand("A"))
    by_site = {u["site_id"]: u["scheme_id"] for u in answer.units.iter_rows(named=True)}
    schemes = {s["scheme_id"]: s for s in answer.schemes.iter_rows(named=True)}
    assert set(by_site) == {"S2", "S3"}
    changed, free = schemes[by_site["S2"]], schemes[by_site["S3"]]
    assert (changed["plan_change_count"], free["plan_change_count"]) == (1, 0)
    assert changed["available_on"] > free["available_on"]
    assert answer.plan_changes.select("scheme_id", "parameter", "from_value", "to_value").rows() == [
        (by_site["S2"], "use_class", "W", "M1")
    ]


def test_a_date_nobody_states_is_assumed_and_told() -> None:
    _, answer = one_project([cast.site("S1", "T2", utilities_on=None)], cast.demand("A"))
    days = (answer.schemes["available_on"][0] - cast.AS_OF).days
    assert days == pytest.approx(24 * 30.44, abs=1)
    assert "matching.note.undated" in set(answer.reasons["message_id"])


# Phases


def strip(count: int, *, town: str = "T2", area_mu: float = 60.0, first: int = 1, **changes: Any) -> list[Any]:
    """Parcels side by side, west to east."""
    return [
        cast.site(f"P{i}", town, area_mu, geometry_wkb=cast.rectangle(0.2 * i, 1.0, 0.2, 0.2), **changes)
        for i in range(first, first + count)
    ]


def test_a_later_phase_lies_beside_the_one_before() -> None:
    sites = [*strip(2), *strip(1, first=9)]
    first, second = cast.demand("A"), cast.demand("A", phase=2, adjacent_to_previous=True)
    facts, answer = one_project(sites, first, second, tax_wan=20_000.0, output_wan=300_000.0,
                                fixed_investment_wan=150_000.0, total_investment_wan=200_000.0)  # fmt: skip
    assert matched.places(answer, "A") == {("P1", "P2")}
    assert answer.units.height == 4  # either may come first
    assert matched.wrong(facts, answer) == []


def test_both_phases_share_a_divisible_parcel() -> None:
    sites = strip(1, area_mu=100.0, divisible=True)
    first, second = cast.demand("A", 60.0), cast.demand("A", 40.0, phase=2, adjacent_to_previous=True)
    _, answer = one_project(sites, first, second, tax_wan=20_000.0, output_wan=300_000.0,
                            fixed_investment_wan=150_000.0, total_investment_wan=200_000.0)  # fmt: skip
    assert answer.units.select("phase", "site_id", "take_m2").rows() == [
        (1, "P1", pytest.approx(40_000.0)),
        (2, "P1", pytest.approx(26_666.67)),
    ]


def test_an_optional_phase_without_a_place_is_told_and_a_firm_one_ends_the_scheme() -> None:
    def phases(commitment: str) -> Any:
        second = cast.demand("A", phase=2, adjacent_to_previous=True, commitment=commitment)
        return one_project(strip(1), cast.demand("A"), second)[1]

    told = phases("option").reasons.filter(pl.col("message_id") == "matching.note.unplaced")["params_json"].to_list()
    assert told == ['{"phase": 2}']
    firm = phases("firm")
    assert firm.schemes.is_empty()
    assert firm.misses["message_id"].to_list() == ["matching.miss.together"]


# Fixed placements


def test_a_fixed_project_takes_its_sites_as_they_are() -> None:
    sites = [cast.site("S1", "T2", state="occupied", use_class="C"), cast.site("S2", "T2")]
    facts = matched.small(
        sites,
        [cast.project("A", "T2", fixed_site_ids=["S1"]), cast.project("B", "T2")],
        [cast.demand("A", 10.0), cast.demand("B")],
    )
    answer = matched.answered(facts)
    assert (matched.places(answer, "A"), matched.places(answer, "B")) == ({("S1",)}, {("S2",)})
    told = answer.reasons.filter(pl.col("scheme_id").str.starts_with("A/"))["message_id"].to_list()
    assert {"matching.note.fixed", "matching.note.plan_forbids"} <= set(told)
    assert answer.schemes.filter(pl.col("project_id") == "A")["shown_rank"].to_list() == [1]


def test_two_projects_fixed_on_one_site_and_on_no_site_are_found() -> None:
    facts = matched.small(
        [cast.site("S1", "T2")],
        [cast.project("A", "T2", fixed_site_ids=["S1"]), cast.project("B", "T2", fixed_site_ids=["S1", "S9"])],
        [cast.demand("A"), cast.demand("B")],
    )
    answer = matched.answered(facts)
    told = [(f.rule, f.params["project"], f.params["site"]) for f in answer.findings]
    assert told == [("matching.fixed_twice", "B", "S1"), ("matching.fixed_unknown", "B", "S9")]
    assert answer.schemes.height == 2


def test_a_fixed_project_shares_a_divisible_site_among_its_phases() -> None:
    sites = [cast.site("S1", "T2", 100.0, divisible=True), cast.site("S2", "T2", 30.0)]
    phases = [cast.demand("A", 60.0), cast.demand("A", 50.0, phase=2)]
    facts = matched.small(sites, [cast.project("A", "T2", fixed_site_ids=["S2", "S1"])], phases)
    units = matched.answered(facts).units.select("phase", "site_id", "take_m2").rows()
    assert units == [
        (1, "S1", pytest.approx(40_000.0)),
        (2, "S1", pytest.approx(26_666.67)),
        (2, "S2", pytest.approx(20_000.0)),
    ]


# A whole synthetic district


@pytest.mark.parametrize("seed", [1, 2])
def test_the_checker_finds_nothing_in_a_synthetic_district(seed: int) -> None:
    facts = district(matched.BOOK, projects=60, sites=900, seed=seed, as_of=date(2026, 6, 30))
    answer = matched.answered(facts)
    fixed = set(facts.projects.filter(pl.col("fixed_site_ids").list.len() > 0)["project_id"])
    assert [v for v in matched.wrong(facts, answer) if v.who.split("/")[0] not in fixed] == []
    assert answer.schemes.height > 300
    assert set(answer.schemes["project_id"]) & set(answer.misses["project_id"]) == set()


def test_a_synthetic_district_keeps_its_answer_in_any_order() -> None:
    facts = district(matched.BOOK, projects=25, sites=300, seed=3, as_of=date(2026, 6, 30))
    pairs = zip(tables_of(matched.answered(facts)), tables_of(matched.answered(shuffled(facts, 7))), strict=True)
    assert [a.equals(b) for a, b in pairs] == [True] * 8


@pytest.mark.slow
def test_a_whole_district_is_diverse_and_right() -> None:
    facts = district(matched.BOOK, projects=400, sites=5000, seed=4, as_of=date(2026, 6, 30))
    answer = matched.answered(facts, SchemeOptions())
    fixed = set(facts.projects.filter(pl.col("fixed_site_ids").list.len() > 0)["project_id"])
    assert [v for v in matched.wrong(facts, answer) if v.who.split("/")[0] not in fixed] == []
    assert {"single", "assembly", "relocation", "split", "lease_then_land"} <= set(answer.schemes["kind"])
    assert answer.schemes.group_by("project_id").len()["len"].max() <= 40
