"""From the ways of each phase to drafts of the whole project: phase after phase, then the firms that must move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from yipanqi.matching.assemblies import Neighbours
from yipanqi.matching.drafts import Draft, Unit, all_taken, joined, scored
from yipanqi.matching.figures import FigureColumns
from yipanqi.matching.ground import Floats, Ground
from yipanqi.matching.needs import Need
from yipanqi.matching.pool import SchemeOptions, diverse
from yipanqi.matching.relocations import Relocation
from yipanqi.matching.rules import Rules
from yipanqi.matching.ways import Ways

#: Continuations tried from each draft, and other destinations tried for the same firms.
_NEXT, _OTHER_DESTINATIONS = 4, 1


@dataclass(frozen=True, eq=False)
class Offer:
    """The ways of one need in the order of preference, with their figures, and whether admission looks hopeless."""

    need: Need
    ways: Ways
    figures: FigureColumns
    scores: Floats
    hopeless: Sequence[bool]

    @property
    def best(self) -> "Offer":
        """The offer cut to its best way."""
        rows = np.arange(min(len(self.ways), 1), dtype=np.int32)
        return Offer(self.need, self.ways.only(rows), self.figures.only(rows), self.scores[rows], self.hopeless[:1])

    def draft(self, row: int) -> Draft:
        """One way as a draft of its phase."""
        w = self.ways
        units = [
            Unit(self.need.phase, int(site), float(take))
            for site, take in zip(w.units[row], w.takes[row], strict=True)
            if site >= 0
        ]
        if w.lease[row] >= 0:
            units.append(Unit(self.need.phase, int(w.lease[row]), float(w.lease_take[row]), interim=True))
        units.sort(key=lambda unit: unit.site)
        figures = self.figures.row(row)
        return Draft(
            self.need.project_id,
            tuple(units),
            bool(w.split[row]),
            figures,
            need_m2=self.need.need_m2,
            wanted=self.need.wanted,
            score=float(self.scores[row]),
        )


@dataclass(frozen=True)
class Composer:
    """What drafts are put together with."""

    ground: Ground
    near: Neighbours
    relocation: Relocation
    rules: Rules
    options: SchemeOptions

    def drafts(self, offers: Sequence[Offer]) -> list[Draft]:
        """Drafts of one project from the offers of its phases, in the order of the phases.

        Every firm phase has a place in each draft; an optional phase has one where one is found, else it is named in
        ``unplaced``. A phase that must touch the one before lies beside it, or on the same divisible site.
        """
        partial: list[list[Draft]] = [[]]
        for offer in offers:
            partial = self._extended(partial, offer)
        found = [self._whole(moved, offers) for many in partial if many for moved in self._relocated(many)]
        return scored(found, offers[0].need, self.ground, self.rules)

    def _whole(self, phases: Sequence[Draft], offers: Sequence[Offer]) -> Draft:
        placed = {d.units[0].phase for d in phases}
        missing = tuple(o.need.phase for o in offers if o.need.phase not in placed)
        whole = joined(phases, self.ground)
        split = whole.split or (len(phases) > 1 and self.near.places(whole.lasting) > 1)
        return replace(whole, split=split, unplaced=missing)

    def _extended(self, partial: list[list[Draft]], offer: Offer) -> list[list[Draft]]:
        """Each partial draft with a place for the next phase; the phase alone where nothing stands yet."""
        rows = self._chosen(offer)
        longer = []
        for many in partial:
            if not many:
                longer += [[offer.draft(row)] for row in rows]
                continue
            following = self._following(many, offer, rows)
            longer += [[*many, d] for d in following]
            if not following and not offer.need.firm:
                longer.append(many)
        if not longer and not offer.need.firm:
            return partial
        longer.sort(key=lambda many: -sum(d.score for d in many) / len(many))
        return longer[: 4 * self.options.pool_count]

    def _chosen(self, offer: Offer) -> list[int]:
        """Rows of an offer: the best of each town and site class, hopeless ones last."""
        ways, ground = offer.ways, self.ground
        if not len(ways):
            return []
        first, last = ground.town_codes[ways.units[:, 0]], ground.town_codes[ways.units.max(axis=1)]
        places = zip(first.tolist(), last.tolist(), strict=True)
        groups = list(zip(places, ground.class_codes[ways.units[:, 0]].tolist(), strict=True))
        rows = sorted(range(len(ways)), key=lambda row: (offer.hopeless[row], row))
        sites = [[s for s in ways.units[row].tolist() if s >= 0] for row in rows]
        own = [all(ground.towns[s] == offer.need.origin for s in row) for row in sites]
        twice = replace(self.options, pool_count=2 * self.options.pool_count, own_count=2 * self.options.own_count)
        return [rows[at] for at in diverse(sites, [groups[row] for row in rows], own, twice)]

    def _following(self, many: list[Draft], offer: Offer, rows: Sequence[int]) -> list[Draft]:
        taken = all_taken(many)
        if offer.need.adjacent:
            rows = self._beside(many[-1], offer.ways)
        found: list[Draft] = []
        for row in rows:
            draft = offer.draft(row)
            if all(self._room(site, m2, taken) for site, m2 in draft.taken.items()):
                found.append(draft)
            if len(found) == _NEXT:
                break
        return found

    def _beside(self, before: Draft, ways: Ways) -> list[int]:
        """Rows with a unit that touches the draft's, or is another part of a divisible one."""
        own = [u.site for u in before.units if not u.interim]
        around = np.unique(
            np.concatenate([*(self.near.of(s) for s in own), [s for s in own if self.ground.divisible[s]]])
        )
        return np.flatnonzero(np.isin(ways.units, around.astype(np.int32)).any(axis=1)).tolist()

    def _room(self, site: int, m2: float, taken: Mapping[int, float]) -> bool:
        if not self.ground.divisible[site]:
            return site not in taken
        return bool(taken.get(site, 0.0) + m2 <= self.ground.area[site] * (1 + 1e-9))

    def _relocated(self, phases: Sequence[Draft]) -> list[list[Draft]]:
        """The phases with their firms moved: to the best destinations, and once to none of these."""
        taken = all_taken(phases)
        if not any(self.ground.occupied[site] for site in taken):
            return [list(phases)]
        found: list[list[Draft]] = []
        avoid: frozenset[int] = frozenset()
        for _ in range(1 + _OTHER_DESTINATIONS):
            moves = self.relocation.moves(taken, avoid)
            if moves is None:
                break
            found.append([d.moving(moves) for d in phases])
            targets = frozenset(move.to for move in moves if move.to is not None)
            if not targets:
                break
            avoid |= targets
        return found
