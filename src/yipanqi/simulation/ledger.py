"""What already binds the synthetic district: settled placements, holds, quotas, town ceilings, milestones."""

from datetime import date, timedelta

import numpy as np

from yipanqi.delivery.milestones import MilestoneKind
from yipanqi.kernel.units import M2_PER_MU
from yipanqi.pipeline.stages import ON_THE_BOARD, SETTLED
from yipanqi.simulation.settings import Settings
from yipanqi.simulation.sites import Row

_BOARD = {s.value for s in ON_THE_BOARD}
_SETTLED = [s.value for s in SETTLED]
_MOVED_IN = ("started", "completed", "capacity", "evaluated")
_FREE = ("available", "idle")
_LEAST = ("clear_height_m", "floor_load_kn_m2", "column_span_m", "crane_t", "power_kva", "water_m3d", "sewage_m3d")
_LAND_MOST, _FLOOR_MOST = 1.25, 1.5


def settle(
    given: Settings, projects: list[Row], demands: list[Row], sites: list[Row], rng: np.random.Generator
) -> None:
    """Give every settled project, and a few on the board, the free site nearest in size above its first phase.

    The site is reserved, or occupied once they have begun. A settled project that finds none has gone outside the
    pool and names no site.
    """
    parents = {s["parent_site_id"] for s in sites if s.get("parent_site_id")}
    free = {s["site_id"]: s for s in sites if s["state"] in _FREE and s["site_id"] not in parents}
    first = {d["project_id"]: d for d in demands if d["phase"] == 1}
    for project in projects:
        bound = project["stage"] in _SETTLED
        if not bound and not (project["stage"] in _BOARD and rng.random() < given.fixed_share):
            continue
        need = first[project["project_id"]]
        fitting = [s for s in free.values() if s["site_kind"] == need["need_kind"] and _holds(s, need)]
        if fitting:
            site = min(fitting, key=lambda s: (s["area_m2"], s["site_id"]))
            project["fixed_site_ids"] = [site["site_id"]]
            need["need_m2"] = round(max(need["need_m2"], site["area_m2"] * 0.92), 1)
            site["state"] = "occupied" if project["stage"] in _MOVED_IN else "reserved"
            del free[site["site_id"]]


def _holds(site: Row, need: Row) -> bool:
    """Whether a site suits a demand: large enough, hardly larger, and with all the demand asks for."""
    suits = all(site[c] >= need[c] for c in _LEAST if need.get(c) is not None and site.get(c) is not None)
    rent = need.get("rent_max_yuan_m2_day") or site.get("rent_yuan_m2_day") or 0.0
    most = _LAND_MOST if need["need_kind"] == "land" else _FLOOR_MOST
    large = need["need_m2"] <= site["area_m2"] <= need["need_m2"] * most
    return bool(suits and large and (site.get("rent_yuan_m2_day") or 0.0) <= rent)


def holds(
    given: Settings, projects: list[Row], demands: list[Row], sites: list[Row], want: tuple[date, np.random.Generator]
) -> list[Row]:
    """Internal holds of free sites for board projects they would fit; a few have expired."""
    as_of, rng = want
    parents = {s["parent_site_id"] for s in sites if s.get("parent_site_id")}
    free = {s["site_id"]: s for s in sites if s["state"] in _FREE and s["site_id"] not in parents}
    first = {d["project_id"]: d for d in demands if d["phase"] == 1}
    out = []
    for project in projects:
        if project["stage"] not in _BOARD or project.get("fixed_site_ids") or rng.random() >= given.holds.share:
            continue
        need = first[project["project_id"]]
        fitting = [s for s in free.values() if s["site_kind"] == need["need_kind"] and _holds(s, need)]
        if fitting:
            site = min(fitting, key=lambda s: (s["area_m2"], s["site_id"]))
            days = int(rng.integers(given.holds.days[0], given.holds.days[1]))
            out.append({"site_id": site["site_id"], "project_id": project["project_id"],
                        "held_until": as_of + timedelta(days=days)})  # fmt: skip
            del free[site["site_id"]]
    return out


def quotas(given: Settings, projects: list[Row], demands: list[Row], as_of: date) -> list[Row]:
    """The ledger: issued for the district and for a few towns, part of it used; scarce beside what is wanted."""
    board = {p["project_id"]: p for p in projects if p["stage"] in _BOARD}
    land = sum(d["need_m2"] for d in demands if d["project_id"] in board and d["need_kind"] == "land")
    wanted = {"land": land * given.quotas.land_share,
              "energy": sum(p["energy_tce"] for p in board.values()) * given.quotas.energy_share,
              "emission": sum(p["emission_t"] or 0.0 for p in board.values())
              * given.quotas.emission_share}  # fmt: skip
    out: list[Row] = []

    def line(kind: str, entry: str, amount: float, town: str | None = None) -> None:
        out.append({"entry_id": f"Q{len(out) + 1:03d}", "quota_kind": kind, "town_id": town, "entry": entry,
                    "amount": round(amount, 1), "entered_on": as_of - timedelta(days=120),
                    "reference": "合成指标文件"})  # fmt: skip

    used = given.quotas.used_share
    for kind, amount in wanted.items():
        line(kind, "issued", amount / (1 - used))
        line(kind, "used", amount / (1 - used) * used)
    by_town = {p.code: sum(d["need_m2"] for d in demands if d["need_kind"] == "land"
                           and board.get(d["project_id"], {}).get("origin_town_id") == p.code)
               for p in given.towns}  # fmt: skip
    most = sorted((code for code, need in by_town.items() if need), key=lambda code: (-by_town[code], code))
    for code in most[: given.quotas.town_pots]:
        line("land", "issued", by_town[code] * given.quotas.town_pot_share, code)
    return out


def limits(given: Settings, projects: list[Row], demands: list[Row]) -> list[Row]:
    """Ceilings of the towns that bring most projects: what they may still take in."""
    board = {p["project_id"]: p["origin_town_id"] for p in projects if p["stage"] in _BOARD}
    count = {t.code: sum(1 for town in board.values() if town == t.code) for t in given.towns}
    land = {t.code: sum(d["need_m2"] for d in demands if board.get(d["project_id"]) == t.code
                        and d["need_kind"] == "land") for t in given.towns}  # fmt: skip
    most = sorted((c for c in count if count[c]), key=lambda c: (-count[c], c))[: given.limits.towns]
    return [{"town_id": c, "projects_max_count": int(count[c] * given.limits.projects_max_ratio) + 1,
             "land_max_m2": round(land[c] * given.limits.land_max_ratio + 200 * M2_PER_MU, 1)}
            for c in sorted(most)]  # fmt: skip


def major_projects(given: Settings, projects: list[Row], as_of: date, rng: np.random.Generator) -> list[Row]:
    """Mark the major projects (the largest) and give them milestones; the paper's share of them is late."""
    whole = given.calibration
    many = round(len(projects) * whole["major_projects"].value / whole["projects"].value)
    late = round(many * whole["late_projects"].value / whole["major_projects"].value)
    alive = [p for p in projects if p["stage"] not in ("lost", "withdrawn")]
    chosen = sorted(alive, key=lambda p: (-p["total_investment_wan"], p["project_id"]))[:many]
    begun = sorted((p for p in chosen if p["stage"] in _SETTLED), key=lambda p: str(p["project_id"]))
    behind = {p["project_id"] for p in (begun or chosen)[-late:]} if late else set()
    out: list[Row] = []
    for project in sorted(chosen, key=lambda p: str(p["project_id"])):
        project["major"] = True
        done = _done(project["stage"])
        start = -int(rng.integers(30, 90)) - 100 * done
        for number, kind in enumerate(MilestoneKind):
            reached = number < done
            days = start + 100 * (number + 1) if reached else max(20, start + 100 * (number + 1))
            tardy = project["project_id"] in behind and number == max(done - 1, 0)
            planned = as_of + timedelta(days=min(days, -60) if tardy and not reached else days)
            actual = planned + timedelta(days=int(rng.integers(25, 45)) if tardy else -int(rng.integers(0, 12)))
            out.append({"project_id": project["project_id"], "milestone": kind.value, "planned_on": planned,
                        "actual_on": min(actual, as_of) if reached else None})  # fmt: skip
    return out


def _done(stage: str) -> int:
    """How many milestones a project of the stage has reached."""
    order = ["agreement", "land", "permits", "started", "completed", "capacity"]
    return order.index(stage) + 1 if stage in order else len(order) if stage == "evaluated" else 0
