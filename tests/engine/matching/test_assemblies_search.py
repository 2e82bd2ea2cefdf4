"""The best assemblies of an index are the first of all assemblies, in the order of their score."""

import time
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cast
import matched
from yipanqi.matching import _asked_kernels, _assembly_kernels, _reach_kernels
from yipanqi.matching.assemblies import MOST, Neighbours, clusters, joined
from yipanqi.matching.assembly_search import AssemblySearch, Found
from yipanqi.matching.candidates import usable
from yipanqi.matching.figures import PlanWord, figures, parts, ready_days, score
from yipanqi.matching.ground import BUILDING, UTILITIES, Ground
from yipanqi.matching.needs import Need
from yipanqi.matching.rules import rules_of
from yipanqi.matching.setting import prepared
from yipanqi.matching.ways import Ways, on_assemblies

RULES = rules_of(matched.BOOK, cast.AS_OF)
TODAY = 20_000


def ground_of(rng: np.random.Generator, count: int, *, free: float = 0.85) -> Ground:
    """Random sites of two kinds, whole numbers for areas so that ties and exact fits happen."""

    def some(values: Any) -> Any:
        return np.where(rng.random(count) < 0.15, np.nan, values)

    offered = rng.random(count)
    names = [*BUILDING, *UTILITIES, "rent_yuan_m2_day", "price_wan_per_mu", "far_max_ratio"]
    return Ground(
        as_of=TODAY,
        ids=tuple(f"S{k:06}" for k in range(count)),
        names=tuple(f"S{k:06}" for k in range(count)),
        towns=tuple(rng.choice(["T1", "T2"], count).tolist()),
        kind=(rng.random(count) < 0.2).astype(np.int32),
        area=rng.integers(1, 30, count).astype(np.float64),
        divisible=rng.random(count) < 0.2,
        offerable=offered < free,
        reserved=(offered >= free) & (offered < free + 0.1),
        low=rng.random(count) < 0.1,
        numbers={name: some(rng.integers(1, 6, count).astype(np.float64)) for name in names},
        day=TODAY + rng.integers(0, 900, count),
        dated=np.ones(count, dtype=np.bool_),
        words={
            "area_class": rng.choice(np.array(["104", "195", "198", None], dtype=object), count).tolist(),
            "functional_type": [None] * count,
            "use_class": [None] * count,
        },
        directions=[None if d == 0 else (f"{d}",) for d in rng.integers(0, 3, count).tolist()],
        x_km=some(rng.uniform(0, 20, count)),
        y_km=some(rng.uniform(0, 20, count)),
        stale=np.zeros(count, dtype=np.bool_),
        unverified=np.zeros(count, dtype=np.bool_),
        geometry=[None] * count,
        firms={},
        holders={k: frozenset({f"P{k % 2}"}) for k in range(count) if rng.random() < 0.1},
    )


def need_of(rng: np.random.Generator, ground: Ground) -> Need:
    wishes = int(rng.integers(0, 3))
    asked = [name for name in (*BUILDING, *UTILITIES) if rng.random() < 0.15]
    return Need(
        project_id="P0",
        phase=1,
        kind=0 if rng.random() < 0.8 else 1,
        need_m2=float(rng.integers(5, 70)),
        firm=True,
        may_split=False,
        adjacent=False,
        building={name: 2.0 for name in asked if name in BUILDING},
        utilities={name: 5.0 for name in asked if name in UTILITIES},
        rent_max=4.0 if rng.random() < 0.3 else None,
        far_ratio=None,
        wanted=TODAY + int(rng.integers(0, 400)),
        origin="T1",
        declined=frozenset(ground.ids[k] for k in range(len(ground)) if rng.random() < 0.05),
        fixed=(),
        industry="1",
        cost_half_wan=float(rng.uniform(0.1, 500)),
        wish_x=rng.uniform(0, 20, wishes),
        wish_y=rng.uniform(0, 20, wishes),
        wish_weight=rng.uniform(0, 1, wishes),
    )


def edges_of(rng: np.random.Generator, ground: Ground, degree: float) -> Neighbours:
    """Random neighbours of one kind."""
    count = len(ground)
    pairs = np.unique(np.sort(rng.integers(0, count, (int(count * degree / 2), 2)), axis=1), axis=0)
    same = (pairs[:, 0] != pairs[:, 1]) & (ground.kind[pairs[:, 0]] == ground.kind[pairs[:, 1]])
    return joined(pairs[same].astype(np.int32), count)


def every(ground: Ground, near: Neighbours, need: Need, able: Any) -> tuple[Ways, Any]:
    """All assemblies by the way of the main job, the best first, with their scores."""
    found = clusters(near, ground.area, need.need_m2)
    ways = on_assemblies(ground, need, usable(ground, need) & able, found, RULES)
    size = len(ground)
    silent = PlanWord(np.zeros(size, dtype=np.bool_), np.zeros(size), np.zeros(size, dtype=np.int64))
    worth = score(parts(figures(ground, need, ways, silent, RULES), need, RULES), RULES)
    order = np.lexsort((*ways.units.T[::-1], -worth))
    return ways.only(order), worth[order]


def same(found: Found, ways: Ways, worth: Any, most: int) -> None:
    """What is found are the first of all; equal scores may change places by a rounding."""
    assert len(found.ways) == min(most, len(ways))
    np.testing.assert_allclose(found.scores, worth[: len(found.ways)], rtol=0, atol=1e-12)
    scores = {tuple(row): w for row, w in zip(ways.units.tolist(), worth.tolist(), strict=True)}
    takes = {tuple(row): t for row, t in zip(ways.units.tolist(), ways.takes.tolist(), strict=True)}
    rows = [tuple(row) for row in found.ways.units.tolist()]
    assert len(set(rows)) == len(rows)
    for row, s, t in zip(rows, found.scores.tolist(), found.ways.takes.tolist(), strict=True):
        assert scores[row] == pytest.approx(s, rel=0, abs=1e-12)
        assert takes[row] == pytest.approx(t, rel=1e-12)


def searched(ground: Ground, near: Neighbours, able: Any) -> AssemblySearch:
    return AssemblySearch(ground, near, ready_days(ground, RULES), able, RULES)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 14), st.floats(1, 5), st.sampled_from([1, 4, 1000]))
def test_what_is_found_are_the_first_of_all_assemblies(seed: int, count: int, degree: float, most: int) -> None:
    rng = np.random.default_rng(seed)
    ground = ground_of(rng, count)
    near, able = edges_of(rng, ground, degree), rng.random(count) < 0.95
    index = searched(ground, near, able)
    for _ in range(4):
        need = need_of(rng, ground)
        same(index.best(need, most), *every(ground, near, need, able), most)


def subsets(ground: Ground, near: Neighbours, need: Need) -> set[tuple[int, ...]]:
    """Every minimal connected set of two to four fitting sites, by going through all subsets."""
    fit = np.flatnonzero(usable(ground, need)).tolist()
    found = []
    for size in range(1, MOST + 1):
        for sites in combinations(fit, size):
            reached, left = [sites[0]], set(sites[1:])
            while reached:
                beside = left & set(near.of(reached.pop()).tolist())
                left -= beside
                reached += beside
            if not left and ground.area[list(sites)].sum() >= need.need_m2:
                found.append(sites)
    return {s for s in found if len(s) > 1 and not any(set(t) < set(s) for t in found)}


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 11), st.floats(1, 6))
def test_every_minimal_set_is_found_once_and_no_other(seed: int, count: int, degree: float) -> None:
    rng = np.random.default_rng(seed)
    ground = replace(ground_of(rng, count), divisible=np.zeros(count, dtype=np.bool_))
    near = edges_of(rng, ground, degree)
    index = searched(ground, near, np.ones(count, dtype=np.bool_))
    need = replace(need_of(rng, ground), utilities={}, need_m2=float(rng.integers(5, 70)))
    expected = {s for s in subsets(ground, near, need) if ground.area[list(s)].sum() <= need.most_m2(RULES)}
    rows = [tuple(s for s in row if s >= 0) for row in index.best(need, 5000).ways.units.tolist()]
    assert sorted(expected) == sorted(rows)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.integers(60, 200))
def test_a_change_is_seen_by_the_next_question(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    ground, able = ground_of(rng, count), np.ones(count, dtype=np.bool_)
    near = edges_of(rng, ground, 4)
    index = searched(ground, near, able)
    rows = [near.of(k).tolist() for k in range(count)]
    for _ in range(5):
        site, other = (int(k) for k in rng.choice(count, 2, replace=False))
        free = bool(rng.random() < 0.5)
        index.stand([site], usable=free, free=free)
        ground = replace(
            ground,
            offerable=np.where(np.arange(count) == site, free, ground.offerable),
            reserved=np.where(np.arange(count) == site, False, ground.reserved),
            holders={k: by for k, by in ground.holders.items() if k != site},
        )
        if ground.kind[site] == ground.kind[other]:
            rows[site] = sorted({*rows[site]} ^ {other})
            rows[other] = sorted({*rows[other]} ^ {site})
        area = float(rng.integers(1, 30))
        index.reshape([site, other], [area, ground.area[other]], [np.array(rows[k], np.int32) for k in (site, other)])
        ground = replace(ground, area=np.where(np.arange(count) == site, area, ground.area))
        pairs = np.array([(a, b) for a in range(count) for b in rows[a] if a < b], dtype=np.int32).reshape(-1, 2)
        near = joined(pairs, count)
        for _ in range(3):
            need = need_of(rng, ground)
            same(index.best(need, 5), *every(ground, near, need, able), 5)


def test_in_the_small_district_it_finds_what_the_main_job_finds() -> None:
    setting = prepared(*matched.asked(cast.facts()), matched.BOOK, cast.AS_OF)
    index = AssemblySearch(setting.ground, setting.near, setting.ready, setting.able, setting.rules)
    found = 0
    for need in setting.needs:
        ways, worth = every(setting.ground, setting.near, need, setting.able)
        same(index.best(need), ways, worth, 10)
        found += len(ways)
    assert found


def town(count: int) -> tuple[Ground, Neighbours]:
    """A grid of sites in which neighbours touch, all free, near to far."""
    rng = np.random.default_rng(5)
    side = int(np.sqrt(count))
    count = side * side
    ground = replace(
        ground_of(rng, count, free=1.0),
        kind=np.zeros(count, dtype=np.int32),
        holders={},
        x_km=(np.arange(count) % side) * 0.1,
        y_km=(np.arange(count) // side) * 0.1,
    )
    right = np.array([(k, k + 1) for k in range(count) if (k + 1) % side])
    up = np.array([(k, k + side) for k in range(count - side)])
    return ground, joined(np.concatenate([right, up]).astype(np.int32), count)


def wish(ground: Ground, need_m2: float) -> Need:
    need = need_of(np.random.default_rng(1), ground)
    return replace(
        need, kind=0, need_m2=need_m2, building={}, utilities={}, rent_max=None, declined=frozenset(),
        wish_x=np.array([1.0]), wish_y=np.array([1.0]), wish_weight=np.array([1.0]),
    )  # fmt: skip


def test_few_sets_are_looked_at_and_not_more_in_a_larger_town() -> None:
    few, many = ((searched(*where, np.ones(len(where[0]), bool)), where[0]) for where in (town(2_500), town(40_000)))
    looked = [index.best(wish(ground, 60.0)).looked for index, ground in (few, many)]
    assert looked[1] < 40_000  # the town holds some five million sets
    assert looked[1] <= looked[0] * 2


def plainly(ground: Ground, beside: list[set[int]], need_m2: float) -> set[frozenset[int]]:
    """Every minimal set of a need with Python's sets, grown from those that do not suffice."""
    area = ground.area.tolist()
    grown = {frozenset([k]) for k in range(len(ground)) if area[k] < need_m2}
    found: set[frozenset[int]] = set()
    for _ in range(MOST - 1):
        wider = {s | {w} for s in grown for k in s for w in beside[k] - s if area[w] < need_m2}
        enough = {s for s in wider if sum(area[k] for k in s) >= need_m2}
        found |= enough
        grown = wider - enough
    return {s for s in found if not any(_holds(s - {k}, beside, area, need_m2) for k in s)}


def _holds(sites: frozenset[int], beside: list[set[int]], area: list[float], need_m2: float) -> bool:
    """Whether the sites suffice and are connected."""
    if sum(area[k] for k in sites) < need_m2:
        return False
    reached, left = [min(sites)], set(sites) - {min(sites)}
    while reached:
        near = left & beside[reached.pop()]
        left -= near
        reached += near
    return not left


def test_it_is_five_times_faster_than_python_sets() -> None:
    ground, near = town(1_600)
    ground = replace(ground, divisible=np.zeros(len(ground), dtype=np.bool_))
    need, beside = wish(ground, 60.0), [set(near.of(k).tolist()) for k in range(len(ground))]
    index = searched(ground, near, np.ones(len(ground), dtype=np.bool_))
    index.best(need)
    begun = time.process_time()
    found = index.best(need)
    ours, begun = time.process_time() - begun, time.process_time()
    sets = plainly(ground, beside, 60.0)
    theirs = time.process_time() - begun
    assert {frozenset(s for s in row if s >= 0) for row in found.ways.units.tolist()} <= sets
    assert theirs >= 5 * ours


def test_warming_compiles_what_the_index_calls() -> None:
    _reach_kernels.warm()
    _asked_kernels.warm()
    _assembly_kernels.warm()
    before = len(_assembly_kernels.search.signatures), len(_reach_kernels.bound.signatures)
    ground, near = town(100)
    index = searched(ground, near, np.ones(len(ground), dtype=np.bool_))
    index.best(wish(ground, 60.0))
    index.stand([3], usable=False, free=False)
    assert before == (len(_assembly_kernels.search.signatures), len(_reach_kernels.bound.signatures))
    assert before == (1, 1)
