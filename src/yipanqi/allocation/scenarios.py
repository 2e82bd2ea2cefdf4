"""Three ways to play: every town alone, towns referring what they cannot host, the whole board."""

from dataclasses import dataclass
from enum import StrEnum

import dataframely as dy
import polars as pl


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
    """The answer of one scenario: who goes where, what it is worth, and how much better it could be at most."""

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
