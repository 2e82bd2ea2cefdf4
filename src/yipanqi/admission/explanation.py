"""Verdicts, clauses and changes as messages: rule, clause, value, threshold, what would have to change."""

from collections.abc import Mapping
from typing import Any

from yipanqi.admission.indicators import LEVER_UNITS
from yipanqi.kernel.findings import Message

_OUTCOME = {True: "met", False: "missed", None: "unknown"}


def clause_message(line: Mapping[str, Any]) -> Message:
    """The sentence of one row of ``ClauseResult``: met, missed by how much, inside the band, or not stated."""
    outcome = "in_band" if line["in_band"] else _OUTCOME[line["met"]]
    if line["threshold"] is None:
        return Message(f"admission.clause.word_{outcome}", {"indicator": line["indicator"], "clause": line["clause"]})
    params = {name: line[name] for name in ("indicator", "value", "comparison", "threshold", "unit", "clause")}
    if outcome in {"missed", "in_band"}:
        params["missing"] = -line["gap"]
    return Message(f"admission.clause.{outcome}", params)


def governing_message(verdict: Mapping[str, Any]) -> Message:
    """Which edition governs a row of ``CaseVerdict``, and why: the day that decides and whence it comes."""
    reference = verdict["reference_on"].isoformat()
    if verdict["standard_id"] is None:
        return Message("admission.governs.none", {"reference": reference})
    params = {"standard": verdict["standard_id"], "edition": verdict["edition"], "reference": reference}
    return Message(f"admission.governs.{verdict['reference_ground']}", params)


def change_message(change: Mapping[str, Any]) -> Message:
    """The sentence of one row of ``Change``: which fact, by how much, and the verdict it leads to."""
    lever, amount = change["lever"], change["amount"]
    kind = "area" if LEVER_UNITS[lever] == "m2" else "share" if LEVER_UNITS[lever] == "share" else "number"
    params = {"lever": lever, "value": change["value"], "amount": abs(amount), "verdict": change["verdict"]}
    if kind == "number":
        params["unit"] = LEVER_UNITS[lever]
    return Message(f"admission.change.{kind}_{'more' if amount > 0 else 'less'}", params)
