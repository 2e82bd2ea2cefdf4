"""A seeded fleet of synthetic districts of varied size and profile: a city's districts, a province's counties."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from yipanqi.allocation.board import Facts
from yipanqi.policy.rulebook import PROFILES, load
from yipanqi.simulation.district import district

#: Sites for one project, as in the single synthetic district.
_SITES_PER_PROJECT = 14


@dataclass(frozen=True)
class Member:
    """One district of a fleet: its name, profile, number of projects, and the seed its facts are drawn from."""

    name: str
    profile: str
    projects: int
    seed: int


def members(count: int, seed: int, *, smallest: int = 40, largest: int = 372) -> tuple[Member, ...]:
    """``count`` districts whose profiles take turns and whose sizes are spread evenly over the logarithms.

    The first is the smallest and the last the largest; the seed decides the order of the profiles and the facts.

    Raises:
        ValueError: no district is asked for, or the sizes are out of order.

    >>> [(m.name, m.projects) for m in members(3, 1)]
    [('D001', 40), ('D002', 122), ('D003', 372)]
    """
    if count < 1 or not 1 <= smallest <= largest:
        raise ValueError("a fleet needs a district, and sizes in order")
    rng = np.random.Generator(np.random.PCG64(seed))
    order = rng.permutation(len(PROFILES))
    seeds = rng.integers(1, 2**31, size=count)
    sizes = np.rint(np.geomspace(smallest, largest, count)).astype(int)
    return tuple(
        Member(f"D{i + 1:03}", PROFILES[order[i % len(PROFILES)]], int(sizes[i]), int(seeds[i])) for i in range(count)
    )


def facts_of(member: Member, as_of: date) -> Facts:
    """The synthetic facts of a member; its district bears the member's name beside the profile's own."""
    rulebook = load(member.profile)
    sites = _SITES_PER_PROJECT * member.projects
    facts = district(rulebook, projects=member.projects, sites=sites, seed=member.seed, as_of=as_of)
    return replace(facts, district=f"{facts.district} {member.name}")
