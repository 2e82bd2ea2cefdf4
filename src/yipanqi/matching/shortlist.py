"""初选: for each demand the best single sites in different towns, out of thousands or a million, at once.

The same filters, score and ties as a scan of every site with ``candidates`` and ``figures``; only most sites are never
looked at. Sites are grouped by kind, class and town and laid in blocks; statistics of a block bound the score of its
sites from above, groups and blocks are taken in the order of their bounds, and the search ends when the best bound
left is below the last place.

Assemblies, splits, several phases together and firms moved out are the business of ``schemes``: its pool wants the
best of every kind, town and class of site and tells of all that passes, so it looks at every site.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeAlias

import dataframely as dy
import numpy as np
import numpy.typing as npt
import polars as pl

from yipanqi.kernel import tables
from yipanqi.matching.blocks import Columns, facts_of, laid, marks_of
from yipanqi.matching.candidates import EXACT
from yipanqi.matching.contract import Supply, Want
from yipanqi.matching.figures import PARTS, ready_days
from yipanqi.matching.ground import BUILDING, EPOCH, UTILITIES, Floats, Ground, Ints, lay_out
from yipanqi.matching.needs import LAND, Need, needs_of
from yipanqi.matching.relocations import destinations, movable
from yipanqi.matching.rules import Rules, rules_of
from yipanqi.matching.standing import Classes, ClassKey, Standing
from yipanqi.policy.rulebook import Rulebook

Rows: TypeAlias = npt.NDArray[np.int64]


class SiteClass(dy.Schema):
    """The plan class of one site: the plan says the same to a demand on every site of a class."""

    site_id = dy.String(primary_key=True, nullable=False)
    plan_class = dy.Int64(nullable=False)


class PlanWords(dy.Schema):
    """What the plan says to one demand on the sites of one class. A class without a row is allowed as it stands."""

    project_id = dy.String(primary_key=True, nullable=False)
    phase = dy.Int64(primary_key=True, nullable=False)
    plan_class = dy.Int64(primary_key=True, nullable=False)
    forbidden = dy.Bool(nullable=False)
    change_count = dy.Float64(nullable=False, min=0.0)
    delay_days = dy.Int64(nullable=False, min=0, description="until the plan changes are through")


class Pick(dy.Schema):
    """One of the best sites for one phase, the best first and one in each town; the score and its parts are 0–1."""

    project_id = dy.String(primary_key=True, nullable=False)
    phase = dy.Int64(primary_key=True, nullable=False)
    shown_rank = dy.Int64(primary_key=True, nullable=False, min=1)
    site_id = dy.String(nullable=False)
    town_id = dy.String(nullable=False)
    score_share = dy.Float64(nullable=False)
    fit_share = dy.Float64(nullable=False, description="technical and size fit")
    cost_share = dy.Float64(nullable=False)
    date_share = dy.Float64(nullable=False)
    plan_share = dy.Float64(nullable=False, description="halves with each plan change")
    distance_share = dy.Float64(nullable=True, description="null: no wishes")
    zone_share = dy.Float64(nullable=False)


@dataclass(frozen=True, eq=False)
class Picks:
    """The best sites for one need, best first: places in the order of ids, scores, parts (``figures.PARTS``).

    ``work`` counts groups and blocks bounded, blocks whose rows, and rows whose ranks, are looked at.
    """

    sites: Ints
    scores: Floats
    parts: Floats
    work: Rows


class Shortlist:
    """An index over an inventory on one day. Questions do not change it; ``put``, ``hold``, ``free``, ``change`` do.

    What changes is seen by the very next question. Not to be changed while another thread asks.
    """

    def __init__(self, supply: Supply, ground: Ground, rules: Rules, standing: Standing, plan_class: Rows) -> None:
        from yipanqi.matching import _block_kernels, _kernels

        self._kernels, self._layout = _kernels, _block_kernels
        self.ids, self.rules = ground.ids, rules
        self._as_of, self._incumbents = ground.as_of, supply.incumbents
        self._place, self._standing = ground.index, standing
        self._towns = sorted(set(ground.towns))
        self._keys, of_class = _class_keys(ground, plan_class)
        self._plain, self._low = _ready_both(ground, rules)
        facts = facts_of(ground)
        facts[:, _block_kernels.READY] = np.where(standing.low, self._low, self._plain)
        self._weights = rules.weights, tuple(w * (p != "distance") for w, p in zip(rules.weights, PARTS, strict=True))
        self._fact = {name: _block_kernels.FACT + at for at, name in enumerate((*BUILDING, *UTILITIES))}
        marks = marks_of(standing.open(), ground.divisible)
        self._lay(Columns(facts, marks, ground.kind.copy(), of_class, ground.town_codes.copy()))

    @classmethod
    def of(
        cls, supply: Supply, want: Want, rulebook: Rulebook, as_of: date, classes: pl.DataFrame | None = None
    ) -> "Shortlist":
        """The index of a supply. ``want`` says which sites projects are fixed on.

        ``classes`` (``SiteClass``) are those the plan speaks of; a site without one is of class 0. A site on which
        firms sit is offered only if each of them has somewhere to go, as the sites stand now.

        Raises:
            KeyError: a parameter of the room is missing in the rulebook.
        """
        rules = rules_of(rulebook, as_of)
        ground = lay_out(supply, want.projects, as_of, rules.unknown_date_months)
        able = movable(ground, destinations(ground, ready_days(ground, rules), rules))
        return cls(supply, ground, rules, Standing.of(ground, able), _plan_classes(list(ground.ids), classes))

    @property
    def bytes(self) -> int:
        """The memory of the arrays a search walks over."""
        return self._blocks.bytes

    @property
    def block_count(self) -> int:
        """How many blocks the sites lie in."""
        return len(self._blocks.stats)

    def best(self, want: Want, *, words: pl.DataFrame | None = None, count: int = 3) -> pl.DataFrame:
        """The best sites of every phase wanted (``Pick``), in as many towns as ``count`` says, or as there are.

        ``words`` are the plan's (``PlanWords``); without them nothing is forbidden and nothing takes longer.
        """
        told = {} if words is None else self.words(words)
        needs = needs_of(want, self.rules, EPOCH + timedelta(days=self._as_of))
        return self.table([(need, self.first(need, told.get(need.key), count)) for need in needs])

    def first(self, need: Need, word: Floats | None = None, count: int = 3) -> Picks:
        """The best sites for one need: the fast way, from a prepared need (and its ``words``) to arrays.

        Raises:
            ValueError: the word is of another index, or older than a class that came in by ``change``.
        """
        self._settle()
        if word is not None and len(word) != len(self._silent):
            raise ValueError(f"words of {len(word)} classes, the index has {len(self._silent)}")
        table = (self._silent if word is None else word).copy()
        table[:, self._kernels.ZONE] = self._classes.zone_parts(need.industry, self.rules)
        own = self._rows(self._standing.own_of(need.project_id))
        barred = self._rows([self._place[site_id] for site_id in need.declined if site_id in self._place])
        question = (self._asked(need), table, barred)
        scores, parts = np.empty(count), np.empty((count, len(PARTS)))
        sites, towns = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int32)
        work = np.zeros(self._kernels.COUNTS, dtype=np.int64)
        size = self._kernels.search(self._index, need.kind, question, own, (scores, sites, towns, parts), work)
        if not need.wish_weight.sum():
            parts[:, PARTS.index("distance")] = np.nan
        return Picks(sites[:size], scores[:size], parts[:size], work)

    def words(self, words: pl.DataFrame) -> Mapping[tuple[str, int], Floats]:
        """The plan's words (``PlanWords``) as ``first`` takes them, by need."""
        self._settle()
        codes = pl.DataFrame({"plan_class": self._classes.plan_class, "code": np.arange(len(self._silent))})
        told = words.join(codes, on="plan_class")
        found = {}
        for key, of_need in told.partition_by("project_id", "phase", as_dict=True).items():
            table = self._silent.copy()
            at = of_need["code"].to_numpy()
            table[at, self._kernels.FORBIDDEN] = of_need["forbidden"].to_numpy()
            table[at, self._kernels.PLAN] = 0.5 ** of_need["change_count"].to_numpy()
            table[at, self._kernels.DAYS] = of_need["delay_days"].to_numpy()
            found[str(key[0]), int(key[1])] = table
        return found

    def table(self, picked: Sequence[tuple[Need, Picks]]) -> pl.DataFrame:
        """The picks of needs as a frame (``Pick``)."""
        rows = [(need, picks, at) for need, picks in picked for at in range(len(picks.sites))]
        sites = [int(picks.sites[at]) for _, picks, at in rows]
        columns = {
            "project_id": [need.project_id for need, _, _ in rows],
            "phase": [need.phase for need, _, _ in rows],
            "shown_rank": [at + 1 for _, _, at in rows],
            "site_id": [self.ids[site] for site in sites],
            "town_id": [self._towns[self._town[site]] for site in sites],
            "score_share": [float(picks.scores[at]) for _, picks, at in rows],
        }
        parts = np.array([picks.parts[at] for _, picks, at in rows]).reshape(-1, len(PARTS))
        shares = {f"{name}_share": parts[:, at] for at, name in enumerate(PARTS)}
        frame = pl.DataFrame(columns | shares, schema=tables.empty(Pick).schema)
        return frame.with_columns(pl.col("distance_share").fill_nan(None))

    def put(self, site_ids: Iterable[str], state: str) -> None:
        """The sites are in this state (``SiteState``) from now on: taken, freed, reserved, cleared."""
        sites = [self._place[site_id] for site_id in site_ids]
        for site in sites:
            self._standing.put(site, state)
        self._flipped(sites)

    def hold(self, site_ids: Iterable[str], project_id: str) -> None:
        """The project holds the sites from now on; no other is offered them."""
        sites = [self._place[site_id] for site_id in site_ids]
        for site in sites:
            self._standing.hold(site, [project_id])
        self._flipped(sites)

    def free(self, site_ids: Iterable[str]) -> None:
        """Nobody holds the sites any more."""
        sites = [self._place[site_id] for site_id in site_ids]
        for site in sites:
            self._standing.free(site)
        self._flipped(sites)

    def change(self, sites: pl.DataFrame, classes: pl.DataFrame | None = None) -> None:
        """The facts of these sites, whole rows of ``Supply.sites``, are others from now on; holds stay.

        A site of another kind, town or class than before has the index laid anew at the next question; the others only
        their block measured. Where the firms of a site could go is not asked again.

        Raises:
            KeyError: a site the index does not have.
        """
        bare = Supply(sites, pl.DataFrame(), self._incumbents, pl.DataFrame(schema=_HOLDS))
        on = EPOCH + timedelta(days=self._as_of)
        ground = lay_out(bare, pl.DataFrame(schema=_FIXED), on, self.rules.unknown_date_months)
        places = np.array([self._place[site_id] for site_id in ground.ids], dtype=np.int64)
        self._plain[places], self._low[places] = _ready_both(ground, self.rules)
        self._settle()
        self._blocks.facts[self._blocks.row[places]] = facts_of(ground)
        self._blocks.marks[self._blocks.row[places]] = marks_of(ground.divisible & False, ground.divisible)
        for site, state in zip(places.tolist(), _states(sites, ground.ids), strict=True):
            self._standing.put(site, state)
        self._regroup(places, ground, _plan_classes(list(ground.ids), classes))
        self._flipped(places.tolist())

    def _regroup(self, places: Rows, ground: Ground, plan_class: Rows) -> None:
        """Note kind, class and town of changed sites; where one is another, the index has to be laid again."""
        known = {town: code for code, town in enumerate(self._towns)}
        codes = {key: code for code, key in enumerate(self._keys)}
        keys, of_class = _class_keys(ground, plan_class)
        for key in keys:
            codes.setdefault(key, len(codes))
        for town in ground.towns:
            known.setdefault(town, len(known))
        self._towns, self._keys = list(known), list(codes)
        new = (
            ground.kind,
            np.array([codes[keys[code]] for code in of_class], dtype=np.int32),
            np.array([known[town] for town in ground.towns], dtype=np.int32),
        )
        for column, values in zip((self._kind, self._of_class, self._town), new, strict=True):
            self._stale |= bool((column[places] != values).any())
            column[places] = values

    def _flipped(self, sites: Sequence[int]) -> None:
        """Mark the sites open or not, and measure their blocks again."""
        rows, blocks = self._rows(sites), self._blocks
        for site, row in zip(sites, rows.tolist(), strict=True):
            parted = blocks.marks[row] & self._layout.DIVISIBLE
            blocks.marks[row] = parted | self._layout.OPEN * self._standing.open_at(site)
            blocks.facts[row, self._layout.READY] = (self._low if self._standing.low[site] else self._plain)[site]
        self._layout.refresh(self._index, rows)

    def _rows(self, sites: Sequence[int]) -> Rows:
        return np.array([self._blocks.row[site] for site in sites], dtype=np.int64)

    def _settle(self) -> None:
        """Lay the index again where a change has moved a site to another group."""
        if self._stale:
            row, blocks = self._blocks.row, self._blocks
            self._lay(Columns(blocks.facts[row], blocks.marks[row], self._kind, self._of_class, self._town))

    def _lay(self, columns: Columns) -> None:
        self._kind, self._of_class, self._town = columns.kind, columns.of_class, columns.town
        self._blocks, self._stale = laid(columns), False
        self._index = self._blocks.index
        self._classes = Classes.of(self._keys, self.rules)
        self._silent = np.tile([0.0, 0.0, 1.0, 0.0], (len(self._keys), 1))

    def _asked(self, need: Need) -> Floats:
        """The need and the rules it is measured by, as ``_kernels`` names the entries."""
        rules, wishes = self.rules, np.array((need.wish_x, need.wish_y, need.wish_weight)).T.ravel().tolist()
        total = float(need.wish_weight.sum())
        weights = self._weights[0 if total else 1]
        demanded = [
            (self._fact[name], least * EXACT) for name, least in (*need.building.items(), *need.utilities.items())
        ]
        named = [
            need.need_m2,
            need.need_m2 * EXACT,
            need.most_m2(rules),
            math.inf if need.rent_max is None else need.rent_max,
            need.wanted,
            need.cost_half_wan,
            need.kind == LAND,
            total,
            any(map(math.isnan, wishes)),
            rules.unknown_share,
            rules.date_half_months,
            rules.distance_half_km,
            rules.rent_years,
            *weights,
            sum(weights),
            -1.0,
            len(demanded),
        ]
        spare = [0.0] * (2 * (self._layout.DEMANDED - len(demanded)))
        return np.array([*named, *(number for pair in demanded for number in pair), *spare, *wishes])


_HOLDS: dict[str, pl.DataType] = {"site_id": pl.String(), "project_id": pl.String(), "held_until": pl.Date()}
_FIXED: dict[str, pl.DataType] = {"project_id": pl.String(), "fixed_site_ids": pl.List(pl.String())}


def _plan_classes(ids: Sequence[str], classes: pl.DataFrame | None) -> Rows:
    if classes is None:
        return np.zeros(len(ids), dtype=np.int64)
    placed = pl.DataFrame({"site_id": ids}, schema={"site_id": pl.String})
    found = placed.join(classes, on="site_id", how="left", maintain_order="left")
    return found["plan_class"].fill_null(0).to_numpy().astype(np.int64)


def _class_keys(ground: Ground, plan_class: Rows) -> tuple[list[ClassKey], Ints]:
    """The classes of the sites, and the class of each as a place among them."""
    (area, words), (direction, lists) = ground.area_classes, ground.direction_lists
    every = np.column_stack([plan_class, area, direction])
    keys, codes = np.unique(every, axis=0, return_inverse=True)
    named = [(plan, words[area_class], lists[directions]) for plan, area_class, directions in keys.tolist()]
    return named, codes.reshape(-1).astype(np.int32)


def _ready_both(ground: Ground, rules: Rules) -> tuple[Floats, Floats]:
    """The day each site is ready if it is not of low efficiency, and if it is."""
    flags = np.zeros(len(ground), dtype=np.bool_), np.ones(len(ground), dtype=np.bool_)
    plain, low = (ready_days(replace(ground, low=low), rules).astype(np.float64) for low in flags)
    return plain, low


def _states(sites: pl.DataFrame, ids: Sequence[str]) -> list[str]:
    stated = dict(sites.select("site_id", "state").iter_rows())
    return [stated[site_id] for site_id in ids]
