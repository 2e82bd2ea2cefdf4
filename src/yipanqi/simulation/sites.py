"""Parcels, plants and offices of the synthetic district as rows of ``inventory.sites.Site``."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from yipanqi.inventory.sites import OFFERABLE, SiteState
from yipanqi.kernel.units import M2_PER_MU
from yipanqi.simulation.geography import Frame, Points, wkb
from yipanqi.simulation.layout import Parcel
from yipanqi.simulation.settings import Range, Settings, pick, uniform

Row = dict[str, Any]

SOURCE = "合成数据"
_MONTH_DAYS = 30.4
_FREE = (SiteState.AVAILABLE.value, SiteState.IDLE.value, SiteState.CLEARING.value)


def town_code(given: Settings, town: int) -> str:
    """The identifier of a town by its number."""
    return given.towns[town].code


def fact_life(given: Settings, as_of: date, count: int, rng: np.random.Generator) -> list[Row]:
    """How far each of ``count`` facts has been taken, by whom, and how old it is."""
    states = pick(rng, given.facts.states, count)
    ages = given.facts.age_days.draw(rng, count).astype(int).tolist()
    return [
        {
            "fact_state": state,
            "fact_source": SOURCE,
            "fact_on": as_of - timedelta(days=age),
            "verified_by": "合成核实人" if state in ("verified", "in_use") else None,
        }
        for state, age in zip(states, ages, strict=True)
    ]


def point(frame: Frame, at: Points) -> Row:
    """The place of a point in metres as longitude and latitude."""
    lon, lat = np.round(frame.degrees(at), 7).tolist()
    return {"lon_deg": lon, "lat_deg": lat}


def land(parcels: list[Parcel], frame: Frame, given: Settings, as_of: date, rng: np.random.Generator) -> list[Row]:
    """One row for each parcel; its state follows the area class and how much free land the town's role leaves."""
    count = len(parcels)
    life = fact_life(given, as_of, count, rng)
    measured = (1 + rng.normal(0, 0.002, count)).tolist()
    unstated = (rng.random(count) < given.layout.unstated_class_share).tolist()
    share = {k: rng.random(count).tolist() for k in ("divisible", "steam", "collective", "price")}
    offer = given.land
    per_mu = {
        "power_kva": uniform(rng, offer.power_kva_per_mu, count),
        "water_m3d": uniform(rng, offer.water_m3d_per_mu, count),
        "gas_m3h": uniform(rng, offer.gas_m3h_per_mu, count),
        "energy_headroom_tce": uniform(rng, offer.energy_headroom_tce_per_mu, count),
        "emission_headroom_t": uniform(rng, offer.emission_headroom_t_per_mu, count),
    }
    rows = []
    for i, parcel in enumerate(parcels):
        mu = parcel.area_m2 / M2_PER_MU
        state = _state(parcel, given, rng)
        setting, town = parcel.setting, town_code(given, parcel.town)
        low, high = offer.price_wan_per_mu[parcel.area_class]
        supply = {name: round(float(values[i]) * mu, 1) for name, values in per_mu.items()}
        rows.append(
            {
                "site_id": f"L{i + 1:05d}", "site_kind": "land", "town_id": town,
                "name": f"{given.towns[parcel.town].name}合成{i + 1:05d}号地块",
                "area_m2": round(parcel.area_m2 * measured[i], 1),
                "divisible": state in _FREE and share["divisible"][i] < offer.divisible_share,
                "area_class": None if unstated[i] else parcel.area_class,
                "functional_type": None if unstated[i] else parcel.functional_type,
                "use_class": parcel.use_class, "industry_directions": parcel.directions,
                "far_min_ratio": setting.far[0], "far_max_ratio": setting.far[1], "height_max_m": setting.height_m,
                "sewage_m3d": supply["water_m3d"], "steam_th": 20.0 if share["steam"][i] < offer.steam_share else 0.0,
                "road_width_m": given.layout.street_m,
                "ownership": "collective" if share["collective"][i] < offer.collective_share[parcel.area_class]
                else "state",
                "holder": "合成权利人" if state not in _FREE else None,
                "price_wan_per_mu": round(low + share["price"][i] * (high - low), 1),
                "state": state, "geometry_wkb": wkb(frame, [parcel.ring]),
            }
            | supply | _ready(state, offer.ready_months, as_of, rng) | point(frame, parcel.middle) | life[i]
        )  # fmt: skip
    return rows


def _state(parcel: Parcel, given: Settings, rng: np.random.Generator) -> str:
    role = given.roles[given.towns[parcel.town].role].land
    weights = {k: w * (role if k in _FREE else 1.0) for k, w in given.land_states[parcel.area_class].items()}
    return pick(rng, weights, 1)[0]


def _ready(state: str, months: Range, as_of: date, rng: np.random.Generator) -> Row:
    """The four dates of availability: mostly past, some to come; firms still sit on land of low efficiency."""
    low, high = months
    if state not in {s.value for s in OFFERABLE}:
        return {"plan_on": as_of - timedelta(days=2_000)}
    utilities, quota, cleared = (int(m * _MONTH_DAYS) for m in rng.uniform(low, high, 3))
    cleared = int(rng.uniform(3, high) * _MONTH_DAYS) if state == SiteState.CLEARING.value else min(cleared, -30)
    dates = {"utilities_on": utilities, "quota_on": quota, "cleared_on": cleared, "plan_on": -2_000}
    if state == SiteState.LOW_EFFICIENCY.value:
        del dates["cleared_on"]
    return {name: as_of + timedelta(days=days) for name, days in dates.items()}
