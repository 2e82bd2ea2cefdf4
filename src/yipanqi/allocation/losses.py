"""Where the gap is: the losses of an answer by row, and the groups around a row."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from yipanqi.kernel.solver import Bools, Floats, Ints, Model


@dataclass(frozen=True)
class Losses:
    """A model with prices of its rows, the reduced costs at these, and the groups of its columns (−1: none)."""

    model: Model
    groups: Ints
    prices: Floats
    reduced: Floats

    @cached_property
    def rows(self) -> Ints:
        """The row of each entry."""
        return self.model.row_of

    @cached_property
    def place_of(self) -> Ints:
        """Of each row the one that holds its groups: itself, or what defines the total that it bounds."""
        model, rows, places = self.model, self.rows, np.arange(self.model.row_lower.size)
        loose = ~model.integral[model.columns]
        defining = (model.row_lower == model.row_upper) & (np.bincount(rows, ~loose, places.size) > 0)
        definition = np.full(model.cost.size, -1)
        entries = loose & defining[rows]
        definition[model.columns[entries]] = rows[entries]
        bounding = loose & ~defining[rows] & (definition[model.columns] >= 0)
        places[rows[bounding]] = definition[model.columns[bounding]]
        return places

    def by_row(self, x: Floats) -> Floats:
        """The loss at each row, its own and that of its columns.

        The gap is a sum of losses: y·(b − Ax) for what is scarce and unused, −d·x for what is taken below its price,
        d·(u − x) for what is not taken above it.
        """
        model = self.model
        used = model.activity(x)
        ends = np.where(self.prices > 0, model.row_upper, model.row_lower)
        ends = np.where(np.isinf(ends), used, ends)
        own = self.prices * (ends - used)
        other = np.where(self.reduced > 0, model.upper, model.lower)
        of_columns = self.reduced * (other - x)
        losses = np.bincount(self.place_of, own, minlength=own.size).astype(np.float64)
        return losses + np.bincount(self.rows, of_columns[model.columns], minlength=own.size)

    @cached_property
    def _links(self) -> tuple[Ints, Ints, Bools]:
        """Row and group of every entry that belongs to a group, and whether the row has a price."""
        of = self.groups[self.model.columns]
        inside = of >= 0
        return self.rows[inside], of[inside], self.prices[self.rows[inside]] != 0

    @cached_property
    def _undecided(self) -> Floats:
        """How far the column of every entry that belongs to a group is from being as good taken as not."""
        return np.abs(self.reduced[self.model.columns[self.groups[self.model.columns] >= 0]])

    def around(self, seeds: Ints, size: int) -> Ints:
        """About ``size`` groups near some rows: the least decided in them, then ring by ring over priced rows."""
        rows, groups, priced = self._links
        count, names = self.model.row_lower.size, int(groups.max(initial=-1)) + 1
        near = np.zeros(count, dtype=bool)
        near[self.place_of[seeds]] = True
        chosen = np.zeros(names, dtype=bool)
        undecided = np.full(names, np.inf)
        np.minimum.at(undecided, groups[near[rows]], self._undecided[near[rows]])
        first = np.flatnonzero(np.isfinite(undecided))
        chosen[first[np.lexsort((first, undecided[first]))][: max(1, size)]] = True
        while (left := size - int(chosen.sum())) > 0:
            near = np.bincount(rows[chosen[groups] & priced], minlength=count) > 0
            links = np.bincount(groups[near[rows]], minlength=names)
            ring = np.flatnonzero((links > 0) & ~chosen)
            if ring.size == 0:
                break
            chosen[ring[np.lexsort((ring, -links[ring]))][:left]] = True
        return np.flatnonzero(chosen)

    def promising(self, near: Bools, sure: Bools, count: int) -> Bools:
        """Free columns: of those near, the sure ones and the best by reduced cost, ``count`` in all; and all totals."""
        free = ~self.model.integral
        places = np.flatnonzero(near & ~free)
        rank = np.where(sure, np.inf, self.reduced)[places]
        free[places[np.lexsort((places, -rank))][:count]] = True
        return free
