"""A scheme in the making: the units of its phases, the firms it moves, and its figures."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from yipanqi.matching.contract import SchemeKind
from yipanqi.matching.figures import Figures, columns_of, parts, score
from yipanqi.matching.ground import Floats, Ground
from yipanqi.matching.needs import Need
from yipanqi.matching.relocations import Move
from yipanqi.matching.rules import Rules


@dataclass(frozen=True)
class Unit:
    """How much of one site one phase takes; ``interim``: a plant leased until the land is ready."""

    phase: int
    site: int
    take: float
    interim: bool = False


@dataclass(frozen=True, eq=False)
class Draft:
    """One way to settle one phase, or all phases of a project.

    ``need_m2`` is the area it is to meet, ``wanted`` the day it is wanted; ``unplaced`` are phases for which no place
    was found.
    """

    project_id: str
    units: tuple[Unit, ...]
    split: bool
    figures: Figures
    need_m2: float
    wanted: int
    moves: tuple[Move, ...] = ()
    unplaced: tuple[int, ...] = ()
    score: float = 0.0
    merits: tuple[float, ...] = ()

    @cached_property
    def sites(self) -> tuple[int, ...]:
        """Every site it takes, ascending."""
        return tuple(sorted({unit.site for unit in self.units}))

    @cached_property
    def lasting(self) -> tuple[int, ...]:
        """The sites it takes for good, without interim leases, ascending."""
        return tuple(sorted({unit.site for unit in self.units if not unit.interim}))

    @cached_property
    def taken(self) -> dict[int, float]:
        """How much of each site it takes, all phases together."""
        total: dict[int, float] = {}
        for unit in self.units:
            total[unit.site] = total.get(unit.site, 0.0) + unit.take
        return total

    def moving(self, moves: Sequence[Move]) -> "Draft":
        """The draft with those of the moves that clear its sites: it is ready no sooner than the last of them."""
        own = tuple(move for move in moves if move.firm.at in self.taken)
        if not own:
            return self
        return replace(self, moves=own, figures=self.figures.later(max(m.gone for m in own), self.wanted))

    def kind(self, ground: Ground) -> SchemeKind:
        """Which of the six kinds it is: the first that holds, from the most to the least that must happen."""
        if self.moves:
            return SchemeKind.RELOCATION
        if any(unit.interim for unit in self.units):
            return SchemeKind.LEASE_THEN_LAND
        if self.split:
            return SchemeKind.SPLIT
        if any(ground.low[site] for site in self.sites):
            return SchemeKind.RENOVATION
        return SchemeKind.ASSEMBLY if len(self.sites) > 1 else SchemeKind.SINGLE

    def scheme_id(self, ground: Ground) -> str:
        """``<project>/<12 hex>``: the digest of its units by phase and its relocations."""
        units = sorted(f"{unit.phase}:{ground.ids[unit.site]}" for unit in self.units)
        moves = sorted(f"{m.firm.firm_id}>{'' if m.to is None else ground.ids[m.to]}" for m in self.moves)
        text = "\n".join([*units, "", *moves])
        return f"{self.project_id}/{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def scored(drafts: Sequence[Draft], need: Need, ground: Ground, rules: Rules) -> list[Draft]:
    """The drafts of one project with the scores of their figures, and their merits.

    Merits are what schemes are compared in, better the larger: the parts of the score, to a hundredth, the share in the
    own town, and the share on stock that was built on before and takes no new construction land. ``need`` is any of the
    project's: wishes, origin and the scale of cost are the same in all.
    """
    if not drafts:
        return []
    of = parts(columns_of([d.figures for d in drafts]), need, rules)
    places = np.array([_shares(d, need, ground) for d in drafts])
    merits = np.nan_to_num(np.round(np.column_stack([of, places]), 2)).tolist()
    worth = score(of, rules).tolist()
    return [replace(d, score=w, merits=tuple(m)) for d, w, m in zip(drafts, worth, merits, strict=True)]


def _shares(draft: Draft, need: Need, ground: Ground) -> tuple[float, float]:
    total = sum(draft.taken.values())
    own = sum(m2 for s, m2 in draft.taken.items() if ground.towns[s] == need.origin)
    stock = sum(m2 for s, m2 in draft.taken.items() if ground.stock[s])
    return own / total, stock / total


def all_taken(drafts: Iterable[Draft]) -> dict[int, float]:
    """How much of each site the drafts take together."""
    total: dict[int, float] = {}
    for draft in drafts:
        for site, m2 in draft.taken.items():
            total[site] = total.get(site, 0.0) + m2
    return total


def joined(phases: Sequence[Draft], ground: Ground) -> Draft:
    """The phases of one project as one draft: sums, the earliest start, the latest day, means by the area needed.

    Phases in different towns make it a split; whether those of one town touch, the caller knows.
    """
    if len(phases) == 1:
        return phases[0]
    of = vars(columns_of([d.figures for d in phases]))
    share = np.array([d.need_m2 for d in phases])

    def mean(values: Floats) -> float:
        return float(values @ share / share.sum())

    figures = Figures(
        fit=mean(of["fit"]),
        cost_wan=float(of["cost_wan"].sum()),
        cost_known=bool(of["cost_known"].all()),
        day=int(of["day"].max()),
        start=int(of["start"].min()),
        late_months=float(of["late_months"].max()),
        changes=float(of["changes"].sum()),
        distance_km=mean(of["distance_km"]),
        zone=mean(of["zone"]),
    )
    moves = {m.firm.firm_id: m for d in phases for m in d.moves}
    towns = {ground.towns[u.site] for d in phases for u in d.units if not u.interim}
    return Draft(
        phases[0].project_id,
        tuple(sorted((u for d in phases for u in d.units), key=lambda u: (u.phase, u.site))),
        any(d.split for d in phases) or len(towns) > 1,
        figures,
        need_m2=float(share.sum()),
        wanted=min(d.wanted for d in phases),
        moves=tuple(moves[firm] for firm in sorted(moves)),
    )
