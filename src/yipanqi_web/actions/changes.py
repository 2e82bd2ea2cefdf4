"""What an upload would change: every row held against the record and against what the officer may do.

A row the record has alike is unchanged, whoever sends it; one that differs needs the right to write it. A column the
file does not have stays as the record has it. A hidden row and a missing one answer alike.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isclose
from typing import Any

from yipanqi.governance.profile import Act, BodyKind
from yipanqi.inventory.sites import FactState
from yipanqi.kernel.findings import Finding
from yipanqi.kernel.tables import keys
from yipanqi.pipeline.stages import Stage, may_follow
from yipanqi_web.actions import projects, sites
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.acts import authorize
from yipanqi_web.permissions.visibility import projects_filter, sees_inside
from yipanqi_web.queries import frames
from yipanqi_web.queries.sites import INSIDE
from yipanqi_web.records.models import FACTS, ProjectFact, SiteFact

#: Changed cells that a preview shows.
SHOWN = 200
#: Which acts let one write a table; tables of the whole district are written by its bodies only.
_ACTS: dict[str, tuple[Act, ...]] = {
    **dict.fromkeys(("sites", "incumbents", "leases"), (Act.REGISTER_SITE, Act.VERIFY_SITE)),
    **dict.fromkeys(("projects", "demands", "wishes", "milestones"), (Act.REGISTER_LEAD, Act.REPORT_PROJECT)),
    **dict.fromkeys(("towns", "zones", "quotas"), (Act.VERIFY_SITE,)),
    "town_limits": (Act.CONFIRM_ALLOCATION,),
}
_OF_SITES, _OF_PROJECTS = ("incumbents", "leases"), ("demands", "wishes", "milestones")
_OF_DISTRICT = ("towns", "zones", "quotas", "town_limits")
_SEES_SOME = (BodyKind.DEPARTMENT, BodyKind.MUNICIPAL, BodyKind.SERVICE_CENTRE, BodyKind.STATE_DEVELOPER,
              BodyKind.MARKET_DEVELOPER)  # fmt: skip
_VERIFIED = (FactState.VERIFIED.value, FactState.IN_USE.value)


@dataclass(frozen=True)
class Given:
    """One row of a file: its values, the columns the file states, and where it stands; headers by column."""

    values: Mapping[str, Any]
    stated: frozenset[str]
    headers: Mapping[str, str]
    file: str
    sheet: str
    row: int


@dataclass(frozen=True)
class Incoming:
    """A file's rows by table, the day they are true, and what is wrong with the file itself."""

    tables: Mapping[str, Sequence[Given]]
    as_of: date | None
    findings: tuple[Finding, ...]


@dataclass
class Tally:
    """How many rows of a table are new, changed, alike and refused."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Change:
    """One row to be written: whole, and of a standing row what its changed columns said before."""

    table: str
    key: tuple[Any, ...]
    row: Mapping[str, Any]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


@dataclass
class Plan:
    """What would happen: counts by table, the rows to write, the refusals, and the digest of what was compared."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    base: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing would be written."""
        return not self.changes


def plan(incoming: Incoming, by: Actor) -> Plan:
    """The plan of an upload for an officer, by the record as it stands now."""
    out, seen = Plan(), _Seen(by, incoming)
    digest = hashlib.sha256()
    for table in [name for name in FACTS if incoming.tables.get(name)]:
        tally = out.tallies.setdefault(table, Tally())
        rows = incoming.tables[table]
        for given, old in zip(rows, _standing(table, rows, by.district_code), strict=True):
            known = old if old is not None and seen.sees(table, old) else None
            outcome, found, change = _outcome(table, given, known, seen)
            setattr(tally, outcome, getattr(tally, outcome) + 1)
            out.findings += [] if found is None else [found]
            out.changes += [] if change is None else [change]
            version = known["pk"] if known is not None else 0
            digest.update(f"{table}|{_key(table, given.values)}|{version}|{outcome}\n".encode())
    out.base = digest.hexdigest()
    return out


def _outcome(
    table: str, given: Given, old: Mapping[str, Any] | None, seen: "_Seen"
) -> tuple[str, Finding | None, Change | None]:
    """added, changed, unchanged or refused; with the refusal, or with what is to be written."""
    row, before = dict(given.values), None
    if old is not None:
        inside = seen.inside(table, old)
        row = {n: v if n in given.stated else old[n] for n, v in row.items()}
        # What the officer is not shown comes back empty, and says nothing.
        row |= {n: old[n] for n in row if not inside and n in INSIDE and row[n] is None}
        row |= {n: old[n] for n, v in row.items() if _same(old[n], v)}
        before = {n: old[n] for n, v in row.items() if v is not old[n]}
        if not before:
            return "unchanged", None, None
    found = _refusal(table, row, old, seen)
    if found is not None:
        column = given.headers.get(found.column or "", found.column)
        return "refused", found.at(file=given.file, table=given.sheet, row=given.row, column=column), None
    after = {n: row[n] for n in before} if before is not None else {n: v for n, v in row.items() if v is not None}
    change = Change(table, _key(table, row), row, before, after)
    return "added" if old is None else "changed", None, change


def _refusal(table: str, row: Mapping[str, Any], old: Mapping[str, Any] | None, seen: "_Seen") -> Finding | None:
    """Why the officer may not write the row; null: they may."""
    first = keys(FACTS[table].schema)[0]
    if old is None and not seen.may_number(table, row):
        params = {"prefix": f"{seen.by.place}-"}
        return Finding("web.exchange.number", params=params, column=first, value=str(row[first]))
    for version in (row,) if old is None else (old, row):
        if not seen.may(table, version):
            return Finding("web.exchange.not_yours", column=first, value=str(row[first]))
    if table == "sites" and row["fact_state"] in _VERIFIED and not seen.may_verify(row):
        return Finding("web.exchange.not_verifier", column="fact_state", value=str(row["fact_state"]))
    if table == "projects" and (old is None or old["stage"] != row["stage"]):
        to = Stage(row["stage"])
        follows = old is None or may_follow(Stage(old["stage"]), to)
        if not follows or (not seen.allowed(projects.act_to(to), row["origin_town_id"]) and to is not Stage.LEAD):
            return Finding("web.exchange.stage", params={"stage": to.value}, column="stage", value=to.value)
    return None


class _Seen:
    """What the officer sees and may, asked once for each place."""

    def __init__(self, by: Actor, incoming: Incoming) -> None:
        self.by = by
        here = {"district_code": by.district_code, "superseded_at": None}
        self.towns = dict(SiteFact.objects.filter(**here).values_list("site_id", "town_id"))
        visible = ProjectFact.objects.filter(projects_filter(by), superseded_at=None)
        self.projects = set(visible.values_list("project_id", flat=True))
        self.origins = dict(visible.values_list("project_id", "origin_town_id"))
        for given in incoming.tables.get("sites", ()):
            self.towns.setdefault(given.values["site_id"], given.values["town_id"])
        for given in incoming.tables.get("projects", ()):
            self.origins.setdefault(given.values["project_id"], given.values["origin_town_id"])
        kind = by.profile.bodies[by.body].kind if by.body else None
        self.all = by.wide and kind not in _SEES_SOME
        self.asked: dict[tuple[Act, str | None], bool] = {}

    def sees(self, table: str, row: Mapping[str, Any]) -> bool:
        """Whether the officer is shown a standing row at all."""
        if table == "projects" or table in _OF_PROJECTS:
            return row["project_id"] in self.projects
        return table not in _OF_SITES or self.inside(table, row)

    def inside(self, table: str, row: Mapping[str, Any]) -> bool:
        """Whether the officer sees the inner columns of a standing row."""
        if table != "sites" and table not in _OF_SITES:
            return True
        return sees_inside(self.by, self._place(table, row) or "")

    def may_number(self, table: str, row: Mapping[str, Any]) -> bool:
        """Whether a row new to the officer may bear its number: hidden ones must not show by a clash."""
        if table == "projects" or table in _OF_PROJECTS:
            number = row["project_id"]
            return self.all or number in self.projects or self._own(number)
        return table not in _OF_SITES or self.by.wide or self._own(row[keys(FACTS[table].schema)[0]])

    def _own(self, number: str) -> bool:
        return self.by.place is not None and number.startswith(f"{self.by.place}-")

    def may(self, table: str, row: Mapping[str, Any]) -> bool:
        """Whether the officer may write the row at its place."""
        if table in _OF_DISTRICT and not self.by.wide:
            return False
        return any(self.allowed(act, self._place(table, row)) for act in _ACTS[table])

    def may_verify(self, site: Mapping[str, Any]) -> bool:
        """Whether the officer may take the facts of a site to the state they are in."""
        return self.allowed(sites.act_to(FactState(site["fact_state"])), site["town_id"])

    def allowed(self, act: Act, place: str | None) -> bool:
        """The decision rights' word."""
        if (act, place) not in self.asked:
            self.asked[act, place] = authorize(self.by, act, place).permitted
        return self.asked[act, place]

    def _place(self, table: str, row: Mapping[str, Any]) -> str | None:
        if table == "sites":
            return str(row["town_id"])
        if table == "projects":
            return str(row["origin_town_id"])
        if table in _OF_SITES:
            return self.towns.get(row["site_id"])
        return self.origins.get(row["project_id"]) if table in _OF_PROJECTS else None


def _standing(table: str, rows: Sequence[Given], district_code: str) -> Iterator[dict[str, Any] | None]:
    """The version in force of each row's key, in order; null where the record has none."""
    model = FACTS[table]
    names, first = model.schema.column_names(), keys(model.schema)[0]
    wanted = sorted({str(given.values[first]) for given in rows})
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for start in range(0, len(wanted), 500):
        part = model._default_manager.filter(
            district_code=district_code, superseded_at=None, **{f"{first}__in": wanted[start : start + 500]}
        )
        for row in part.values("pk", *names):
            plain = {name: frames.plain(value) for name, value in row.items()}
            found[_key(table, plain)] = plain
    for given in rows:
        yield found.get(_key(table, given.values))


def _key(table: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in keys(FACTS[table].schema))


def _same(old: Any, new: Any) -> bool:
    """Whether a value read from a file is the one on record: files keep whole seconds and 15 digits."""
    if isinstance(old, float) and isinstance(new, float):
        return isclose(old, new, rel_tol=1e-12)
    if isinstance(old, datetime) and isinstance(new, datetime):
        return abs((old - new).total_seconds()) < 1
    return bool(old == new)
