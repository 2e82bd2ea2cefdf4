"""Where the firms on a site can go: destinations that fit, and one destination for each firm of a scheme.

A destination is a vacant site, so no firm waits for another and there is no cycle. A firm that needs no area closes.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import islice

import numpy as np

from yipanqi.matching.candidates import EXACT, at_least
from yipanqi.matching.ground import DAYS_PER_MONTH, KINDS, Days, Firm, Flags, Ground, Ints
from yipanqi.matching.rules import Rules


@dataclass(frozen=True)
class Move:
    """One firm moved: to a site (or closed), how much it takes there, and the day its old place is free."""

    firm: Firm
    to: int | None
    take: float
    gone: int


def destinations(ground: Ground, ready: Days, rules: Rules) -> Mapping[str, Ints]:
    """firm → the sites it can go to, best first: ready soonest, least area, nearest, by id.

    A destination can be offered, is vacant and held by no project, is of the kind needed and large enough, not much
    too large unless divisible, and does not fail a stated need. Where the firm names its destinations, only those.
    """
    free = ground.offerable & ~ground.occupied
    free[list(ground.holders)] = False
    of_kind = [np.flatnonzero(free & (ground.kind == kind)).astype(np.int32) for kind in range(len(KINDS))]
    return {
        firm.firm_id: _fitting(ground, ready, firm, of_kind[firm.kind], rules)
        for firms in ground.firms.values()
        for firm in firms
    }


def _fitting(ground: Ground, ready: Days, firm: Firm, free: Ints, rules: Rules) -> Ints:
    area, divisible = ground.area[free], ground.divisible[free]
    fits = area >= firm.need_m2 * EXACT
    fits &= divisible | (area * EXACT <= firm.need_m2 * (1 + rules.destination_oversize_share))
    for name, least in firm.facts.items():
        fits &= at_least(ground.numbers[name][free], least)
    if firm.destinations is not None:
        fits &= np.array([ground.ids[site] in firm.destinations for site in free.tolist()], dtype=np.bool_)
    sites = free[fits]
    apart = np.hypot(ground.x_km[sites] - ground.x_km[firm.at], ground.y_km[sites] - ground.y_km[firm.at])
    take = np.where(ground.divisible[sites], firm.need_m2, ground.area[sites])
    return sites[np.lexsort((sites, np.nan_to_num(apart, nan=np.inf), take, ready[sites]))]


def movable(ground: Ground, to: Mapping[str, Ints]) -> Flags:
    """The sites from which every firm has somewhere to go, or closes; sites without firms are."""
    fine = np.ones(len(ground), dtype=np.bool_)
    for at, firms in ground.firms.items():
        fine[at] = all(firm.need_m2 == 0 or len(to[firm.firm_id]) > 0 for firm in firms)
    return fine


@dataclass(frozen=True)
class Relocation:
    """What relocating rests on: the ground, the day each site is ready, and the destinations of every firm."""

    ground: Ground
    ready: Days
    to: Mapping[str, Ints]

    def moves(self, taken: Mapping[int, float], avoid: Set[int] = frozenset()) -> tuple[Move, ...] | None:
        """One destination for each firm on the taken sites, or None if that cannot be.

        ``taken`` is how much of each site the scheme itself takes; destinations share what is left, an indivisible
        site takes one firm. Firms with the fewest choices choose first, each its best; a choice is taken back only
        when it leaves another firm nowhere to go. ``avoid`` are sites not to be used.
        """
        firms = [firm for site in sorted(taken) for firm in self.ground.firms.get(site, ())]
        going = [f for f in firms if f.need_m2 > 0]
        left = {site: self.ground.area[site] - m2 if self.ground.divisible[site] else 0.0 for site, m2 in taken.items()}
        choices = {f.firm_id: self._choices(f, left, avoid, len(going)) for f in going}
        going.sort(key=lambda f: (len(choices[f.firm_id]), f.firm_id))
        chosen = self._settle(going, choices, left, set())
        if chosen is None:
            return None
        closing = [Move(f, None, 0.0, self._gone(f, self.ground.as_of)) for f in firms if f.need_m2 == 0]
        settled = [Move(f, at, self._take(f, at), self._gone(f, int(self.ready[at]))) for f, at in chosen]
        return tuple(sorted([*closing, *settled], key=lambda move: move.firm.firm_id))

    def _choices(self, firm: Firm, left: Mapping[int, float], avoid: Set[int], most: int) -> list[int]:
        """The firm's best free destinations; as many as firms are moved suffice to give each its own."""
        sites = map(int, self.to[firm.firm_id])
        return list(islice((at for at in sites if at not in avoid and self._room(firm, at, left)), most))

    def _room(self, firm: Firm, at: int, left: Mapping[int, float]) -> bool:
        return bool(left.get(at, self.ground.area[at]) >= self._take(firm, at) * EXACT)

    def _take(self, firm: Firm, at: int) -> float:
        return float(firm.need_m2 if self.ground.divisible[at] else self.ground.area[at])

    def _gone(self, firm: Firm, ready: int) -> int:
        return max(self.ground.as_of, ready) + int(np.ceil(firm.months * DAYS_PER_MONTH))

    def _settle(
        self, firms: list[Firm], choices: Mapping[str, list[int]], left: Mapping[int, float], dead: set[object]
    ) -> list[tuple[Firm, int]] | None:
        """Destinations for the firms, first choice first; ``dead`` remembers what has been tried in vain."""
        if not firms:
            return []
        state = (len(firms), tuple(sorted(left.items())))
        if state in dead:
            return None
        firm, rest = firms[0], firms[1:]
        for at in choices[firm.firm_id]:
            if self._room(firm, at, left):
                after = {**left, at: left.get(at, self.ground.area[at]) - self._take(firm, at)}
                settled = self._settle(rest, choices, after, dead)
                if settled is not None:
                    return [(firm, at), *settled]
        dead.add(state)
        return None
