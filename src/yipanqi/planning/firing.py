"""Where the rules of the plan fire: each kind of test, vectorised over the pairs.

Tests are made on the small tables (demands, sites) and gathered to the pairs by row number, so that half a million
pairs cost a few array lookups for each rule.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from yipanqi.inventory.sites import UseClass
from yipanqi.planning.rules import PlanStatus, Rule, Unknown

#: From mild to severe; a pair takes the worst.
ORDER = (PlanStatus.ALLOWED, PlanStatus.PLAN_CHANGE, PlanStatus.FORBIDDEN)
CODE = MappingProxyType({status: code for code, status in enumerate(ORDER)})

Rows: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int8]
Flags: TypeAlias = NDArray[np.bool_]
#: Rows of the pairs where a rule fires, the status of each, its from and to values.
Fired: TypeAlias = tuple[Rows, Codes, tuple[pl.Series | None, pl.Series | None]]

_SITE_LISTS = {"area_classes": "area_class", "functional_types": "functional_type", "site_kinds": "site_kind",
               "site_states": "state", "site_uses": "use_class"}  # fmt: skip
_DEMAND_LISTS = {"categories": "category", "need_kinds": "need_kind", "needed_uses": "use_class"}


@dataclass(frozen=True)
class Facts:
    """Demands (with category, industry and use needed) and sites, and for each pair its row in both."""

    demands: pl.DataFrame
    sites: pl.DataFrame
    shares: pl.DataFrame
    demand_at: Rows
    site_at: Rows

    @classmethod
    def of(cls, pairs: pl.DataFrame, demands: pl.DataFrame, sites: pl.DataFrame, shares: pl.DataFrame) -> "Facts":
        """The facts with the pairs (project_id, phase, site_id) looked up in them.

        Raises:
            ValueError: a pair names a demand or a site that is not among the facts.
        """
        demands, sites = demands.with_row_index("demand_at"), sites.with_row_index("site_at")
        key = ["project_id", "phase"]
        at = pairs.join(demands.select(*key, "demand_at"), on=key, how="left", maintain_order="left")
        at = at.join(sites.select("site_id", "site_at"), on="site_id", how="left", maintain_order="left")
        lost = at.filter(pl.col("demand_at").is_null() | pl.col("site_at").is_null())
        if not lost.is_empty():
            raise ValueError(f"no such demand or site: {lost.select(*key, 'site_id').row(0)}")
        placed = shares.join(sites.select("site_id", "site_at"), on="site_id")
        rows = (at[c].cast(pl.Int64).to_numpy() for c in ("demand_at", "site_at"))
        return cls(demands, sites, placed, *rows)


def fire(rule: Rule, facts: Facts) -> Fired:
    """Where a rule fires: rows of the pairs, the status of each, and its from and to values."""
    near = _concerned(rule, facts)
    if rule.matrix is not None:
        return _matrix(rule, facts, near)
    if rule.limit is not None:
        return _limit(rule, facts, near)
    if rule.zone is not None:
        return _zone(rule, facts, near)
    if rule.direction:
        return _direction(rule, facts, near)
    if rule.unknown is not None:
        near = near[_unstated(rule.unknown, facts, near)]
        return near, _same(rule, near), (None, None)
    column = facts.sites[rule.parameter] if rule.parameter in facts.sites.columns else None
    return near, _same(rule, near), (None if column is None else column[facts.site_at[near]].cast(pl.String), None)


def _concerned(rule: Rule, facts: Facts) -> Rows:
    """The rows of the pairs a rule's ``when`` names."""
    site_ok = np.ones(facts.sites.height, dtype=bool)
    demand_ok = np.ones(facts.demands.height, dtype=bool)
    for name, column in _SITE_LISTS.items():
        site_ok &= _among(facts.sites[column], getattr(rule.when, name))
    for name, column in _DEMAND_LISTS.items():
        demand_ok &= _among(facts.demands[column], getattr(rule.when, name))
    if rule.when.industries:
        demand_ok &= _starts(facts.demands["industry_code"], rule.when.industries)
    return np.flatnonzero(site_ok[facts.site_at] & demand_ok[facts.demand_at])


def _among(column: pl.Series, wanted: tuple[str, ...]) -> Flags:
    if not wanted:
        return np.ones(len(column), dtype=bool)
    return column.is_in([str(w) for w in wanted]).fill_null(value=False).to_numpy()


def _starts(codes: pl.Series, prefixes: tuple[str, ...]) -> Flags:
    return np.array([code.startswith(prefixes) for code in codes], dtype=bool)


def _same(rule: Rule, at: Rows) -> Codes:
    return np.full(at.size, CODE[rule.status or PlanStatus.FORBIDDEN], dtype=np.int8)


def _matrix(rule: Rule, facts: Facts, near: Rows) -> Fired:
    """Planned use against the use needed; an unknown use is in no cell."""
    uses = [use.value for use in UseClass]
    cells = np.zeros((len(uses) + 1, len(uses) + 1), dtype=np.int8)
    for needed, row in (rule.matrix or {}).items():
        for planned, status in row.items():
            cells[uses.index(needed), uses.index(planned)] = CODE[status]
    numbered = {use: i for i, use in enumerate(uses)}
    needed_at = _codes(facts.demands["use_class"], numbered)[facts.demand_at[near]]
    planned_at = _codes(facts.sites["use_class"], numbered)[facts.site_at[near]]
    codes = cells[needed_at, planned_at]
    hit = codes > 0
    at = near[hit]
    values = (facts.sites["use_class"][facts.site_at[at]], facts.demands["use_class"][facts.demand_at[at]])
    return at, codes[hit], values


def _codes(column: pl.Series, numbered: dict[str, int]) -> Rows:
    return np.array([numbered.get(value, len(numbered)) for value in column], dtype=np.int64)


def _limit(rule: Rule, facts: Facts, near: Rows) -> Fired:
    """A number of the demand beyond a limit of the site. Either unknown: it does not fire."""
    limit = rule.limit
    assert limit is not None
    wanted = _floats(facts.demands[limit.demand])[facts.demand_at[near]]
    bound = _floats(facts.sites[limit.site])[facts.site_at[near]]
    sign = -1.0 if limit.least else 1.0
    with np.errstate(invalid="ignore"):
        over = sign * (wanted - bound)
        hit = over > 1e-9
        beyond = over > bound * (np.inf if limit.slack_share is None else limit.slack_share) + 1e-9
    codes = np.where(beyond, np.int8(CODE[PlanStatus.FORBIDDEN]), _same(rule, near))[hit].astype(np.int8)
    at = near[hit]
    values = (
        facts.sites[limit.site][facts.site_at[at]].cast(pl.String),
        facts.demands[limit.demand][facts.demand_at[at]].cast(pl.String),
    )
    return at, codes, values


def _floats(column: pl.Series) -> NDArray[np.float64]:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _zone(rule: Rule, facts: Facts, near: Rows) -> Fired:
    """Sites with more than the tolerance in a zone of the layer; from: the zone's value, to: the share inside."""
    test = rule.zone
    assert test is not None
    inside = facts.shares.filter(pl.col("zone_kind") == test.zone_kind.value)
    if test.values:
        inside = inside.filter(pl.col("value").is_in(list(test.values)))
    if not test.by_excluded_use:
        worst = _largest(inside, test.tolerance_share, test.most_share)
        return _at_sites(rule, facts, near, worst)
    defaults = {value: [use.value for use in uses] for value, uses in test.default_excluded.items()}
    kept_out = [excluded if excluded is not None else defaults.get(value, [])
                for excluded, value in inside.select("excluded_uses", "value").iter_rows()]  # fmt: skip
    inside = inside.with_columns(pl.Series("kept_out", kept_out, dtype=pl.List(pl.String)))
    fired = []
    for use in UseClass:
        worst = _largest(
            inside.filter(pl.col("kept_out").list.contains(use.value)), test.tolerance_share, test.most_share
        )
        mine = near[_among(facts.demands["use_class"], (use.value,))[facts.demand_at[near]]]
        fired.append(_at_sites(rule, facts, mine, worst))
    at = np.concatenate([f[0] for f in fired])
    told = [pl.concat([v for v in side if v is not None]) for side in zip(*(f[2] for f in fired), strict=True)]
    return at, np.concatenate([f[1] for f in fired]), (told[0], told[1])


def _largest(inside: pl.DataFrame, tolerance: float, most: float) -> pl.DataFrame:
    """Per site the share inside, and the value of the zone with most of it, where the share passes the tolerance."""
    ordered = inside.sort(["share", "zone_id"], descending=[True, False])
    summed = ordered.group_by("site_at", maintain_order=True).agg(pl.col("value").first(), pl.col("share").sum())
    return summed.with_columns(pl.col("share").clip(0.0, 1.0)).filter(
        (pl.col("share") > tolerance) & (pl.col("share") <= most)
    )


def _at_sites(rule: Rule, facts: Facts, near: Rows, hit_sites: pl.DataFrame) -> Fired:
    row_of = np.full(facts.sites.height, -1, dtype=np.int64)
    row_of[hit_sites["site_at"].to_numpy()] = np.arange(hit_sites.height)
    rows = row_of[facts.site_at[near]]
    at, rows = near[rows >= 0], rows[rows >= 0]
    share = hit_sites["share"].round(4).cast(pl.String)
    return at, _same(rule, at), (hit_sites["value"][rows], share[rows])


def _direction(rule: Rule, facts: Facts, near: Rows) -> Fired:
    """Pairs whose industry starts with none of the site's directions; a site without directions takes any."""
    lists = [tuple(d) if d is not None else None for d in facts.sites["industry_directions"]]
    kinds = sorted({d for d in lists if d})
    codes = sorted(set(facts.demands["industry_code"]))
    outside = np.zeros((len(kinds) + 1, len(codes)), dtype=bool)
    for i, prefixes in enumerate(kinds):
        outside[i] = [not code.startswith(prefixes) for code in codes]
    kind_at = np.array([kinds.index(d) if d else len(kinds) for d in lists], dtype=np.int64)
    code_at = _codes(facts.demands["industry_code"], {code: i for i, code in enumerate(codes)})
    at = near[outside[kind_at[facts.site_at[near]], code_at[facts.demand_at[near]]]]
    directions = pl.Series(["/".join(d) if d else None for d in lists], dtype=pl.String)
    return at, _same(rule, at), (directions[facts.site_at[at]], facts.demands["industry_code"][facts.demand_at[at]])


def _unstated(unknown: Unknown, facts: Facts, near: Rows) -> Flags:
    lost = np.zeros(near.size, dtype=bool)
    for column in unknown.site:
        lost |= facts.sites[column].is_null().to_numpy()[facts.site_at[near]]
    for column in unknown.demand:
        lost |= facts.demands[column].is_null().to_numpy()[facts.demand_at[near]]
    return lost
