"""What each edition of a project's document may show. What the investor edition does not name is absent from it."""

from dataclasses import dataclass
from enum import StrEnum


class Figure(StrEnum):
    """One figure of a scheme."""

    KIND = "kind"
    TOWNS = "towns"
    SITES = "sites"
    AREA_CLASS = "area_class"
    FUNCTIONAL_TYPE = "functional_type"
    LAND = "land"
    FLOOR = "floor"
    AVAILABLE = "available"
    DISTANCE = "distance"
    PLAN_CHANGES = "plan_changes"
    RELOCATIONS = "relocations"
    PRICE = "price"
    SCORE = "score"


@dataclass(frozen=True)
class Edition:
    """What a document may show. ``reasons`` null: every reason."""

    name: str
    project: tuple[str, ...]
    figures: tuple[Figure, ...]
    reasons: frozenset[str] | None
    relocations: bool
    board: bool
    misses: bool
    neighbours: bool


_PROJECT = (
    "project_id", "name", "product_line", "investor", "category", "industry_code", "total_investment_wan",
    "fixed_investment_wan", "output_wan", "tax_wan", "rd_share", "energy_tce", "emission_t",
)  # fmt: skip

INTERNAL = Edition(
    name="internal",
    project=(*_PROJECT, "credit_code", "origin_town_id", "stage", "consent"),
    figures=tuple(Figure),
    reasons=None,
    relocations=True,
    board=True,
    misses=True,
    neighbours=True,
)

#: No incumbent, no reserve price, no cost, no other project, no score.
INVESTOR = Edition(
    name="investor",
    project=_PROJECT,
    figures=(
        Figure.KIND,
        Figure.TOWNS,
        Figure.SITES,
        Figure.AREA_CLASS,
        Figure.FUNCTIONAL_TYPE,
        Figure.LAND,
        Figure.FLOOR,
        Figure.AVAILABLE,
        Figure.DISTANCE,
        Figure.PLAN_CHANGES,
    ),
    reasons=frozenset(
        f"matching.{reason}"
        for reason in (
            "strength.fit",
            "strength.on_time",
            "strength.near",
            "strength.zone_104",
            "strength.plan",
            "strength.begins_early",
            "strength.earliest",
            "strength.nearest",
            "price.late",
            "price.later",
            "price.further",
            "price.moves_twice",
            "price.plan_change",
            "price.split",
            "price.oversize_land",
            "price.oversize_floor",
            "price.renovation",
            "note.conference",
            "note.unplaced",
        )
    ),
    relocations=False,
    board=False,
    misses=False,
    neighbours=False,
)
EDITIONS = (INTERNAL, INVESTOR)
