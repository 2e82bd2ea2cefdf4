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
    """One way to settle one project. ``unplaced`` are optional phases for which no place was found."""

    project_id: str
    units: tuple[Unit, ...]
    split: bool
    figures: Figures
    moves: tuple[Move, ...] = ()
    unplaced: tuple[int, ...] = ()
    score: float = 0.0
    merits: tuple[float, ...] = ()

    @cached_property
    def sites(self) -> tuple[int, ...]:
        """Every site it takes, ascending."""
        return tuple(sorted({unit.site for unit in self.units}))

    @cached_property
    def taken(self) -> dict[int, float]:
        """How much of each site it takes, all phases together."""
        total: dict[int, float] = {}
        for unit in self.units:
            total[unit.site] = total.get(unit.site, 0.0) + unit.take
        return total

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


def joined(drafts: Iterable[Draft], weights: Iterable[float]) -> Draft:
    """Drafts of the phases of one project as one: sums, latest days, and means weighted by the area needed."""
    many, share = list(drafts), np.array(list(weights))
    of = vars(columns_of([d.figures for d in many]))

    def mean(values: Floats) -> float:
        return float(values @ share / share.sum())

    whole = Figures(
        fit=mean(of["fit"]),
        cost_wan=float(of["cost_wan"].sum()),
        cost_known=bool(of["cost_known"].all()),
        day=int(of["day"].max()),
        start=int(of["start"].max()),
        late_months=float(of["late_months"].max()),
        changes=float(of["changes"].sum()),
        distance_km=mean(of["distance_km"]),
        zone=mean(of["zone"]),
    )
    units = tuple(sorted((u for d in many for u in d.units), key=lambda u: (u.phase, u.site)))
    return Draft(many[0].project_id, units, any(d.split for d in many), whole)
