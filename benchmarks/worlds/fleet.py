"""Fleets of synthetic districts: a city of 16, a province's 100 counties, drawn by ``yipanqi.simulation.fleet``."""

from dataclasses import dataclass
from datetime import date

from benchmarks import seeds
from yipanqi.allocation.board import TABLES, Facts
from yipanqi.kernel import executor, tables
from yipanqi.kernel.executor import Executor
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


def drawn(size: Size, seed: int, how: Executor) -> list[tuple[Member, Facts]]:
    """The districts of a fleet with their facts, refused where they are not the committed ones."""
    found = executor.map(draw, size.members(seed), executor=how)
    seeds.check(name(size, seed), digest(found))
    return list(zip(size.members(seed), found, strict=True))


def draw(member: Member) -> Facts:
    """The facts of one district."""
    return facts_of(member, _AS_OF)


def name(size: Size, seed: int) -> str:
    """The name of a fleet among the digests."""
    return f"fleet-{size.name}/{size.districts}/{seed}"


def digests_of(size: Size, seed: int) -> dict[str, str]:
    """The digest of a fleet by its name."""
    return {name(size, seed): digest([draw(member) for member in size.members(seed)])}


def digest(fleet: list[Facts]) -> str:
    """The digest of every table of every district."""
    return seeds.digest(part for f in fleet for part in (f.district, *(tables.digest(getattr(f, t)) for t in TABLES)))
