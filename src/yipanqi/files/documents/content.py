"""The content of one document as plain data for the page template: texts, tables, and a small map of each scheme."""

import json
from dataclasses import dataclass
from typing import Any

import polars as pl

from yipanqi import __version__
from yipanqi.admission.explanation import change_message, clause_message
from yipanqi.admission.verdict import best_cases
from yipanqi.allocation.board import Plan
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files.documents.editions import Edition, Figure
from yipanqi.files.documents.picture import Pictures
from yipanqi.files.verdict_words import governing
from yipanqi.kernel.findings import Message
from yipanqi.pipeline.industries import name as industry_name
from yipanqi.policy.wording import label, render, say, texts

_LABELS = {"category": "category", "stage": "stage", "consent": "consent"}
_UNITS = {"energy_tce": "coal", "emission_t": "tonnes"}
_MONEY = ("total_investment_wan", "fixed_investment_wan", "output_wan", "tax_wan")
Row = dict[str, Any]


@dataclass(frozen=True)
class Library:
    """A plan's rows by project and scheme, looked up once for all documents."""

    plan: Plan
    language: str
    pictures: Pictures
    towns: dict[str, str]
    sites: dict[str, Row]
    firms: dict[str, str]
    schemes: dict[str, list[Row]]
    by_scheme: dict[str, dict[str, list[Row]]]
    verdicts: dict[str, Row]
    clauses: dict[str, list[Row]]
    changes: dict[str, list[Row]]
    misses: dict[str, list[Row]]
    placements: dict[str, Row]

    @classmethod
    def of(cls, plan: Plan, language: str) -> "Library":
        """The rows of a plan."""
        facts, s = plan.facts, plan.schemes
        best = best_cases(plan.preliminary.verdicts)
        shown = s.schemes.filter(pl.col("shown_rank").is_not_null()).sort("project_id", "shown_rank")
        clauses = plan.preliminary.clauses.join(best, on="case_id", how="semi").sort("project_id", "clause_id")
        tables = {
            "units": s.units.sort("phase", "site_id"),
            "relocations": s.relocations.sort("firm_id"),
            "plan_changes": s.plan_changes.sort("site_id", "rule_id"),
            "reasons": s.reasons.sort("reason_no"),
        }
        return cls(
            plan=plan,
            language=language,
            pictures=Pictures.of(facts.sites),
            towns=dict(facts.towns.select("town_id", "name").iter_rows()),
            sites={r["site_id"]: r for r in facts.sites.select("site_id", "name", "town_id").iter_rows(named=True)},
            firms=dict(facts.incumbents.select("firm_id", "name").iter_rows()),
            schemes=_by(shown, "project_id"),
            by_scheme={name: _by(table, "scheme_id") for name, table in tables.items()},
            verdicts={r["project_id"]: r for r in best.iter_rows(named=True)},
            clauses=_by(clauses, "project_id"),
            changes=_by(plan.changes.filter(pl.col("clause_id").is_null()), "project_id"),
            misses=_by(s.misses.sort("miss_rank", "reason_no"), "project_id"),
            placements={
                r["project_id"]: r for r in plan.scenarios[ScenarioName.BOARD].placements.iter_rows(named=True)
            },
        )

    def rows(self, table: str, scheme_id: str) -> list[Row]:
        """The rows of a table that belong to a scheme."""
        return self.by_scheme[table].get(scheme_id, [])

    def text(self, message_id: str, **params: Any) -> str:
        """A sentence of the documents."""
        return say(f"document.{message_id}", self.language, **params)


def _by(frame: pl.DataFrame, key: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        groups.setdefault(row[key], []).append(row)
    return groups


def content(library: Library, project: Row, edition: Edition) -> dict[str, Any]:
    """Everything one edition of one project's document shows."""
    facts, key = library.plan.facts, project["project_id"]
    schemes = [_scheme(library, s, edition) for s in library.schemes.get(key, [])]
    return {
        "language": library.language,
        "title": library.text("title"),
        "edition": library.text(f"edition_{edition.name}"),
        "district": facts.district,
        "as_of": library.text("as_of", on=facts.as_of.isoformat()),
        "synthetic": library.text("synthetic") if facts.synthetic else "",
        "name": project["name"],
        "facts": [[_column(f, library.language), _fact(library, project, f)] for f in edition.project],
        "headings": {h: library.text(f"heading_{h}") for h in ("facts", "verdict", "schemes", "board", "misses")},
        "verdict": _verdict(library, key),
        "schemes": schemes,
        "no_scheme": "" if schemes else library.text("no_scheme"),
        "board": _board(library, key) if edition.board else "",
        "misses": [_miss(library, m) for m in library.misses.get(key, [])] if edition.misses else [],
        "promise": library.text("promise"),
        "map_note": library.text("map_note"),
        "footer": library.text("footer", digest=library.plan.rulebook.digest[:12], version=__version__),
    }


def _column(name: str, language: str) -> str:
    return texts()[f"column.projects.{name}"][language]


def _fact(library: Library, project: Row, name: str) -> str:
    value, language = project[name], library.language
    if value is None:
        return "—"
    if name in _LABELS:
        return label(_LABELS[name], value, language)
    if name in _MONEY:
        return library.text("money", amount=value)
    if name == "origin_town_id":
        return str(library.towns.get(value, value))
    if name == "industry_code":
        return f"{value} {industry_name(value) or ''}".strip()
    if name.endswith("_share"):
        return library.text("share", share=value)
    if name in _UNITS:
        return library.text(_UNITS[name], amount=value)
    return str(value)


def _verdict(library: Library, key: str) -> dict[str, Any]:
    row, language = library.verdicts[key], library.language
    lines = [
        {
            "state": _state(c),
            "text": render(clause_message(c), language),
            "basis": label("basis", c["basis"], language),
        }
        for c in sorted(library.clauses.get(key, []), key=lambda c: (_ORDER.index(_state(c)), c["clause_id"]))
    ]
    return {
        "code": row["verdict"],
        "word": label("verdict", row["verdict"], language),
        "governs": governing(library.plan.rulebook, row, language),
        "note": library.text("preliminary"),
        "clauses": lines,
        "changes": [render(change_message(c), language) for c in library.changes.get(key, [])],
        "change_title": library.text("changes"),
        "states": {s: library.text(f"clause_{s}") for s in _ORDER},
    }


#: The order in which clauses are told: what stands in the way first.
_ORDER = ("missed", "unknown", "band", "met", "scored")


def _state(clause: Row) -> str:
    """How a clause went; a scored one neither passes nor fails."""
    if not clause["hard"]:
        return "scored"
    if clause["met"] is None:
        return "unknown"
    return "met" if clause["met"] else "band" if clause["in_band"] else "missed"


def _scheme(library: Library, scheme: Row, edition: Edition) -> dict[str, Any]:
    key, language = scheme["scheme_id"], library.language
    units = library.rows("units", key)
    allowed = edition.reasons
    reasons = [
        {"role": r["role"], "word": label("reason_role", r["role"], language), "text": _told(r, language)}
        for r in library.rows("reasons", key)
        if allowed is None or r["message_id"] in allowed
    ]
    moves = [_move(library, m) for m in library.rows("relocations", key)] if edition.relocations else []
    site_ids = [u["site_id"] for u in units]
    return {
        "rank": library.text("scheme", rank=scheme["shown_rank"]),
        "kind": label("scheme_kind", scheme["kind"], language),
        "svg": library.pictures.svg(site_ids, neighbours=edition.neighbours),
        "figures": [
            [library.text(f"figure_{f.value}"), text]
            for f in edition.figures
            if (text := _figure(library, scheme, units, f)) is not None
        ],
        "reasons": reasons,
        "moves": moves,
        "moves_title": library.text("moves") if moves else "",
        "changes": [_plan_change(library, c) for c in library.rows("plan_changes", key)],
        "changes_title": library.text("plan_changes"),
    }


def _figure(library: Library, scheme: Row, units: list[Row], figure: Figure) -> str | None:
    """The text of a figure; null where it does not apply to the scheme."""
    language = library.language
    land, floor, far_km, price_wan = (scheme[k] for k in ("land_m2", "floor_m2", "distance_km", "price_wan"))
    moved = library.text("relocated", n=scheme["relocation_count"], cost=scheme["relocation_cost_wan"])
    every: dict[Figure, str | None] = {
        Figure.KIND: label("scheme_kind", scheme["kind"], language),
        Figure.TOWNS: "、".join(library.towns.get(t, t) for t in scheme["town_ids"]),
        Figure.SITES: "、".join(f"{library.sites[u['site_id']]['name']}（{u['site_id']}）" for u in units),
        Figure.AREA_CLASS: label("area_class", scheme["area_class"], language),
        Figure.FUNCTIONAL_TYPE: label("functional_type", scheme["functional_type"], language),
        Figure.LAND: library.text("land", land_m2=land) if land else None,
        Figure.FLOOR: library.text("floor", floor_m2=floor) if floor else None,
        Figure.AVAILABLE: scheme["available_on"].isoformat(),
        Figure.DISTANCE: None if far_km is None else library.text("kilometres", km=far_km),
        Figure.PLAN_CHANGES: library.text("count", n=scheme["plan_change_count"]),
        Figure.RELOCATIONS: moved,
        Figure.PRICE: None if price_wan is None else library.text("money", amount=price_wan),
        Figure.SCORE: library.text("share", share=scheme["score_share"]),
    }
    return every[figure]


def _told(row: Row, language: str) -> str:
    return render(Message(row["message_id"], json.loads(row["params_json"])), language)


def _move(library: Library, move: Row) -> list[str]:
    where = library.text("closes") if move["to_site_id"] is None else str(library.sites[move["to_site_id"]]["name"])
    cost, months = library.text("money", amount=move["cost_wan"]), library.text("months", n=move["months"])
    firm = str(library.firms.get(move["firm_id"], move["firm_id"]))
    return [firm, where, cost, months]


def _plan_change(library: Library, change: Row) -> str:
    language = library.language
    return library.text(
        "plan_change",
        site=library.sites[change["site_id"]]["name"],
        parameter=label("plan_parameter", change["parameter"], language),
        before=change["from_value"],
        after=change["to_value"],
        procedure=label("plan_procedure", change["procedure"], language),
    )


def _board(library: Library, key: str) -> str:
    placement = library.placements.get(key)
    if placement is None:
        return library.text("not_placed")
    units = library.rows("units", placement["scheme_id"])
    where = "、".join(library.sites[u["site_id"]]["name"] for u in units)
    return library.text("placed", where=where, value=placement["value_wan"])


def _miss(library: Library, miss: Row) -> str:
    where = "、".join(library.sites[s]["name"] for s in miss["site_ids"])
    return f"{miss['miss_rank']}. {where}：{_told(miss, library.language)}"
