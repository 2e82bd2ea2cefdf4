from datetime import date
from functools import lru_cache

import polars as pl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from yipanqi.allocation.board import TABLES, Facts
from yipanqi.delivery.milestones import on_schedule
from yipanqi.inventory.sites import leaves
from yipanqi.kernel import tables
from yipanqi.pipeline.stages import ON_THE_BOARD, SETTLED
from yipanqi.policy.rulebook import PROFILES, load
from yipanqi.simulation.district import district, place_in

AS_OF = date(2026, 6, 30)


@lru_cache(maxsize=2)
def jiading(seed: int = 1) -> Facts:
    return district(load("jiading"), seed=seed, as_of=AS_OF)


def digests(facts: Facts) -> dict[str, str]:
    return {name: tables.digest(getattr(facts, name)) for name in TABLES}


def free(facts: Facts, kind: str) -> pl.DataFrame:
    return leaves(facts.sites).filter(pl.col("site_kind") == kind, pl.col("state").is_in(["available", "idle"]))


def test_the_same_seed_gives_the_same_district_and_another_seed_another():
    small = [district(load("jiading"), projects=20, sites=200, seed=s, as_of=AS_OF) for s in (1, 1, 2)]
    assert digests(small[0]) == digests(small[1])
    assert all(digests(small[0])[t] != digests(small[2])[t] for t in ("towns", "sites", "projects", "demands"))


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 40), st.integers(12, 260), st.integers(0, 2**31))
def test_any_size_and_seed_gives_exactly_the_asked_rows(projects, sites, seed):
    facts = district(load("recommended"), projects=projects, sites=sites, seed=seed, as_of=AS_OF)
    assert (projects, sites) == (facts.projects.height, facts.sites.height)


def test_the_default_is_the_size_the_real_district_published():
    assert (jiading().projects.height, jiading().sites.height) == (372, 5000)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_its_own_district(profile):
    facts = district(load(profile), projects=10, sites=120, seed=3, as_of=AS_OF)
    assert facts.synthetic
    assert not set(facts.sites["town_id"]) - set(facts.towns["town_id"])
    if profile != "recommended":
        assert facts.towns["town_id"].str.contains(r"^3101\d{5}$").all()


def test_too_few_sites_are_refused():
    with pytest.raises(ValueError, match="at least 12 sites"):
        district(load("jiading"), sites=11, seed=1, as_of=AS_OF)


def test_vacant_plants_and_offices_sum_to_the_published_totals():
    # Before projects were settled: what settled and fixed projects occupy counts as used since then.
    outdated = leaves(jiading().sites).filter(state="low_efficiency", site_kind="plant")["area_m2"].sum()
    vacant = {kind: free(jiading(), kind)["area_m2"].sum() for kind in ("plant", "office")}
    fixed = jiading().projects["fixed_site_ids"].drop_nulls().explode().implode()
    taken = jiading().sites.filter(pl.col("site_id").is_in(fixed)).group_by("site_kind").agg(pl.col("area_m2").sum())
    given_away = dict(taken.iter_rows())
    assert vacant["plant"] + outdated + given_away.get("plant", 0.0) == pytest.approx(911_000, rel=1e-3)
    assert vacant["office"] + given_away.get("office", 0.0) == pytest.approx(606_000, rel=1e-3)


def test_the_papers_share_of_major_projects_is_on_schedule():
    table = on_schedule(jiading().milestones, jiading().projects, AS_OF)
    assert table.select("projects_count", "late_count").row(0) == (69, 3)
    assert table["on_schedule_share"][0] == pytest.approx(66 / 69)


def test_everything_invented_says_so():
    facts = jiading()
    named = {
        "sites": ["name", "holder", "fact_source", "verified_by"],
        "projects": ["name", "investor", "centre"],
        "incumbents": ["name"],
        "leases": ["lessee"],
        "wishes": ["name"],
        "zones": ["name", "issued_by"],
        "towns": ["boundary_source"],
        "quotas": ["reference"],
    }
    for table, columns in named.items():
        for column in columns:
            words = getattr(facts, table)[column].drop_nulls()
            assert words.str.contains("合成").all(), (table, column)
    assert facts.projects["credit_code"].null_count() == facts.projects.height


def test_some_towns_have_plants_but_no_land_and_some_have_projects_but_no_room():
    facts = jiading()
    names = dict(facts.towns.select("town_id", "name").iter_rows())
    land = {names[t]: a for t, a in free(facts, "land").group_by("town_id").agg(pl.col("area_m2").sum()).iter_rows()}
    plants = {names[t]: n for t, n in free(facts, "plant").group_by("town_id").len().iter_rows()}
    wanted = facts.demands.filter(pl.col("need_kind") == "land").join(facts.projects, on="project_id")
    wanted = {names[t]: a for t, a in wanted.group_by("origin_town_id").agg(pl.col("need_m2").sum()).iter_rows()}
    assert plants["江桥镇"] > 20
    assert land.get("江桥镇", 0.0) < 0.05 * sum(land.values())
    assert wanted["南翔镇"] > 1.5 * land.get("南翔镇", 0.0)
    assert wanted.get("华亭镇", 0.0) < land["华亭镇"]


def test_parcels_lie_in_their_town_and_touch_without_overlapping():
    facts = jiading()
    towns = dict(zip(facts.towns["town_id"], shapely.from_wkb(facts.towns["geometry_wkb"].to_list()), strict=True))
    parcels = facts.sites.filter(pl.col("geometry_wkb").is_not_null())
    shapes = shapely.from_wkb(parcels["geometry_wkb"].to_list())
    assert all(towns[t].covers(s) for t, s in zip(parcels["town_id"], shapes, strict=True))
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = one < other
    assert pairs.sum() > parcels.height  # rows along streets: assemblies exist
    assert shapely.area(shapely.intersection(shapes[one[pairs]], shapes[other[pairs]])).max() < 1e-12


def test_units_belong_to_floors_floors_to_buildings_buildings_to_parcels():
    kinds = dict(jiading().sites.select("site_id", "site_kind").iter_rows())
    parents = dict(jiading().sites.select("site_id", "parent_site_id").iter_rows())
    depth = {key: [] for key in kinds}
    for key in kinds:
        here = parents[key]
        while here is not None:
            depth[key].append(kinds[here])
            here = parents[here]
    assert {len(chain) for chain in depth.values()} == {0, 1, 2, 3}
    assert all(chain[-1] == "land" for chain in depth.values() if chain)
    assert {len(chain) == 0 for key, chain in depth.items() if kinds[key] == "land"} == {True}


def test_settled_projects_occupy_sites_that_nobody_else_is_offered():
    facts = jiading()
    settled = facts.projects.filter(pl.col("stage").is_in([s.value for s in SETTLED]))
    bound = facts.projects["fixed_site_ids"].drop_nulls().explode()
    assert bound.n_unique() == bound.len() > settled.height / 2
    states = facts.sites.filter(pl.col("site_id").is_in(bound.implode()))["state"].unique()
    assert set(states) <= {"reserved", "occupied"}
    assert not set(facts.holds["site_id"]) & set(bound)


def test_most_projects_are_on_the_board():
    board = jiading().projects.filter(pl.col("stage").is_in([s.value for s in ON_THE_BOARD])).height
    assert 0.6 < board / 372 < 0.85


def test_sites_are_laid_inside_given_town_polygons():
    base = district(load("jiading"), projects=5, sites=60, seed=9, as_of=AS_OF)
    facts = place_in(base.towns.head(4), load("jiading"), projects=10, sites=150, seed=1, as_of=AS_OF)
    assert facts.towns.equals(base.towns.head(4))
    assert facts.sites.height == 150
    assert set(facts.sites["town_id"]) <= set(base.towns.head(4)["town_id"])


def test_towns_without_polygons_cannot_be_built_on():
    towns = district(load("jiading"), projects=5, sites=60, seed=9, as_of=AS_OF).towns
    bare = towns.with_columns(geometry_wkb=pl.lit(None, pl.Binary))
    with pytest.raises(ValueError, match="no town has a polygon"):
        place_in(bare, load("jiading"), seed=1, as_of=AS_OF)
