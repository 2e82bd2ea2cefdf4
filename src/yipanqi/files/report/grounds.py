"""What the plan rests on: names of bodies and standards, editions applied, parameters in force, and their basis."""

from typing import Any

import polars as pl

from yipanqi.admission.standards import book
from yipanqi.allocation.board import Plan
from yipanqi.governance import bodies, profile
from yipanqi.policy.wording import LANGUAGES


def body_names(plan: Plan) -> dict[str, list[str]]:
    """Body id → [zh, en], as the bodies are called on the data date."""
    given = profile.read(plan.rulebook)
    return {
        key: [bodies.title(given, key, plan.facts.as_of, language) for language in LANGUAGES]
        for key in sorted(given.bodies)
    }


def standard_names(plan: Plan) -> dict[str, list[str]]:
    """Standard id → [zh, en]."""
    return {key: [s.title_zh, s.title_en] for key, s in sorted(book(plan.rulebook).standards.items())}


def editions(plan: Plan) -> list[list[Any]]:
    """[standard id, edition, cases judged, basis, clause, source, issued by] of every edition a verdict names."""
    judged = pl.concat(
        [v.verdicts.select("standard_id", "edition") for v in (plan.preliminary, plan.schemes.verdicts)]
    ).drop_nulls()
    standards = book(plan.rulebook).standards
    found = []
    for key, began, count in judged.group_by("standard_id", "edition").len().sort("standard_id", "edition").iter_rows():
        known = standards[key].editions.values() if key in standards else ()
        edition = next((e for e in known if e.effective_from.isoformat() == began), None)
        ground = (edition.basis.value, edition.clause, edition.source, edition.issued_by) if edition else (None,) * 4
        found.append([key, began, count, *ground])
    return found


def parameters(plan: Plan) -> list[list[Any]]:
    """[name, title zh, title en, value, unit, basis, clause, source, issued by, from] of each parameter in force."""
    return [
        [name, p.title_zh, p.title_en, v.value, p.unit, v.basis.value, v.clause, v.source, v.issued_by,
         v.effective_from.isoformat()]
        for name, p, v in plan.parameters_in_force()
    ]  # fmt: skip
