"""Fleets of synthetic districts: a city of 16, a province's 100 counties, drawn by ``yipanqi.simulation.fleet``."""

from dataclasses import dataclass
from datetime import date

from benchmarks import seeds
from yipanqi.allocation.board import TABLES, Facts
from yipanqi.kernel import tables
from yipanqi.simulation.fleet import Member, facts_of, members

_AS_OF = date(2026, 6, 30)


@dataclass(frozen=True)
class Size:
    """How many districts, and the projects of the smallest and the largest; 14 sites for a project."""

    name: str
    districts: int
    smallest: int
    largest: int

    def members(self, seed: int) -> tuple[Member, ...]:
        """The districts a seed gives."""
        return members(self.districts, seed, smallest=self.smallest, largest=self.largest)


CITY = Size("city", 16, 40, 240)
PROVINCE = Size("province", 100, 8, 60)
FEW = Size("few", 3, 4, 8)


def drawn(size: Size, seed: int) -> list[tuple[Member, Facts]]:
    """The districts of a fleet with their facts, refused where they are not the committed ones."""
    fleet = [(member, facts_of(member, _AS_OF)) for member in size.members(seed)]
    seeds.check(name(size, seed), digest([facts for _, facts in fleet]))
    return fleet


def name(size: Size, seed: int) -> str:
    """The name of a fleet among the digests."""
    return f"fleet-{size.name}/{size.districts}/{seed}"


def digests_of(size: Size, seed: int) -> dict[str, str]:
    """The digest of a fleet by its name."""
    return {name(size, seed): digest([facts_of(member, _AS_OF) for member in size.members(seed)])}


def digest(fleet: list[Facts]) -> str:
    """The digest of every table of every district."""
    return seeds.digest(part for f in fleet for part in (f.district, *(tables.digest(getattr(f, t)) for t in TABLES)))
