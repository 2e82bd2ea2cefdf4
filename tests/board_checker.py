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


def _main_towns(checker: Checker, taken: list[Row]) -> dict[str, str]:
    """The town with most of each scheme's area; of equals the first by id."""
    areas: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for unit in taken:
        areas[unit["scheme_id"]][checker.sites[unit["site_id"]]["town_id"]] += unit["take_m2"]
    return {key: min(towns, key=lambda t: (-towns[t], t)) for key, towns in areas.items()}


def _use(checker: Checker, taken: list[Row], owner: dict[str, str]) -> dict[tuple[str, str], float]:
    """What the schemes take of each quota in each town."""
    use: dict[tuple[str, str], float] = defaultdict(float)
    for unit in taken:
        site, project = checker.sites[unit["site_id"]], checker.projects[owner[unit["scheme_id"]]]
        new = project["category"] in checker.rulings.land_quota_categories and site["state"] in checker.rulings.unbuilt
        if site["site_kind"] == "land" and new:
            use[("land", site["town_id"])] += unit["take_m2"]
        if site["site_kind"] == "office":
            use[("office", site["town_id"])] += unit["take_m2"]
    for key, main in _main_towns(checker, taken).items():
        use[("energy", main)] += checker.projects[owner[key]]["energy_tce"] or 0.0
        use[("emission", main)] += checker.projects[owner[key]]["emission_t"] or 0.0
    return use


def _quotas(checker: Checker, taken: list[Row], owner: dict[str, str]) -> Iterator[tuple[str, str]]:
    """A town draws on its own quota, then on the district's pot; what is fixed may have overdrawn them before.

    A town without a quota of its own, in a district without a pot, is not rationed.
    """
    left: dict[tuple[str, str | None], float] = defaultdict(float)
    sign = {"issued": 1, "returned": 1, "reserved": -1, "used": -1}
    for line in checker.quotas:
        left[(line["quota_kind"], line["town_id"])] += sign[line["entry"]] * line["amount"]

    def beyond(kind: str, use: dict[tuple[str, str], float]) -> float:
        return sum(max(0.0, amount - max(0.0, left.get((kind, town), 0.0)))
                   for (k, town), amount in use.items()
                   if k == kind and ((kind, None) in left or (kind, town) in left))  # fmt: skip

    every, fixed = _use(checker, taken, owner), _use(checker, _fixed(checker, taken, owner), owner)
    for kind in sorted({k for k, _ in left}):
        most = max(0.0, left.get((kind, None), 0.0), beyond(kind, fixed))
        if beyond(kind, every) > most * (1 + SLACK) + SLACK:
            yield "quota", f"{kind}: {beyond(kind, every)} beyond the towns' own, at most {most}"


def _fixed(checker: Checker, taken: list[Row], owner: dict[str, str]) -> list[Row]:
    return [u for u in taken if checker.projects[owner[u["scheme_id"]]]["fixed_site_ids"]]


def _limits(checker: Checker, taken: list[Row], owner: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Ceilings of towns: projects count where most of them lies, land where it lies; fixed ones came before."""
    for limit in checker.limits:
        (count, land), (fixed, fixed_land) = (
            _of_town(checker, units, limit["town_id"]) for units in (taken, _fixed(checker, taken, owner))
        )
        if limit["projects_max_count"] is not None and count > max(limit["projects_max_count"], fixed):
            yield "town_projects", f"{limit['town_id']}: {count}, at most {limit['projects_max_count']}"
        if limit["land_max_m2"] is not None and land > max(limit["land_max_m2"], fixed_land) * (1 + SLACK):
            yield "town_land", f"{limit['town_id']}: {land}, at most {limit['land_max_m2']}"


def _of_town(checker: Checker, taken: list[Row], town_id: str) -> tuple[int, float]:
    """Projects that mostly lie in a town, and the land taken there."""
    there = [u for u in taken if checker.sites[u["site_id"]]["town_id"] == town_id]
    count = sum(1 for main in _main_towns(checker, taken).values() if main == town_id)
    return count, sum(u["take_m2"] for u in there if checker.sites[u["site_id"]]["site_kind"] == "land")
