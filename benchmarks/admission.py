"""准入一把尺: projects judged by a rulebook's rows, beside a decision-table engine and a plain Python loop.

An evaluation is one case weighed by one row of a rulebook's tables that concerns it. All judges see the same cases
and must agree on every verdict, on the standard, on the number of missed clauses, and on the score to 1e-9.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks import seeds
from benchmarks.alone import alone
from benchmarks.peers.python_loop import Loop, Outcome, facts_of
from benchmarks.reports import Cell, Goal, Report, Table
from benchmarks.timing import exponent, peak_mib, ratio, resident_mib
from benchmarks.worlds.cases import AS_OF, Cases, draw
from yipanqi.admission.verdict import Verdicts, judge
from yipanqi.policy.rulebook import PROFILES, Rulebook, load

SIZES = (1_000, 10_000, 100_000)
_WORLD = "cases/{}/{}"
_HOME = "jiading"
_GOAL = 1e6
OURS, LOOP, ZEN = "yipanqi", "Python loop", "zen-engine"


def digests() -> dict[str, str]:
    """What the generator makes of every seed at every size."""
    return {_WORLD.format(size, seed): draw(size, seed).digest for size in SIZES for seed in seeds.SEEDS}


@dataclass(frozen=True)
class _Asked:
    judge: str
    profile: str
    size: int
    seed: int
    repeats: int


@dataclass(frozen=True)
class _Judged:
    """Outcomes, the seconds of each repeat, the seconds of making ready, and the memory it took."""

    outcomes: list[Outcome]
    seconds: tuple[float, ...]
    ready_s: float
    mib: float

    @property
    def median_s(self) -> float:
        return float(np.median(self.seconds))

    @property
    def evaluations(self) -> int:
        return sum(outcome.weighed for outcome in self.outcomes)


def run(scale: str) -> Report:
    """Speed by size in one district, then every profile at one size; answers compared case by case everywhere."""
    small = scale == "small"
    sizes, drawn = ((200, 1_000), seeds.SEEDS[:1]) if small else (SIZES, seeds.SEEDS[:3])
    judges = [OURS, LOOP, *([ZEN] if find_spec("zen") else [])]
    by_size = {size: _rounds(judges, _HOME, size, drawn) for size in sizes}
    profiles = PROFILES[:1] if small else PROFILES
    by_profile = {p: _rounds(judges, p, sizes[-2], seeds.SEEDS[3:4]) for p in profiles}
    tables = [_speeds(by_size), _growth(by_size), _profiles(by_profile)]
    speed = _speed(by_size[sizes[-1]][OURS])
    peers = ", ".join(f"{ratio(1 / _speed(by_size[sizes[-1]][j]), 1 / speed)} {j}" for j in judges[1:])
    goal = Goal(
        "10⁶ project × row evaluations per second", f"{speed / 1e6:.2f} million ({peers})", speed >= _GOAL,
        f"{_GOAL / speed:.2g} times too slow: most of the time makes a finding for each fact nobody stated.",
    )  # fmt: skip
    return Report("admission", "Admission", scale, tables, (goal,), _notes(ZEN in judges), ("zen-engine",))


def _rounds(judges: Sequence[str], profile: str, size: int, drawn: Sequence[int]) -> dict[str, list[_Judged]]:
    """Every judge on every seed; a disagreement raises."""
    found: dict[str, list[_Judged]] = {who: [] for who in judges}
    for seed in drawn:
        for who in judges:
            told = alone("benchmarks.admission:ask", _Asked(who, profile, size, seed, 3 if who == OURS else 1))
            found[who].append(told)
            _agree(found[judges[0]][-1].outcomes, told.outcomes, f"{who}, {profile}, {size} cases, seed {seed}")
    return found


def ask(asked: _Asked) -> _Judged:
    """The measurement of one judge; runs alone. Only judging is timed, not making ready."""
    world = draw(asked.size, asked.seed)
    if asked.size in SIZES:
        seeds.check(_WORLD.format(asked.size, asked.seed), world.digest)
    rules = load(asked.profile)
    judge(world.cases[:1], world.projects, rules, AS_OF)
    before, begun = resident_mib(), time.perf_counter()
    decide, words = _judge(asked.judge, world, rules)
    ready = time.perf_counter() - begun
    seconds = []
    for _ in range(asked.repeats):
        begun = time.perf_counter()
        told = decide()
        seconds.append(time.perf_counter() - begun)
    taken = peak_mib() - before
    return _Judged(words(told), tuple(seconds), ready, taken)


def _judge(who: str, world: Cases, rules: Rulebook) -> tuple[Callable[[], Any], Callable[[Any], list[Outcome]]]:
    """How the judge decides all cases, and how its answer reads in the words of all."""
    if who == OURS:
        return lambda: judge(world.cases, world.projects, rules, AS_OF), _words
    loop, facts = Loop(rules, AS_OF), facts_of(world.cases, world.projects)
    if who == LOOP:
        return lambda: loop.judged(facts), list
    from benchmarks.peers.zen import Zen

    zen = Zen(loop, facts)
    return zen.judged, zen.outcomes


def _words(told: Verdicts) -> list[Outcome]:
    weighed = dict(told.clauses.group_by("case_id").len().iter_rows())
    columns = ("case_id", "verdict", "standard_id", "missed_hard_count", "score_points")
    return [Outcome(*said, weighed.get(case, 0)) for case, *said in told.verdicts.select(columns).iter_rows()]


def _agree(ours: Sequence[Outcome], theirs: Sequence[Outcome], where: str) -> None:
    """Raise where two judges differ."""
    for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        same = (a.verdict, a.standard, a.missed, a.weighed) == (b.verdict, b.standard, b.missed, b.weighed)
        if not same or (a.score is None) != (b.score is None) or abs((a.score or 0) - (b.score or 0)) > 1e-9:
            raise AssertionError(f"{where}: case {number}: {a} against {b}")


def _speed(rounds: Sequence[_Judged]) -> float:
    """Evaluations per second, the median over seeds."""
    return float(np.median([found.evaluations / found.median_s for found in rounds]))


def _speeds(by_size: Mapping[int, Mapping[str, list[_Judged]]]) -> Table:
    rows: list[list[Cell]] = []
    for size, found in by_size.items():
        for who in (OURS, LOOP, ZEN):
            rows.append([size, who, *(_figures(found, who) if who in found else [None] * 5)])
    columns = ("projects", "judge", "evaluations/s", "all, ms", "ratio", "made ready, ms", "memory, MiB")
    return Table("Judging, median over seeds", columns, rows)


def _figures(found: Mapping[str, list[_Judged]], who: str) -> list[Cell]:
    seconds = [float(np.median([r.median_s for r in found[name]])) for name in (who, OURS)]
    ready, mib = (float(np.median([getattr(r, name) for r in found[who]])) for name in ("ready_s", "mib"))
    return [_speed(found[who]), seconds[0] * 1e3, ratio(*seconds), ready * 1e3, mib]


def _growth(by_size: Mapping[int, Mapping[str, list[_Judged]]]) -> Table:
    judges = list(next(iter(by_size.values())))
    rows = [
        (who, exponent(list(by_size), [float(np.median([r.median_s for r in f[who]])) for f in by_size.values()]))
        for who in judges
    ]
    return Table("Growth: seconds ~ projects^e", ("judge", "e"), rows)


def _profiles(by_profile: Mapping[str, Mapping[str, list[_Judged]]]) -> Table:
    rows = [
        (profile, rounds[0].evaluations, *(_speed(found[who]) if who in found else None for who in (OURS, LOOP, ZEN)))
        for profile, found in by_profile.items()
        for rounds in [found[OURS]]
    ]
    size = len(next(iter(by_profile.values()))[OURS][0].outcomes)
    columns = ("profile", "evaluations", *(f"{who}, evaluations/s" for who in (OURS, LOOP, ZEN)))
    return Table(f"Every profile, {size:,} projects", columns, rows)


def _notes(has_zen: bool) -> tuple[str, ...]:
    return (
        "Verdict, standard, missed clauses and score (to 1e-9) of every case agree between all judges. Ours also gives "
        "every clause with value, gap and band, and a finding for each fact nobody stated; the peers give the verdict, "
        "zen its rows' outcomes and points.",
        "Ours starts from frames and finds out which edition governs whom; the loop starts from dictionaries and keeps "
        "what it once resolved. zen is spared all that: editions chosen, indicators computed and dictionaries built "
        "beforehand, one precompiled decision for each set of clauses, asked by evaluate_batch.",
        "All rule kinds are translated. zen has no unknown that is neither pass nor fail: each row asks for null by "
        "name. A row of an industry table is a row of zen's table, of which one concerns a case; only that one counts.",
        "Each judge in a process of its own on one core with one thread. Memory: peak above what was held before.",
        *(() if has_zen else ("zen-engine is not installed here.",)),
    )
