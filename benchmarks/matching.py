"""Matching: one demand → the best sites in three different towns, at 10⁴, 10⁵ and 10⁶ sites."""

import os

# One thread for everybody; polars reads this when it is first imported.
os.environ["POLARS_MAX_THREADS"] = "1"

import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from benchmarks import seeds
from benchmarks.peers import duckdb_query, numpy_scan, polars_query, postgis, postgis_sites, siting, topsis
from benchmarks.reports import Goal, Report, Table
from benchmarks.timing import Times, exponent, ratio, timed
from benchmarks.worlds import sites as world_of
from yipanqi.matching import _block_kernels, _kernels
from yipanqi.matching.contract import Supply, Want
from yipanqi.matching.figures import ready_days
from yipanqi.matching.ground import lay_out
from yipanqi.matching.needs import Need, needs_of
from yipanqi.matching.relocations import destinations, movable
from yipanqi.matching.rules import rules_of
from yipanqi.matching.shortlist import Shortlist
from yipanqi.policy.rulebook import load

SIZES = {"small": (10_000,), "full": (10_000, 100_000, 1_000_000)}
#: Questions put to the peers; the index is asked all of them.
SHARED = {"small": 5, "full": 20}
SEED = seeds.SEEDS[0]
PEERS = ("numpy scan", "polars", "duckdb", "PostGIS")
_ALL_SEEDS_UP_TO = 100_000


@dataclass
class Measured:
    """What was measured at one size, in milliseconds where not said otherwise."""

    count: int
    index: Times
    frame: Times
    flip: Times
    build_s: float
    bytes_each: float
    work: np.ndarray
    peers: dict[str, Times] = field(default_factory=dict)
    ranking: dict[str, Times] = field(default_factory=dict)


def digests() -> dict[str, str]:
    """All ten seeds up to 10⁵ sites, three of them at 10⁶, where one costs four seconds."""
    made: dict[str, str] = {}
    for count in SIZES["full"]:
        made |= world_of.digests(count, seeds.SEEDS if count <= _ALL_SEEDS_UP_TO else seeds.SEEDS[:3])
    return made


def run(scale: str) -> Report:
    """The index beside its peers, answers compared first."""
    notes = [
        f"Seed {SEED}. {world_of.QUESTIONS} demands of land, plants and offices for the index, "
        f"{SHARED[scale]} of them for the peers; the best of three askings each.",
        "Everybody on one thread. polars: a frame a kind, sorted by area, lazy. duckdb: sorted table in memory, "
        "prepared statements. TOPSIS ranks the sites that pass the filters; the filtering is not in its time.",
    ]
    versions: dict[str, str] = {}
    _block_kernels.warm()
    _kernels.warm()
    with ExitStack() as stack:
        base = None
        if scale == "full":
            base, told = _cluster(stack)
            notes.append(told)
            if base is not None:
                versions["PostGIS"] = postgis.version(base)
        found = [_measured(count, scale, base) for count in SIZES[scale]]
    return Report(
        name="matching",
        title="Matching: the best sites in three towns",
        scale=scale,
        tables=[_times(found), _index(found)],
        goals=_goals(found) if scale == "full" else (),
        notes=[*notes, *(_compile_times() if scale == "full" else ())],
        packages=("duckdb", "psycopg", "pymcdm", "scikit-criteria"),
        versions=versions,
    )


def _cluster(stack: ExitStack) -> tuple[Any, str]:
    lacking = postgis.missing()
    if lacking is not None:
        return None, f"PostGIS was not measured: {lacking}."
    settings = ", ".join(f"{name} {value}" for name, value in postgis.SETTINGS.items())
    told = f"PostGIS: own cluster, table clustered and analysed, prepared statements, shared_buffers 2 GB, {settings}."
    return stack.enter_context(postgis.cluster(2048)), told


def _measured(count: int, scale: str, base: Any) -> Measured:
    world, book = world_of.drawn(count, SEED), load("jiading")
    supply = Supply(world.sites, pl.DataFrame(), world.incumbents, world.holds)
    want = Want(world.projects, world.demands, world.wishes)
    begun = perf_counter()
    index = Shortlist.of(supply, want, book, world_of.AS_OF, world.sites.select("site_id", plan_class="zone_no"))
    build_s = perf_counter() - begun
    needs = needs_of(want, index.rules, world_of.AS_OF)
    words = index.words(world.words.rename({"zone_no": "plan_class"}))

    def first(need: Need) -> Any:
        return index.first(need, words[need.key])

    shared = needs[: SHARED[scale]]
    found = Measured(
        count,
        index=timed(first, needs, warm=50, repeats=3),
        frame=timed(lambda need: index.table([(need, first(need))]), needs, repeats=3),
        flip=_flips(index, shared, first, world.sites),
        build_s=build_s,
        bytes_each=index.bytes / count,
        work=np.mean([first(need).work for need in needs], axis=0),
    )
    ours = [_answer(first(need)) for need in shared]
    _peers(found, (world, supply, want), shared, ours, base)
    return found


def _answer(picks: Any) -> siting.Answer:
    return list(zip(picks.sites.tolist(), picks.scores.tolist(), strict=True))


def _flips(index: Shortlist, needs: Sequence[Need], first: Callable[[Need], Any], sites: pl.DataFrame) -> Times:
    """The best site of each need taken, and the need asked again: the site must be gone."""
    taken = []
    for need in needs:
        before = first(need)
        if not len(before.sites):
            continue
        best = int(before.sites[0])
        begun = perf_counter()
        index.put([index.ids[best]], "occupied")
        after = first(need)
        taken.append(perf_counter() - begun)
        assert best not in after.sites.tolist(), "a site taken was offered again"
        index.put([index.ids[best]], sites["state"][best])
    return Times(tuple(taken))


def _peers(
    found: Measured, given: tuple[world_of.World, Supply, Want], needs: Sequence[Need], ours: Any, base: Any
) -> None:
    """Ask the peers the same questions; their answers must be ours before their times count."""
    world, supply, want = given
    rules = rules_of(load("jiading"), world_of.AS_OF)
    ground = lay_out(supply, want.projects, world_of.AS_OF, rules.unknown_date_months)
    able = movable(ground, destinations(ground, ready_days(ground, rules), rules))
    numbered = world.sites["zone_no"]
    firsts = world.sites.select("zone_no").with_row_index("first_site").unique("zone_no", keep="first")
    words = world.words.join(firsts, on="zone_no").sort("zone_no")
    asked = [
        siting.asked_of(at, need, ground, words.filter(pl.col("project_id") == need.project_id), able, rules)
        for at, need in enumerate(needs)
    ]
    flat = siting.flat(ground, rules, able, numbered.to_numpy())
    scan = numpy_scan.Scan(flat, asked)
    makers: dict[str, Callable[[], Any]] = {
        "numpy scan": lambda: scan,
        "polars": lambda: polars_query.Query(flat, asked),
        "duckdb": lambda: duckdb_query.Query(flat, asked),
    }
    if base is not None:
        makers["PostGIS"] = lambda: postgis_sites.Query(base, flat, asked)
    for name, make in makers.items():
        try:
            peer = make()
        except ImportError:
            continue
        siting.agree(name, ours, [peer.ask(one) for one in asked])
        found.peers[name] = timed(peer.ask, asked, repeats=3 if name == "numpy scan" else 2)
    found.ranking.update(_rankings(scan, asked))


def _rankings(scan: numpy_scan.Scan, asked: Sequence[siting.Asked]) -> dict[str, Times]:
    """TOPSIS on the sites that pass: the two libraries must rank alike."""
    cases = [(scan.passing(one)[2], np.array(one.weights)) for one in asked]
    cases = [(parts[:, weights > 0], weights[weights > 0]) for parts, weights in cases if len(parts) > 1]
    try:
        methods = {"pymcdm TOPSIS": topsis.pymcdm(), "scikit-criteria TOPSIS": topsis.scikit_criteria()}
    except ImportError:
        return {}
    for case in cases:
        one, other = (method(*case) for method in methods.values())
        if not np.allclose(one, other, atol=1e-9):
            raise AssertionError("pymcdm and scikit-criteria rank the same matrix differently")
    return {
        name: timed(lambda case, method=method: method(*case), cases)  # type: ignore[misc]
        for name, method in methods.items()
    }


def _times(found: Sequence[Measured]) -> Table:
    rows: list[list[Any]] = []
    sizes = [one.count for one in found]
    lines: list[tuple[str, list[Times | None]]] = [
        ("shortlist: need → arrays", [one.index for one in found]),
        ("shortlist: need → frame", [one.frame for one in found]),
        ("shortlist: a site taken, then asked", [one.flip for one in found]),
        *((name, [one.peers.get(name) for one in found]) for name in PEERS),
        *((name, [one.ranking.get(name) for one in found]) for name in ("pymcdm TOPSIS", "scikit-criteria TOPSIS")),
    ]
    for name, times in lines:
        told = [t for t in times if t is not None]
        grown = exponent(sizes, [t.p50_ms for t in told]) if len(told) == len(sizes) > 1 else None
        cells: list[Any] = [name]
        for one, t in zip(found, times, strict=True):
            cells += [None, None] if t is None else [t.p50_ms, ratio(t.p50_ms, one.index.p50_ms)]
        rows.append([*cells, None if not told else told[-1].p99_ms, grown])
    heads = [text for count in sizes for text in (f"{count:,} sites p50 ms", "to ours")]
    return Table("One demand", ["engine", *heads, f"{sizes[-1]:,} p99 ms", "exponent"], rows)


def _index(found: Sequence[Measured]) -> Table:
    columns = [
        "sites",
        "p99 ms",
        "build s",
        "bytes a site",
        "groups bounded",
        "blocks bounded",
        "blocks scanned",
        "ranks of rows",
    ]
    rows = [[f"{o.count:,}", o.index.p99_ms, o.build_s, o.bytes_each, *(float(w) for w in o.work)] for o in found]
    return Table("The index, and its mean work for a demand", columns, rows)


def _goals(found: Sequence[Measured]) -> list[Goal]:
    last = found[-1]
    ours = last.index.p50_ms
    grown = exponent([one.count for one in found], [one.index.p50_ms for one in found])
    goals = [
        Goal(
            "10⁶ sites: p50 ≤ 0.5 ms", f"{ours:.3f} ms", ours <= 0.5, "It goes into the bounds of all "
            "groups of a kind, of blocks whose rank passes, and into tests of rows whose rank passes."
        ),
        Goal("growth exponent ≤ 0.5", f"{grown:.2f}", grown <= 0.5, "A group has the more blocks the "
             "more sites there are; a level of bounds between would flatten it."),
    ]  # fmt: skip
    for name, least in (("PostGIS", 100), ("polars", 30), ("duckdb", 30)):
        times = last.peers.get(name)
        if times is None:
            goals.append(
                Goal(f"≥ {least} × {name} at 10⁶", "not measured", met=False, why_not="The peer is absent here.")
            )
            continue
        reached = times.p50_ms / ours
        goals.append(
            Goal(f"≥ {least} × {name} at 10⁶", ratio(times.p50_ms, ours), reached >= least,
                 f"Short by {least / reached:.1f} times. A question bounds {last.work[0]:,.0f} groups and "
                 f"{last.work[1]:,.0f} blocks and looks at {last.work[3]:,.0f} ranks of rows.")
        )  # fmt: skip
    goals.append(Goal("identical answers", "all peers, all questions", met=True))
    return goals


def _compile_times() -> list[str]:
    """What the first call costs with an empty cache and with a full one, each in a process of its own."""
    code = (
        "import time; begun = time.perf_counter()\n"
        "from yipanqi.matching import _block_kernels, _kernels\n"
        "_block_kernels.warm(); _kernels.warm(); print(time.perf_counter() - begun)"
    )
    with tempfile.TemporaryDirectory() as folder:
        taken = [
            float(subprocess.check_output([sys.executable, "-c", code], env=os.environ | {"NUMBA_CACHE_DIR": folder}))
            for _ in range(2)
        ]
    cold, warm = taken
    return [
        f"First call: {cold:.1f} s to compile, {warm:.1f} s from the cache, imports included; `yipanqi warm` pays it."
    ]
