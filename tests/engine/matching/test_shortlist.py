"""The shortlist gives what a scan of every site gives; it only looks at fewer."""

import time
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cast
import matched
from yipanqi.inventory.sites import Hold, SiteState
from yipanqi.kernel import tables
from yipanqi.matching import _block_kernels
from yipanqi.matching.candidates import usable
from yipanqi.matching.contract import Supply, Want
from yipanqi.matching.figures import PARTS, PlanWord, figures, parts, ready_days, score
from yipanqi.matching.ground import lay_out
from yipanqi.matching.needs import Need, needs_of
from yipanqi.matching.relocations import destinations, movable
from yipanqi.matching.rules import rules_of
from yipanqi.matching.shortlist import Pick, PlanWords, Shortlist, SiteClass
from yipanqi.matching.ways import on_one_site
from yipanqi.pipeline.projects import Wish

RULES = rules_of(matched.BOOK, cast.AS_OF)
PLAN_CLASSES = 3
Answer = list[tuple[str, int, int, str, float, list[float]]]


def some_of(rng: np.random.Generator, values: list[Any], null: float = 0.2) -> Any:
    """One of a few values, so that ties are common; or nothing."""
    return None if rng.random() < null else values[int(rng.integers(len(values)))]


def random_sites(rng: np.random.Generator, count: int) -> list[dict[str, Any]]:
    states = [state.value for state in SiteState]
    day = cast.AS_OF + timedelta(days=400)
    rows = []
    for at in range(count):
        kind = ["land", "plant", "office"][int(rng.integers(3))]
        make = cast.site if kind == "land" else cast.plant
        there = rng.random() < 0.8
        rows.append(
            make(f"S{at:03d}", f"T{int(rng.integers(5))}")
            | {
                "site_kind": kind, "area_m2": some_of(rng, [900.0, 1000.0, 1200.0, 5000.0], 0.0),
                "divisible": bool(rng.random() < 0.3), "state": some_of(rng, [*states, "available", "idle"], 0.0),
                "area_class": some_of(rng, ["104", "195", "198"]), "cleared_on": some_of(rng, [cast.AS_OF, day]),
                "industry_directions": some_of(rng, [["36"], ["3", "40"], []]),
                "lon_deg": 121.0 + rng.integers(3) / 10 if there else None,
                "lat_deg": 31.0 + rng.integers(3) / 10 if there else None,
                "price_wan_per_mu": some_of(rng, [80.0, 160.0]), "rent_yuan_m2_day": some_of(rng, [1.0, 2.0]),
                **{name: some_of(rng, [5.0, 10.0]) for name in ("clear_height_m", "floor_load_kn_m2", "crane_t")},
                **{name: some_of(rng, [50.0, 100.0]) for name in ("power_kva", "gas_m3h", "steam_th")},
            }
        )  # fmt: skip
    return rows


def random_demand(rng: np.random.Generator, key: str) -> dict[str, Any]:
    kind = ["land", "plant", "office"][int(rng.integers(3))]
    return cast.demand(key) | {
        "need_kind": kind, "need_m2": some_of(rng, [900.0, 1000.0, 1150.0], 0.0),
        "rent_max_yuan_m2_day": some_of(rng, [1.0, 2.0], 0.5), "clear_height_m": some_of(rng, [5.0, 10.0], 0.6),
        "power_kva": some_of(rng, [50.0, 100.0], 0.4), "steam_th": some_of(rng, [50.0, 100.0], 0.7),
    }  # fmt: skip


def random_world(seed: int, count: int) -> tuple[Supply, Want, pl.DataFrame, pl.DataFrame]:
    """Sites, demands, the plan class of each site, and the plan's words."""
    rng = np.random.default_rng(seed)
    keys = ["A", "B", "C"]
    facts = matched.small(
        random_sites(rng, count),
        [cast.project(key, "T1", declined_site_ids=some_of(rng, [["S001", "S002"]], 0.5)) for key in keys],
        [random_demand(rng, key) for key in keys],
        [{"firm_id": f"F{at}", "name": "厂", "site_id": f"S{int(rng.integers(count)):03d}", "need_kind": "plant",
          "need_m2": float(rng.choice([0.0, 900.0, 9e6])), "relocation_cost_wan": 100.0, "relocation_months": 3.0}
         for at in range(count // 10)],
    )  # fmt: skip
    wishes = [
        {"project_id": key, "wish_no": no, "name": "站", "wish_kind": "station", "lon_deg": 121.1,
         "lat_deg": 31.0 + no / 10, "weight_share": float(rng.choice([0.25, 0.5]))}
        for key in keys for no in range(1, int(rng.integers(4)) + 1)
    ]  # fmt: skip
    held = rng.choice(count, count // 8, replace=False)
    holds = [
        {"site_id": f"S{at:03d}", "project_id": str(rng.choice(keys)), "held_until": date(2027, 1, 1)} for at in held
    ]
    facts = replace(facts, wishes=tables.frame(Wish, wishes), holds=tables.frame(Hold, holds))
    supply, want = matched.asked(facts)
    ids = supply.sites["site_id"].to_list()
    classes = [{"site_id": key, "plan_class": int(rng.integers(PLAN_CLASSES))} for key in ids]
    words = [
        {"project_id": key, "phase": 1, "plan_class": code, "forbidden": bool(rng.random() < 0.3),
         "change_count": float(rng.integers(3)), "delay_days": int(rng.integers(2)) * 90}
        for key in keys for code in range(PLAN_CLASSES)
    ]  # fmt: skip
    return supply, want, tables.frame(SiteClass, classes), tables.frame(PlanWords, words)


def scanned(
    supply: Supply, want: Want, classes: pl.DataFrame | None, words: pl.DataFrame | None, count: int = 3
) -> Answer:
    """The same by looking at every site, with the functions of the room."""
    ground = lay_out(supply, want.projects, cast.AS_OF, RULES.unknown_date_months)
    able = movable(ground, destinations(ground, ready_days(ground, RULES), RULES))
    found: Answer = []
    for need in needs_of(want, RULES, cast.AS_OF):
        plan = word_of(need, list(ground.ids), classes, words)
        ways = on_one_site(ground, need, usable(ground, need) & able, RULES)
        ways = ways.only(~plan.forbidden[ways.units[:, 0]])
        of = parts(figures(ground, need, ways, plan, RULES), need, RULES)
        sites, worth = ways.units[:, 0], score(of, RULES)
        best: dict[str, int] = {}
        for at in np.lexsort((sites, -worth)).tolist():
            best.setdefault(ground.towns[sites[at]], at)
        found += [
            (need.project_id, need.phase, rank, ground.ids[sites[at]], float(worth[at]), of[at].tolist())
            for rank, at in enumerate(list(best.values())[:count], 1)
        ]
    return found


def word_of(need: Need, ids: list[str], classes: pl.DataFrame | None, words: pl.DataFrame | None) -> PlanWord:
    """The plan's word to a need on every site."""
    if classes is None or words is None:
        return PlanWord(np.zeros(len(ids), bool), np.zeros(len(ids)), np.zeros(len(ids), np.int64))
    of_class = dict(classes.iter_rows())
    mine = {
        row["plan_class"]: row
        for row in words.iter_rows(named=True)
        if (row["project_id"], row["phase"]) == need.key
    }
    rows = [mine[of_class[key]] for key in ids]
    return PlanWord(
        np.array([row["forbidden"] for row in rows]),
        np.array([row["change_count"] for row in rows]),
        np.array([row["delay_days"] for row in rows]),
    )


def answered(index: Shortlist, want: Want, words: pl.DataFrame | None, count: int = 3) -> Answer:
    """What the index says, as the scan tells it."""
    rows = Pick.validate(index.best(want, words=words, count=count)).iter_rows(named=True)
    return [
        (row["project_id"], row["phase"], row["shown_rank"], row["site_id"], row["score_share"],
         [np.nan if row[f"{name}_share"] is None else row[f"{name}_share"] for name in PARTS])
        for row in rows
    ]  # fmt: skip


def same(expected: Answer, actual: Answer) -> None:
    assert [row[:5] for row in expected] == [row[:5] for row in actual]
    np.testing.assert_array_equal([row[5] for row in expected], [row[5] for row in actual])


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 6))
@settings(max_examples=12, deadline=None)
def test_the_answer_is_that_of_a_scan_to_the_last_bit(seed: int, size: int, count: int) -> None:
    supply, want, classes, words = random_world(seed, size)
    index = Shortlist.of(supply, want, matched.BOOK, cast.AS_OF, classes)
    same(scanned(supply, want, classes, words, count), answered(index, want, words, count))
    same(scanned(supply, want, None, None, count), answered(index, want, None, count))


def test_a_rank_turns_away_only_what_fails() -> None:
    rng = np.random.default_rng(3)
    rungs = np.sort(rng.choice([1.0, 2.0, 2.5, 4.0, 8.0], (_block_kernels.DEMANDED + 1, _block_kernels.AREA_RUNGS)))
    turned = 0
    for _ in range(2_000):
        has, least = rng.choice([0.5, 1.0, 1.9, 2.0, 2.6, 4.0, 9.0, np.nan], (2, _block_kernels.DEMANDED + 1))
        least = np.where(np.isnan(least) | (rng.random(len(least)) < 0.6), 0.0, least)
        has[-1], opened = np.nan_to_num(has[-1]), bool(rng.random() < 0.9)
        levels = sum(_block_kernels.level(value, at, rungs) for at, value in enumerate(least))
        left = _block_kernels.rank(has[-1], has[:-1], opened, rungs) - levels & _block_kernels.PASSES
        turned += left != _block_kernels.PASSES
        assert left == _block_kernels.PASSES or not opened or (has < least).any()
        assert opened or left != _block_kernels.PASSES
    assert 500 < turned < 1_500


def alone(index: Shortlist, want: Want) -> list[str]:
    """The sites offered to project A, best first."""
    return index.best(want).filter(pl.col("project_id") == "A")["site_id"].to_list()


def one_town_each(*sites: dict[str, Any], **project: Any) -> tuple[Supply, Want, Shortlist]:
    """One project A that wants 50 mu of land, and these sites."""
    supply, want = matched.asked(matched.small(list(sites), [cast.project("A", "T1", **project)], [cast.demand("A")]))
    return supply, want, Shortlist.of(supply, want, matched.BOOK, cast.AS_OF)


def test_a_taken_site_is_gone_from_the_next_question_and_a_freed_one_is_back() -> None:
    _, want, index = one_town_each(cast.site("N1", "T1"), cast.site("N2", "T2"))
    assert alone(index, want) == ["N1", "N2"]
    index.put(["N1"], "occupied")
    assert alone(index, want) == ["N2"]
    index.put(["N1"], "available")
    assert alone(index, want) == ["N1", "N2"]


def test_a_held_site_is_offered_to_its_holder_only() -> None:
    _, want, index = one_town_each(cast.site("N1", "T1"), cast.site("N2", "T2", state="reserved"))
    index.hold(["N1"], "B")
    assert alone(index, want) == []
    index.hold(["N2"], "A")
    assert alone(index, want) == ["N2"]
    index.free(["N1", "N2"])
    assert alone(index, want) == ["N1"]


def test_of_equals_the_first_id_comes_first_and_each_town_gives_one() -> None:
    _, want, index = one_town_each(*(cast.site(f"N{at}", f"T{at % 3}") for at in range(9)))
    assert alone(index, want) == ["N0", "N1", "N2"]


@given(st.integers(0, 2**32), st.integers(2, 60))
@settings(max_examples=6, deadline=None)
def test_after_changes_the_index_answers_as_a_new_one(seed: int, size: int) -> None:
    supply, want, classes, words = random_world(seed, size)
    supply = replace(supply, incumbents=supply.incumbents.clear())
    index = Shortlist.of(supply, want, matched.BOOK, cast.AS_OF, classes)
    other = random_world(seed + 1, size)[0].sites
    rng = np.random.default_rng(seed)
    changed = other.filter(pl.Series(rng.random(size) < 0.3))
    index.change(changed, classes)
    rest = supply.sites.join(changed, on="site_id", how="anti")
    now = replace(supply, sites=pl.concat([rest, changed]))
    same(scanned(now, want, classes, None), answered(index, want, None))
    new = Shortlist.of(now, want, matched.BOOK, cast.AS_OF, classes)
    same(answered(new, want, words), answered(index, want, words))


@given(st.integers(0, 2**32))
@settings(max_examples=3, deadline=None)
def test_the_row_order_of_the_facts_does_not_matter(seed: int) -> None:
    supply, want, classes, words = random_world(seed, 40)
    turned = Supply(*(table.reverse() for table in vars(supply).values()))
    index = Shortlist.of(supply, want, matched.BOOK, cast.AS_OF, classes)
    other = Shortlist.of(turned, want, matched.BOOK, cast.AS_OF, classes.reverse())
    assert answered(index, want, words) == answered(other, want, words.reverse())


def test_a_word_of_another_index_is_refused() -> None:
    supply, want, index = one_town_each(cast.site("N1", "T1"))
    need = needs_of(want, RULES, cast.AS_OF)[0]
    with pytest.raises(ValueError, match="words of 7 classes, the index has 1"):
        index.first(need, np.zeros((7, 4)))
    with pytest.raises(KeyError):
        index.change(supply.sites.with_columns(site_id=pl.lit("nowhere")))


def seeded(count: int) -> tuple[Supply, Want]:
    """Many sites in twenty towns of eight zones, and sixty demands; drawn from one seed."""
    rng = np.random.default_rng(7)
    zone = rng.integers(160, size=count)
    kind = np.array(["land", "plant"])[rng.integers(2, size=count)]
    x, y = rng.uniform(0, 50, (2, 160))
    frame = pl.DataFrame(
        {
            "site_id": [f"S{at:06d}" for at in range(count)], "name": "块", "town_id": [f"T{z % 20:02d}" for z in zone],
            "site_kind": kind, "parent_site_id": None, "divisible": rng.random(count) < 0.1, "area_class": "104",
            "area_m2": np.where(kind == "land", 20_000, 3_000) * rng.lognormal(0, 0.8, count),
            "industry_directions": pl.Series([None] * count, dtype=pl.List(pl.String)), "functional_type": "base",
            "use_class": "M1", "far_max_ratio": 2.0, "rent_yuan_m2_day": rng.uniform(0.5, 2, count),
            "price_wan_per_mu": rng.uniform(50, 150, count), "state": "available", "fact_state": "verified",
            "stale": False, "geometry_wkb": None, "power_kva": rng.lognormal(6.5, 1, count),
            "lon_deg": 121 + (x[zone] + rng.normal(0, 0.5, count)) / 95, "lat_deg": 31 + y[zone] / 111,
            "available_on": cast.AS_OF + pl.Series(rng.integers(0, 900, count) * 86_400_000).cast(pl.Duration("ms")),
        }
    ).with_columns(
        pl.lit(None, dtype=pl.Float64).alias(name)
        for name in ("clear_height_m", "floor_load_kn_m2", "column_span_m", "crane_t", "gas_m3h", "water_m3d",
                     "steam_th", "sewage_m3d")
    ).with_columns(
        pl.col("available_on").alias(name) for name in ("cleared_on", "utilities_on", "plan_on", "quota_on")
    )  # fmt: skip
    facts = matched.small(
        [cast.site("X", "T00")],
        [cast.project(f"P{at:02d}", "T01") for at in range(60)],
        [cast.demand(f"P{at:02d}", float(rng.uniform(20, 50)), power_kva=float(rng.uniform(100, 1000)))
         | ({} if at % 2 else {"need_kind": "plant", "need_m2": float(rng.uniform(1500, 5000))}) for at in range(60)],
    )  # fmt: skip
    supply, want = matched.asked(facts)
    return replace(supply, sites=frame), want


@pytest.mark.slow
def test_the_work_grows_far_more_slowly_than_the_sites_and_beats_the_scan() -> None:
    scanned_blocks, rows = [], []
    for count in (10_000, 100_000):
        supply, want = seeded(count)
        index = Shortlist.of(supply, want, matched.BOOK, cast.AS_OF)
        needs = needs_of(want, RULES, cast.AS_OF)
        work = np.mean([index.first(need).work for need in needs], axis=0)
        scanned_blocks.append(work[2] / index.block_count)
        rows.append(work.sum())
    assert scanned_blocks[1] < 0.05
    assert np.log10(rows[1] / rows[0]) < 0.6
    began = time.process_time()
    expected = scanned(supply, want, None, None)
    scan_s, began = time.process_time() - began, time.process_time()
    actual = answered(index, want, None)
    assert 5 * (time.process_time() - began) < scan_s
    same(expected, actual)
