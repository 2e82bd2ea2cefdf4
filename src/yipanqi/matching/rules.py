"""The room's parameters, read once from the rulebook."""

from dataclasses import dataclass, fields
from datetime import date

from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import Rulebook


@dataclass(frozen=True)
class Rules:
    """Every ``matching.<name>`` parameter of the rulebook on one day; titles, units and bases stand there."""

    adjacency_gap_m: float
    unit_reach_count: float
    land_oversize_share: float
    floor_oversize_share: float
    destination_oversize_share: float
    split_part_share: float
    weight_fit_share: float
    weight_cost_share: float
    weight_date_share: float
    weight_plan_share: float
    weight_distance_share: float
    weight_zone_share: float
    unknown_share: float
    cost_half_share: float
    cost_half_wan_per_mu: float
    rent_years: float
    date_half_months: float
    unknown_date_months: float
    renovation_months: float
    distance_half_km: float
    zone_104_share: float
    zone_195_share: float
    zone_198_share: float
    off_direction_share: float
    interim_floor_share: float
    interim_wait_months: float
    told_fit_share: float
    told_later_months: float
    told_dearer_wan: float
    told_further_km: float

    @property
    def weights(self) -> tuple[float, ...]:
        """The weights of the score's parts: fit, cost, date, plan, distance, zone."""
        return (
            self.weight_fit_share,
            self.weight_cost_share,
            self.weight_date_share,
            self.weight_plan_share,
            self.weight_distance_share,
            self.weight_zone_share,
        )


def rules_of(rulebook: Rulebook, on: date) -> Rules:
    """The parameters in force on the day.

    Raises:
        KeyError: a parameter is missing or has no version in force.
    """
    return Rules(**{field.name: number(rulebook, f"matching.{field.name}", on) for field in fields(Rules)})
