"""Reasons of the plan as messages: which rule, what stands now, what is needed, how the plan could be changed."""

from collections.abc import Mapping
from typing import Any

from yipanqi.kernel.findings import Message


def reason_message(reason: Mapping[str, Any]) -> Message:
    """The sentence of one row of ``PlanReason``: ``planning.<rule id>`` with its values and clause."""
    params = {name: reason[name] for name in ("from_value", "to_value", "clause")}
    return Message(f"planning.{reason['rule_id']}", params)


def change_message(reason: Mapping[str, Any]) -> Message:
    """What the plan change of one row with status plan_change asks for: parameter, procedure, who decides."""
    params = {name: reason[name] for name in ("parameter", "from_value", "to_value", "procedure", "decider")}
    return Message("planning.change", params)
