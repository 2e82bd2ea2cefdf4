"""Division of the gain between towns: sampled and exact Shapley value, and the core check.

The game (value function ``VALUE_FUNCTION``): v(S) is the optimum of the board's linear relaxation with only the towns
of S at the table. Each town brings its sites, the firms on them, the projects that originate in it, its own quotas and
its part of the district's quota: as much as the board's relaxation uses on its land; what the board leaves unused is
open to all. A scheme is open to S when its sites, the destinations of the firms it moves and the project's origin all
lie in S. Fixed placements are taken off the sites first and belong to the towns they touch. Floors are left out.

That is a linear production game (Owen, 1975): opening towns only opens columns and adds resources, so v is monotone,
and paying each town the board's prices for what it brings is a division no coalition can better: a point of the core.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb

import dataframely as dy
import numpy as np
import polars as pl

from yipanqi.allocation import limits
from yipanqi.allocation.assignment import Problem
from yipanqi.allocation.programme import Programme, programme
from yipanqi.kernel import solver
from yipanqi.kernel.solver import Family, Floats, Ints, Limits, Status

VALUE_FUNCTION = "allocation.value.linear_production"
#: Exact division asks 2ⁿ programmes.
EXACT_MOST_TOWNS = 14
#: Excess above this share of the grand value counts as blocking; below it is rounding.
_CORE_SHARE = 1e-7


class TownShare(dy.Schema):
    """What one town brings to the board and what it should get of the gain."""

    town_id = dy.String(primary_key=True, nullable=False)
    alone_wan = dy.Float64(nullable=False, description="value of the town playing alone")
    shapley_wan = dy.Float64(nullable=False, description="Shapley value of the town")
    stderr_wan = dy.Float64(nullable=False, description="standard error; 0 when exact")
    priced_wan = dy.Float64(
        nullable=False, description="its sites and projects at the board's prices: a point of the core"
    )
    hosted_wan = dy.Float64(nullable=False, description="value the board places on its land")


@dataclass(frozen=True)
class Division:
    """The division of the board's value, the value function it rests on, and whether a coalition could do better."""

    value_function: str
    grand_wan: float
    shares: pl.DataFrame
    samples: int
    exact: bool
    in_core: bool
    blocking: tuple[str, ...]
    excess_wan: float


@dataclass(frozen=True)
class Game:
    """The towns' game: what each coalition (a mask of towns, bit i for ``towns[i]``) can make of its own."""

    towns: tuple[str, ...]
    family: Family
    #: Towns each fixed placement touches, and its value.
    fixed_tags: Ints
    fixed_wan: Floats
    priced_wan: Floats

    def values(self, masks: Ints, wall_s: float = 600.0) -> Floats:
        """v of each coalition."""
        within = (self.fixed_tags[None, :] & ~masks[:, None]) == 0
        fixed_wan: Floats = within.astype(float) @ self.fixed_wan
        return solver.open_values(replace(self.family, masks=masks), wall_s) + fixed_wan


def game(problem: Problem, towns: Collection[str] = ()) -> Game:
    """The towns' game of a board; ``towns`` adds towns that bring nothing to it.

    Raises:
        ValueError: more than 60 towns.
        TimeoutError: the relaxation of the whole board ran out of wall time.
    """
    columns = problem.columns
    names = sorted({*towns, *columns["origin_town_id"], *columns["town_ids"].explode()})
    if len(names) > 60:
        raise ValueError(f"{len(names)} towns; at most 60 can play")
    bit = {town: 1 << place for place, town in enumerate(names)}
    free = _without_fixed(problem)
    whole = programme(free)
    model = replace(whole.model.relaxed, upper=np.full(whole.model.cost.size, np.inf))
    tags = np.concatenate([_tags(free.columns, bit), np.zeros(model.cost.size - free.columns.height, dtype=np.int64)])
    grand = solver.solve_relaxed(model, Limits())
    if grand.status is not Status.OPTIMAL or grand.x is None:
        raise TimeoutError("the linear relaxation of the board was not solved")
    pots, endowments = _pots(free, whole, grand.x, names)
    rest = np.maximum(0.0, model.row_upper[pots] - endowments.sum(axis=1))
    fixed = columns.filter(pl.col("fixed") & (pl.col("value_wan") > 0))
    fixed_tags, fixed_wan = _tags(fixed, bit), fixed["value_wan"].to_numpy()
    owned = _owned(free, whole, names)
    rents = np.maximum(0.0, grand.row_prices) * np.where(np.isinf(model.row_upper), 0.0, model.row_upper)
    members = ((fixed_tags[:, None] >> np.arange(len(names))) & 1).astype(float)
    priced = (
        np.bincount(owned[owned >= 0], rents[owned >= 0], minlength=len(names)).astype(float)
        + np.maximum(0.0, grand.row_prices[pots]) @ endowments
        + (fixed_wan / np.maximum(1.0, members.sum(axis=1))) @ members
    )
    # Its columns keep their upper bounds, which no optimum needs: bounded columns are quicker to let in.
    family = Family(whole.model.relaxed, tags, np.zeros(0, dtype=np.int64), pots, rest, endowments)
    return Game(tuple(names), family, fixed_tags, fixed_wan, priced)


def division(
    problem: Problem, scheme_ids: Collection[str], rng: np.random.Generator, pairs: int, towns: Collection[str] = ()
) -> Division:
    """The division of the board's value by the Shapley value, sampled over ``pairs`` orders and their reverses.

    A town's Shapley value is what it adds to the towns before it, averaged over all orders. An order and its reverse
    are drawn together, which lowers the error. ``stderr_wan`` is the standard error over pairs. The core check looks
    at the coalitions that came up. ``scheme_ids``: the placements of the board, for ``hosted_wan``.
    """
    played = game(problem, towns)
    count = len(played.towns)
    orders = [rng.permutation(count) for _ in range(pairs)]
    # Up along the order, down along its reverse: neighbours differ by one town, so each programme starts warm.
    ups = [np.concatenate(([0], np.cumsum(1 << order))) for order in orders]
    downs = [(1 << count) - 1 - up for up in ups]
    masks = np.array(list(dict.fromkeys(int(m) for up, down in zip(ups, downs, strict=True) for m in (*up, *down))))
    value_of = dict(zip(masks.tolist(), played.values(masks).tolist(), strict=True))
    added = np.zeros((pairs, count))
    for row, (order, up, down) in enumerate(zip(orders, ups, downs, strict=True)):
        going_up = np.diff([value_of[int(m)] for m in up])
        going_down = -np.diff([value_of[int(m)] for m in down])
        added[row, order] = (going_up + going_down) / 2
    stderr = added.std(axis=0, ddof=1) / np.sqrt(pairs) if pairs > 1 else np.zeros(count)
    return _division(problem, played, scheme_ids, value_of, (added.mean(axis=0), stderr), 2 * pairs)


def exact(problem: Problem, scheme_ids: Collection[str], towns: Collection[str] = ()) -> Division:
    """The division by the exact Shapley value, and the core check over all coalitions.

    Raises:
        ValueError: more than ``EXACT_MOST_TOWNS`` towns.
    """
    played = game(problem, towns)
    count = len(played.towns)
    if count > EXACT_MOST_TOWNS:
        raise ValueError(f"{count} towns; the exact division takes at most {EXACT_MOST_TOWNS}")
    masks = np.arange(1 << count)
    gray = masks ^ (masks >> 1)  # neighbours differ by one town
    value = np.empty(masks.size)
    value[gray] = played.values(gray)
    shapley = shapley_value(value)
    value_of = dict(zip(masks.tolist(), value.tolist(), strict=True))
    return _division(problem, played, scheme_ids, value_of, (shapley, None), masks.size)


def shapley_value(value: Floats) -> Floats:
    """The Shapley value of a game given by its 2ⁿ values, indexed by mask.

    φ_i = Σ over S without i of |S|!·(n − |S| − 1)!/n! · (v(S ∪ i) − v(S)).

    >>> shapley_value(np.array([0.0, 1.0, 3.0, 10.0])).tolist()
    [4.0, 6.0]
    """
    count = value.size.bit_length() - 1
    masks = np.arange(value.size)
    sizes = np.array([int(mask).bit_count() for mask in masks])
    weight = np.array([1.0 / (count * comb(count - 1, size)) for size in range(count)])
    out = np.empty(count)
    for town in range(count):
        without = masks[(masks >> town & 1) == 0]
        out[town] = np.sum(weight[sizes[without]] * (value[without | 1 << town] - value[without]))
    return out


def _division(
    problem: Problem,
    played: Game,
    scheme_ids: Collection[str],
    value_of: Mapping[int, float],
    shapley: tuple[Floats, Floats | None],
    samples: int,
) -> Division:
    """The division from the game's values: shares by town, and the coalition that would gain most by leaving."""
    division, stderr = shapley
    count = len(played.towns)
    masks = np.array(sorted(value_of))
    members = masks[:, None] >> np.arange(count) & 1
    excess = np.array([value_of[int(mask)] for mask in masks]) - members @ division
    worst = int(np.argmax(excess))
    grand = value_of[(1 << count) - 1]
    blocks = bool(excess[worst] > _CORE_SHARE * max(1.0, grand))
    hosted = problem.columns.filter(pl.col("scheme_id").is_in(list(scheme_ids))).group_by(town_id="main_town_id")
    alone = played.values(1 << np.arange(count))
    shares = pl.DataFrame(
        {
            "town_id": played.towns,
            "alone_wan": alone,
            "shapley_wan": division,
            "stderr_wan": np.zeros(count) if stderr is None else stderr,
            "priced_wan": played.priced_wan,
        }
    ).join(hosted.agg(hosted_wan=pl.col("value_wan").sort().sum()), on="town_id", how="left")
    return Division(
        value_function=VALUE_FUNCTION,
        grand_wan=grand,
        shares=TownShare.validate(shares.with_columns(pl.col("hosted_wan").fill_null(0.0)).sort("town_id")),
        samples=samples,
        exact=stderr is None,
        in_core=not blocks,
        blocking=tuple(town for town, inside in zip(played.towns, members[worst], strict=True) if blocks and inside),
        excess_wan=max(0.0, float(excess[worst])) if blocks else 0.0,
    )


def _without_fixed(problem: Problem) -> Problem:
    """The board without the fixed placements and what they take; without floors."""
    fixed = problem.columns.filter("fixed")
    table = limits.taken(problem.resources, problem.uses.join(fixed, on="scheme_id", how="semi"))
    left = pl.col("capacity") - pl.col("taken") - pl.col("drawn")
    table = table.with_columns(capacity=left.clip(lower_bound=0.0))
    columns = problem.columns.join(fixed, on="project_id", how="anti")
    uses = problem.uses.join(columns, on="scheme_id", how="semi")
    bare = replace(problem, columns=columns, uses=uses, resources=table.select(problem.resources.columns))
    return bare.without_floors()


def _tags(columns: pl.DataFrame, bit: Mapping[str, int]) -> Ints:
    """The mask of the towns each scheme touches: its sites', destinations' and origin."""
    touched = columns.select(pl.concat_list("town_ids", "origin_town_id")).to_series().to_list()
    return np.array([sum({bit[town] for town in towns}) for towns in touched], dtype=np.int64)


def _pots(problem: Problem, whole: Programme, x: Floats, names: Sequence[str]) -> tuple[Ints, Floats]:
    """The rows of the district's pots, and what each town draws on each of them in x."""
    resources = problem.resources.with_row_index("place")
    drawing = resources.filter(pl.col("overflow_id").is_not_null())
    pots = resources.filter(pl.col("resource_id").is_in(drawing["overflow_id"].implode()))
    drawn = np.zeros((pots.height, len(names)))
    overflow = x[len(whole.scheme_ids) + whole.long.size :]
    place_of = {key: place for place, key in enumerate(pots["resource_id"])}
    for (pot, town), amount in zip(drawing.select("overflow_id", "town_id").iter_rows(), overflow, strict=True):
        drawn[place_of[pot], names.index(town)] += amount
    return whole.resource_rows[pots["place"].to_numpy().astype(np.int64)], drawn


def _owned(problem: Problem, whole: Programme, names: Sequence[str]) -> Ints:
    """The town each row belongs to: a project's origin, a resource's town; −1 for the district and definitions."""
    place_of = {town: place for place, town in enumerate(names)}
    origins = problem.columns.select("project_id", "origin_town_id").unique().sort("project_id")["origin_town_id"]
    owners = [place_of[town] for town in origins]
    owners += [place_of.get(town, -1) for town in problem.resources["town_id"]]
    return np.array(owners + [-1] * whole.long.size, dtype=np.int64)
