"""Valuation: what a scheme is worth to the district, in 万元 of today."""

from datetime import date

import polars as pl

from yipanqi.kernel.findings import Finding, Severity
from yipanqi.kernel.units import DAYS_PER_YEAR
from yipanqi.matching.schemes import SchemeKind
from yipanqi.pipeline.projects import Consent
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import Rulebook

_MONTHS_PER_YEAR = 12


def worth(schemes: pl.DataFrame, projects: pl.DataFrame, rulebook: Rulebook, as_of: date) -> pl.DataFrame:
    """The worth of each scheme: scheme_id, project_id, value_wan, expected_wan, tax_wan; one row a scheme, by id.

    value = tax × Σ_{k=1..N} (1 + r)^−(t + k) − relocation cost, where production starts t years after ``as_of``: when
    the scheme is available (at the earliest today) and the works are done. N is ``allocation.horizon_years``, r
    ``allocation.discount_share``; the works take ``allocation.build_months`` on land, ``renovation_months`` in stock
    that is renovated, ``fitout_months`` in what is leased. Where any of it lies outside the origin town the referral
    between the towns takes ``referral_months`` more. Tax is taken at capacity from the first year, paid at the
    end of each year. A later date never raises the value. The delay of a plan change stands in ``available_on``.

    expected = value × the chance that the investor accepts: 1 once accepted or fixed, 0 once declined, else the
    project's own, else ``allocation.acceptance_share``.

    A project that states no tax counts as 0 here and is named by ``untaxed``.
    """
    facts = projects.select(
        "project_id",
        "origin_town_id",
        tax_wan=pl.col("tax_wan").fill_null(0.0),
        chance_share=_chance(number(rulebook, "allocation.acceptance_share", as_of)),
    )
    rate = 1.0 + number(rulebook, "allocation.discount_share", as_of)
    years = number(rulebook, "allocation.horizon_years", as_of)
    annuity = years if rate == 1.0 else (1.0 - rate**-years) / (rate - 1.0)
    start = pl.max_horizontal("available_on", pl.lit(as_of))
    wait_days = (start - pl.lit(as_of)).dt.total_days()
    months = _works_months(rulebook, as_of) + _referral_months(rulebook, as_of)
    wait_years = wait_days / DAYS_PER_YEAR + months / _MONTHS_PER_YEAR
    gross = pl.col("tax_wan") * annuity * (-wait_years * pl.lit(rate).log()).exp()
    return (
        schemes.join(facts, on="project_id", how="left", validate="m:1", maintain_order="left")
        .with_columns(value_wan=gross - pl.col("relocation_cost_wan"))
        .with_columns(expected_wan=pl.col("value_wan") * pl.col("chance_share"))
        .select("scheme_id", "project_id", "value_wan", "expected_wan", "tax_wan")
        .sort("scheme_id")
    )


def untaxed(projects: pl.DataFrame) -> tuple[Finding, ...]:
    """A warning for each project that states no tax: the board counts it as bringing none."""
    silent = projects.filter(pl.col("tax_wan").is_null())["project_id"].sort()
    return tuple(
        Finding("allocation.untaxed", Severity.WARN, {"project": key}, table="projects", column="tax_wan", value=key)
        for key in silent
    )


def _chance(default_share: float) -> pl.Expr:
    sure = (pl.col("consent") == Consent.ACCEPTED.value) | (pl.col("fixed_site_ids").list.len() > 0)
    return (
        pl.when(sure)
        .then(1.0)
        .when(pl.col("consent") == Consent.DECLINED.value)
        .then(0.0)
        .otherwise(pl.col("acceptance_share").fill_null(default_share))
    )


def _works_months(rulebook: Rulebook, as_of: date) -> pl.Expr:
    return (
        pl.when(pl.col("kind") == SchemeKind.RENOVATION.value)
        .then(number(rulebook, "allocation.renovation_months", as_of))
        .when(pl.col("land_m2") > 0)
        .then(number(rulebook, "allocation.build_months", as_of))
        .otherwise(number(rulebook, "allocation.fitout_months", as_of))
    )


def _referral_months(rulebook: Rulebook, as_of: date) -> pl.Expr:
    moved = pl.col("town_ids") != pl.concat_list("origin_town_id")
    return pl.when(moved).then(number(rulebook, "allocation.referral_months", as_of)).otherwise(0.0)
