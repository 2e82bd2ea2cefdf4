"""The sheet of sites: what can be given, from when, how sure the facts are, and what the plan admits there."""

from collections.abc import Iterator
from typing import Any

from yipanqi.allocation.board import Plan
from yipanqi.files.plan_tables import Sheet, columns, names
from yipanqi.files.report.inventory import stock
from yipanqi.inventory.sites import SiteKind
from yipanqi.kernel.units import mu
from yipanqi.policy.wording import label, say


def sites(plan: Plan, language: str) -> Sheet:
    """One row a site that can be given; a fact nobody stated is an empty cell or ``—``."""
    town = names(plan.facts.towns, "town_id")
    admits: dict[str, list[dict[str, Any]]] = {}
    for row in plan.admissible.sort("site_id", "category").iter_rows(named=True):
        admits.setdefault(row["site_id"], []).append(row)
    rows = [
        [
            s["site_id"],
            s["name"],
            label("site_kind", s["site_kind"], language),
            town.get(s["town_id"], s["town_id"]),
            s["area_m2"],
            round(mu(s["area_m2"]), 2) if s["site_kind"] == SiteKind.LAND.value else None,
            *(label(code, s[code], language) for code in ("area_class", "functional_type", "use_class")),
            label("site_state", s["state"], language),
            s["available_on"],
            label("condition", s["waits_for"], language),
            label("fact_state", s["fact_state"], language),
            say("book.yes" if s["stale"] else "book.no", language),
            "\n".join(_uses(admits.get(s["site_id"], []), language)),
            "\n".join(_limits(s, language)),
        ]
        for s in stock(plan).iter_rows(named=True)
    ]
    heads = columns(
        "site_id:11 site:24 site_kind:8 site_town:12 area_m2:11:n0 area_mu:9:n2 area_class:14 functional_type:13 "
        "use_class:18 state:10 available_on:12:date waits_for:12 fact_state:12 stale:9 admits:48:wrap limits:18:wrap"
    )
    return Sheet("book.sites_list", heads, rows)


def _uses(admitted: list[dict[str, Any]], language: str) -> Iterator[str]:
    """One line a category and way: as planned, or with a plan change. None at all is said too."""
    told = False
    for row in admitted:
        for message, column in (("book.admits_line", "allowed_uses"), ("book.admits_change", "plan_change_uses")):
            if row[column]:
                told = True
                yield say(message, language, category=row["category"], uses=" ".join(row[column]))
    if not told:
        yield say("book.admits_none", language)


def _limits(site: dict[str, Any], language: str) -> Iterator[str]:
    for message, column in (
        ("book.far_min", "far_min_ratio"),
        ("book.far_max", "far_max_ratio"),
        ("book.height_max", "height_max_m"),
    ):
        if site[column] is not None:
            yield say(message, language, value=site[column])
