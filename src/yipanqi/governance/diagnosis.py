"""诊断: what a district's mechanism lacks against a model one, piece by piece, with the model's clause beside each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import dataframely as dy
import polars as pl

from yipanqi.governance.bodies import bodies
from yipanqi.governance.profile import Body, Profile, in_force
from yipanqi.kernel.findings import Finding, Severity
from yipanqi.kernel.tables import choice
from yipanqi.policy.rulebook import Basis, Provision


class Piece(StrEnum):
    """A piece of a mechanism."""

    BODY = "body"
    RIGHT = "right"
    ACT = "act"
    DUTY = "duty"
    INSTRUMENT = "instrument"
    REPORTING = "reporting"


class PieceState(StrEnum):
    """Whether a district has a piece: not at all, only as an assumption, without the chair, or stated."""

    MISSING = "missing"
    ASSUMED = "assumed"
    UNCHAIRED = "unchaired"
    STATED = "stated"


class Diagnosed(dy.Schema):
    """One piece of the model mechanism, and whether the district has it. Null own columns: it has none."""

    piece = choice(Piece, nullable=False, primary_key=True)
    key = dy.String(primary_key=True, nullable=False, description="body kind, right, topic of a duty, instrument kind")
    state = choice(PieceState, nullable=False)
    title_zh = dy.String(nullable=True, description="null: the label of the right says it")
    title_en = dy.String(nullable=True)
    model_clause = dy.String(nullable=False)
    model_source = dy.String(nullable=False)
    own_clause = dy.String(nullable=True)
    own_source = dy.String(nullable=True)


@dataclass(frozen=True)
class Diagnosis:
    """Every piece of the model (``Diagnosed``), and a warning for each the district lacks or only assumes."""

    table: pl.DataFrame
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    piece: Piece
    key: str
    statement: Provision
    title: tuple[str, str] | None


def diagnose(profile: Profile, against: Profile, on: date | None = None) -> Diagnosis:
    """What a profile lacks on a day against a model; null ``on``: each in its last state.

    Compared are bodies by kind, rights by holder stated, duties by topic and instruments by kind. What the model only
    assumes is no piece of it, nor is what both say word for word; what the profile only assumes is not had. Same
    order whatever the documents' order.
    """
    own: dict[tuple[Piece, str], list[Provision]] = {}
    for part in _parts(profile, on or profile.latest()):
        own.setdefault((part.piece, part.key), []).append(part.statement)
    rows, findings, seen = [], [], set()
    for part in _parts(against, on or against.latest()):
        mine = own.get((part.piece, part.key), [])
        if part.statement.basis is Basis.ASSUMED or part.statement in mine or (part.piece, part.key) in seen:
            continue
        seen.add((part.piece, part.key))
        stated = next((s for s in mine if s.basis is not Basis.ASSUMED), None)
        state = _state(part.statement, mine, stated)
        title_zh, title_en = part.title or (None, None)
        kept = stated or next(iter(mine), None)
        rows.append(
            (part.piece.value, part.key, state.value, title_zh, title_en, part.statement.clause, part.statement.source,
             kept and kept.clause, kept and kept.source)
        )  # fmt: skip
        if state is not PieceState.STATED:
            findings.append(_finding(part, state))
    table = pl.DataFrame(rows, schema=Diagnosed.create_empty().schema, orient="row")
    return Diagnosis(Diagnosed.validate(table), tuple(findings))


def _state(model: Provision, mine: Iterable[Provision], stated: Provision | None) -> PieceState:
    if stated is None:
        return PieceState.ASSUMED if list(mine) else PieceState.MISSING
    if isinstance(model, Body) and isinstance(stated, Body) and model.chair_zh and not stated.chair_zh:
        return PieceState.UNCHAIRED
    return PieceState.STATED


def _finding(part: _Part, state: PieceState) -> Finding:
    params = {"key": part.key, "clause": part.statement.clause, "source": part.statement.source}
    rule = f"governance.diagnosis.{state}.{part.piece}"
    return Finding(rule, Severity.WARN, params, table="governance", column=f"{part.piece}.{part.key}")


def _parts(profile: Profile, on: date) -> Iterator[_Part]:
    """Every piece of a profile in force on a day: bodies, rights, duties, instruments, each by key."""
    found = bodies(profile, on)
    for _, body in sorted(found.items(), key=lambda item: (item[1].kind, item[0])):
        yield _Part(Piece.BODY, body.kind.value, body, (body.title_zh, body.title_en))
    for right in sorted(profile.rights):
        for holding in in_force(profile.rights[right], on):
            yield _Part(Piece.RIGHT, right.value, holding, None)
    for _, duty in sorted(profile.duties.items()):
        if duty.in_force(on):
            yield _Part(Piece.DUTY, duty.topic, duty, (duty.title_zh, duty.title_en))
    for _, entry in sorted(profile.instruments.items()):
        if entry.in_force(on):
            yield _Part(Piece.INSTRUMENT, entry.kind.value, entry, (entry.title_zh, entry.title_en))
