"""A plan as the tables an officer reads: verdicts, schemes side by side, placements, the unmatched, towns.

Each function gives a ``Sheet``: message ids of its title and headings, and rows of plain values in which codes are
already words of the language. Area is shown in mu.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import polars as pl

from yipanqi.admission.explanation import change_message, clause_message
from yipanqi.admission.verdict import best_cases, overall
from yipanqi.allocation.board import Facts, Plan
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files.verdict_words import governing, review_steps
from yipanqi.kernel.findings import Message
from yipanqi.kernel.units import mu
from yipanqi.matching.schemes import Schemes
from yipanqi.policy.wording import label, render, say, sentence


@dataclass(frozen=True)
class Column:
    """One column: heading id, width in characters, and how its values are written (text, n0, n2, pct, date, wrap)."""

    heading: str
    width: int
    style: str = "text"


@dataclass(frozen=True)
class Sheet:
    """One table for a reader: the id of its title, its columns, its rows."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]


def columns(specification: str) -> tuple[Column, ...]:
    """Columns from ``heading:width`` or ``heading:width:style``, separated by blanks."""
    parts = (text.split(":") for text in specification.split())
    return tuple(Column(f"book.{heading}", int(width), *style) for heading, width, *style in parts)


def names(frame: pl.DataFrame, key: str) -> dict[str, str]:
    """id → name."""
    return dict(zip(frame[key].to_list(), frame["name"].to_list(), strict=True))


def verdicts(plan: Plan, language: str) -> Sheet:
    """One row a project: its preliminary verdict under its best site class, and every clause it misses by how much.

    Beside it the edition that governs, and why, and the steps its review takes.
    """
    best = best_cases(plan.preliminary.verdicts)
    missed = _missed(plan, best, language)
    changes = _changes(plan, language)
    governs = {row["project_id"]: governing(plan.rulebook, row, language) for row in best.iter_rows(named=True)}
    steps = review_steps(plan, language)
    town, rows = names(plan.facts.towns, "town_id"), []
    joined = plan.in_play.join(best.select("project_id", "verdict"), on="project_id", how="left").sort("project_id")
    for p in joined.iter_rows(named=True):
        rows.append(
            [
                p["project_id"],
                p["name"],
                p["investor"],
                label("category", p["category"], language),
                p["industry_code"],
                town.get(p["origin_town_id"], p["origin_town_id"]),
                p["fixed_investment_wan"],
                p["output_wan"],
                p["tax_wan"],
                label("verdict", p["verdict"], language),
                governs.get(p["project_id"]),
                "\n".join(missed.get(p["project_id"], [])),
                "\n".join(changes.get(p["project_id"], [])),
                "\n".join(steps.get(p["project_id"], [])),
            ]
        )
    heads = columns(
        "project_id:11 project:26 investor:24 category:14 industry:8 origin:12 fixed_wan:12:n0 "
        "output_wan:12:n0 tax_wan:11:n0 verdict:14 governs:40:wrap missed:56:wrap change:44:wrap route:40:wrap"
    )
    return Sheet("book.verdicts", heads, rows)


def _missed(plan: Plan, best: pl.DataFrame, language: str) -> dict[str, list[str]]:
    """project → sentences of its hard clauses not met under its best site class."""
    clauses = plan.preliminary.clauses.join(best.select("case_id"), on="case_id", how="semi")
    lines: dict[str, list[str]] = {}
    failed = clauses.filter(pl.col("hard") & ~pl.col("met").fill_null(False)).sort("project_id", "clause_id")
    for c in failed.iter_rows(named=True):
        lines.setdefault(c["project_id"], []).append(render(clause_message(c), language))
    return lines


def _changes(plan: Plan, language: str) -> dict[str, list[str]]:
    """project → sentences of the smallest changes that answer all its missed clauses at once."""
    lines: dict[str, list[str]] = {}
    for c in plan.changes.filter(pl.col("clause_id").is_null()).iter_rows(named=True):
        lines.setdefault(c["project_id"], []).append(render(change_message(c), language))
    return lines


def schemes(plan: Plan, language: str) -> Sheet:
    """One row a project with its two or three schemes side by side."""
    project, shown = names(plan.facts.projects, "project_id"), plan.schemes.schemes
    shown = shown.filter(pl.col("shown_rank").is_not_null()).sort("project_id", "shown_rank")
    words = SchemeWords.of(plan.facts, plan.schemes, language)
    rows = []
    for project_id, group in groupby(shown.iter_rows(named=True), key=lambda s: s["project_id"]):
        cells: list[Any] = []
        for scheme in group:
            cells += words.scheme(scheme)
        rows.append([project_id, project[project_id], *cells, *[None] * (_PER_SCHEME * 3 - len(cells))])
    per = [
        Column("book.scheme_sites", 30, "wrap"),
        Column("book.scheme_figures", 26, "wrap"),
        Column("book.scheme_reasons", 44, "wrap"),
    ]
    columns = [Column("book.project_id", 11), Column("book.project", 26)]
    for rank in (1, 2, 3):
        columns += [Column(f"{c.heading}_{rank}", c.width, c.style) for c in per]
    return Sheet("book.schemes", tuple(columns), rows)


_PER_SCHEME = 3


@dataclass(frozen=True)
class SchemeWords:
    """What the words of a scheme are made from, gathered once."""

    language: str
    sites: dict[str, str]
    towns: dict[str, str]
    firms: dict[str, str]
    units: dict[str, list[dict[str, Any]]]
    reasons: dict[str, list[dict[str, Any]]]
    moves: dict[str, list[dict[str, Any]]]
    changes: dict[str, list[dict[str, Any]]]

    @classmethod
    def of(cls, facts: Facts, s: Schemes, language: str) -> "SchemeWords":
        return cls(
            language,
            names(facts.sites, "site_id"),
            names(facts.towns, "town_id"),
            names(facts.incumbents, "firm_id"),
            _grouped(s.units.sort("scheme_id", "phase", "site_id")),
            _grouped(s.reasons.sort("scheme_id", "reason_no")),
            _grouped(s.relocations.sort("scheme_id", "firm_id")),
            _grouped(s.plan_changes.sort("scheme_id", "site_id", "rule_id")),
        )

    def parts(self, scheme: dict[str, Any]) -> dict[str, str]:
        """Where, the figures, and why, each a text of several lines."""
        return dict(zip(("where", "figures", "why"), self.scheme(scheme), strict=True))

    def scheme(self, scheme: dict[str, Any]) -> list[str]:
        """The same three texts in order."""
        key, lang = scheme["scheme_id"], self.language
        sites = [f"{self.sites.get(u['site_id'], u['site_id'])}（{u['site_id']}）" for u in self.units.get(key, [])]
        where = [
            label("scheme_kind", scheme["kind"], lang),
            "、".join(self.towns.get(t, t) for t in scheme["town_ids"]),
        ]
        figures = [
            say("book.area", lang, land_m2=scheme["land_m2"]) if scheme["land_m2"] else "",
            say("book.floor", lang, floor_m2=scheme["floor_m2"]) if scheme["floor_m2"] else "",
            say("book.available", lang, on=scheme["available_on"].isoformat()),
            say("book.relocations", lang, n=scheme["relocation_count"], cost=scheme["relocation_cost_wan"])
            if scheme["relocation_count"]
            else "",
            say("book.plan_changes", lang, n=scheme["plan_change_count"]) if scheme["plan_change_count"] else "",
            say("book.score", lang, score=scheme["score_share"]),
        ]
        reasons = [f"{label('reason_role', r['role'], lang)}：{told(r, lang)}" for r in self.reasons.get(key, [])]
        moves = [self._move(m) for m in self.moves.get(key, [])]
        return ["\n".join([*where, *sites]), "\n".join(f for f in figures if f), "\n".join([*reasons, *moves])]

    def _move(self, move: dict[str, Any]) -> str:
        firm = self.firms.get(move["firm_id"], move["firm_id"])
        if move["to_site_id"] is None:
            return say("book.closes", self.language, firm=firm, cost=move["cost_wan"])
        to = self.sites.get(move["to_site_id"], move["to_site_id"])
        return say("book.moves", self.language, firm=firm, to=to, cost=move["cost_wan"], months=move["months"])


def told(row: dict[str, Any], language: str) -> str:
    """The sentence of a row with message_id and params_json."""
    return render(Message(row["message_id"], json.loads(row["params_json"])), language)


def _grouped(frame: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in frame.iter_rows(named=True):
        groups.setdefault(row["scheme_id"], []).append(row)
    return groups


def placements(plan: Plan, language: str) -> Sheet:
    """One row a placed project of the board: where, how much, what it is worth, and where it went in the others."""
    project, site = names(plan.facts.projects, "project_id"), names(plan.facts.sites, "site_id")
    town = names(plan.facts.towns, "town_id")
    units = _grouped(plan.schemes.units.sort("scheme_id", "phase", "site_id"))
    scheme = {s["scheme_id"]: s for s in plan.schemes.schemes.iter_rows(named=True)}
    origin = dict(plan.facts.projects.select("project_id", "origin_town_id").iter_rows())
    elsewhere = {
        n: set(plan.scenarios[n].placements["project_id"].to_list())
        for n in (ScenarioName.ALONE, ScenarioName.REFERRAL)
    }
    rows = []
    for p in plan.scenarios[ScenarioName.BOARD].placements.sort("project_id").iter_rows(named=True):
        s, key = scheme[p["scheme_id"]], p["project_id"]
        rows.append(
            [
                key,
                project[key],
                town.get(origin[key], origin[key]),
                "、".join(town.get(t, t) for t in s["town_ids"]),
                "、".join(site.get(u["site_id"], u["site_id"]) for u in units[s["scheme_id"]]),
                label("scheme_kind", s["kind"], language),
                round(mu(s["land_m2"]), 2) or None,
                s["floor_m2"] or None,
                s["available_on"],
                p["value_wan"],
                p["expected_wan"],
                p["tax_wan"],
                say("book.fixed" if p["fixed"] else "book.moved" if p["moved"] else "book.stays", language),
                *(say("book.yes" if key in elsewhere[n] else "book.no", language) for n in elsewhere),
            ]
        )
    heads = columns(
        "project_id:11 project:26 origin:12 hosts:16 sites:34:wrap kind:14 land_mu:10:n2 "
        "floor_m2:11:n0 available_on:12:date value_wan:13:n0 expected_wan:13:n0 tax_wan:11:n0 "
        "move:10 in_alone:10 in_referral:10"
    )
    return Sheet("book.placements", heads, rows)


def unmatched(plan: Plan, language: str) -> Sheet:
    """One row a project the board does not place: its verdict, how many schemes it had, its nearest misses."""
    placed = plan.scenarios[ScenarioName.BOARD].placements
    left = plan.in_play.join(placed, on="project_id", how="anti")
    left = left.join(overall(plan.preliminary.verdicts), on="project_id", how="left")
    pool = dict(plan.schemes.schemes.group_by("project_id").len().iter_rows())
    site, town = names(plan.facts.sites, "site_id"), names(plan.facts.towns, "town_id")
    misses = _nearest(plan.schemes.misses, site, language)
    rows = [
        [
            p["project_id"],
            p["name"],
            town.get(p["origin_town_id"], p["origin_town_id"]),
            p["tax_wan"],
            label("verdict", p["verdict"], language),
            pool.get(p["project_id"], 0),
            "\n".join(misses.get(p["project_id"], {}).values()),
        ]
        for p in left.sort("project_id").iter_rows(named=True)
    ]
    heads = columns("project_id:11 project:26 origin:12 tax_wan:11:n0 verdict:14 pool:10:n0 misses:90:wrap")
    return Sheet("book.unmatched", heads, rows)


def _nearest(misses: pl.DataFrame, site: dict[str, str], language: str) -> dict[str, dict[int, str]]:
    """project → rank → a line of its own: the place, and everything that would have to change there."""
    lines: dict[str, dict[int, str]] = {}
    for m in misses.sort("project_id", "miss_rank", "reason_no").iter_rows(named=True):
        found, text = lines.setdefault(m["project_id"], {}), told(m, language)
        if m["miss_rank"] in found:
            found[m["miss_rank"]] += ("；" if language == "zh" else "; ") + text
        elif '"site":' in m["params_json"]:  # the sentence names the place itself
            found[m["miss_rank"]] = f"{m['miss_rank']}. {text}"
        else:
            where = "、".join(site.get(s, s) for s in m["site_ids"])
            found[m["miss_rank"]] = f"{m['miss_rank']}. {where}{'：' if language == 'zh' else ': '}{text}"
    return lines


def towns(plan: Plan) -> Sheet:
    """One row a town: its own projects, what it hosts, what moves in and out, prices and its share of the gain."""
    board = (
        plan.scenarios[ScenarioName.BOARD]
        .placements.join(plan.schemes.schemes.select("scheme_id", "town_ids"), on="scheme_id")
        .join(plan.facts.projects.select("project_id", "origin_town_id"), on="project_id")
    )
    price = {(r["resource"], r["town_id"]): r["price_wan"] for r in plan.prices.iter_rows(named=True)}
    share = {r["town_id"]: r for r in plan.division.shares.iter_rows(named=True)}
    rows = []
    for t in plan.facts.towns.sort("town_id").iter_rows(named=True):
        key = t["town_id"]
        here = board.filter(pl.col("town_ids").list.contains(key))
        part = share.get(key, {})
        rows.append(
            [
                t["name"],
                plan.in_play.filter(pl.col("origin_town_id") == key).height,
                here.height,
                here.filter(pl.col("origin_town_id") != key).height,
                board.filter((pl.col("origin_town_id") == key) & ~pl.col("town_ids").list.contains(key)).height,
                float(here["tax_wan"].sum()),
                price.get(("land", key)),
                price.get(("plant", key)),
                part.get("alone_wan"),
                part.get("shapley_wan"),
                part.get("stderr_wan"),
                part.get("hosted_wan"),
            ]
        )
    heads = columns(
        "town:14 own:10:n0 hosted:10:n0 moved_in:10:n0 moved_out:10:n0 hosted_tax_wan:14:n0 "
        "land_price:14:n2 plant_price:14:n2 alone_wan:14:n0 shapley_wan:14:n0 stderr_wan:12:n0 "
        "hosted_wan:14:n0"
    )
    return Sheet("book.towns", heads, rows)


def rules(plan: Plan, language: str) -> Sheet:
    """One row a parameter in force on the data date: value, unit, basis, clause, source."""
    rows = [
        [
            name,
            p.title_zh if language == "zh" else p.title_en,
            str(v.value),
            p.unit,
            label("basis", v.basis.value, language),
            v.clause,
            v.source,
            v.issued_by,
            v.effective_from,
        ]
        for name, p, v in plan.parameters_in_force()
    ]
    heads = columns(
        "parameter:32 meaning:40:wrap value:14 unit:12 basis:12 clause:40:wrap source:36:wrap issued_by:16 from:12:date"
    )
    return Sheet("book.rules", heads, rows)


def findings(plan: Plan, language: str) -> Sheet:
    """One row a finding, in words."""
    rows = [[label("severity", f.severity.value, language), sentence(f, language)] for f in plan.findings]
    return Sheet("book.findings", (Column("book.severity", 10), Column("book.sentence", 130, "wrap")), rows)
