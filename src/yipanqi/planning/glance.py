"""The plan's answer to many pairs at a glance: forbidden or not, how many changes, how many days; no reasons.

The same rules as ``compliance``, asked by row numbers instead of ids, for whoever looks through far more pairs than it
will ever show: what is shown is asked of ``compliance`` again, with its reasons.
"""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from yipanqi.planning.amendment import delay_days, procedures
from yipanqi.planning.firing import CODE, Facts, Firing, Flags, Rows, firing
from yipanqi.planning.rules import PlanStatus, in_force
from yipanqi.policy.rulebook import Rulebook

#: Forbidden, plan changes needed, days of the longest of them; one entry a pair.
Answers: TypeAlias = tuple[Flags, NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class Glance:
    """The rules in force on a day, made ready for some demands and sites, each with the days its change takes."""

    rules: tuple[tuple[Firing, int], ...]

    @classmethod
    def of(cls, facts: Facts, rulebook: Rulebook, on: date) -> "Glance":
        """The glance over the demands (``compliance.with_uses``) and sites of the facts, in their order."""
        days = {key: delay_days(rulebook, key, on) for key in procedures(rulebook, on)}
        return cls(
            tuple((firing(rule, facts), days.get(rule.procedure or "", 0)) for _, rule in in_force(rulebook, on))
        )

    def at(self, demand_at: int, site_at: Rows) -> Answers:
        """One demand on many sites, by their rows: forbidden, plan changes needed, days of the longest of them."""
        forbidden = np.zeros(site_at.size, dtype=np.bool_)
        changes, days = np.zeros(site_at.size), np.zeros(site_at.size, dtype=np.int64)
        every = np.full(site_at.size, demand_at)
        for rule, takes in self.rules:
            if not rule.demand_ok[demand_at]:
                continue
            at, codes = rule.at(every, site_at)
            forbidden[at[codes == CODE[PlanStatus.FORBIDDEN]]] = True
            change = at[codes == CODE[PlanStatus.PLAN_CHANGE]]
            changes[change] += 1.0
            days[change] = np.maximum(days[change], takes)
        return forbidden, changes, days
