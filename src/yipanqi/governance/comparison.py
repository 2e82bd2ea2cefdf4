"""比较: the paper's table 1 in its own words, where text and table differ, and what two profiles permit differently."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import dataframely as dy
import polars as pl

from yipanqi.governance.bodies import bodies
from yipanqi.governance.diagnosis import Piece
from yipanqi.governance.profile import Act, Manner, Profile, Right, in_force
from yipanqi.governance.rights import holders, performers
from yipanqi.kernel.findings import Message
from yipanqi.kernel.tables import choice


class TableOne(dy.Schema):
    """One row of the paper's table 1 (试点区镇在机制统筹方面的进展), verbatim."""

    profile = dy.String(primary_key=True, nullable=False)
    place = dy.String(nullable=False, description="区镇")
    main_body = dy.String(nullable=False, description="主体机构")
    mechanism = dy.String(nullable=False, description="推进机制")


class TableNote(dy.Schema):
    """One place where the paper's text and its table 1 differ: both wordings and what differs."""

    profile = dy.String(primary_key=True, nullable=False)
    table = dy.String(primary_key=True, nullable=False)
    text = dy.String(primary_key=True, nullable=False)
    note_zh = dy.String(nullable=False)
    note_en = dy.String(nullable=False)


def table_one(profiles: Mapping[str, Profile]) -> pl.DataFrame:
    """The paper's table 1 as ``TableOne``, in its order; profiles it does not name are left out."""
    rows = sorted((p.table_one.row_no, key, p.table_one) for key, p in profiles.items() if p.table_one is not None)
    lines = [(key, row.place, row.main_body, row.mechanism) for _, key, row in rows]
    return TableOne.validate(pl.DataFrame(lines, schema=TableOne.create_empty().schema, orient="row"))


def table_notes(profiles: Mapping[str, Profile]) -> pl.DataFrame:
    """Where text and table 1 differ, as ``TableNote``, by profile in the table's order."""
    ordered = table_one(profiles)["profile"]
    lines = [(key, d.table, d.text, d.note_zh, d.note_en) for key in ordered for d in profiles[key].text_differences]
    return TableNote.validate(pl.DataFrame(lines, schema=TableNote.create_empty().schema, orient="row"))


class Difference(dy.Schema):
    """One thing two profiles say differently. Null: the profile says nothing of it."""

    piece = choice(Piece, nullable=False, primary_key=True)
    key = dy.String(primary_key=True, nullable=False)
    a_zh = dy.String(nullable=True)
    a_en = dy.String(nullable=True)
    a_manner = choice(Manner, nullable=True)
    b_zh = dy.String(nullable=True)
    b_en = dy.String(nullable=True)
    b_manner = choice(Manner, nullable=True)


@dataclass(frozen=True)
class Comparison:
    """What differs between two profiles (``Difference``), how many things were compared, and the sum as a message."""

    table: pl.DataFrame
    compared: int
    message: Message


@dataclass(frozen=True, slots=True)
class _Said:
    """What a profile says of one thing: what counts as equal, and how it is shown."""

    same_as: tuple[str, ...]
    zh: str
    en: str
    manner: Manner | None = None


def differences(a: Profile, b: Profile, on: date | None = None) -> Comparison:
    """What two profiles say differently of bodies, rights, acts, duties, instruments and reporting.

    Bodies of a kind are equal when they are called the same; a right or an act when bodies of the same kinds hold or
    perform it in the same manner; a duty when the same kind of body owns it; an instrument when both have one of its
    kind; a test of the reporting rule when it counts the same with the same threshold. Null ``on``: each profile in
    its last state.
    """
    left, right = dict(_said(a, on or a.latest())), dict(_said(b, on or b.latest()))
    keys = sorted({*left, *right}, key=lambda k: (list(Piece).index(k[0]), k[1]))
    rows = [
        (piece.value, key, *_shown(left.get((piece, key))), *_shown(right.get((piece, key))))
        for piece, key in keys
        if _equal(left.get((piece, key))) != _equal(right.get((piece, key)))
    ]
    table = Difference.validate(pl.DataFrame(rows, schema=Difference.create_empty().schema, orient="row"))
    if rows:
        return Comparison(table, len(keys), Message("governance.differ", {"count": len(keys), "differing": len(rows)}))
    return Comparison(table, len(keys), Message("governance.same", {"count": len(keys)}))


class PairRow(dy.Schema):
    """How many things two profiles say differently, by piece."""

    a = dy.String(primary_key=True, nullable=False)
    b = dy.String(primary_key=True, nullable=False)
    compared_count = dy.Int64(nullable=False, min=0)
    body_count = dy.Int64(nullable=False, min=0)
    right_count = dy.Int64(nullable=False, min=0)
    act_count = dy.Int64(nullable=False, min=0)
    duty_count = dy.Int64(nullable=False, min=0)
    instrument_count = dy.Int64(nullable=False, min=0)
    reporting_count = dy.Int64(nullable=False, min=0)


def pairs(profiles: Mapping[str, Profile], on: date | None = None) -> pl.DataFrame:
    """Every pair of profiles once, with the number of differences by piece, as ``PairRow``, by name."""
    rows = []
    for a, b in combinations(sorted(profiles), 2):
        found = differences(profiles[a], profiles[b], on)
        counts = found.table["piece"].to_list()
        rows.append((a, b, found.compared, *(counts.count(piece.value) for piece in _PIECES)))
    return PairRow.validate(pl.DataFrame(rows, schema=PairRow.create_empty().schema, orient="row"))


_PIECES = (Piece.BODY, Piece.RIGHT, Piece.ACT, Piece.DUTY, Piece.INSTRUMENT, Piece.REPORTING)


def _equal(said: _Said | None) -> tuple[tuple[str, ...], Manner | None] | None:
    return None if said is None else (said.same_as, said.manner)


def _shown(said: _Said | None) -> tuple[str | None, str | None, str | None]:
    if said is None:
        return None, None, None
    return said.zh or None, said.en or None, None if said.manner is None else said.manner.value


def _said(profile: Profile, on: date) -> Iterator[tuple[tuple[Piece, str], _Said]]:
    found = bodies(profile, on)
    for kind in sorted({body.kind for body in found.values()}):
        members = [key for key, body in found.items() if body.kind is kind]
        names = tuple(sorted(found[key].title_zh for key in members))
        yield (Piece.BODY, kind.value), _bodies(profile, members, names)
    for right in Right:
        held = holders(profile, right, on=on)
        if held:
            yield (Piece.RIGHT, right.value), _bodies(profile, [h.body for h in held], manner=held[0].manner)
    for act in Act:
        yield (Piece.ACT, act.value), _bodies(profile, performers(profile, act, on=on))
    for topic in sorted({duty.topic for duty in profile.duties.values() if duty.in_force(on)}):
        owners = sorted({d.owner for d in profile.duties.values() if d.topic == topic and d.in_force(on)})
        yield (Piece.DUTY, topic), _bodies(profile, owners)
    for entry in sorted(profile.instruments.values(), key=lambda i: (i.kind, i.title_zh)):
        if in_force([entry], on):
            yield (Piece.INSTRUMENT, entry.kind.value), _Said((), entry.title_zh, entry.title_en)
    yield from _reporting(profile, on)


def _reporting(profile: Profile, on: date) -> Iterator[tuple[tuple[Piece, str], _Said]]:
    rule = profile.reporting
    yield (Piece.REPORTING, "reporters"), _bodies(profile, rule.reporters)
    yield (Piece.REPORTING, "from_stage"), _Said((rule.from_stage,), rule.from_stage, rule.from_stage)
    for key, test in sorted(rule.tests.items()):
        if test.in_force(on):
            text = f"{' + '.join(sorted(test.needs))} ≥ {test.least_m2:g} m²"
            yield (Piece.REPORTING, key), _Said((text,), text, text)


def _bodies(
    profile: Profile, ids: Sequence[str], same_as: tuple[str, ...] | None = None, manner: Manner | None = None
) -> _Said:
    """Bodies shown by name; equal by kind unless ``same_as`` says otherwise."""
    kinds = tuple(sorted({profile.bodies[key].kind.value for key in ids}))
    ordered = [profile.bodies[key] for key in sorted(ids)]
    zh, en = "、".join(body.title_zh for body in ordered), ", ".join(body.title_en for body in ordered)
    return _Said(kinds if same_as is None else same_as, zh, en, manner)
