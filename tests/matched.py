"""The matching room asked about a district, as the board asks it."""

from typing import Any

import polars as pl

import cast
from checker import Checker, Violation
from yipanqi.inventory.availability import available
from yipanqi.inventory.sites import Incumbent, Site
from yipanqi.inventory.stocktaking import fresh
from yipanqi.kernel import tables
from yipanqi.matching.schemes import SchemeOptions, Schemes, Supply, Want, schemes
from yipanqi.pipeline.projects import Demand, Project
from yipanqi.planning.zones import locate
from yipanqi.policy.rulebook import load

BOOK = load("jiading")


def asked(facts: Any) -> tuple[Supply, Want]:
    """Supply and want of the facts."""
    located = locate(facts.sites, facts.zones, BOOK, facts.as_of)
    sites = fresh(available(located.sites), BOOK, facts.as_of)
    return Supply(sites, located.shares, facts.incumbents, facts.holds), Want(
        facts.projects, facts.demands, facts.wishes
    )


def answered(facts: Any, options: SchemeOptions | None = None) -> Schemes:
    """The schemes of the facts."""
    return schemes(*asked(facts), BOOK, facts.as_of, options or SchemeOptions())


def small(sites: list[Any], projects: list[Any], demands: list[Any], incumbents: list[Any] | None = None) -> Any:
    """The small district with other sites, projects, demands and firms, without zones and wishes."""
    return cast.facts(
        sites=tables.frame(Site, sites),
        projects=tables.frame(Project, projects),
        demands=tables.frame(Demand, demands),
        incumbents=tables.frame(Incumbent, incumbents or []),
        wishes=cast.facts().wishes.clear(),
        zones=cast.facts().zones.clear(),
    )


def wrong(facts: Any, answer: Schemes) -> list[Violation]:
    """What the independent checker holds against the schemes."""
    located = locate(facts.sites, facts.zones, BOOK, facts.as_of)
    checker = Checker(_with(facts, located.sites))
    return checker.schemes(answer.schemes, answer.units, answer.relocations)


def _with(facts: Any, sites: pl.DataFrame) -> Any:
    return type(facts)(**(vars(facts) | {"sites": sites}))


def places(answer: Schemes, project_id: str) -> set[tuple[str, ...]]:
    """The sets of sites in the pool of a project."""
    mine = answer.units.filter(pl.col("scheme_id").str.starts_with(f"{project_id}/"))
    return {tuple(sorted(set(g["site_id"]))) for _, g in mine.group_by("scheme_id")}


def kinds(answer: Schemes, project_id: str) -> set[str]:
    """The kinds of scheme in the pool of a project."""
    return set(answer.schemes.filter(pl.col("project_id") == project_id)["kind"])
