"""开发一盘棋: the facts of one district on one day, and the whole main job played over them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import dataframely as dy
import numpy as np
import polars as pl

from yipanqi.admission.counterfactual import counterfactual
from yipanqi.admission.routing import route
from yipanqi.admission.verdict import Verdict, Verdicts, best_cases, preliminary, site_classes
from yipanqi.allocation import division, scenarios
from yipanqi.allocation.assignment import Ground, Problem, build
from yipanqi.allocation.division import Division
from yipanqi.allocation.prices import prices
from yipanqi.allocation.scenarios import Scenario, ScenarioName
from yipanqi.allocation.search import Effort
from yipanqi.allocation.valuation import untaxed, worth
from yipanqi.delivery.milestones import Milestone
from yipanqi.inventory.availability import available
from yipanqi.inventory.reservation import hold_faults, live
from yipanqi.inventory.sites import Hold, Incumbent, Lease, Site, leaves
from yipanqi.inventory.stocktaking import fresh
from yipanqi.inventory.surveying import survey
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Finding, in_order
from yipanqi.kernel.tables import amount
from yipanqi.matching import schemes as matching
from yipanqi.matching.schemes import Schemes, Supply, Want
from yipanqi.pipeline.projects import Demand, Project, Wish
from yipanqi.pipeline.stages import ON_THE_BOARD, Stage
from yipanqi.planning.compliance import admissible
from yipanqi.planning.quotas import QuotaLine, overdrawn, unstated
from yipanqi.planning.zones import Located, Town, Zone, locate
from yipanqi.policy.parameters import Parameter, Version, in_force, number
from yipanqi.policy.rulebook import Rulebook


class TownLimit(dy.Schema):
    """The least and the most a town shall get from the board: placed projects, land, yearly tax."""

    town_id = dy.String(primary_key=True, nullable=False)
    projects_min_count = dy.Int64(nullable=True, min=0)
    projects_max_count = dy.Int64(nullable=True, min=0)
    land_max_m2 = amount("most land the board may place in the town")
    tax_min_wan = amount("least yearly tax of what the board places in the town")


#: The tables of a board and their schemas, in the order of the workbook's sheets.
TABLES: dict[str, type[dy.Schema]] = {
    "towns": Town,
    "zones": Zone,
    "sites": Site,
    "incumbents": Incumbent,
    "leases": Lease,
    "holds": Hold,
    "projects": Project,
    "demands": Demand,
    "wishes": Wish,
    "quotas": QuotaLine,
    "town_limits": TownLimit,
    "milestones": Milestone,
}


def _none_of(name: str) -> pl.DataFrame:
    return field(default_factory=lambda: tables.empty(TABLES[name]))


@dataclass(frozen=True)
class Facts:
    """Everything the main job needs to know of a district as of one day. Tables keep ``TABLES``' schemas."""

    as_of: date
    towns: pl.DataFrame
    sites: pl.DataFrame
    projects: pl.DataFrame
    demands: pl.DataFrame
    zones: pl.DataFrame = _none_of("zones")
    incumbents: pl.DataFrame = _none_of("incumbents")
    leases: pl.DataFrame = _none_of("leases")
    holds: pl.DataFrame = _none_of("holds")
    wishes: pl.DataFrame = _none_of("wishes")
    quotas: pl.DataFrame = _none_of("quotas")
    town_limits: pl.DataFrame = _none_of("town_limits")
    milestones: pl.DataFrame = _none_of("milestones")
    #: Made by a generator: every output says so.
    synthetic: bool = False
    #: The district's name, for headings.
    district: str = ""

    def sorted(self) -> "Facts":
        """The same facts with every table in the order of its keys, so that no answer depends on the row order."""
        ordered: dict[str, Any] = {name: tables.ordered(schema, getattr(self, name)) for name, schema in TABLES.items()}
        return replace(self, **ordered)


@dataclass(frozen=True)
class PlayOptions:
    """How hard to think: ``normal``, ``high``, or a factor of the normal work. ``workers`` changes only the time."""

    effort: str | float = "normal"
    workers: int = 1


@dataclass(frozen=True)
class Plan:
    """The answer of the main job. ``facts`` are the given ones, sorted, with plan facts of sites filled in."""

    facts: Facts
    rulebook: Rulebook
    #: The projects that took part: reported and not yet settled, or settled with fixed sites.
    in_play: pl.DataFrame
    preliminary: Verdicts
    #: Smallest changes that would pass, for projects not admitted (schema ``counterfactual.Change``).
    changes: pl.DataFrame
    #: The steps of each project's review, by category, size and verdict (schema ``routing.ReviewStep``).
    routes: pl.DataFrame
    #: What each site that can be given admits, by category of project (schema ``compliance.Admissible``).
    admissible: pl.DataFrame
    schemes: Schemes
    worth: pl.DataFrame
    scenarios: Mapping[ScenarioName, Scenario]
    #: The gain from coordination: [board − bound of alone, bound of board − alone].
    gain_wan: tuple[float, float]
    #: loss_share (how many of the unmatched are lost when towns play alone) → gain_wan: an assumption, shown whole.
    loss_sensitivity: pl.DataFrame
    prices: pl.DataFrame
    division: Division
    findings: tuple[Finding, ...]

    def parameters_in_force(self) -> list[tuple[str, Parameter, Version]]:
        """Every parameter with the version the plan used."""
        return in_force(self.rulebook, self.facts.as_of)


@dataclass(frozen=True)
class Prepared:
    """The board before it is played: facts filled in, verdicts, schemes and what they are worth, the problem."""

    facts: Facts
    #: How much of each site lies in which zone (schema ``zones.ZoneShare``).
    shares: pl.DataFrame
    in_play: pl.DataFrame
    preliminary: Verdicts
    schemes: Schemes
    worth: pl.DataFrame
    problem: Problem
    findings: tuple[Finding, ...]


Watch = Callable[[str], None]


def play(facts: Facts, rulebook: Rulebook, options: PlayOptions, *, watch: Watch = lambda _: None) -> Plan:
    """The main job: verdicts, schemes, and the three scenarios of one district on one day.

    ``watch`` is told the id of each stage as it begins. The answer is the same whatever the row order of the facts.

    Raises:
        KeyError: the rulebook lacks a parameter on the day of the facts.
    """
    on = facts.as_of
    ready = prepare(facts, rulebook, watch=watch)
    losses = [number(rulebook, f"allocation.loss_{level}_share", on) for level in ("low", "middle", "high")]
    played = scenarios.play(ready.problem, effort_of(options, rulebook, on), [0.0, *losses, 1.0], watch=watch)
    watch("prices")
    chosen = played.scenarios[ScenarioName.BOARD].placements["scheme_id"].to_list()
    towns = ready.facts.towns["town_id"].to_list()
    rng = np.random.Generator(np.random.PCG64(_seed(ready.facts)))
    pairs = sampled_pairs(played.problem, rulebook, on)
    priced = prices(played.problem, chosen)
    watch("division")
    divided = division.division(played.problem, chosen, rng, pairs, towns)
    watch("counterfactual")
    changes = _changes(ready, rulebook)
    given = leaves(ready.facts.sites)
    return Plan(
        facts=ready.facts,
        rulebook=rulebook,
        in_play=ready.in_play,
        preliminary=ready.preliminary,
        changes=changes,
        routes=_routes(ready, rulebook),
        admissible=admissible(given, rulebook, on, shares=ready.shares),
        schemes=ready.schemes,
        worth=ready.worth,
        scenarios=played.scenarios,
        gain_wan=played.gain_wan,
        loss_sensitivity=played.loss_sensitivity,
        prices=priced,
        division=divided,
        findings=in_order([*ready.findings, *played.findings]),
    )


def prepare(facts: Facts, rulebook: Rulebook, *, watch: Watch = lambda _: None) -> Prepared:
    """Everything up to the problem of the board: plan facts of sites, verdicts, schemes, worth."""
    facts, on = facts.sorted(), facts.as_of
    watch("planning")
    located = locate(facts.sites, facts.zones, rulebook, on)
    facts = replace(facts, sites=fresh(available(located.sites), rulebook, on))
    in_play = playing(facts.projects)
    demands = facts.demands.join(in_play, on="project_id", how="semi")
    watch("admission")
    first = preliminary(in_play, demands, rulebook, on)
    watch("matching")
    supply = Supply(facts.sites, located.shares, facts.incumbents, live(facts.holds, on))
    found = matching.schemes(supply, Want(in_play, demands, facts.wishes), rulebook, on)
    watch("valuation")
    value = worth(found.schemes, in_play, rulebook, on)
    ground = Ground(facts.projects, facts.sites, facts.holds, facts.quotas, facts.town_limits)
    problem = build(found, value, ground, rulebook, on)
    findings = (*_faults(facts, located, rulebook), *first.findings, *found.findings)
    return Prepared(facts, located.shares, in_play, first, found, value, problem, findings)


def examine(facts: Facts, rulebook: Rulebook) -> tuple[Finding, ...]:
    """What is wrong with the facts themselves, before anything is decided: ``prepare`` finds the same.

    Sites against borders, certificates and plan layers; holds; quotas overdrawn or not stated; projects without tax.
    """
    facts = facts.sorted()
    located = locate(facts.sites, facts.zones, rulebook, facts.as_of)
    return in_order(_faults(replace(facts, sites=located.sites), located, rulebook))


def _faults(facts: Facts, located: Located, rulebook: Rulebook) -> tuple[Finding, ...]:
    on, in_play = facts.as_of, playing(facts.projects)
    return (
        *survey(facts.sites, facts.towns, rulebook, on),
        *hold_faults(facts.holds, facts.sites, rulebook, on),
        *located.findings,
        *untaxed(in_play),
        *overdrawn(facts.quotas),
        *unstated(in_play, facts.quotas),
    )


def playing(projects: pl.DataFrame) -> pl.DataFrame:
    """The projects on the board: reported and not yet settled, and signed or listed ones with fixed sites."""
    open_ = pl.col("stage").is_in([stage.value for stage in ON_THE_BOARD])
    signed = pl.col("stage").is_in([Stage.AGREEMENT.value, Stage.LAND.value]) & (
        pl.col("fixed_site_ids").list.len().fill_null(0) > 0
    )
    return projects.filter(open_ | signed)


def divide(facts: Facts, rulebook: Rulebook, *, exact: bool, watch: Watch = lambda _: None) -> Division:
    """The division of the gain of a board: over every coalition of towns when ``exact``, else as ``play`` samples it.

    Raises:
        ValueError: too many towns for the exact division.
    """
    ready = prepare(facts, rulebook, watch=watch)
    watch("scenarios")
    played = scenarios.play(ready.problem, effort_of(PlayOptions(), rulebook, facts.as_of), [1.0])
    chosen = played.scenarios[ScenarioName.BOARD].placements["scheme_id"].to_list()
    towns = ready.facts.towns["town_id"].to_list()
    watch("prices")
    if exact:
        return division.exact(played.problem, chosen, towns)
    pairs = sampled_pairs(played.problem, rulebook, facts.as_of)
    return division.division(
        played.problem, chosen, np.random.Generator(np.random.PCG64(_seed(ready.facts))), pairs, towns
    )


def _changes(ready: Prepared, rulebook: Rulebook) -> pl.DataFrame:
    """The smallest changes of projects not admitted, under the site class where they fare best."""
    cases = _best(ready).filter(pl.col("verdict") != Verdict.ADMITTED.value).drop("verdict")
    return counterfactual(cases, ready.in_play, rulebook, ready.facts.as_of)


def _routes(ready: Prepared, rulebook: Rulebook) -> pl.DataFrame:
    """The review steps of every project for the land it demands and the verdict where it fares best."""
    return route(_best(ready), ready.in_play, rulebook, ready.facts.as_of)


def _best(ready: Prepared) -> pl.DataFrame:
    """The preliminary case under which each project fares best (``verdict.Case``), with its verdict."""
    demands = ready.facts.demands.join(ready.in_play, on="project_id", how="semi")
    best = best_cases(ready.preliminary.verdicts).select("case_id", "verdict")
    return site_classes(ready.in_play, demands).join(best, on="case_id", maintain_order="left")


def effort_of(options: PlayOptions, rulebook: Rulebook, on: date) -> Effort:
    """The work the options ask for, in the rulebook's measure: a level by name, or a factor of the normal work."""
    if isinstance(options.effort, str):
        return Effort(number(rulebook, f"allocation.work_{options.effort}_count", on))
    return Effort(number(rulebook, "allocation.work_normal_count", on) * options.effort)


def sampled_pairs(problem: Problem, rulebook: Rulebook, on: date) -> int:
    """Pairs of orders the division draws: the rulebook's number, fewer where they would ask too much of a large board.

    A linear programme costs as its schemes are many, so pairs × schemes stay within ``allocation.shapley_work_count``.
    Two at least, or there would be no standard error.
    """
    most = number(rulebook, "allocation.shapley_samples", on)
    work = number(rulebook, "allocation.shapley_work_count", on)
    return int(max(2.0, min(most, work // max(1, problem.columns.height))))


def _seed(facts: Facts) -> int:
    """The seed of the sampled division: drawn from the facts, so that the same facts give the same sample."""
    return int(tables.digest(facts.projects.select("project_id"))[:16], 16)
