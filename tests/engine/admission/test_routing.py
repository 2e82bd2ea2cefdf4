"""The steps of the review: by category, size and verdict; who acts comes from the district's governance."""

import polars as pl
import pytest

import cast
from cast import AS_OF
from yipanqi.admission.routing import ReviewStep, route
from yipanqi.kernel import tables
from yipanqi.pipeline.projects import Project
from yipanqi.policy.rulebook import PROFILES, load


def steps(
    profile: str = "jiading", verdict: str = "admitted", land: float | None = 30_000.0, **changes: object
) -> pl.DataFrame:
    asked = pl.DataFrame(
        {"project_id": ["P"], "verdict": [verdict], "land_m2": [land]}, schema_overrides={"land_m2": pl.Float64}
    )
    return route(asked, tables.frame(Project, [cast.project("P", "T1", **changes)]), load(profile), AS_OF)


def test_new_land_goes_from_the_town_to_the_leading_group() -> None:
    found = steps()
    ReviewStep.validate(found)
    ids = [
        "town",
        "centre",
        "environment",
        "experts",
        "industry",
        "planning",
        "review",
        "conference_large",
        "leading_group",
    ]
    assert ids == found["step_id"].to_list()
    parallel = found.filter(pl.col("level") == 3)["step_id"].to_list()
    assert parallel == ["environment", "experts", "industry", "planning"]
    bodies = dict(found.select("step_id", "body").iter_rows())
    assert (bodies["town"], bodies["centre"], bodies["experts"]) == ("town", "promotion_centre", None)


@pytest.mark.parametrize(
    ("options", "last"),
    [
        ({"total_investment_wan": 100_000.0}, "district_government"),
        ({"land": 19_999.0}, "conference_large"),
        ({"land": 19_999.0, "total_investment_wan": 4_999.0, "fixed_investment_wan": 1.0}, "review"),
        ({"verdict": "refused"}, "review"),
        ({"category": "lease", "land": None}, "review"),
        ({"category": "lease", "land": None, "verdict": "conference"}, "conference"),
        ({"total_investment_wan": None}, "district_government"),
    ],
)
def test_category_size_and_verdict_decide_how_far_it_goes(options: dict[str, object], last: str) -> None:
    assert last == steps(**options)["step_id"].to_list()[-1]  # type: ignore[arg-type]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_step_but_the_experts_has_a_body_in_every_district(profile: str) -> None:
    for verdict in ("admitted", "conference", "refused"):
        found = steps(profile, verdict, total_investment_wan=200_000.0)
        assert found.filter(pl.col("body").is_null())["step_id"].to_list() == ["experts"]


def test_a_body_decides_once() -> None:
    found = steps("pudong", total_investment_wan=200_000.0)
    assert found.filter((pl.col("level") > 4) & (pl.col("body") == "district_government")).height == 1


def test_steps_do_not_depend_on_the_row_order() -> None:
    projects = cast.facts().projects
    asked = projects.select("project_id", pl.lit("admitted").alias("verdict"), pl.lit(30_000.0).alias("land_m2"))
    one, other = (
        route(a, p, load("jiading"), AS_OF) for a, p in ((asked, projects), (asked.reverse(), projects.reverse()))
    )
    assert one.equals(other)
