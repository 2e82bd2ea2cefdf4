"""Real town polygons through the main job, with synthetic sites laid inside them.

The polygons (© OpenStreetMap contributors, ODbL) are read where they lie; nothing of them is kept here.
"""

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import shapely

from board_checker import placements
from checker import Checker
from yipanqi.allocation.board import PlayOptions, play
from yipanqi.files.gis import read_layer
from yipanqi.kernel import tables
from yipanqi.planning.zones import Town
from yipanqi.policy.rulebook import load
from yipanqi.simulation.district import place_in

AS_OF = date(2026, 6, 30)
CREDIT = "© OpenStreetMap contributors, ODbL"


def real_towns(district_code: str) -> pl.DataFrame:
    """The towns of a district whose real polygons are to be had."""
    layer, findings = read_layer(Path(os.environ["YIPANQI_REAL_DATA"]) / "shanghai_towns_partial.geojson")
    assert not [f for f in findings if f.blocks]
    kinds = {"街道": "street", "镇": "town"}
    rows = [
        {"town_id": row["code"], "name": row["name"], "geometry_wkb": row["geometry_wkb"], "boundary_source": CREDIT,
         "town_kind": next((k for end, k in kinds.items() if row["name"].endswith(end)), "park")}
        for row in layer.filter(pl.col("district_code").cast(pl.String) == district_code).iter_rows(named=True)
    ]  # fmt: skip
    return tables.frame(Town, rows)


@pytest.mark.real_data
@pytest.mark.skipif("YIPANQI_REAL_DATA" not in os.environ, reason="no real data")
@pytest.mark.parametrize(("profile", "code", "count"), [("jiading", "310114", 8), ("jinshan", "310116", 10)])
def test_synthetic_sites_lie_inside_the_real_towns_and_the_board_is_played_on_them(profile, code, count):
    towns = real_towns(code)
    assert towns.height == count
    rulebook = load(profile)
    facts = place_in(towns, rulebook, projects=40, sites=600, seed=1, as_of=AS_OF)
    shapes = dict(zip(towns["town_id"], shapely.from_wkb(towns["geometry_wkb"].to_list()), strict=True))
    parcels = facts.sites.filter(pl.col("geometry_wkb").is_not_null())
    inside = [shapes[t].covers(shapely.from_wkb(g)) for t, g in parcels.select("town_id", "geometry_wkb").iter_rows()]
    assert all(inside)
    assert facts.towns["boundary_source"].unique().to_list() == [CREDIT]
    plan = play(facts, rulebook, PlayOptions())
    s = plan.schemes
    assert s.schemes.height > 0
    assert Checker(facts).schemes(s.schemes, s.units, s.relocations) == []
    for scenario in plan.scenarios.values():
        assert placements(facts, scenario.placements, s.schemes, s.units, s.relocations) == []
