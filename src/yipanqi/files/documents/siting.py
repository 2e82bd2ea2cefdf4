"""选址方案 as the page shows them: side by side with a map each, then the sites, plan changes and firms to move."""

from collections.abc import Callable
from typing import Any

from yipanqi.files.documents.editions import Dossier, Row
from yipanqi.files.documents.picture import Atlas, Place
from yipanqi.files.documents.words import MISSING, Words
from yipanqi.inventory.sites import SiteKind
from yipanqi.kernel.findings import Message
from yipanqi.matching.schemes import SchemeKind
from yipanqi.policy.wording import label

#: The figures compared, in order; +1: more is better, −1: less is better, 0: neither.
_FIGURES = {
    "kind": 0, "offer_kind": 0, "town_ids": 0, "where": 0, "area": 0, "zone": 0, "available_on": -1, "starts_on": -1,
    "verdict": 0, "relocation_count": -1, "relocation_cost_wan": -1, "plan_change_count": -1, "distance_km": -1,
    "price_wan": 0, "value_wan": 1, "expected_wan": 1, "fit_share": 1, "score_share": 1, "facts": 0,
}  # fmt: skip
#: Figures of which none is a good answer, and how they are counted.
_COUNTED = {"relocation_count": "firms", "relocation_cost_wan": "unit.wan", "plan_change_count": "items"}
_PLAN = ("far_min_ratio", "far_max_ratio", "height_max_m")
_BUILDING = ("clear_height_m", "floor_load_kn_m2", "column_span_m", "crane_t", "office_grade")
_UTILITIES = ("power_kva", "gas_m3h", "water_m3d", "steam_th", "sewage_m3d", "road_width_m")
#: What the district alone may read of a site.
_DISTRICT_ONLY = ("holder", "price_wan_per_mu", "fact_state")
#: Codes of a plan change that have words of their own.
_CODED = {"use_class", "area_class", "functional_type"}


def schemes(seen: Dossier, words: Words, atlas: Atlas) -> dict[str, Any] | None:
    """Everything about the schemes; none where there is none."""
    shown = seen["schemes"]
    if not shown:
        return None
    units = {s["scheme_id"]: [u for u in seen["units"] if u["scheme_id"] == s["scheme_id"]] for s in shown}
    numbers = {key: n for n, key in enumerate(dict.fromkeys(u["site_id"] for us in units.values() for u in us), 1)}
    titles = {s["scheme_id"]: _title(s, words) for s in shown}
    return {
        "columns": [
            {
                "title": titles[s["scheme_id"]],
                "placed": bool(s.get("placed")),
                "map": atlas.sketch(_places(s, units[s["scheme_id"]], numbers)),
                "reasons": _reasons(seen, s["scheme_id"], words),
            }
            for s in shown
        ],
        "roles": [[role, label("reason_role", role, words.language)] for role in ("strength", "price", "note")],
        "figures": _figures(shown, units, numbers, words),
        "resources": _resources(seen["units"], titles, numbers, words),
        "changes": _changes(seen, titles, words),
        "moves": _moves(seen, titles, words),
    }


def _title(scheme: Row, words: Words) -> str:
    rank = scheme["shown_rank"]
    return words.text("board_scheme") if rank is None else words.text("scheme", rank=rank)


def _places(scheme: Row, units: list[Row], numbers: dict[str, int]) -> list[Place]:
    """Its sites on the map; what is leased until the land is there stands apart."""
    interim = scheme.get("kind", scheme.get("offer_kind")) == SchemeKind.LEASE_THEN_LAND.value
    leased = {u["site_id"] for u in units if interim and u["site_kind"] != SiteKind.LAND.value}
    return [Place(key, numbers[key], key in leased) for key in dict.fromkeys(u["site_id"] for u in units)]


def _reasons(seen: Dossier, scheme_id: str, words: Words) -> dict[str, list[str]]:
    """Role → its sentences."""
    found: dict[str, list[str]] = {}
    for r in seen["reasons"]:
        if r["scheme_id"] == scheme_id:
            params = r["params"] if "params" in r else r["public_params"]
            found.setdefault(r["role"], []).append(words.message(Message(r["message_id"], params)))
    return found


def _figures(
    shown: list[Row], units: dict[str, list[Row]], numbers: dict[str, int], words: Words
) -> list[dict[str, Any]]:
    """A row a figure: its word, and for each scheme the text and whether it is the best of several."""
    derived: dict[str, Callable[[Row], str]] = {
        "where": lambda s: words.list(f"{_name(u)} [{numbers[u['site_id']]}]" for u in _once(units[s["scheme_id"]])),
        "area": lambda s: " + ".join(
            words.area(kind, s[f"{column}_m2"]) for kind, column in (("land", "land"), ("plant", "floor"))
            if s[f"{column}_m2"]
        ),
        "zone": lambda s: _zone(s, words) or MISSING,
        "facts": lambda s: words.text("unsure", stale=s["stale_count"], unverified=s["unverified_count"]),
    }  # fmt: skip
    rows = []
    for name in _present(shown):
        values = [s.get(name) for s in shown]
        best = _best(values, _FIGURES[name])
        cells = [derived[name](s) if name in derived else _figure(name, s[name], words) for s in shown]
        marked = [[cell, best is not None and value == best] for cell, value in zip(cells, values, strict=True)]
        rows.append({"word": words.text(f"figure.{name}"), "cells": marked})
    return rows


def _present(shown: list[Row]) -> list[str]:
    """The figures there is something to say about: let through, stated, and of relocation only where there is any."""
    fields = set(shown[0])
    names = {"where", "area", "zone"} | {n for n in _FIGURES if n in fields and any(s[n] is not None for s in shown)}
    if "stale_count" in fields:
        names.add("facts")
    if not any(s.get("relocation_count") for s in shown):
        names.discard("relocation_cost_wan")
    if "kind" in names:
        names.discard("offer_kind")
    return [name for name in _FIGURES if name in names]


def _figure(name: str, value: Any, words: Words) -> str:
    """A figure as text; of what is counted or paid, none is said."""
    if value == 0 and name in _COUNTED:
        return words.text("nothing")
    return words.text(_COUNTED[name], x=value) if name in _COUNTED else words.value(name, value)


def _best(values: list[Any], better: int) -> Any:
    """The best of several that differ; none where there is nothing to choose."""
    known = [v for v in values if v is not None]
    if not better or len(known) < 2 or len(set(known)) < 2:
        return None
    return max(known) if better > 0 else min(known)


def _name(unit: Row) -> str:
    return str(unit["name"] if "name" in unit else unit["public_name"])


def _once(units: list[Row]) -> list[Row]:
    """Each site once, though it may serve two phases."""
    return list({u["site_id"]: u for u in units}.values())


def _resources(units: list[Row], titles: dict[str, str], numbers: dict[str, int], words: Words) -> dict[str, Any]:
    """One row a site: number, name, town and schemes; plan; building and utilities; when; what is internal."""
    in_schemes: dict[str, list[str]] = {}
    for u in units:
        titled = in_schemes.setdefault(u["site_id"], [])
        if titles[u["scheme_id"]] not in titled:
            titled.append(titles[u["scheme_id"]])
    internal = any(field in u for u in units for field in _DISTRICT_ONLY)
    heads = ["no", "site", "plan", "technical", "available", *(["internal"] if internal else [])]
    rows = []
    for u in sorted(_once(units), key=lambda u: numbers[u["site_id"]]):
        row = [
            str(numbers[u["site_id"]]),
            [words.named(_name(u), u["site_id"]), f"{words.value('town_id', u['town_id'])} · {_area(u, words)}",
             words.list(in_schemes[u["site_id"]])],
            _lines(_zone(u, words),
                   words.value("use_class", u["use_class"]), words.amounts(u, _PLAN, "sites")),
            _lines(words.amounts(u, _BUILDING, "sites"), words.amounts(u, _UTILITIES, "sites"),
                   words.amounts(u, ("rent_yuan_m2_day",), "sites")),
            words.value("available_on", u["available_on"]),
        ]  # fmt: skip
        rows.append([*row, *([_internal(u, words)] if internal else [])])
    return {"heads": [words.text(f"resource.{h}") for h in heads], "rows": rows}


def _zone(row: Row, words: Words) -> str:
    """Area class and functional type, what of them is known."""
    return " · ".join(words.value(c, row[c]) for c in ("area_class", "functional_type") if row[c])


def _area(unit: Row, words: Words) -> str:
    """The area taken, and of how much where it is a part."""
    taken, whole = (words.area(unit["site_kind"], unit[c]) for c in ("take_m2", "area_m2"))
    return taken if taken == whole else words.text("part_of", taken=taken, whole=whole)


def _lines(*texts: str) -> list[str]:
    return [t for t in texts if t and t != MISSING] or [MISSING]


def _internal(unit: Row, words: Words) -> list[str]:
    """What only the district reads: holder, price, and how sure the facts are."""
    told = [words.amounts(unit, (column,), "sites") for column in _DISTRICT_ONLY[:2]]
    if "fact_state" in unit:
        fact = words.text("fact", state=unit["fact_state"], on=words.value("fact_on", unit["fact_on"]))
        told.append(fact + (words.text("stale") if unit["stale"] else ""))
    return _lines(*told)


def _changes(seen: Dossier, titles: dict[str, str], words: Words) -> dict[str, Any]:
    """The plan changes, alike ones in one row: schemes, sites, what from and to, procedure, who decides."""
    names: dict[str, str] = {u["site_id"]: _name(u) for u in seen["units"]}
    found: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for c in seen["plan_changes"]:
        before, after = (_coded(c["parameter"], v, words) for v in (c["from_value"], c["to_value"]))
        what = MISSING if c["parameter"] is None else label("plan_parameter", c["parameter"], words.language)
        step = " → ".join(v for v in (before, after) if v != MISSING)
        line = (f"{what} {step}".strip(), words.value("procedure", c["procedure"]), words.who(c["decider"]))
        found.setdefault(line, []).append((titles[c["scheme_id"]], names.get(c["site_id"]) or c["site_id"]))
    heads = [words.text(f"change.{h}") for h in ("scheme", "site", "what", "procedure", "decider")]
    rows = [[words.list(dict.fromkeys(t for t, _ in at)), words.list(dict.fromkeys(s for _, s in at)), *line]
            for line, at in found.items()]  # fmt: skip
    return {"heads": heads, "rows": rows}


def _coded(parameter: str | None, value: str | None, words: Words) -> str:
    if value is None:
        return MISSING
    return words.value(parameter, value) if parameter in _CODED and not value[:1].isdigit() else value


def _moves(seen: Dossier, titles: dict[str, str], words: Words) -> dict[str, Any] | None:
    """动迁清单: schemes, firm, from, to, cost, months; none where the edition does not show it."""
    found: dict[tuple[str, ...], list[str]] = {}
    for m in seen.get("relocations", []):
        to = words.text("closes") if m["to_site_id"] is None else words.named(m["to_name"], m["to_site_id"])
        line = (m["firm"] or m["firm_id"], words.named(m["from_name"], m["from_site_id"]), to,
                words.value("cost_wan", m["cost_wan"]), words.text("unit.months", x=m["months"]))  # fmt: skip
        found.setdefault(line, []).append(titles[m["scheme_id"]])
    if not found:
        return None
    heads = [words.text(f"move.{h}") for h in ("scheme", "firm", "from", "to", "cost", "months")]
    return {"heads": heads, "rows": [[words.list(dict.fromkeys(t)), *line] for line, t in found.items()]}
