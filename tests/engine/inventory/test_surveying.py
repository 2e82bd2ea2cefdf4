"""What a site states, what is drawn, and where the borders run must agree, or somebody is told."""

from datetime import date

import polars as pl
import pytest

import cast
from yipanqi.inventory.sites import Site
from yipanqi.inventory.surveying import survey
from yipanqi.kernel import geometry, tables
from yipanqi.planning.zones import Town
from yipanqi.policy.rulebook import load
from yipanqi.policy.wording import sentence

BOOK = load("jiading")
TOWNS = tables.frame(Town, cast.towns())
SQUARE = cast.rectangle(1.0, 8.0, 0.2, 0.2)
NOWHERE = ["inventory.outside_district", "inventory.other_town"]
DRAWN_MU = float(geometry.areas_m2([SQUARE], 4549)[0]) * 3 / 2000


def told(row: dict, towns: pl.DataFrame = TOWNS) -> list[str]:
    found = survey(tables.frame(Site, [row]), towns, BOOK, cast.AS_OF)
    assert [f for f in found if sentence(f) == sentence(f, "en") or f.params["site"] != row["site_id"]] == []
    return [f.rule for f in found]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"area_m2": DRAWN_MU * 2000 / 3 * 1.0095}, []),
        ({"area_m2": DRAWN_MU * 2000 / 3 * 1.0105}, ["inventory.area_differs"]),
        ({"site_kind": "plant", "area_m2": 9.0}, []),
        ({"town_id": "T2"}, ["inventory.other_town"]),
        ({"geometry_wkb": cast.rectangle(5.88, 8.0, 0.2, 0.2)}, []),  # between T1 and the park, most of it in T1
        ({"geometry_wkb": cast.rectangle(1.0, 11.9, 0.2, 0.2)}, ["inventory.outside_district"]),
        ({"geometry_wkb": cast.rectangle(1.0, 30.0, 0.2, 0.2)}, NOWHERE),
        ({"geometry_wkb": None, "lon_deg": 121.21, "lat_deg": 31.37}, []),
        ({"geometry_wkb": None, "lon_deg": 122.0, "lat_deg": 31.37}, NOWHERE),
        ({"geometry_wkb": None}, []),
        ({"verified_by": None}, ["inventory.nobody_answers"]),
        ({"fact_source": None, "fact_state": "in_use"}, ["inventory.nobody_answers"]),
        ({"fact_source": None, "verified_by": None, "fact_state": "reported"}, []),
        ({"fact_on": date(2026, 7, 1)}, ["inventory.fact_from_future"]),
    ],
)  # fmt: skip
def test_what_does_not_agree_is_told(changes: dict, expected: list[str]) -> None:
    assert told(cast.site("X", "T1", DRAWN_MU, geometry_wkb=SQUARE) | changes) == expected


def test_without_all_borders_it_is_said_that_nobody_can_say_outside() -> None:
    bare = pl.when(pl.col("town_id") == "T3").then(None).otherwise(pl.col("geometry_wkb"))
    some = TOWNS.with_columns(bare.alias("geometry_wkb"))
    far = cast.site("N1", "T1", geometry_wkb=cast.rectangle(1.0, 30.0, 0.2, 0.2))
    found = survey(tables.frame(Site, [far]), some, BOOK, cast.AS_OF)
    assert {f.rule for f in found} >= {"inventory.no_border", "inventory.other_town"}
    assert "inventory.outside_district" not in {f.rule for f in found}
    (note,) = [f for f in found if f.rule == "inventory.no_border"]
    assert (note.params["towns"], note.blocks) == ("T3", False)
    assert "T3" in sentence(note)
    assert sentence(note) != sentence(note, "en")


def test_the_small_district_agrees_with_itself_whatever_the_order() -> None:
    facts = cast.facts()
    found = survey(facts.sites, facts.towns, BOOK, facts.as_of)
    assert {f.rule for f in found} <= {"inventory.area_differs"}
    assert survey(facts.sites.reverse(), facts.towns.reverse(), BOOK, facts.as_of) == found
    assert survey(tables.empty(Site), tables.empty(Town), BOOK, facts.as_of) == ()
