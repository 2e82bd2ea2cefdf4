"""Cuts: rows that every whole answer keeps and the linear relaxation breaks. They make bounds and prices tight.

Two columns *conflict* when a row has no room for both. A set of columns in conflict two by two is a clique: at most
one is taken. Sites with little room give large cliques that no single row states, and assemblies that overlap in
pairs give cliques over several rows.
"""

from dataclasses import dataclass, replace

import numpy as np

from yipanqi.kernel.solver import Floats, Ints, Model, by_rows

#: A cut is kept when the relaxation breaks it by more than this.
_BROKEN = 0.02
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Packing:
    """The rows of a model that are Σ w x ≤ u with w > 0 over whole columns between 0 and 1, and where columns lie."""

    model: Model
    rows: Ints
    #: The packing rows of each column.
    rows_of: dict[int, list[int]]

    def row(self, row: int) -> tuple[Ints, Floats, float]:
        """Columns, weights and capacity of a row."""
        part = slice(self.model.starts[row], self.model.starts[row + 1])
        return self.model.columns[part], self.model.weights[part], float(self.model.row_upper[row])

    def rivals(self, column: int) -> set[int]:
        """The columns in conflict with a column."""
        found: set[int] = set()
        for row in self.rows_of.get(column, ()):
            columns, weights, room = self.row(row)
            own = float(weights[columns == column][0])
            found.update(columns[weights + own > room * (1 + _ROUNDING)].tolist())
        found.discard(column)
        return found


def packing(model: Model) -> Packing:
    """The packing rows of a model."""
    entry_fits = (model.weights > 0) & model.integral[model.columns] & (model.upper[model.columns] <= 1)
    entry_fits &= model.lower[model.columns] >= 0
    wrong = np.zeros(model.row_lower.size, dtype=bool)
    np.logical_or.at(wrong, model.row_of[~entry_fits], True)
    rows = np.flatnonzero(~wrong & np.isfinite(model.row_upper) & (np.diff(model.starts) > 1))
    rows_of: dict[int, list[int]] = {}
    for row in rows.tolist():
        for column in model.columns[model.starts[row] : model.starts[row + 1]].tolist():
            rows_of.setdefault(column, []).append(row)
    return Packing(model, rows, rows_of)


def of_large_takers(packed: Packing) -> list[list[int]]:
    """For each row the clique of its largest columns: by falling weight as long as two neighbours do not fit together.

    Rows that are cliques themselves are left out.
    """
    found = []
    for row in packed.rows.tolist():
        columns, weights, room = packed.row(row)
        order = np.lexsort((columns, -weights))
        columns, weights = columns[order], weights[order]
        fits = np.flatnonzero(weights[1:] + weights[:-1] <= room * (1 + _ROUNDING))
        large = columns[: fits[0] + 1] if fits.size else columns
        if 2 <= large.size < columns.size or (large.size == columns.size and (weights < room).any()):
            found.append(sorted(large.tolist()))
    return found


def broken_cliques(packed: Packing, x: Floats) -> list[list[int]]:
    """Cliques over several rows that x breaks, each grown as far as it goes; from the largest parts of x down."""
    parts = np.flatnonzero((x > 1e-6) & (x < 1 - 1e-6) & packed.model.integral)
    parts = parts[np.lexsort((parts, -x[parts]))]
    rank = {column: place for place, column in enumerate(parts.tolist())}
    rivals = {column: packed.rivals(column) for column in rank}
    found: dict[tuple[int, ...], None] = {}
    for seed in rank:
        clique = [seed]
        for column in sorted(rivals[seed] & rank.keys(), key=rank.__getitem__):
            if all(column in rivals[member] for member in clique):
                clique.append(column)
        if x[clique].sum() > 1 + _BROKEN:
            found[tuple(_grown(packed, clique, rivals))] = None
    return [list(clique) for clique in found]


def _grown(packed: Packing, clique: list[int], rivals: dict[int, set[int]]) -> list[int]:
    """The clique with every column added, in order, that is in conflict with all of it."""
    common = set.intersection(*(rivals[member] for member in clique))
    grown = list(clique)
    for column in sorted(common):
        if column not in common:
            continue
        grown.append(column)
        common &= packed.rivals(column)
    return sorted(grown)


def cut(model: Model, cliques: list[list[int]]) -> Model:
    """The model with a row for each clique: of its columns at most one is taken."""
    if not cliques:
        return model
    first, count = model.row_lower.size, len(cliques)
    starts, columns, weights = by_rows(
        np.concatenate([model.row_of, np.repeat(np.arange(first, first + count), [len(c) for c in cliques])]),
        np.concatenate([model.columns, np.concatenate([np.array(c) for c in cliques])]),
        np.concatenate([model.weights, np.ones(sum(len(c) for c in cliques))]),
        first + count,
    )
    return replace(
        model,
        starts=starts,
        columns=columns,
        weights=weights,
        row_lower=np.concatenate([model.row_lower, np.full(count, -np.inf)]),
        row_upper=np.concatenate([model.row_upper, np.ones(count)]),
    )
