"""The words beside a verdict: which edition governs and why, and the steps the review takes."""

from collections.abc import Mapping
from typing import Any

from yipanqi.admission.explanation import governing_message
from yipanqi.admission.standards import book
from yipanqi.allocation.board import Plan
from yipanqi.governance import profile
from yipanqi.governance.bodies import title
from yipanqi.kernel.findings import Message
from yipanqi.policy.rulebook import Rulebook
from yipanqi.policy.wording import render, say


def governing(rulebook: Rulebook, verdict: Mapping[str, Any], language: str) -> str:
    """The sentence of a row of ``CaseVerdict``: the edition that governs, its standard called by its title, and why."""
    message = governing_message(verdict)
    standard = book(rulebook).standards.get(verdict["standard_id"])
    if standard is None:
        return render(message, language)
    name = standard.title_zh if language == "zh" else standard.title_en
    return render(Message(message.id, {**message.params, "standard": name}), language)


def review_steps(plan: Plan, language: str) -> dict[str, list[str]]:
    """project → its review step by step: level (steps of one level run at the same time), what is done, by whom."""
    district, on = profile.read(plan.rulebook), plan.facts.as_of
    lines: dict[str, list[str]] = {}
    for step in plan.routes.sort("project_id", "step_no").iter_rows(named=True):
        who = [title(district, body, on, language) for body in (step["body"] or "").split("+") if body]
        text = say(
            "book.step" if who else "book.step_open",
            language,
            level=step["level"],
            title=step[f"title_{language}"],
            body="、".join(who) if language == "zh" else ", ".join(who),
        )
        lines.setdefault(step["project_id"], []).append(text)
    return lines
