"""Three ways to play: every town alone, towns referring what they cannot host, the whole board."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import fsum

import dataframely as dy
import polars as pl

from yipanqi.allocation import floors
from yipanqi.allocation.assignment import Problem
from yipanqi.allocation.programme import programme
from yipanqi.allocation.search import Effort, search
from yipanqi.kernel.findings import Finding
from yipanqi.kernel.solver import Limits, Status


class ScenarioName(StrEnum):
    """Alone (各镇自谋), referral (镇间流转), board (一盘棋)."""

    ALONE = "alone"
    REFERRAL = "referral"
    BOARD = "board"


class StoppedBy(StrEnum):
    """Why the search ended: proven optimal, work used up, or the safety net of wall time."""

    OPTIMAL = "optimal"
    WORK = "work"
    TIME = "time"


class Placement(dy.Schema):
    """One project put somewhere by a scenario."""

    project_id = dy.String(primary_key=True, nullable=False)
    scheme_id = dy.String(nullable=False)
    fixed = dy.Bool(nullable=False, description="signed, listed or held before: not the board's choice")
    moved = dy.Bool(nullable=False, description="some of it lies outside the project's origin town")
    value_wan = dy.Float64(nullable=False, description="value to the district, all consents given")
    expected_wan = dy.Float64(nullable=False, description="value × chance that the investor accepts")
    tax_wan = dy.Float64(nullable=False, description="yearly tax at capacity")


@dataclass(frozen=True)
class Scenario:
    """The answer of one scenario: who goes where, what it is worth, and how much better it could be at most.

    ``gap_share`` is (bound − value) / bound; ``proven`` when they meet.
    """

    name: ScenarioName
    placements: pl.DataFrame
    settled: int
    value_wan: float
    expected_wan: float
    tax_wan: float
    bound_wan: float
    gap_share: float
    proven: bool
    stopped_by: StoppedBy


@dataclass(frozen=True)
class Played:
    """The three scenarios, what coordination gains, and the board as it was played (floors that hold, prices).

    ``gain_wan`` = [board − bound of alone, bound of board − alone]. ``loss_sensitivity``: loss_share, gain_low_wan,
    gain_high_wan.
    """

    scenarios: Mapping[ScenarioName, Scenario]
    gain_wan: tuple[float, float]
    loss_sensitivity: pl.DataFrame
    problem: Problem
    findings: tuple[Finding, ...]


def play(
    problem: Problem, effort: Effort, loss_shares: Sequence[float], *, watch: Callable[[str], None] = lambda _: None
) -> Played:
    """The three scenarios of a board.

    *alone*: schemes that lie, with the destinations of the firms they move, wholly in the project's origin town.
    *referral*: the placements of *alone* stay; projects left over go to what is left, anywhere. *board*: everything is
    free but what is fixed. Each starts from the placements of the one before, so alone ≤ referral ≤ board in every
    run. Ceilings hold in all three; floors are a wish to the board and hold there (see ``floors.attainable``).

    ``loss_shares``: when towns play alone, that share of the projects they cannot host is lost and the others still
    reach another town: alone is then worth alone + (1 − share) × (referral − alone). For each share the gain.
    ``watch`` is told the name of each scenario as it begins.
    """
    watch(ScenarioName.ALONE.value)
    free = problem.without_floors()
    fixed = frozenset(problem.columns.filter("fixed")["scheme_id"])
    home = pl.col("town_ids") == pl.concat_list("origin_town_id")
    alone = _scenario(ScenarioName.ALONE, free.only(home), effort, fixed)
    watch(ScenarioName.REFERRAL.value)
    stay = frozenset(alone.placements["scheme_id"])
    left = ~pl.col("project_id").is_in(alone.placements["project_id"].implode())
    following = free.only(left | pl.col("scheme_id").is_in(stay))
    referral = _scenario(ScenarioName.REFERRAL, following, effort, stay, stay)
    watch(ScenarioName.BOARD.value)
    limits = Limits(nodes=1000, checks=200, wall_s=effort.wall_s)
    bounded, reached, lowered = floors.attainable(problem, list(referral.placements["scheme_id"]), limits)
    board = _scenario(ScenarioName.BOARD, bounded, effort, reached)
    scenarios = {scenario.name: scenario for scenario in (alone, referral, board)}
    gain = (board.value_wan - alone.bound_wan, board.bound_wan - alone.value_wan)
    return Played(scenarios, gain, _sensitivity(scenarios, loss_shares), bounded, (*problem.findings, *lowered))


def _scenario(
    name: ScenarioName,
    problem: Problem,
    effort: Effort,
    begin: Collection[str],
    stay: Collection[str] = (),
) -> Scenario:
    """The scenario that begins with some schemes and keeps those that stay."""
    whole = programme(problem, stay)
    found = search(whole.model, whole.groups, effort, whole.start(begin))
    chosen = problem.columns.filter(pl.col("scheme_id").is_in(whole.chosen(found.x)))
    placements = Placement.validate(
        chosen.select(
            "project_id",
            "scheme_id",
            "fixed",
            pl.any_horizontal(pl.col("own_town_ids") != pl.concat_list("origin_town_id")).alias("moved"),
            "value_wan",
            "expected_wan",
            "tax_wan",
        ).sort("project_id")
    )
    value = fsum(placements["value_wan"])
    bound = max(value, found.bound)
    return Scenario(
        name=name,
        placements=placements,
        settled=placements.height,
        value_wan=value,
        expected_wan=fsum(placements["expected_wan"]),
        tax_wan=fsum(placements["tax_wan"]),
        bound_wan=bound,
        gap_share=(bound - value) / abs(bound) if bound else 0.0,
        proven=found.status is Status.OPTIMAL,
        stopped_by=StoppedBy(found.status.value),
    )


def _sensitivity(scenarios: Mapping[ScenarioName, Scenario], loss_shares: Sequence[float]) -> pl.DataFrame:
    """The gain for each share of the unmatched that is lost when towns play alone.

    With share λ alone is worth a + (1 − λ)(r − a), so the gain is board − λ·alone − (1 − λ)·referral; its ends come
    from values and bounds. The bound of referral holds for the placements of alone that were found.
    """
    alone, referral, board = (scenarios[name] for name in ScenarioName)

    def gain(value: float, alone_wan: float, referral_wan: float, share: float) -> float:
        return value - share * alone_wan - (1.0 - share) * referral_wan

    rows = [
        (
            share,
            gain(board.value_wan, alone.bound_wan, max(alone.bound_wan, referral.bound_wan), share),
            gain(board.bound_wan, alone.value_wan, referral.value_wan, share),
        )
        for share in sorted(loss_shares)
    ]
    schema = {"loss_share": pl.Float64, "gain_low_wan": pl.Float64, "gain_high_wan": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")
