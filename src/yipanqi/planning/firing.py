"""Where the rules of the plan fire: each kind of test, vectorised over the pairs.

Tests are made once on the small tables (demands, sites) and gathered to the pairs by row number, so that half a million
pairs cost a few array lookups for each rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from yipanqi.inventory.sites import UseClass
from yipanqi.planning.rules import Limit, PlanStatus, Rule, Unknown, ZoneTest

#: From mild to severe; a pair takes the worst.
ORDER = (PlanStatus.ALLOWED, PlanStatus.PLAN_CHANGE, PlanStatus.FORBIDDEN)
CODE = MappingProxyType({status: code for code, status in enumerate(ORDER)})

Rows: TypeAlias = NDArray[np.int64]
Codes: TypeAlias = NDArray[np.int8]
Flags: TypeAlias = NDArray[np.bool_]
#: The from and to values of pairs.
Values: TypeAlias = tuple[pl.Series | None, pl.Series | None]
#: Of pairs given by their rows of demands and of sites: whether the test holds, and the status where it does.
Test: TypeAlias = Callable[[Rows, Rows], tuple[Flags, Codes]]
Tell: TypeAlias = Callable[[Rows, Rows], Values]

_SITE_LISTS = {"area_classes": "area_class", "functional_types": "functional_type", "site_kinds": "site_kind",
               "site_states": "state", "site_uses": "use_class"}  # fmt: skip
_DEMAND_LISTS = {"categories": "category", "need_kinds": "need_kind", "needed_uses": "use_class"}
_USES = {use.value: i for i, use in enumerate(UseClass)}


@dataclass(frozen=True)
class Facts:
    """Demands (with category, industry and use needed), sites, and the zone shares of the sites with their rows."""

    demands: pl.DataFrame
    sites: pl.DataFrame
    shares: pl.DataFrame

    @classmethod
    def of(cls, demands: pl.DataFrame, sites: pl.DataFrame, shares: pl.DataFrame) -> "Facts":
        """The facts with their rows numbered."""
        demands, sites = demands.with_row_index("demand_at"), sites.with_row_index("site_at")
        return cls(demands, sites, shares.join(sites.select("site_id", "site_at"), on="site_id"))

    def rows_of(self, pairs: pl.DataFrame) -> tuple[Rows, Rows]:
        """The rows of the demand and of the site of each pair (project_id, phase, site_id).

        Raises:
            ValueError: a pair names a demand or a site that is not among the facts.
        """
        key = ["project_id", "phase"]
        at = pairs.join(self.demands.select(*key, "demand_at"), on=key, how="left", maintain_order="left")
        at = at.join(self.sites.select("site_id", "site_at"), on="site_id", how="left", maintain_order="left")
        lost = at.filter(pl.col("demand_at").is_null() | pl.col("site_at").is_null())
        if not lost.is_empty():
            raise ValueError(f"no such demand or site: {lost.select(*key, 'site_id').row(0)}")
        demand_at, site_at = (at[c].cast(pl.Int64).to_numpy() for c in ("demand_at", "site_at"))
        return demand_at, site_at


@dataclass(frozen=True, eq=False)
class Firing:
    """One rule made ready for the demands and sites of some facts."""

    rule: Rule
    demand_ok: Flags
    site_ok: Flags
    test: Test
    tell: Tell

    def at(self, demand_at: Rows, site_at: Rows) -> tuple[Rows, Codes]:
        """Where the rule fires: the places of the pairs, ascending, and the status of each."""
        near = np.flatnonzero(self.site_ok[site_at] & self.demand_ok[demand_at])
        hit, codes = self.test(demand_at[near], site_at[near])
        return near[hit], codes[hit]


def firing(rule: Rule, facts: Facts) -> Firing:
    """The rule, its tests made on the demands and sites."""
    return Firing(rule, *_concerned(rule, facts), *_test(rule, facts))


def _test(rule: Rule, facts: Facts) -> tuple[Test, Tell]:
    if rule.matrix is not None:
        return _matrix(rule, facts)
    if rule.limit is not None:
        return _limit(rule.limit, _code(rule), facts)
    if rule.zone is not None:
        return _zone(rule.zone, _code(rule), facts)
    if rule.direction:
        return _direction(_code(rule), facts)
    if rule.unknown is not None:
        return _unstated(rule.unknown, _code(rule), facts)
    code, column = _code(rule), facts.sites[rule.parameter] if rule.parameter in facts.sites.columns else None

    def tell(_: Rows, site_at: Rows) -> Values:
        return (None if column is None else column[site_at].cast(pl.String)), None

    return (lambda _, site_at: _all(np.ones(site_at.size, dtype=bool), code)), tell


def _concerned(rule: Rule, facts: Facts) -> tuple[Flags, Flags]:
    """The demands and the sites a rule's ``when`` names."""
    site_ok = np.ones(facts.sites.height, dtype=bool)
    demand_ok = np.ones(facts.demands.height, dtype=bool)
    for name, column in _SITE_LISTS.items():
        site_ok &= _among(facts.sites[column], getattr(rule.when, name))
    for name, column in _DEMAND_LISTS.items():
        demand_ok &= _among(facts.demands[column], getattr(rule.when, name))
    if rule.when.industries:
        demand_ok &= _starts(facts.demands["industry_code"], rule.when.industries)
    return demand_ok, site_ok


def _among(column: pl.Series, wanted: tuple[str, ...]) -> Flags:
    if not wanted:
        return np.ones(len(column), dtype=bool)
    return column.is_in([str(w) for w in wanted]).fill_null(value=False).to_numpy()


def _starts(codes: pl.Series, prefixes: tuple[str, ...]) -> Flags:
    return np.array([code.startswith(prefixes) for code in codes], dtype=bool)


def _code(rule: Rule) -> np.int8:
    return np.int8(CODE[rule.status or PlanStatus.FORBIDDEN])


def _all(hit: Flags, code: np.int8) -> tuple[Flags, Codes]:
    return hit, np.full(hit.size, code, dtype=np.int8)


def _matrix(rule: Rule, facts: Facts) -> tuple[Test, Tell]:
    """Planned use against the use needed; an unknown use is in no cell."""
    cells = np.zeros((len(_USES) + 1, len(_USES) + 1), dtype=np.int8)
    for needed, row in (rule.matrix or {}).items():
        for planned, status in row.items():
            cells[_USES[needed.value], _USES[planned.value]] = CODE[status]
    needed_at, planned_at = _codes(facts.demands["use_class"], _USES), _codes(facts.sites["use_class"], _USES)

    def test(demand_at: Rows, site_at: Rows) -> tuple[Flags, Codes]:
        codes = cells[needed_at[demand_at], planned_at[site_at]]
        return codes > 0, codes

    def tell(demand_at: Rows, site_at: Rows) -> Values:
        return facts.sites["use_class"][site_at], facts.demands["use_class"][demand_at]

    return test, tell


def _codes(column: pl.Series, numbered: dict[str, int]) -> Rows:
    return np.array([numbered.get(value, len(numbered)) for value in column], dtype=np.int64)


def _limit(limit: Limit, code: np.int8, facts: Facts) -> tuple[Test, Tell]:
    """A number of the demand beyond a limit of the site. Either unknown: it does not fire."""
    wanted, bound = _floats(facts.demands[limit.demand]), _floats(facts.sites[limit.site])
    sign, slack = -1.0 if limit.least else 1.0, np.inf if limit.slack_share is None else limit.slack_share

    def test(demand_at: Rows, site_at: Rows) -> tuple[Flags, Codes]:
        with np.errstate(invalid="ignore"):
            over = sign * (wanted[demand_at] - bound[site_at])
            beyond = over > bound[site_at] * slack + 1e-9
        return over > 1e-9, np.where(beyond, np.int8(CODE[PlanStatus.FORBIDDEN]), code).astype(np.int8)

    def tell(demand_at: Rows, site_at: Rows) -> Values:
        return (
            facts.sites[limit.site][site_at].cast(pl.String),
            facts.demands[limit.demand][demand_at].cast(pl.String),
        )

    return test, tell


def _floats(column: pl.Series) -> NDArray[np.float64]:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _zone(test: ZoneTest, code: np.int8, facts: Facts) -> tuple[Test, Tell]:
    """Sites with more than the tolerance in a zone of the layer; from: the zone's value, to: the share inside.

    ``row_of[use, site]`` is the row of the site among those where it fires for a use needed, or -1.
    """
    inside = facts.shares.filter(pl.col("zone_kind") == test.zone_kind.value)
    if test.values:
        inside = inside.filter(pl.col("value").is_in(list(test.values)))
    if test.by_excluded_use:
        defaults = {value: [use.value for use in uses] for value, uses in test.default_excluded.items()}
        kept_out = [excluded if excluded is not None else defaults.get(value, [])
                    for excluded, value in inside.select("excluded_uses", "value").iter_rows()]  # fmt: skip
        inside = inside.with_columns(pl.Series("kept_out", kept_out, dtype=pl.List(pl.String)))
        parts = [inside.filter(pl.col("kept_out").list.contains(use)) for use in _USES]
        use_at = _codes(facts.demands["use_class"], _USES)
    else:
        parts, use_at = [inside], np.zeros(facts.demands.height, dtype=np.int64)
    worst = [_largest(part, test.tolerance_share, test.most_share) for part in parts]
    row_of = np.full((len(parts) + 1, facts.sites.height), -1, dtype=np.int64)
    first = 0
    for use, sites in enumerate(worst):
        row_of[use, sites["site_at"].to_numpy()] = np.arange(first, first + sites.height)
        first += sites.height
    told = pl.concat(worst)
    value, share = told["value"], told["share"].round(4).cast(pl.String)

    def at_sites(demand_at: Rows, site_at: Rows) -> tuple[Flags, Codes]:
        return _all(row_of[use_at[demand_at], site_at] >= 0, code)

    def tell(demand_at: Rows, site_at: Rows) -> Values:
        rows = row_of[use_at[demand_at], site_at]
        return value[rows], share[rows]

    return at_sites, tell


def _largest(inside: pl.DataFrame, tolerance: float, most: float) -> pl.DataFrame:
    """Per site the share inside, and the value of the zone with most of it, where the share passes the tolerance."""
    ordered = inside.sort(["share", "zone_id"], descending=[True, False])
    summed = ordered.group_by("site_at", maintain_order=True).agg(pl.col("value").first(), pl.col("share").sum())
    return summed.with_columns(pl.col("share").clip(0.0, 1.0)).filter(
        (pl.col("share") > tolerance) & (pl.col("share") <= most)
    )


def _direction(code: np.int8, facts: Facts) -> tuple[Test, Tell]:
    """Pairs whose industry starts with none of the site's directions; a site without directions takes any."""
    lists = [tuple(d) if d is not None else None for d in facts.sites["industry_directions"]]
    kinds = {d: i for i, d in enumerate(sorted({d for d in lists if d}))}
    codes = {industry: i for i, industry in enumerate(sorted(set(facts.demands["industry_code"])))}
    outside = np.zeros((len(kinds) + 1, len(codes)), dtype=bool)
    for prefixes, i in kinds.items():
        outside[i] = [not industry.startswith(prefixes) for industry in codes]
    kind_at = np.array([kinds[d] if d else len(kinds) for d in lists], dtype=np.int64)
    code_at = _codes(facts.demands["industry_code"], codes)
    directions = pl.Series(["/".join(d) if d else None for d in lists], dtype=pl.String)

    def test(demand_at: Rows, site_at: Rows) -> tuple[Flags, Codes]:
        return _all(outside[kind_at[site_at], code_at[demand_at]], code)

    def tell(demand_at: Rows, site_at: Rows) -> Values:
        return directions[site_at], facts.demands["industry_code"][demand_at]

    return test, tell


def _unstated(unknown: Unknown, code: np.int8, facts: Facts) -> tuple[Test, Tell]:
    lost_site, lost_demand = np.zeros(facts.sites.height, dtype=bool), np.zeros(facts.demands.height, dtype=bool)
    for column in unknown.site:
        lost_site |= facts.sites[column].is_null().to_numpy()
    for column in unknown.demand:
        lost_demand |= facts.demands[column].is_null().to_numpy()

    def test(demand_at: Rows, site_at: Rows) -> tuple[Flags, Codes]:
        return _all(lost_site[site_at] | lost_demand[demand_at], code)

    return test, lambda _, __: (None, None)
