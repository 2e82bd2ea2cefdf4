"""Sites read from the layers: what is filled, what is kept, what is reported."""

from datetime import date

import polars as pl
import pytest

import cast
from cast import AS_OF, rectangle
from yipanqi.inventory.sites import Site
from yipanqi.kernel import tables
from yipanqi.planning.zones import Located, Zone, ZoneShare, locate
from yipanqi.policy.rulebook import load
from yipanqi.policy.wording import sentence

BOOK = load("jiading")


def zone(zone_id: str, kind: str, value: str, shape: bytes, **changes: object) -> dict[str, object]:
    return {"zone_id": zone_id, "zone_kind": kind, "value": value, "geometry_wkb": shape} | changes


def located(sites: list[dict[str, object]], zones: list[dict[str, object]]) -> Located:
    return locate(tables.frame(Site, sites), tables.frame(Zone, zones), BOOK, AS_OF)


def bare(site_id: str, **changes: object) -> dict[str, object]:
    empty = dict.fromkeys(
        ("area_class", "functional_type", "use_class", "far_min_ratio", "far_max_ratio", "height_max_m")
    )
    return cast.site(site_id, "T1", geometry_wkb=rectangle(1, 1, 0.2, 0.2)) | empty | changes


def test_null_attributes_and_limits_are_filled_from_the_layers() -> None:
    whole = rectangle(0, 0, 5, 5)
    limits = {"far_min_ratio": 1.0, "far_max_ratio": 2.0, "height_max_m": 40.0, "industry_directions": ["36", "39"]}
    found = located(
        [bare("A")],
        [zone("1", "area_class", "104", whole), zone("2", "functional_type", "base", whole),
         zone("3", "planned_use", "M2", whole, **limits)],
    )  # fmt: skip
    filled = found.sites.row(0, named=True)
    expected = {"area_class": "104", "functional_type": "base", "use_class": "M2", **limits}
    assert expected == {name: filled[name] for name in expected}
    assert found.findings == ()


def test_the_value_with_the_largest_share_wins_and_both_parts_are_reported_with_area_and_share() -> None:
    west, east = rectangle(0, 0, 1.05, 5), rectangle(1.05, 0, 5, 5)  # a quarter and three quarters of the parcel
    found = located([bare("A")], [zone("1", "area_class", "198", west), zone("2", "area_class", "104", east)])
    assert found.sites["area_class"][0] == "104"
    assert found.shares["share"].round(3).to_list() == [0.25, 0.75]
    partial = {f.params["zone"]: f for f in found.findings}
    assert {"198", "104"} == set(partial)
    assert pytest.approx(float(str(partial["198"].params["share"])), abs=1e-3) == 0.25
    assert pytest.approx(float(str(partial["198"].params["area"])), abs=20) == 9_971
    assert "25.0%" in sentence(partial["198"])


def test_two_zones_of_one_value_count_together_against_a_larger_one() -> None:
    thirds = [rectangle(1 + 0.2 * a, 0, 0.2 * b, 5) for a, b in ((0, 0.3), (0.3, 0.4), (0.7, 0.3))]
    found = located(
        [bare("A")],
        [zone(str(i), "area_class", v, s) for i, (v, s) in enumerate(zip(("195", "104", "195"), thirds, strict=True))],
    )
    assert found.sites["area_class"][0] == "195"


def test_a_stated_attribute_is_kept_and_the_contradiction_reported() -> None:
    found = located([bare("A", area_class="195")], [zone("1", "area_class", "104", rectangle(0, 0, 5, 5))])
    assert found.sites["area_class"][0] == "195"
    assert [f.rule for f in found.findings] == ["planning.contradiction"]


def test_a_sliver_below_the_least_share_says_nothing() -> None:
    found = located([bare("A")], [zone("1", "area_class", "198", rectangle(0, 0, 1.001, 5))])
    assert (found.sites["area_class"][0], found.findings) == (None, ())
    assert found.shares.height == 1


def test_zones_out_of_force_say_nothing() -> None:
    shape = rectangle(0, 0, 5, 5)
    found = located([bare("A")], [zone("1", "area_class", "198", shape, effective_to=date(2026, 6, 29)),
                                  zone("2", "area_class", "104", shape, effective_from=date(2026, 7, 1))])  # fmt: skip
    assert (found.sites["area_class"][0], found.shares.height) == (None, 0)


def test_a_point_lies_wholly_in_the_zones_around_it() -> None:
    point = bare("P", geometry_wkb=None, lon_deg=121.2 + 0.0105, lat_deg=31.3 + 0.009)
    found = located([point], [zone("1", "area_class", "104", rectangle(0, 0, 5, 5))])
    assert (found.sites["area_class"][0], found.shares["share"].to_list()) == ("104", [1.0])


def test_a_site_without_a_place_keeps_its_attributes() -> None:
    nowhere = bare("P", geometry_wkb=None, area_class="195")
    found = located([nowhere], [zone("1", "area_class", "104", rectangle(0, 0, 5, 5))])
    assert (found.sites["area_class"][0], found.shares.height, found.findings) == ("195", 0, ())


def test_a_filled_ratio_that_would_cross_the_stated_one_is_not_used() -> None:
    layer = zone("1", "planned_use", "M1", rectangle(0, 0, 5, 5), far_max_ratio=1.0)
    found = located([bare("A", far_min_ratio=1.5)], [layer])
    assert found.sites.select("far_min_ratio", "far_max_ratio").row(0) == (1.5, None)
    assert [f.rule for f in found.findings] == ["planning.far_limits_crossed"]


def test_the_small_district_is_read_and_keeps_its_schema_whatever_the_row_order() -> None:
    facts = cast.facts()
    one = locate(facts.sites, facts.zones, BOOK, AS_OF)
    other = locate(facts.sites.reverse(), facts.zones.reverse(), BOOK, AS_OF)
    Site.validate(one.sites)
    ZoneShare.validate(one.shares)
    assert one.shares.equals(other.shares)
    assert one.sites.equals(other.sites.reverse())
    assert dict(
        one.sites.filter(pl.col("site_id").is_in(["N1", "K1", "N4"]))
        .select("site_id", "area_class")
        .sort("site_id")
        .iter_rows()
    ) == {"N1": "104", "K1": "195", "N4": "198"}
