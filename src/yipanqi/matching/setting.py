"""Everything matching prepares once for a whole district: arrays, neighbours, destinations, needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby

from yipanqi.matching.asking import Words, words
from yipanqi.matching.assemblies import Clusters, Neighbours, clusters, neighbours
from yipanqi.matching.contract import Supply, Want
from yipanqi.matching.figures import ready_days
from yipanqi.matching.ground import Days, Flags, Ground, lay_out
from yipanqi.matching.needs import Need, needs_of
from yipanqi.matching.relocations import Relocation, destinations, movable
from yipanqi.matching.rules import Rules, rules_of
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import Rulebook


@dataclass(frozen=True, eq=False)
class Setting:
    """The ground and what stands on it on one day. ``able`` are the sites whose firms all have somewhere to go."""

    supply: Supply
    want: Want
    rulebook: Rulebook
    as_of: date
    rules: Rules
    ground: Ground
    near: Neighbours
    ready: Days
    relocation: Relocation
    able: Flags
    needs: tuple[Need, ...]

    @cached_property
    def by_project(self) -> Mapping[str, tuple[Need, ...]]:
        """project → its needs by phase."""
        return {key: tuple(needs) for key, needs in groupby(self.needs, key=lambda need: need.project_id)}

    @cached_property
    def words(self) -> Words:
        """The plan's word to every need."""
        return words(self.ground, (self.supply, self.want), self.rulebook, self.as_of)

    @cached_property
    def clusters(self) -> Clusters:
        """Every assembly that is minimal for some need."""
        return clusters(self.near, self.ground.area, max((need.need_m2 for need in self.needs), default=0.0))


def prepared(supply: Supply, want: Want, rulebook: Rulebook, as_of: date) -> Setting:
    """The setting of a supply and a want on one day."""
    rules = rules_of(rulebook, as_of)
    ground = lay_out(supply, want.projects, as_of, rules.unknown_date_months)
    near = neighbours(ground, supply.sites, rules, int(number(rulebook, "planning.projected_epsg", as_of)))
    ready = ready_days(ground, rules)
    to = destinations(ground, ready, rules)
    return Setting(
        supply,
        want,
        rulebook,
        as_of,
        rules,
        ground,
        near,
        ready,
        Relocation(ground, ready, to),
        movable(ground, to),
        tuple(needs_of(want, rules, as_of)),
    )
