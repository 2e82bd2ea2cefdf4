"""The simulation's own synthetic district at three sizes, sites and ground in proportion to projects.

The shipped demo fills the ground of its towns with 372 projects and 5,000 sites. Larger districts get larger towns, or
their parcels would shrink until no project fits: the towns are drawn as in the demo and stretched about the middle
until there is as much ground for each project as there. Ten thousand projects stand on the land of a prefecture.
"""

from functools import cache

import polars as pl
import polars.selectors as cs
import shapely

from benchmarks import seeds
from yipanqi.allocation.board import TABLES, Facts
from yipanqi.policy.rulebook import Rulebook, load
from yipanqi.simulation.district import DEMO_AS_OF, district, place_in

PROFILE = "jiading"
DEMO_PROJECTS, DEMO_SITES = 372, 5000
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
    return round(projects * DEMO_SITES / DEMO_PROJECTS)


def drawn(projects: int, seed: int = SEED) -> Facts:
    """The district of a size and a seed, not yet checked against its committed digest."""
    size = {"projects": projects, "sites": sites_of(projects), "seed": seed, "as_of": DEMO_AS_OF}
    if projects <= DEMO_PROJECTS:
        return district(rulebook(), **size)
    towns = district(rulebook(), projects=1, sites=12, seed=seed, as_of=DEMO_AS_OF).towns
    return place_in(_stretched(towns, (projects / DEMO_PROJECTS) ** 0.5), rulebook(), **size)


def _stretched(towns: pl.DataFrame, times: float) -> pl.DataFrame:
    """The towns with every length times as long, about the mean of their own points."""
    points = towns.select("lon_deg", "lat_deg").to_numpy()
    middle = points.mean(axis=0)
    longer = middle + (points - middle) * times
    shapes = shapely.transform(
        shapely.from_wkb(towns["geometry_wkb"].to_list()), lambda at: middle + (at - middle) * times
    )
    drawn = {"lon_deg": longer[:, 0], "lat_deg": longer[:, 1], "geometry_wkb": shapely.to_wkb(shapes).tolist()}
    return towns.with_columns(pl.Series(column, values) for column, values in drawn.items())


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
