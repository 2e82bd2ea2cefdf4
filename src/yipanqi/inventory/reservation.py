"""意向锁定: an internal, expiring hold of a whole unit for one project. It never gives a right to land.

Industrial land is offered publicly, so every paper that shows a hold carries the sentence ``NO_RIGHT``, and a hold ends
when another bidder wins. The board keeps other projects off a held unit and does nothing more.
"""

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum

import polars as pl

from yipanqi.inventory.sites import SiteState, leaves
from yipanqi.kernel.findings import Finding, Message, Severity, in_order
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import Rulebook

NO_RIGHT = Message("inventory.hold_gives_no_right")
#: States in which nothing can be promised: a firm uses the site, or it leaves industrial use for good.
_NOT_TO_HOLD = (SiteState.OCCUPIED.value, SiteState.REDUCTION.value)


class HoldEnd(StrEnum):
    """What ends a hold, the strongest first: the land was won, the project left, the unit is gone, time ran out."""

    FULFILLED = "fulfilled"
    OUTBID = "outbid"
    PROJECT_LEFT = "project_left"
    EXPIRED = "expired"


def ended(
    holds: pl.DataFrame, as_of: date, *, left: Collection[str] = (), winners: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """The holds with ``ended_by``: why each no longer counts, null while it is live. The rows keep their order.

    ``left`` are the projects that are lost or withdrawn; ``winners`` maps a site that was listed to the project that
    won it (an id of no project for an outside bidder). The last day of a hold is still live.
    """
    won = winners or {}
    winner = pl.col("site_id").replace_strict(won, default=None, return_dtype=pl.String)
    cases = {
        HoldEnd.FULFILLED: winner == pl.col("project_id"),
        HoldEnd.OUTBID: winner != pl.col("project_id"),
        HoldEnd.PROJECT_LEFT: pl.col("project_id").is_in(sorted(left)),
        HoldEnd.EXPIRED: pl.col("held_until") < as_of,
    }
    return holds.with_columns(
        ended_by=pl.coalesce(pl.when(case).then(pl.lit(end.value)) for end, case in cases.items())
    )


def live(holds: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The holds that still count on the day, as far as their dates tell."""
    return ended(holds, as_of).filter(pl.col("ended_by").is_null()).drop("ended_by")


def hold_faults(holds: pl.DataFrame, sites: pl.DataFrame, rulebook: Rulebook, as_of: date) -> tuple[Finding, ...]:
    """What is wrong with the holds; ``params`` have ``site`` and ``project``.

    Blocking: ``inventory.hold_unknown_site``; ``.hold_not_whole`` (the site has parts: units are held one by one);
    ``.hold_state`` (occupied, or to be reduced); ``.hold_twice`` (more than one live hold on the unit). A warning:
    ``.hold_too_long`` (longer than ``inventory.hold_max_days`` from now). A note: ``.hold_expired``.
    """
    states = dict(sites.select("site_id", "state").iter_rows())
    whole = set(leaves(sites)["site_id"])
    longest = int(number(rulebook, "inventory.hold_max_days", as_of))
    counts = dict(live(holds, as_of).group_by("site_id").len().iter_rows())
    found = []
    for site, project, until in holds.select("site_id", "project_id", "held_until").iter_rows():
        if until < as_of:
            fault = Finding("inventory.hold_expired", Severity.NOTE, {"until": until.isoformat()})
        elif site not in states:
            fault = Finding("inventory.hold_unknown_site")
        elif site not in whole:
            fault = Finding("inventory.hold_not_whole")
        elif states[site] in _NOT_TO_HOLD:
            fault = Finding("inventory.hold_state", params={"state": states[site]})
        elif counts[site] > 1:
            fault = Finding("inventory.hold_twice", params={"count": counts[site]})
        elif (until - as_of).days > longest:
            fault = Finding("inventory.hold_too_long", Severity.WARN, {"until": until.isoformat(), "limit": longest})
        else:
            continue
        found.append(_of(fault, site, project))
    return in_order(found)


def _of(fault: Finding, site: str, project: str) -> Finding:
    params = {**fault.params, "site": site, "project": project}
    return Finding(fault.rule, fault.severity, params, table="holds", column="site_id", value=site)
