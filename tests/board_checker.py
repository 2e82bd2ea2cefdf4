"""An independent checker of placements: sites, firms, quotas and ceilings of the whole board.

Like ``checker``, it shares no code with matching, planning or allocation.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import polars as pl

from checker import SLACK, Checker, Row, Violation, by_key, cyclic


def placements(
    facts: Any, placements: pl.DataFrame, schemes: pl.DataFrame, units: pl.DataFrame, relocations: pl.DataFrame
) -> list[Violation]:
    """What is wrong with the placements taken together; ``schemes`` is the pool they were chosen from."""
    checker = Checker(facts)
    chosen = set(placements["scheme_id"])
    pool = by_key(schemes, "scheme_id")
    found = [Violation("not_in_pool", key, "") for key in sorted(chosen - set(pool))]
    twice = [p for p in set(placements["project_id"]) if placements["project_id"].to_list().count(p) > 1]
    found += [Violation("placed_twice", p, "") for p in sorted(twice)]
    strangers = [p["scheme_id"] for p in placements.iter_rows(named=True)
                 if p["scheme_id"] in pool and pool[p["scheme_id"]]["project_id"] != p["project_id"]]  # fmt: skip
    found += [Violation("someone_elses", s, "") for s in sorted(strangers)]
    taken = [u for u in units.iter_rows(named=True) if u["scheme_id"] in chosen]
    moves = [m for m in relocations.iter_rows(named=True) if m["scheme_id"] in chosen]
    found += [Violation(rule, "board", detail) for rule, detail in checker.capacity(taken, moves)]
    for firm in sorted({m["firm_id"] for m in moves}):
        if sum(m["firm_id"] == firm for m in moves) > 1:
            found.append(Violation("moved_twice", firm, ""))
    graph: dict[str, set[str | None]] = defaultdict(set)
    for move in moves:
        graph[move["from_site_id"]].add(move["to_site_id"])
    if cyclic(graph):
        found.append(Violation("cycle", "board", ""))
    owner = {key: pool[key]["project_id"] for key in chosen if key in pool}
    found += [Violation(rule, "board", detail) for rule, detail in _quotas(checker, taken, owner)]
    found += [Violation(rule, "board", detail) for rule, detail in _limits(checker, taken, owner)]
    return found


def _quotas(checker: Checker, taken: list[Row], owner: dict[str, str]) -> Iterator[tuple[str, str]]:
    """A town draws on its own quota, then on the district's pot."""
    left: dict[tuple[str, str | None], float] = defaultdict(float)
    sign = {"issued": 1, "returned": 1, "reserved": -1, "used": -1}
    for line in checker.quotas:
        left[(line["quota_kind"], line["town_id"])] += sign[line["entry"]] * line["amount"]
    use: dict[tuple[str, str], float] = defaultdict(float)
    areas: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for unit in taken:
        site, project = checker.sites[unit["site_id"]], checker.projects[owner[unit["scheme_id"]]]
        areas[unit["scheme_id"]][site["town_id"]] += unit["take_m2"]
        new = project["category"] in checker.rulings.land_quota_categories and site["state"] in checker.rulings.unbuilt
        if site["site_kind"] == "land" and new:
            use[("land", site["town_id"])] += unit["take_m2"]
        if site["site_kind"] == "office":
            use[("office", site["town_id"])] += unit["take_m2"]
    for key, towns in areas.items():
        main = min(towns, key=lambda t: (-towns[t], t))
        use[("energy", main)] += checker.projects[owner[key]]["energy_tce"] or 0.0
        use[("emission", main)] += checker.projects[owner[key]]["emission_t"] or 0.0
    for kind in sorted({k for k, _ in left}):
        over = sum(max(0.0, amount - max(0.0, left.get((kind, town), 0.0)))
                   for (k, town), amount in use.items() if k == kind)  # fmt: skip
        pot = max(0.0, left.get((kind, None), 0.0))
        if (kind, None) in left and over > pot * (1 + SLACK) + SLACK:
            yield "quota", f"{kind}: {over} beyond the towns' own, pot {pot}"


def _limits(checker: Checker, taken: list[Row], owner: dict[str, str]) -> Iterator[tuple[str, str]]:
    for limit in checker.limits:
        there = [u for u in taken if checker.sites[u["site_id"]]["town_id"] == limit["town_id"]]
        count = len({owner[u["scheme_id"]] for u in there})
        land = sum(u["take_m2"] for u in there if checker.sites[u["site_id"]]["site_kind"] == "land")
        if limit["projects_max_count"] is not None and count > limit["projects_max_count"]:
            yield "town_projects", f"{limit['town_id']}: {count}"
        if limit["land_max_m2"] is not None and land > limit["land_max_m2"] * (1 + SLACK):
            yield "town_land", f"{limit['town_id']}: {land}"
