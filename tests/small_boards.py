"""Boards written by hand: a few sites, a few projects, schemes with round values."""

from types import SimpleNamespace

import polars as pl

import boards
from yipanqi.allocation.assignment import Ground, Problem, build
from yipanqi.inventory.sites import Hold
from yipanqi.kernel import tables
from yipanqi.planning.quotas import QuotaLine
from yipanqi.policy import rulebook


def site(site_id: str, town_id: str = "T1", area_m2: float = 100.0, *, divisible: bool = False, kind: str = "land"):
    return {"site_id": site_id, "site_kind": kind, "town_id": town_id, "area_m2": area_m2, "divisible": divisible,
            "state": "available", "parent_site_id": None}  # fmt: skip


def project(project_id: str, town_id: str = "T1", **changes: object):
    return {"project_id": project_id, "origin_town_id": town_id, "category": "new_land", "stage": "siting",
            "energy_tce": 10.0, "emission_t": 1.0, "fixed_site_ids": None} | changes  # fmt: skip


def board(
    sites: list[dict], projects: list[dict], pool: dict[str, tuple], moves: dict[str, tuple] | None = None, **ground
) -> Problem:
    """``pool``: scheme → (value, [(site, m²), …]); the project is what stands before the stroke. ``moves``: scheme →
    (firm, from, to, m²)."""
    units = [(key, site_id, take) for key, (_, taken) in pool.items() for site_id, take in taken]
    text = pl.String
    moved = [(key, *move) for key, move in (moves or {}).items()]
    schemes = SimpleNamespace(
        units=pl.DataFrame(units, schema={"scheme_id": text, "site_id": text, "take_m2": pl.Float64}, orient="row"),
        relocations=pl.DataFrame(
            moved,
            schema={
                "scheme_id": text,
                "firm_id": text,
                "from_site_id": text,
                "to_site_id": text,
                "take_m2": pl.Float64,
            },
            orient="row",
        ),
    )
    worth = pl.DataFrame(
        [(key, key.split("/")[0], value, value, value / 10) for key, (value, _) in pool.items()],
        schema={"scheme_id": text, "project_id": text, "value_wan": pl.Float64, "expected_wan": pl.Float64,
                "tax_wan": pl.Float64},
        orient="row",
    )  # fmt: skip
    facts = {
        "projects": pl.DataFrame(projects, schema_overrides={"fixed_site_ids": pl.List(text)}),
        "sites": pl.DataFrame(sites, schema_overrides={"parent_site_id": text}),
        "holds": tables.empty(Hold),
        "quotas": tables.empty(QuotaLine),
        "town_limits": boards.NO_LIMITS,
    } | ground
    return build(schemes, worth, Ground(**facts), rulebook.load("jiading"), boards.AS_OF)


def limits(**row: object) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in boards.NO_LIMITS.columns}], schema=boards.NO_LIMITS.schema)


def quota(*lines: tuple[str, str | None, float]) -> pl.DataFrame:
    rows = [
        {"entry_id": f"Q{i}", "quota_kind": kind, "town_id": town, "entry": "issued", "amount": amount}
        for i, (kind, town, amount) in enumerate(lines)
    ]
    return tables.frame(QuotaLine, rows)


TWO = [project("A"), project("B")]
SPREAD = [site("S1"), site("S2", "T2"), site("S3", "T2")]
THREE = [project("A"), project("B", "T2"), project("C", "T2")]
POOL = {"A/1": (10.0, [("S1", 100.0)]), "B/1": (9.0, [("S2", 100.0)]), "C/1": (8.0, [("S3", 100.0)])}
