"""Plants and offices as building, floor and unit, standing on parcels in use."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from yipanqi.simulation.geography import Frame
from yipanqi.simulation.layout import Parcel
from yipanqi.simulation.settings import Range, Settings, pick, uniform
from yipanqi.simulation.sites import Row, fact_life, point

_VACANT = ("available", "idle", "low_efficiency")
_OFFICE_LAND = ("C", "M4")


def plants(
    parcels: list[tuple[Row, Parcel]], frame: Frame, given: Settings, want: tuple[int, date], rng: np.random.Generator
) -> list[Row]:
    """Exactly ``want[0]`` rows of plants on the parcels: buildings, and their floors and units where they have any."""
    count, as_of = want
    setting = given.plants
    weights = [given.roles[given.towns[p.town].role].plants * p.area_m2 for _, p in parcels]
    rows: list[Row] = []
    grounds = iter(setting.ground_m2.draw(rng, count).tolist())
    for parent in _hosts(parcels, weights, count, rng):
        left = count - len(rows)
        if not left:
            break
        floors, units = (int(pick(rng, w, 1)[0]) for w in (setting.floors, setting.units))
        if left < 1 + floors * (1 + units):
            floors, units = 1, 1
        rows += _building(parent, frame, given, (f"B{len(rows) + 1:05d}", floors, units, next(grounds)), rng)
    _finish(rows, given, as_of, setting.vacancy_share, rng)
    return rows


def _building(
    parent: tuple[Row, Parcel],
    frame: Frame,
    given: Settings,
    shape: tuple[str, int, int, float],
    rng: np.random.Generator,
) -> list[Row]:
    """A building with ``floors`` floors of ``units`` units: one row when it is one unit."""
    land, parcel = parent
    key, floors, units, ground = shape
    ground = min(ground, parcel.area_m2 * 0.6)
    setting = given.plants
    span = setting.column_span_m[int(rng.integers(len(setting.column_span_m)))]
    crane = setting.crane_t[int(rng.integers(len(setting.crane_t)))]
    power = float(uniform(rng, setting.power_kva_per_m2, 1)[0])
    rent = round(float(uniform(rng, setting.rent_yuan_m2_day, 1)[0]), 2)

    def row(site_id: str, parent_id: str, floor: int, area: float, **more: Any) -> Row:
        height, load = (_on_floor(r.first if floor == 1 else r.upper, rng)
                        for r in (setting.clear_height_m, setting.floor_load_kn_m2))  # fmt: skip
        return _inherited(land, site_id, "plant") | point(frame, parcel.middle) | {
            "parent_site_id": parent_id, "building_no": key, "area_m2": round(area, 1), "clear_height_m": height,
            "floor_load_kn_m2": load, "column_span_m": float(span), "crane_t": float(crane if floor == 1 else 0),
            "power_kva": round(power * area, 1), "rent_yuan_m2_day": rent,
            "name": f"{given.towns[parcel.town].name}合成{site_id}厂房",
        } | more  # fmt: skip

    if floors * units == 1:
        return [row(key, land["site_id"], 1, ground)]
    rows = [row(key, land["site_id"], 1, ground * floors)]
    for f in range(1, floors + 1):
        floor_key = f"{key}-{f}"
        rows.append(row(floor_key, key, f, ground, floor_no=str(f)))
        if units > 1:
            rows += [row(f"{floor_key}-{u}", floor_key, f, ground / units, floor_no=str(f), unit_no=str(u))
                     for u in range(1, units + 1)]  # fmt: skip
    return rows


def offices(
    parcels: list[tuple[Row, Parcel]], frame: Frame, given: Settings, want: tuple[int, date], rng: np.random.Generator
) -> list[Row]:
    """Exactly ``want[0]`` rows of office buildings and their floors, on land planned for offices or research."""
    count, as_of = want
    setting = given.offices
    planned = [pair for pair in parcels if pair[1].use_class in _OFFICE_LAND] or parcels
    weights = [given.roles[given.towns[p.town].role].offices for _, p in planned]
    rows: list[Row] = []
    grounds = iter(setting.ground_m2.draw(rng, count).tolist())
    for land, parcel in _hosts(planned, weights, count, rng):
        left = count - len(rows)
        if not left:
            break
        floors = min(int(pick(rng, setting.floors, 1)[0]), left - 1)
        ground, grade = next(grounds), pick(rng, setting.grades, 1)[0]
        rent = round(float(uniform(rng, setting.rent_yuan_m2_day[grade], 1)[0]), 2)
        key = f"C{len(rows) + 1:05d}"
        name = f"{given.towns[parcel.town].name}合成{key}楼宇"
        building = _inherited(land, key, "office") | point(frame, parcel.middle) | {
            "parent_site_id": land["site_id"], "building_no": key, "area_m2": round(ground * max(floors, 1), 1),
            "office_grade": grade, "rent_yuan_m2_day": rent, "name": name,
            "power_kva": round(0.08 * ground * max(floors, 1), 1),
        }  # fmt: skip
        rows.append(building)
        rows += [building | {"site_id": f"{key}-{f}", "parent_site_id": key, "floor_no": str(f), "name": f"{name}{f}层",
                             "area_m2": round(ground, 1), "power_kva": round(0.08 * ground, 1)}
                 for f in range(1, floors + 1)]  # fmt: skip
    _finish(rows, given, as_of, setting.vacancy_share, rng)
    return rows


def _on_floor(bounds: Range, rng: np.random.Generator) -> float:
    return round(float(uniform(rng, bounds, 1)[0]), 1)


def _hosts(
    parcels: list[tuple[Row, Parcel]], weights: list[float], count: int, rng: np.random.Generator
) -> list[tuple[Row, Parcel]]:
    """Parcels to build on, drawn by weight; a parcel may bear several buildings."""
    share = np.array(weights)
    drawn = rng.choice(len(parcels), size=count, p=share / share.sum()) if share.sum() > 0 else [0] * count
    return [parcels[int(i)] for i in drawn]


def _inherited(land: Row, site_id: str, kind: str) -> Row:
    """What a building takes over from its parcel."""
    kept = ("town_id", "area_class", "functional_type", "use_class", "far_min_ratio", "far_max_ratio", "height_max_m",
            "industry_directions", "ownership", "water_m3d", "sewage_m3d", "gas_m3h", "energy_headroom_tce",
            "emission_headroom_t", "plan_on")  # fmt: skip
    return {k: land[k] for k in kept} | {"site_id": site_id, "site_kind": kind, "divisible": False,
                                         "holder": "合成权利人"}  # fmt: skip


def _finish(rows: list[Row], given: Settings, as_of: date, vacancy: float, rng: np.random.Generator) -> None:
    """Give every row its state and the life of its facts; towns of plants have more vacant ones."""
    parents = {row["parent_site_id"] for row in rows}
    roles = {p.code: given.roles[p.role] for p in given.towns}
    chance = rng.random(len(rows)).tolist()
    ready = rng.uniform(-12, 14, len(rows)).tolist()
    for row, life, c, months in zip(rows, fact_life(given, as_of, len(rows), rng), chance, ready, strict=True):
        town = roles[row["town_id"]]
        part = vacancy * (town.plants if row["site_kind"] == "plant" else town.offices) ** 0.5
        vacant = row["site_id"] not in parents and c < part
        row.update(life | {"state": _vacancy(row["site_kind"], c / part, given) if vacant else "occupied"})
        if vacant:
            day = as_of + timedelta(days=int(months * 30))
            row.update(cleared_on=day, utilities_on=as_of - timedelta(days=400), quota_on=row["plan_on"])


def _vacancy(kind: str, rank: float, given: Settings) -> str:
    """The state of a vacant unit; ``rank`` is even between 0 and 1. Some plants are old stock to be renovated."""
    if kind == "plant" and rank < given.plants.outdated_share:
        return "low_efficiency"
    return "idle" if rank > 0.8 else "available"


def scaled(rows: list[Row], total_m2: float) -> None:
    """Scale all floor areas (and the power with them) so that the vacant ones sum to the published total."""
    parents = {row["parent_site_id"] for row in rows}
    vacant = sum(r["area_m2"] for r in rows if r["site_id"] not in parents and r["state"] in _VACANT)
    factor = total_m2 / vacant if vacant else 1.0
    for row in rows:
        row |= {"area_m2": round(row["area_m2"] * factor, 1), "power_kva": round(row["power_kva"] * factor, 1)}
