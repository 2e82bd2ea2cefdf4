"""The content of one document as plain data for the page: composed from what its edition lets through, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yipanqi import __version__
from yipanqi.admission.explanation import change_message
from yipanqi.allocation.board import Plan
from yipanqi.files.documents import siting
from yipanqi.files.documents.editions import INTERNAL, Dossier, Edition, Row, limited
from yipanqi.files.documents.picture import Atlas
from yipanqi.files.documents.words import MISSING, Words
from yipanqi.files.verdict_words import governing
from yipanqi.governance import bodies, profile
from yipanqi.kernel.findings import Message
from yipanqi.policy.rulebook import Rulebook

#: The facts of a project a reader sees, in order; the first ones stand in the strip under the title.
_STRIP = ("total_investment_wan", "output_wan", "tax_wan")
_FACTS = (
    "investor", "credit_code", "category", "industry_code", "product_line", "strategic_tags", "fixed_investment_wan",
    "stage", "major", "origin_town_id", "centre", "reported_at", "accepted_on", "rd_share", "rd_staff_share",
    "energy_tce", "emission_t", "jobs_high_count", "jobs_middle_count", "jobs_basic_count",
)  # fmt: skip
_BUILDING = (
    "building_height_m", "clear_height_m", "floor_load_kn_m2", "column_span_m", "crane_t", "power_kva", "gas_m3h",
    "water_m3d", "steam_th", "sewage_m3d", "rent_max_yuan_m2_day",
)  # fmt: skip


@dataclass(frozen=True)
class Issue:
    """What all documents of a plan share: words, maps, and the lines of head and foot."""

    words: Words
    atlas: Atlas
    lines: Mapping[str, str]
    rulebook: Rulebook

    @classmethod
    def of(cls, plan: Plan, language: str) -> "Issue":
        """The common part of a plan's documents."""
        facts, on = plan.facts, plan.facts.as_of
        given = profile.read(plan.rulebook)
        words = Words(
            language,
            dict(facts.towns.select("town_id", "name").iter_rows()),
            {key: bodies.title(given, key, on, language) for key in given.bodies},
        )
        borders = words.list(sorted(set(facts.towns["boundary_source"].drop_nulls()))) or MISSING
        lines = {
            "district": facts.district or plan.rulebook.profile,
            "as_of": words.text("as_of", on=on.isoformat()),
            "synthetic": words.text("synthetic") if facts.synthetic else "",
            "borders": words.text("borders", source=borders),
            "foot": words.text("foot", on=on.isoformat(), digest=plan.rulebook.digest[:12], version=__version__),
        }
        return cls(words, Atlas.of(facts.sites, facts.towns), lines, plan.rulebook)


def content(dossier: Dossier, edition: Edition, issue: Issue) -> dict[str, Any]:
    """Everything one edition of one project's document shows."""
    seen, words = limited(dossier, edition), issue.words
    project = seen["project"][0]
    return {
        "lang": words.language,
        "title": words.text("title"),
        "edition": {"name": edition.name, "word": words.text(f"edition.{edition.name}"),
                    "note": words.text(f"edition.{edition.name}.note")},
        **issue.lines,
        "promise": words.text("promise"),
        "project": {"id": project["project_id"], "name": project["name"]},
        "strip": [[words.text("strip.need"), _need(seen, words)],
                  *([words.heading("projects", c), words.value(c, project[c])] for c in _STRIP)],
        "facts": _facts(seen, words),
        "demands": _demands(seen, words),
        "admission": _admission(seen, issue),
        "siting": siting.schemes(seen, words, issue.atlas),
        "misses": _misses(seen, words),
        "board": _board(seen, words),
        "notes": _notes(seen, words, edition),
        "words": {name: words.text(f"part.{name}") for name in
                  ("facts", "demands", "admission", "classes", "change", "siting", "resources", "changes",
                   "moves", "board", "misses", "notes", "steps", "sketch", "none", "placed", "metre", "kilometre")},
    }  # fmt: skip


def _need(seen: Dossier, words: Words) -> str:
    """What it needs in all: land and floor apart."""
    wanted: dict[str, float] = {}
    for demand in seen["demands"]:
        kind = "land" if demand["need_kind"] == "land" else "plant"
        wanted[kind] = wanted.get(kind, 0.0) + demand["need_m2"]
    return " + ".join(words.area(kind, m2) for kind, m2 in sorted(wanted.items())) or MISSING


def _facts(seen: Dossier, words: Words) -> list[list[str]]:
    """The facts of the project, what nobody stated as a dash; last its wishes."""
    project = seen["project"][0]
    told = [[words.heading("projects", c), words.value(c, project[c])] for c in _FACTS if c in project]
    near = [f"{words.value('wish_kind', w['wish_kind'])} {w['name'] or ''}".strip() for w in seen["wishes"]]
    return [*told, [words.text("wishes"), words.list(dict.fromkeys(near)) or MISSING]]


def _demands(seen: Dossier, words: Words) -> list[list[str]]:
    """One row a phase: phase, what, how much, use, from when, firm or option, technical needs."""
    heads = ("phase", "need_kind", "need_m2", "use_class", "far_ratio", "wanted_on", "commitment")
    rows = [[*(words.heading("demands", c) for c in heads), words.text("needs")]]
    for d in seen["demands"]:
        since = d["wanted_on"] or d["from_year"]
        rows.append(
            [
                str(d["phase"]),
                words.value("need_kind", d["need_kind"]),
                words.area(d["need_kind"], d["need_m2"]),
                words.value("use_class", d["use_class"]),
                words.value("far_ratio", d["far_ratio"]),
                words.value("wanted_on", since) if since else MISSING,
                words.value("commitment", d["commitment"]),
                words.amounts(d, _BUILDING, "demands"),
            ]
        )
    return rows


def _admission(seen: Dossier, issue: Issue) -> dict[str, Any]:
    """准入评审意见（预审）: the verdict under the best class of site, why, and what would have to change.

    Clauses that stand in the way come first.
    """
    verdict, words = seen["verdict"][0], issue.words
    grounds = governing(issue.rulebook, verdict, words.language)
    clauses = [_clause(c, words) for c in seen["clauses"] if c["hard"] or "points" in c]
    under = words.text("under", area=verdict["area_class"], type=verdict["functional_type"])
    return {
        "code": verdict["verdict"],
        "word": words.value("verdict", verdict["verdict"]),
        "note": words.text("preliminary"),
        "grounds": f"{under}{grounds}",
        "heads": [words.text(f"clause.{h}") for h in ("result", "indicator", "value", "threshold", "gap", "clause")],
        "clauses": sorted(clauses, key=lambda c: _ORDER.index(c["state"])),
        "classes": _classes(seen, words),
        "changes": _answers(seen, words),
        "steps": [_step(s, words) for s in seen.get("steps", [])],
    }


#: The order in which clauses are told.
_ORDER = ("missed", "unknown", "band", "met", "scored")


def _clause(clause: Row, words: Words) -> dict[str, Any]:
    """One clause: its state, and the cells indicator, value, threshold, gap, clause with its basis."""
    state = {True: "met", False: "band" if clause["in_band"] else "missed", None: "unknown"}[clause["met"]]
    word, gap = words.text(f"state.{state}"), clause["gap"]
    if not clause["hard"]:
        state, word, gap = "scored", words.text("points", points=clause["points"], most=clause["points_max"]), None
    ground = [words.value("basis", clause["basis"]), *([words.text("mandatory")] if clause["mandatory"] else [])]
    share = "share" if clause["unit"] == "share" else None
    sign = {">=": "≥ ", "<=": "≤ "}.get(clause["comparison"], "")
    return {
        "state": state,
        "word": word,
        "cells": [
            words.text("indicator", indicator=clause["indicator"]),
            words.measure(clause["unit"], clause["value"]),
            MISSING if clause["threshold"] is None else sign + words.measure(share, clause["threshold"]),
            MISSING if gap is None else ("+" if gap >= 0 else "") + words.measure(share, gap),
            clause["clause"],
        ],
        "basis": " · ".join(ground),
    }


def _classes(seen: Dossier, words: Words) -> dict[str, Any]:
    """The verdict under every class of site: a row an area class, a column a functional type."""
    by = {(c["area_class"], c["functional_type"]): c["verdict"] for c in seen["classes"]}
    areas = list(dict.fromkeys(a for a, _ in by))
    types = list(dict.fromkeys(t for _, t in by))
    return {
        "heads": [words.value("functional_type", t) for t in types],
        "rows": [
            [words.value("area_class", a), [[by[a, t], words.value("verdict", by[a, t])] for t in types]] for a in areas
        ],
    }


def _answers(seen: Dossier, words: Words) -> list[str]:
    """The smallest changes, one text an answer: what belongs together stands together."""
    answers: dict[int, list[str]] = {}
    for c in seen["changes"]:
        answers.setdefault(c["order_no"], []).append(words.message(change_message(c)))
    return [words.text("together", told=" ".join(a)) if len(a) > 1 else a[0] for a in answers.values()]


def _step(step: Row, words: Words) -> list[str]:
    """A step, and who acts in brackets where that is stated."""
    title = step["title_zh" if words.language == "zh" else "title_en"]
    return [title, "" if step["body"] is None else words.named("", words.who(step["body"]))]


def _misses(seen: Dossier, words: Words) -> list[dict[str, Any]]:
    """The nearest places of a project without a scheme, and what would have to change there."""
    found: dict[int, dict[str, Any]] = {}
    for m in seen.get("misses", []):
        sites = words.list(words.named(*pair) for pair in zip(m["site_names"], m["site_ids"], strict=True))
        place = found.setdefault(m["miss_rank"], {"rank": m["miss_rank"], "sites": sites, "told": []})
        place["told"].append(words.message(Message(m["message_id"], m["params"])))
    return list(found.values())


def _board(seen: Dossier, words: Words) -> dict[str, Any] | None:
    """What the board recommends; none where the edition does not show it."""
    if not seen.get("placement"):
        return None
    p = seen["placement"][0]
    consent = [words.heading("projects", "consent"), words.value("consent", p["consent"])]
    settled = words.text("elsewhere", alone=p["in_alone"], referral=p["in_referral"])
    if p["scheme_id"] is None:
        advice = words.text("not_placed", count=p["pool_count"]) if p["pool_count"] else words.text("no_way")
        return {"advice": advice, "lines": [consent, [words.text("else"), settled]]}
    where = "fixed" if p["fixed"] else "moved" if p["moved"] else "stays"
    sites = words.list(words.named(u["name"], u["site_id"]) for u in seen["units"] if u["scheme_id"] == p["scheme_id"])
    accepts = None if not p["value_wan"] else p["expected_wan"] / p["value_wan"]
    return {
        "advice": words.text(f"placed.{where}", sites=sites),
        "lines": [
            [words.text("figure.value_wan"), words.value("value_wan", p["value_wan"])],
            [words.text("figure.expected_wan"), words.value("expected_wan", p["expected_wan"])],
            [words.heading("projects", "acceptance_share"), words.value("acceptance_share", accepts)],
            [words.heading("projects", "tax_wan"), words.value("tax_wan", p["tax_wan"])],
            consent,
            [words.text("else"), settled],
        ],
    }


def _notes(seen: Dossier, words: Words, edition: Edition) -> list[str]:
    """What a reader has to know of the document as a whole."""
    shared = ["promise.long", "note.preliminary", "note.figures", "note.basis"]
    internal = ["note.value", "note.advice"] if edition.name == INTERNAL.name else ["note.public"]
    return [words.text(n) for n in [*shared, *(internal if seen["schemes"] or seen.get("placement") else [])]]
