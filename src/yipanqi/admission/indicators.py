"""The indicators a standard may ask for: how each is computed from a project and the place it takes, and its unit.

mu = land ÷ (2000/3) + floor ÷ (floor-area ratio of its plot × 2000/3): leased floor counts for the land under it, as
published by a park board in Shijiazhuang (亩 = building area ÷ (FAR × 666.67)).
"""

from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from yipanqi.kernel.units import M2_PER_MU

#: The score of the scored clauses, an indicator of its own.
SCORE = "score_points"

#: Indicators that are words, looked up in a list; the column each stands in.
WORDS = ("industry_code", "area_class", "functional_type")


@dataclass(frozen=True, slots=True)
class Indicator:
    """A number to be compared: numerator ÷ denominator, its unit, and the fact to ask for when it is unknown.

    ``lever`` is the project's column a counterfactual may change, in proportion to the indicator; None: none.
    """

    numerator: str
    denominator: str | None
    unit: str
    lever: str | None = None
    factor: float = 1.0


#: Indicator id → how it is computed. ``_mu`` and ``_jobs`` are made on the way.
NUMBERS = MappingProxyType(
    {
        "fixed_investment_wan_per_mu": Indicator("fixed_investment_wan", "_mu", "wan_per_mu", "fixed_investment_wan"),
        "total_investment_wan_per_mu": Indicator("total_investment_wan", "_mu", "wan_per_mu", "total_investment_wan"),
        "output_wan_per_mu": Indicator("output_wan", "_mu", "wan_per_mu", "output_wan"),
        "tax_wan_per_mu": Indicator("tax_wan", "_mu", "wan_per_mu", "tax_wan"),
        "tax_yuan_per_floor_m2": Indicator("tax_wan", "floor_m2", "yuan_per_m2", "tax_wan", 1e4),
        "total_investment_wan": Indicator("total_investment_wan", None, "wan", "total_investment_wan"),
        "far_ratio": Indicator("far_ratio", None, "ratio", "far_ratio"),
        "energy_tce_per_wan": Indicator("energy_tce", "output_wan", "tce_per_wan", "energy_tce"),
        "emission_kg_per_wan": Indicator("emission_t", "output_wan", "kg_per_wan", "emission_t", 1e3),
        "rd_share": Indicator("rd_share", None, "share", "rd_share"),
        "rd_staff_share": Indicator("rd_staff_share", None, "share", "rd_staff_share"),
        "jobs_high_share": Indicator("jobs_high_count", "_jobs", "share"),
        "capacity_count_per_mu": Indicator("capacity_count", "_mu", "count_per_mu", "capacity_count"),
        SCORE: Indicator(SCORE, None, "points"),
    }
)

#: Facts a counterfactual may change, and their units.
LEVER_UNITS = MappingProxyType(
    {
        "land_m2": "m2", "floor_m2": "m2", "fixed_investment_wan": "wan", "total_investment_wan": "wan",
        "output_wan": "wan", "tax_wan": "wan", "energy_tce": "tce", "emission_t": "t", "far_ratio": "ratio",
        "rd_share": "share", "rd_staff_share": "share", "capacity_count": "count",
    }
)  # fmt: skip

#: Their order: the column of each in the matrix of values.
ORDER = tuple(NUMBERS)


def values(facts: pl.DataFrame, assumed_far: float) -> pl.DataFrame:
    """Every indicator but the score, one column each, from cases joined with their projects; unknown: null.

    Leased or renovated floor whose plot has no stated FAR is converted with ``assumed_far``. A denominator of zero
    gives null: nothing can be said.
    """
    ready = _with_areas(facts, assumed_far)
    ratios = {key: _of(i.numerator) * i.factor / _below(i) for key, i in NUMBERS.items() if key != SCORE}
    return ready.select(ratio.alias(key) for key, ratio in ratios.items())


def denominators(facts: pl.DataFrame, assumed_far: float) -> pl.DataFrame:
    """What one unit of each indicator takes of its numerator, one column each: denominator ÷ factor."""
    ready = _with_areas(facts, assumed_far)
    return ready.select((_below(i) / i.factor).alias(key) for key, i in NUMBERS.items() if key != SCORE)


def _with_areas(facts: pl.DataFrame, assumed_far: float) -> pl.DataFrame:
    land = pl.when(pl.col("land_m2") > 0).then(pl.col("land_m2"))
    floor = pl.when(pl.col("floor_m2") > 0).then(pl.col("floor_m2"))
    far = pl.when(pl.col("far_ratio") > 0).then(pl.col("far_ratio")).fill_null(assumed_far)
    area = land.fill_null(0.0) + (floor / far).fill_null(0.0)
    jobs = pl.sum_horizontal("jobs_high_count", "jobs_middle_count", "jobs_basic_count", ignore_nulls=False)
    return facts.with_columns((area / M2_PER_MU).alias("_mu"), floor.alias("floor_m2"), jobs.alias("_jobs"))


def _of(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64)


def _below(indicator: Indicator) -> pl.Expr:
    if indicator.denominator is None:
        return pl.lit(1.0)
    below = _of(indicator.denominator)
    return pl.when(below > 0).then(below)
