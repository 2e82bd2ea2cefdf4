"""Boards of n projects × m sites as ``allocation.assignment.Problem``: a district's board, of any size.

Shaped after the board of ``yipanqi demo``: 10–40 schemes a project, half of them single sites, the rest assemblies of
two or three neighbouring parcels; firms that sit on sites and move at most once; land, energy and emission quotas of
towns with a pot of the district; floors and ceilings of a part of the towns. Of the register as many sites can be had
as make demand / capacity, in m², the given ratio. Parcels are taken whole, so demand is what the smallest scheme of
each project takes: about 1.65 times what it needs. Values grow with size, with noise.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from benchmarks import seeds
from yipanqi.allocation.assignment import Problem

Array = np.ndarray
#: Demand over capacity of the ten seeds, in their order.
RATIOS = dict(zip(seeds.SEEDS, np.linspace(0.9, 1.3, len(seeds.SEEDS)).round(3).tolist(), strict=True))
#: What is taken over what is needed, as measured with these sizes of projects and sites.
_TAKEN_RATIO = 1.65
_QUOTAS = ("land", "energy", "emission")
_WHOLE_SHARE, _ASSEMBLED_SHARE, _SEATED_SHARE, _SHARED_SHARE = 0.75, 0.5, 0.2, 0.25


@dataclass(frozen=True)
class Board:
    """A problem, and the schemes of a greedy answer to it, which keeps all of its limits."""

    problem: Problem
    start: tuple[str, ...]

    def digest(self) -> str:
        """The digest of everything."""
        problem = self.problem
        return seeds.digest([problem.columns, problem.uses, problem.resources, "|".join(self.start)])


@dataclass(frozen=True)
class _Sites:
    """The sites that can be had; ``firm`` is the firm that sits there (−1: none)."""

    at: Array
    area: Array
    land: Array
    whole: Array
    town: Array
    firm: Array


@dataclass(frozen=True)
class _Schemes:
    """Schemes by project: up to three sites each (−1: none), m² taken of each, whom it moves and where to."""

    project: Array
    sites: Array
    take: Array
    value: Array


def board(projects: int, sites: int, seed: int, ratio: float | None = None) -> Board:
    """The board of a seed; ``ratio`` of demand to capacity is that of the seed in ``RATIOS`` unless given."""
    rng = np.random.default_rng([seed, projects, sites])
    towns = int(np.clip(projects // 80, 6, 40))
    need = rng.lognormal(10.3, 0.7, projects) + 500.0
    on_land = rng.random(projects) < 0.6
    had = _offered(sites, towns, need, on_land, RATIOS[seed] if ratio is None else ratio, rng)
    drawn = _pool(need, on_land, had, rng)
    told = _tables(drawn, had, need, on_land, towns, rng)
    capped = _limited(told, had, rng)
    start = greedy(capped)
    return Board(_floored(capped, start, rng), start)


def _offered(sites: int, towns: int, need: Array, on_land: Array, ratio: float, rng: np.random.Generator) -> _Sites:
    """Of a register of sites as many, land and plants apart, as give capacity = demand / ratio."""
    at, area = rng.random((sites, 2)), rng.lognormal(9.8, 0.7, sites) + 300.0
    land, whole, order = rng.random(sites) < 0.6, rng.random(sites) < _WHOLE_SHARE, rng.permutation(sites)
    had = []
    for kind in (True, False):
        queue = order[land[order] == kind]
        count = int(np.searchsorted(np.cumsum(area[queue]), need[on_land == kind].sum() * _TAKEN_RATIO / ratio)) + 1
        had.append(queue[:count])
    chosen = np.sort(np.concatenate(had))
    centres = rng.random((towns, 2))
    town = np.argmin(np.linalg.norm(at[chosen, None] - centres[None], axis=2), axis=1)
    seat = np.flatnonzero(rng.random(chosen.size) < _SEATED_SHARE)
    firm = np.full(chosen.size, -1)
    firm[seat] = seat
    near = _near(at[chosen], town * 2 + land[chosen], 1)[:, 0]
    both = seat[(rng.random(seat.size) < _SHARED_SHARE) & (near[seat] >= 0)]
    firm[near[both]] = firm[both]
    return _Sites(at[chosen], np.round(area[chosen]), land[chosen], whole[chosen], town, firm)


def _near(at: Array, group: Array, count: int) -> Array:
    """The nearest others of the same group for each point, −1 where there are fewer."""
    found = np.full((len(at), count), -1)
    for one in np.unique(group):
        inside = np.flatnonzero(group == one)
        distance = np.linalg.norm(at[inside, None] - at[None, inside], axis=2)
        np.fill_diagonal(distance, np.inf)
        most = min(count, inside.size - 1)
        found[inside, :most] = inside[np.argsort(distance, axis=1, kind="stable")[:, :most]]
    return found


def _pool(need: Array, on_land: Array, had: _Sites, rng: np.random.Generator) -> _Schemes:
    """10–40 schemes a project near a wished-for point: sites that are large enough, and neighbours that are together.

    A whole site is taken whole, of a divisible one what is needed; an assembly takes its parcels whole. The value
    grows with what is needed, falls with the distance, and has noise.
    """
    wish, worth = rng.random((need.size, 2)), rng.lognormal(0.0, 0.4, need.size)
    size, near = rng.integers(10, 41, need.size), _near(had.at, had.town * 2 + had.land, 4)
    parts = []
    for project in range(need.size):
        distance = np.linalg.norm(had.at - wish[project], axis=1)
        kind, enough = had.land == on_land[project], had.area >= need[project]
        fits = np.flatnonzero(kind & enough & (~had.whole | (had.area <= 2.5 * need[project])))
        single = fits[np.argsort(distance[fits], kind="stable")]
        begin = np.flatnonzero(kind & ~enough & (had.area > 0.3 * need[project]))
        begin = begin[np.argsort(distance[begin], kind="stable")][:30]
        several = _assemblies(begin, near, had.area, need[project])
        most = int(size[project])
        kept = min(len(several), max(int(most * _ASSEMBLED_SHARE), most - single.size))
        single = single[: most - kept]
        sites = np.vstack([np.column_stack([single, np.full((single.size, 2), -1)]), several[:kept]])
        away = distance[sites[:, 0]]
        value = need[project] / 15.0 * worth[project] * (1.0 - 0.25 * away) * (1.0 + 0.06 * rng.normal(size=len(away)))
        take = np.where(sites >= 0, had.area[sites], 0.0)
        divided = (sites[:, 1] < 0) & ~had.whole[sites[:, 0]]
        take[divided, 0] = np.round(need[project])
        parts.append((np.full(len(sites), project), sites, take, np.round(value, 2)))
    return _Schemes(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _assemblies(begin: Array, near: Array, area: Array, need: float) -> Array:
    """Two or three neighbouring parcels that are large enough together, three only where two are not."""
    pairs = np.array([(0, -1), (1, -1), (2, -1), (0, 1), (0, 2), (1, 2)])
    first = np.repeat(begin, len(pairs))
    which = np.tile(pairs, (begin.size, 1))
    second = near[first, which[:, 0]]
    third = np.where(which[:, 1] >= 0, near[first, which[:, 1]], -1)
    there = (second >= 0) & ((which[:, 1] < 0) | (third >= 0))
    two = area[first] + area[second]
    total = two + np.where(third >= 0, area[third], 0.0)
    short = (third < 0) | (np.maximum(two, area[first] + area[third]) < need)
    good = there & (total >= need) & (total <= 2.0 * need) & short
    found = np.column_stack([first, second, third])[good]
    keys = np.sort(found, axis=1)
    _, firsts = np.unique(keys, axis=0, return_index=True)
    return found[np.sort(firsts)]


def _tables(drawn: _Schemes, had: _Sites, need: Array, on_land: Array, towns: int, rng: np.random.Generator) -> Problem:
    """Columns and uses of sites and firms, with the moves of firms; quotas and towns follow in ``_limited``."""
    of = drawn.project
    tax, energy = need / 150.0 * rng.lognormal(0, 0.5, need.size), need / 40.0 * rng.lognormal(0, 0.8, need.size)
    emission, origin = need / 9e3 * rng.lognormal(0, 1.0, need.size), rng.integers(0, towns, need.size)
    scheme, slot = np.nonzero(drawn.sites >= 0)
    site = drawn.sites[scheme, slot]
    takes = pl.DataFrame({"row": scheme, "site": site, "take": drawn.take[scheme, slot]})
    moves = takes.select("row", firm=pl.Series(had.firm[site])).filter(pl.col("firm") >= 0).unique()
    moves = _moved(moves.sort("row", "firm"), drawn, had, rng)
    cost = moves.group_by("row").agg(pl.col("cost").sort().sum())
    main = had.town[drawn.sites[np.arange(of.size), np.argmax(drawn.take, axis=1)]]
    columns = (
        pl.DataFrame({"row": np.arange(of.size), "project": of, "main": main, "gross": drawn.value})
        .join(cost, on="row", how="left", maintain_order="left")
        .with_columns(
            scheme_id=pl.format("P{}/{}", _code("project", 5), _code("row", 7)),
            project_id=pl.format("P{}", _code("project", 5)),
            origin_town_id=_town(pl.Series(origin[of])),
            value_wan=pl.col("gross") - pl.col("cost").fill_null(0.0),
            tax_wan=pl.Series(np.round(tax[of], 1)),
            energy=pl.Series(np.round(energy[of], 1)),
            emission=pl.Series(np.round(emission[of], 2)),
            land=pl.Series(np.where(on_land[of], drawn.take.sum(axis=1), 0.0)),
            main_town_id=_town(pl.col("main")),
            fixed=pl.lit(False),
        )
        .with_columns(expected_wan=pl.col("value_wan") * 0.8)
        .with_columns(own_town_ids=pl.concat_list("main_town_id"), town_ids=pl.concat_list("main_town_id"))
    )
    whole, firm_of = had.whole, moves["firm"].unique().sort()
    every = pl.concat([takes, moves.select("row", site="to", take="take")]).sort("row", "site")
    amount = np.where(whole[every["site"].to_numpy()], 1.0, every["take"].to_numpy())
    of_sites = every.select("row", resource_id=_site(pl.col("site")), amount=pl.Series(amount))
    of_firms = moves.select("row", resource_id=_firm(pl.col("firm")), amount=pl.lit(1.0))
    uses = pl.concat([of_sites, of_firms]).join(columns.select("row", "scheme_id"), on="row")
    places = pl.DataFrame({"site": np.arange(had.area.size)}).select(
        resource_id=_site(pl.col("site")), kind=pl.Series(np.where(had.land, "land", "plant")), name=_site("site"),
        town_id=_town(pl.Series(had.town)), size=pl.Series(had.area),
        capacity=pl.Series(np.where(whole, 1.0, had.area)),
    )  # fmt: skip
    firms = pl.DataFrame({"firm": firm_of}).select(
        resource_id=_firm(pl.col("firm")), kind=pl.lit("firm"), name=_firm("firm"),
        town_id=_town(pl.Series(had.town[firm_of.to_numpy()])), size=pl.lit(None, pl.Float64), capacity=pl.lit(1.0),
    )  # fmt: skip
    used = pl.concat([places, firms]).join(uses, on="resource_id", how="semi")
    used = used.with_columns(floor=pl.lit(None, pl.Float64), overflow_id=pl.lit(None, pl.String))
    uses = uses.group_by("scheme_id", "resource_id").agg(pl.col("amount").sort().sum())
    large = uses.join(used, on="resource_id").filter(pl.col("amount") > pl.col("capacity"))
    fit = columns.join(large, on="scheme_id", how="anti").drop("row", "project", "main", "gross", "cost")
    return Problem(fit.sort("scheme_id"), uses.join(fit, on="scheme_id", how="semi"), used)


def _moved(moves: pl.DataFrame, drawn: _Schemes, had: _Sites, rng: np.random.Generator) -> pl.DataFrame:
    """Each firm that a scheme moves, the one of five near sites it goes to, what it takes there and what that costs."""
    firm = moves["firm"].to_numpy()
    near = _near(had.at, had.town, 5)[firm]
    turned = (rng.integers(0, 5, firm.size)[:, None] + np.arange(5)) % 5
    near = np.take_along_axis(near, turned, axis=1)
    own = (near[:, :, None] == drawn.sites[moves["row"].to_numpy()][:, None, :]).any(axis=2)
    good = (near >= 0) & ~own
    to = near[np.arange(firm.size), np.argmax(good, axis=1)]
    take = np.minimum(np.round(had.area[firm] * 0.3), had.area[to])
    cost = np.round(had.area[firm] / 300.0, 1)
    found = moves.select("row", "firm").with_columns(to=pl.Series(to), take=pl.Series(take), cost=pl.Series(cost))
    return found.filter(pl.Series(good.any(axis=1)))


def _limited(told: Problem, had: _Sites, rng: np.random.Generator) -> Problem:
    """The problem with quotas of towns and a pot for each kind, and ceilings on a third of the towns."""
    columns = told.columns
    towns = columns["main_town_id"].unique().sort()
    share = np.bincount(had.town, had.area, minlength=int(had.town.max()) + 1)
    share = share[[int(town[1:]) for town in towns]] / share.sum()
    place = pl.DataFrame({"town_id": towns, "share": share, "turn": rng.permutation(towns.len())})
    # What could be placed at once: no more than there is ground for.
    largest = columns.group_by("project_id").agg(pl.col("land", "energy", "emission").min()).sort("project_id")
    part = min(1.0, float(had.area.sum()) / float(_ground_needed(told)))
    uses, resources = [told.uses], [told.resources]
    for kind in _QUOTAS:
        total = float(largest[kind].sum()) * part
        noise = rng.lognormal(0, 0.25, towns.len())
        own = np.round(0.85 * total * share * noise / (share * noise).sum(), 2)
        rows = columns.filter(pl.col(kind) > 0)
        key = pl.format("quota:{}:{}", pl.lit(kind), pl.col("main_town_id"))
        uses.append(rows.select(resource_id=key, amount=kind, scheme_id="scheme_id"))
        rationed = place.select(
            resource_id=pl.format("quota:{}:{}", pl.lit(kind), pl.col("town_id")), name="town_id", town_id="town_id",
            capacity=pl.Series(own), overflow_id=pl.lit(f"quota:{kind}:"),
        )  # fmt: skip
        pot = pl.DataFrame({"resource_id": [f"quota:{kind}:"], "capacity": [round(0.1 * total, 2)]})
        both = pl.concat([rationed, pot], how="diagonal")
        resources.append(both.with_columns(kind=pl.lit(f"quota_{kind}")))
    placed = largest.height * part
    ceilings = place.filter(pl.col("turn") % 3 == 0)
    most = np.floor(0.9 * placed * ceilings["share"].to_numpy()) + 1
    key = pl.format("town_projects:{}", pl.col("main_town_id"))
    uses.append(columns.filter(pl.col("main_town_id").is_in(ceilings["town_id"].implode())).select(
        resource_id=key, amount=pl.lit(1.0), scheme_id="scheme_id"))  # fmt: skip
    resources.append(ceilings.select(
        resource_id=pl.format("town_projects:{}", pl.col("town_id")), kind=pl.lit("town_projects"), name="town_id",
        town_id="town_id", capacity=pl.Series(most)))  # fmt: skip
    return _problem(columns.drop("land", "energy", "emission"), uses, resources)


def _ground_needed(told: Problem) -> float:
    """What the projects take in m², each with its smallest scheme."""
    place = told.resources.filter(pl.col("kind") != "firm").select("resource_id", "size", whole=pl.col("capacity") == 1)
    taken = told.uses.join(place, on="resource_id")
    taken = taken.with_columns(m2=pl.when("whole").then("size").otherwise("amount"))
    sums = taken.group_by("scheme_id").agg(pl.col("m2").sort().sum()).join(told.columns, on="scheme_id")
    return float(sums.group_by("project_id").agg(pl.col("m2").min())["m2"].sort().sum())


def _floored(capped: Problem, start: tuple[str, ...], rng: np.random.Generator) -> Problem:
    """The problem with floors on another third of the towns: as much tax and as many projects as the greedy answer."""
    columns = capped.columns
    towns = columns["main_town_id"].unique().sort()
    have = set(capped.resources.filter(pl.col("kind") == "town_projects")["town_id"])
    free = [town for town in towns if town not in have]
    chosen = sorted(rng.choice(free, max(1, towns.len() // 3), replace=False).tolist())
    placed = columns.filter(pl.col("scheme_id").is_in(list(start)))
    inside = columns.filter(pl.col("main_town_id").is_in(chosen))
    uses, resources = [capped.uses], [capped.resources]
    for kind, amount in (("town_projects", pl.lit(1.0)), ("town_tax", pl.col("tax_wan"))):
        key = pl.format("{}:{}", pl.lit(kind), pl.col("main_town_id"))
        uses.append(inside.select(resource_id=key, amount=amount, scheme_id="scheme_id"))
        reached = placed.select(town_id="main_town_id", amount=amount).group_by("town_id").agg(
            floor=pl.col("amount").sort().sum())  # fmt: skip
        resources.append(pl.DataFrame({"town_id": chosen}).join(reached, on="town_id").select(
            resource_id=pl.format("{}:{}", pl.lit(kind), pl.col("town_id")), kind=pl.lit(kind), name="town_id",
            town_id="town_id", floor="floor"))  # fmt: skip
    return _problem(columns, uses, resources)


def _problem(columns: pl.DataFrame, uses: list[pl.DataFrame], resources: list[pl.DataFrame]) -> Problem:
    names = ("resource_id", "kind", "name", "town_id", "size", "capacity", "floor", "overflow_id")
    every = pl.concat(resources, how="diagonal").select(names).sort("resource_id")
    used = pl.concat([part.select("scheme_id", "resource_id", pl.col("amount").cast(pl.Float64)) for part in uses])
    used = used.group_by("scheme_id", "resource_id").agg(pl.col("amount").sort().sum())
    return Problem(columns.sort("scheme_id"), used.sort("scheme_id", "resource_id"), every)


def greedy(problem: Problem) -> tuple[str, ...]:
    """The schemes taken one by one, the most valuable first, as long as all capacities allow; without floors."""
    place = {key: at for at, key in enumerate(problem.resources["resource_id"])}
    room = [np.inf if most is None else most for most in problem.resources["capacity"]]
    pot = [place.get(key, -1) for key in problem.resources["overflow_id"]]
    needed: dict[str, list[tuple[int, float]]] = {}
    for scheme, resource, amount in problem.uses.iter_rows():
        needed.setdefault(scheme, []).append((place[resource], amount))
    taken: dict[str, str] = {}
    ordered = problem.columns.filter(pl.col("value_wan") > 0).sort(["value_wan", "scheme_id"], descending=[True, False])
    for scheme, project in ordered.select("scheme_id", "project_id").iter_rows():
        if project in taken:
            continue
        own = needed.get(scheme, [])
        beyond = [(pot[at], amount - max(room[at], 0.0)) for at, amount in own if amount > room[at] + 1e-9]
        if all(at >= 0 and amount <= room[at] for at, amount in beyond):
            for at, amount in own:
                room[at] = max(room[at] - amount, 0.0)
            for at, amount in beyond:
                room[at] -= amount
            taken[project] = scheme
    return tuple(sorted(taken.values()))


def _code(name: str, width: int) -> pl.Expr:
    return pl.col(name).cast(pl.String).str.zfill(width)


def _town(numbers: pl.Series | pl.Expr) -> pl.Series | pl.Expr:
    return "T" + numbers.cast(pl.String).str.zfill(2)


def _site(numbers: pl.Expr | str) -> pl.Expr:
    return pl.format(
        "site:S{}", (pl.col(numbers) if isinstance(numbers, str) else numbers).cast(pl.String).str.zfill(6)
    )


def _firm(numbers: pl.Expr | str) -> pl.Expr:
    return pl.format(
        "firm:F{}", (pl.col(numbers) if isinstance(numbers, str) else numbers).cast(pl.String).str.zfill(6)
    )
