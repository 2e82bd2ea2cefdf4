"""The checker itself: it accepts good answers and finds each kind of fault put into one."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

import cast
from board_checker import placements
from checker import Checker, cyclic
from yipanqi.allocation.board import TownLimit
from yipanqi.inventory.sites import Hold, Incumbent, Site
from yipanqi.kernel import tables
from yipanqi.pipeline.projects import Demand, Project
from yipanqi.planning.quotas import QuotaLine
from yipanqi.planning.zones import Zone

MU = 2000 / 3
DAY = date(2027, 6, 30)


def answer(kind: str, units: list[tuple], moves: list[tuple] = (), key: str = "s", project: str = "A1", **dates: date):
    """A scheme as the three frames the checker reads; units: (site, mu), moves: (firm, from, to, m²)."""
    schemes = pl.DataFrame(
        [{"scheme_id": key, "project_id": project, "kind": kind, "available_on": DAY, "starts_on": None} | dates]
    )
    rows = [
        {"scheme_id": key, "phase": u[2] if len(u) > 2 else 1, "site_id": u[0], "take_m2": u[1] * MU} for u in units
    ]
    gone = [
        {
            "scheme_id": key,
            "firm_id": f,
            "from_site_id": a,
            "to_site_id": b,
            "take_m2": m,
            "cost_wan": 3_000.0,
            "months": 8.0,
        }
        for f, a, b, m in moves
    ]
    schema = {"scheme_id": pl.String, "firm_id": pl.String, "from_site_id": pl.String, "to_site_id": pl.String,
              "take_m2": pl.Float64, "cost_wan": pl.Float64, "months": pl.Float64}  # fmt: skip
    return schemes, pl.DataFrame(rows), pl.DataFrame(gone, schema=schema)


def changed(table: str, schema: Any, rows: list[dict], key: str, **changes: dict[str, Any]) -> dict[str, pl.DataFrame]:
    """A table of the cast with some rows changed, as a change of the facts."""
    return {table: tables.frame(schema, [row | changes.get(row[key], {}) for row in rows])}


def rules(facts: Any, schemes: pl.DataFrame, units: pl.DataFrame, moves: pl.DataFrame) -> set[str]:
    return {violation.rule for violation in Checker(facts).schemes(schemes, units, moves)}


MOVED = [("F1", "K1", "E1", 5_000.0), ("F2", "K2", "E4", 3_000.0)]
ONE = ("single", [("N1", 60)])
PARK = ("relocation", [("K1", 60), ("K2", 60)], MOVED)


def test_good_schemes_are_accepted():
    facts = cast.facts()
    assert rules(facts, *answer(*ONE)) == set()
    assert rules(facts, *answer(*PARK, project="B1")) == set()
    assert rules(facts, *answer("assembly", [("N1", 60), ("N2", 60)], project="B1")) == set()


@pytest.mark.parametrize(
    ("scheme", "rule"),
    [
        (("single", [("N1", 40)]), "divided"),
        (("single", [("N1", 70)]), "too_much"),
        (("assembly", [("N1", 60), ("N2", 60)]), "size"),
        (("single", [("E1", 7.5)]), "wrong_kind"),
        (("single", [("N4", 60)]), "reduction_area"),
        (("single", [("N4", 60)]), "not_available"),
        (("single", [("nowhere", 60)]), "unknown_site"),
        (("single", [("N1", 60, 2)]), "phase_unknown"),
        (("single", [("N1", 60, 2)]), "phase_missing"),
        (("single", [("K1", 60)]), "firms"),
        (("relocation", [("K1", 60)], [("F1", "K1", None, 0.0)]), "destination"),
        (("relocation", [("K1", 60)], [("F1", "K1", "E3", 5_000.0)]), "destination"),
        (("relocation", [("K1", 60)], [("F1", "K1", "E2", 5_000.0)]), "destination"),
        (("relocation", [("K1", 60)], [("F1", "K1", "E1", 1_000.0)]), "destination"),
        (("relocation", [("K1", 60)], [("F1", "K1", "N1", 2_000.0)]), "destination"),
        (("relocation", [("K1", 60)], [("F1", "N1", "E1", 5_000.0)]), "from"),
        (("relocation", [("K1", 60)], [("F9", "K1", "E1", 5_000.0)]), "firm_unknown"),
        (("relocation", [("K1", 60), ("K2", 60)], [("F1", "K1", "K2", 5e3), ("F2", "K2", "K1", 5e3)]), "cycle"),
        (("relocation", [("K1", 60), ("K2", 60)], [("F1", "K1", "E1", 5e3), ("F2", "K2", "E1", 5e3)]), "capacity"),
        (("split", [("N1", 60), ("S1", 60)]), "not_adjacent"),
    ],
)
def test_a_fault_in_a_scheme_is_found(scheme, rule):
    assert rule in rules(cast.facts(), *answer(*scheme))


@pytest.mark.parametrize(
    ("changes", "scheme", "rule"),
    [
        (changed("sites", Site, cast.sites(), "site_id", N1={"state": "occupied"}), ONE, "not_available"),
        (changed("sites", Site, cast.sites(), "site_id", N1={"power_kva": 10.0}), ONE, "power_kva"),
        (changed("sites", Site, cast.sites(), "site_id", N1={"utilities_on": DAY + timedelta(1)}), ONE, "date"),
        (changed("sites", Site, cast.sites(), "site_id", N2={"parent_site_id": "N1"}), ONE, "not_a_leaf"),
        (changed("demands", Demand, cast.demands(), "project_id", A1={"need_m2": 70 * MU}), ONE, "size"),
        (changed("projects", Project, cast.projects(), "project_id", A1={"declined_site_ids": ["N1"]}), ONE,
         "declined"),
        (changed("projects", Project, cast.projects(), "project_id", A2={"fixed_site_ids": ["N1"]}), ONE, "held"),
        (changed("incumbents", Incumbent, cast.incumbents(), "firm_id", F1={"destination_site_ids": ["E4"]}), PARK,
         "destination"),
        (changed("incumbents", Incumbent, cast.incumbents(), "firm_id", F1={"relocation_months": 30.0}), PARK, "date"),
        (changed("incumbents", Incumbent, cast.incumbents(), "firm_id", F1={"relocation_cost_wan": 1.0}), PARK, "cost"),
        (changed("zones", Zone, cast.zones(), "zone_id", Z104={"zone_kind": "red_line", "value": "farmland"}), ONE,
         "red_line"),
        (changed("zones", Zone, cast.zones(), "zone_id", Z104={"zone_kind": "buffer", "value": "housing",
                                                                "excluded_uses": ["M1"]}), ONE, "buffer"),
    ],
)  # fmt: skip
def test_a_fault_in_the_facts_is_found(changes, scheme, rule):
    project = "B1" if scheme is PARK else "A1"
    assert rule in rules(cast.facts(**changes), *answer(*scheme, project=project))


@pytest.mark.parametrize(("until", "found"), [(cast.AS_OF, True), (cast.AS_OF - timedelta(1), False)])
def test_a_hold_counts_until_its_last_day(until, found):
    hold = tables.frame(Hold, [{"site_id": "N1", "project_id": "A2", "held_until": until}])
    assert ("held" in rules(cast.facts(holds=hold), *answer(*ONE))) == found


def test_a_phase_that_must_touch_the_one_before_is_held_to_it():
    rows = [*cast.demands(), cast.demand("A1", phase=2, adjacent_to_previous=True)]
    facts = cast.facts(demands=tables.frame(Demand, rows))
    assert "phases_apart" not in rules(facts, *answer("assembly", [("N1", 60), ("N2", 60, 2)]))
    assert "phases_apart" in rules(facts, *answer("assembly", [("N1", 60), ("N3", 60, 2)]))


@pytest.mark.parametrize(("plants", "starts", "found"), [
    (["E1"], cast.AS_OF, set()),
    (["E1"], DAY, {"interim"}),
    (["E4"], cast.AS_OF, {"interim"}),
    (["E1", "E2"], cast.AS_OF, {"interim"}),
    (["E1"], None, {"interim"}),
])  # fmt: skip
def test_a_plant_leased_first_is_one_large_enough_and_there_before_the_land(plants, starts, found):
    floor = {"E1": 7.5, "E2": 7.5, "E4": 4.5}
    scheme = answer("lease_then_land", [("N1", 60), *((p, floor[p]) for p in plants)], starts_on=starts)
    assert rules(cast.facts(), *scheme) == found


def test_a_fixed_project_stays_where_it_is_fixed():
    rows = [p | ({"fixed_site_ids": ["N1"]} if p["project_id"] == "A1" else {}) for p in cast.projects()]
    facts = cast.facts(projects=tables.frame(Project, rows))
    assert rules(facts, *answer("single", [("N1", 60)])) == set()
    assert rules(facts, *answer("single", [("N2", 60)])) == {"not_where_fixed"}


def board(*answers: tuple) -> tuple[pl.DataFrame, ...]:
    schemes, units, moves = (pl.concat(frames) for frames in zip(*answers, strict=True))
    return schemes.select("project_id", "scheme_id"), schemes, units, moves


def board_rules(facts: Any, *answers: tuple) -> set[str]:
    return {violation.rule for violation in placements(facts, *board(*answers))}


def test_a_board_may_use_every_site_firm_and_quota_once():
    first = answer("single", [("N1", 60)], key="a", project="A1")
    second = answer("single", [("N2", 60)], key="b", project="A2")
    again = answer("single", [("N1", 60)], key="b", project="A2")
    assert board_rules(cast.facts(), first, second) == set()
    assert board_rules(cast.facts(), first, again) == {"capacity"}
    assert "placed_twice" in board_rules(cast.facts(), first, answer("single", [("N2", 60)], key="b", project="A1"))
    park = answer("relocation", [("K1", 60)], MOVED[:1], key="a", project="A1")
    other = answer("relocation", [("K1", 60)], [("F1", "K1", "E4", 3e3)], key="b", project="A2")
    assert {"moved_twice", "capacity"} <= board_rules(cast.facts(), park, other)


@pytest.mark.parametrize(("town", "amount", "found"), [(None, 100.0, True), (None, 130.0, False)])
def test_a_board_may_not_exceed_a_quota(town, amount, found):
    ledger = [{"entry_id": "Q1", "quota_kind": "land", "town_id": town, "entry": "issued", "amount": amount * MU}]
    facts = cast.facts(quotas=tables.frame(QuotaLine, ledger))
    pair = [answer("single", [("N1", 60)], key="a"), answer("single", [("N2", 60)], key="b", project="A2")]
    assert ("quota" in board_rules(facts, *pair)) == found


def test_a_towns_own_quota_is_used_before_the_districts():
    lines = [("Q1", None, 30.0), ("Q2", "T1", 90.0)]
    ledger = [
        {"entry_id": k, "quota_kind": "land", "town_id": t, "entry": "issued", "amount": a * MU} for k, t, a in lines
    ]
    facts = cast.facts(quotas=tables.frame(QuotaLine, ledger))
    pair = [answer("single", [("N1", 60)], key="a"), answer("single", [("N2", 60)], key="b", project="A2")]
    assert "quota" not in board_rules(facts, *pair)
    assert "quota" in board_rules(facts, *pair, answer("single", [("S1", 60)], key="c", project="D1"))


@pytest.mark.parametrize(("column", "least", "most", "rule"), [
    ("projects_max_count", 1, 2, "town_projects"), ("land_max_m2", 119 * MU, 121 * MU, "town_land"),
])  # fmt: skip
def test_a_board_may_not_exceed_a_towns_ceiling(column, least, most, rule):
    pair = [answer("single", [("N1", 60)], key="a"), answer("single", [("N2", 60)], key="b", project="A2")]
    for value, found in ((least, True), (most, False)):
        limits = tables.frame(TownLimit, [{"town_id": "T1", column: value}])
        assert (rule in board_rules(cast.facts(town_limits=limits), *pair)) == found


def test_what_is_fixed_may_have_taken_more_than_there_is_but_nothing_is_added():
    ledger = [{"entry_id": "Q1", "quota_kind": "land", "town_id": None, "entry": "issued", "amount": 30 * MU}]
    rows = [p | ({"fixed_site_ids": ["N1"]} if p["project_id"] == "A1" else {}) for p in cast.projects()]
    facts = cast.facts(quotas=tables.frame(QuotaLine, ledger), projects=tables.frame(Project, rows))
    fixed, other = answer("single", [("N1", 60)], key="a"), answer("single", [("N2", 60)], key="b", project="A2")
    assert "quota" not in board_rules(facts, fixed)
    assert "quota" in board_rules(facts, fixed, other)


def test_somebody_who_waits_for_somebody_who_waits_is_a_cycle():
    assert cyclic({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert not cyclic({"a": {"b"}, "b": {"c"}, "c": {None}})
