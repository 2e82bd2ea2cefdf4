"""The simulation's own synthetic district at three sizes, sites in proportion to projects as in the shipped demo."""

from functools import cache

import polars.selectors as cs

from benchmarks import seeds
from yipanqi.allocation.board import TABLES, Facts
from yipanqi.policy.rulebook import Rulebook, load
from yipanqi.simulation.district import DEMO_AS_OF, district

PROFILE = "jiading"
#: The shipped demo has 372 projects and 5,000 sites.
SITES_PER_PROJECT = 5000 / 372
SIZES = (100, 1000, 10_000)
#: What a test runs: ten times the projects and sites.
SMALL_SIZES = (30, 300)
SEED = seeds.SEEDS[0]


@cache
def rulebook() -> Rulebook:
    """The rulebook of every run."""
    return load(PROFILE)


def sites_of(projects: int) -> int:
    """How many rows the site table has beside that many projects."""
    return round(projects * SITES_PER_PROJECT)


def drawn(projects: int, seed: int = SEED) -> Facts:
    """The district of a size and a seed, not yet checked against its committed digest."""
    return district(rulebook(), projects=projects, sites=sites_of(projects), seed=seed, as_of=DEMO_AS_OF)


def name(projects: int, seed: int = SEED) -> str:
    """The name its digest is committed under."""
    return f"district/{projects}/{seed}"


def digest(facts: Facts) -> str:
    """The digest of all tables, geometry included (as hexadecimal)."""
    return seeds.digest(getattr(facts, table).with_columns(cs.binary().bin.encode("hex")) for table in TABLES)


def digests() -> dict[str, str]:
    """The digests to commit: ten seeds of the sizes that cost little, one of 10,000 projects (a minute a seed)."""
    told = [(size, seed) for size in (*SMALL_SIZES, *SIZES[:2]) for seed in seeds.SEEDS] + [(SIZES[2], SEED)]
    return {name(size, seed): digest(drawn(size, seed)) for size, seed in told}
