"""Who may use each site now, and what its class is worth to an industry: what the shortlist asks before it searches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from yipanqi.inventory.sites import OFFERABLE, SiteState
from yipanqi.matching.figures import area_class_parts
from yipanqi.matching.ground import Flags, Floats, Ground, Ints
from yipanqi.matching.rules import Rules

#: Plan class, area class, industry directions.
ClassKey: TypeAlias = tuple[int, str | None, tuple[str, ...] | None]


@dataclass(frozen=True, eq=False)
class Standing:
    """What the state of each site says, and which projects hold it; changed in place.

    ``able`` are the sites whose firms all had somewhere to go when the index was made.
    """

    offerable: Flags
    reserved: Flags
    low: Flags
    able: Flags
    holders: dict[int, frozenset[str]]
    own: dict[str, set[int]]

    @classmethod
    def of(cls, ground: Ground, able: Flags) -> "Standing":
        """The standing of every site of the ground."""
        made = cls(ground.offerable.copy(), ground.reserved.copy(), ground.low.copy(), able, {}, {})
        for site, projects in ground.holders.items():
            made.hold(site, projects)
        return made

    def open(self) -> Flags:
        """The sites that can be offered to a project that holds none of them."""
        held = np.zeros(len(self.able), dtype=np.bool_)
        held[list(self.holders)] = True
        return np.asarray(self.offerable & ~held & self.able)

    def open_at(self, site: int) -> bool:
        """Whether one site can be offered to a project that does not hold it."""
        return bool(self.offerable[site] and self.able[site]) and site not in self.holders

    def own_of(self, project_id: str) -> list[int]:
        """The sites this project alone may use, because it holds them."""
        return sorted(
            site
            for site in self.own.get(project_id, ())
            if (self.offerable[site] or self.reserved[site]) and self.able[site]
        )

    def put(self, site: int, state: str) -> None:
        """The state of a site from now on."""
        self.offerable[site] = state in {s.value for s in OFFERABLE}
        self.reserved[site] = state == SiteState.RESERVED.value
        self.low[site] = state == SiteState.LOW_EFFICIENCY.value

    def hold(self, site: int, projects: Iterable[str]) -> None:
        """The projects hold the site, with those that hold it already."""
        self.holders[site] = self.holders.get(site, frozenset()) | frozenset(projects)
        for project_id in self.holders[site]:
            self.own.setdefault(project_id, set()).add(site)

    def free(self, site: int) -> None:
        """Nobody holds the site any more."""
        for project_id in self.holders.pop(site, ()):
            self.own[project_id].discard(site)


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes of sites: plan class, area class and industry directions; one entry a class."""

    plan_class: Ints
    area: Floats
    stated: Flags
    by_prefix: Mapping[str, Flags]

    @classmethod
    def of(cls, keys: Sequence[ClassKey], rules: Rules) -> "Classes":
        """The classes of their keys."""
        by_prefix: dict[str, Flags] = {}
        for at, (_, _, directions) in enumerate(keys):
            for prefix in directions or ():
                by_prefix.setdefault(prefix, np.zeros(len(keys), dtype=np.bool_))[at] = True
        return cls(
            np.array([key[0] for key in keys], dtype=np.int64),
            area_class_parts([key[1] for key in keys], rules),
            np.array([key[2] is not None for key in keys], dtype=np.bool_),
            by_prefix,
        )

    def zone_parts(self, industry: str, rules: Rules) -> Floats:
        """How well each class suits an industry, as ``figures.zone_fit`` says it of each site."""
        suits = np.where(self.stated, rules.off_direction_share, rules.unknown_share)
        for length in range(len(industry) + 1):
            fitting = self.by_prefix.get(industry[:length])
            if fitting is not None:
                suits[fitting] = 1.0
        return np.asarray((self.area + suits) / 2)
