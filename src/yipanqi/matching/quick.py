"""初选 of a whole board: the shortlist of every phase wanted, the plan's word on each taken into account."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from yipanqi.kernel import tables
from yipanqi.matching.asking import words
from yipanqi.matching.contract import Supply, Want
from yipanqi.matching.figures import ready_days
from yipanqi.matching.ground import Ground, Ints, lay_out
from yipanqi.matching.needs import Need, needs_of
from yipanqi.matching.relocations import destinations, movable
from yipanqi.matching.rules import rules_of
from yipanqi.matching.shortlist import PlanWords, Rows, Shortlist
from yipanqi.matching.standing import Standing
from yipanqi.policy.rulebook import Rulebook

#: The facts of a site the plan's rules ask for, besides its shares in zones.
_PLAN_FACTS = (
    "site_kind", "state", "use_class", "area_class", "functional_type", "industry_directions", "far_min_ratio",
    "far_max_ratio", "height_max_m",
)  # fmt: skip


def quick(supply: Supply, want: Want, rulebook: Rulebook, as_of: date, count: int = 3) -> pl.DataFrame:
    """The best single sites of every phase wanted (``shortlist.Pick``), in ``count`` towns or as many as there are.

    Every site passes the technical filters and is not forbidden by the plan; admission is not asked, and neither are
    assemblies, splits and what several phases have to say to each other: that is ``schemes``. Projects fixed on sites
    are left out.

    Raises:
        KeyError: a parameter of the room is missing in the rulebook.
    """
    rules = rules_of(rulebook, as_of)
    ground = lay_out(supply, want.projects, as_of, rules.unknown_date_months)
    able = movable(ground, destinations(ground, ready_days(ground, rules), rules))
    of_class, examples = _plan_classes(supply, ground)
    index = Shortlist(supply, ground, rules, Standing.of(ground, able), of_class)
    needs = [need for need in needs_of(want, rules, as_of) if not need.fixed]
    told = index.words(_told(needs, ground, (supply, want), (rulebook, as_of), examples))
    return index.table([(need, index.first(need, told.get(need.key), count)) for need in needs])


def _plan_classes(supply: Supply, ground: Ground) -> tuple[Rows, Ints]:
    """The plan class of every site, and one site of each: those the plan cannot tell apart are of one class."""
    zones = pl.struct("zone_kind", "value", "excluded_uses", "share")
    inside = supply.shares.sort("site_id", "zone_id").group_by("site_id", maintain_order=True).agg(zones=zones)
    sites = pl.DataFrame({"site_id": ground.ids}, schema={"site_id": pl.String})
    facts = sites.join(supply.sites, on="site_id", maintain_order="left").join(
        inside, on="site_id", how="left", maintain_order="left"
    )
    lists = [pl.col(name).cast(pl.String).fill_null("") for name in _PLAN_FACTS if name != "industry_directions"]
    apart = facts.select(
        key=pl.concat_str(
            *lists,
            pl.col("industry_directions").list.join("|").fill_null("-"),
            pl.col("zones").map_elements(lambda many: repr(many.to_list()), return_dtype=pl.String).fill_null(""),
            separator="\x1f",
        )
    )["key"]
    _, first, code = np.unique(apart.to_numpy().astype(str), return_index=True, return_inverse=True)
    return code.astype(np.int64), first.astype(np.int32)


def _told(
    needs: Sequence[Need], ground: Ground, facts: tuple[Supply, Want], rules: tuple[Rulebook, date], examples: Ints
) -> pl.DataFrame:
    """The plan's word to each need on each class of its kind (``PlanWords``)."""
    plan = words(ground, facts, *rules)
    frames = [tables.empty(PlanWords)]
    for need in needs:
        codes = np.flatnonzero(ground.kind[examples] == need.kind)
        sites = examples[codes]
        word = plan.word(need.key, sites)
        frames.append(
            pl.DataFrame(
                {
                    "project_id": [need.project_id] * len(codes),
                    "phase": [need.phase] * len(codes),
                    "plan_class": codes.astype(np.int64),
                    "forbidden": word.forbidden[sites],
                    "change_count": word.changes[sites],
                    "delay_days": word.days[sites],
                },
                schema=tables.empty(PlanWords).schema,
            )
        )
    return pl.concat(frames)
