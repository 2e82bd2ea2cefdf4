"""Firms on low-efficiency land and land being cleared, and leases of what is let."""

from datetime import date, timedelta

import numpy as np

from yipanqi.kernel.units import M2_PER_MU
from yipanqi.simulation.settings import Settings, uniform
from yipanqi.simulation.sites import Row

_BUSY = ("low_efficiency", "clearing")


def incumbents(given: Settings, sites: list[Row], rng: np.random.Generator) -> list[Row]:
    """One firm on most parcels of low efficiency or being cleared: what it needs, what moving it costs."""
    setting = given.incumbents
    vacant = [s["site_id"] for s in sites if s["site_kind"] == "plant" and s["state"] == "available"]
    out: list[Row] = []
    for land in (s for s in sites if s["site_kind"] == "land" and s["state"] in _BUSY):
        if land["state"] == "low_efficiency" and rng.random() < setting.vacated_share:
            continue
        mu = land["area_m2"] / M2_PER_MU
        ratio, cost, months = (
            float(uniform(rng, r, 1)[0]) for r in (setting.need_ratio, setting.cost_wan_per_mu, setting.months)
        )
        closing, plant = rng.random() < setting.closing_share, rng.random() < setting.plant_share
        number = len(out) + 1
        row: Row = {
            "firm_id": f"F{number:04d}", "name": f"合成企业{number:04d}", "site_id": land["site_id"],
            "industry_code": setting.industries[int(rng.integers(len(setting.industries)))],
            "need_kind": "plant" if plant else "land",
            # A firm of low efficiency moves into far less than it sits on: a floor of a plant or a small plot.
            "need_m2": 0.0 if closing else round(land["area_m2"] * ratio * (0.35 if plant else 0.8), 0),
            "relocation_cost_wan": round(cost * mu, 0), "relocation_months": round(months, 1),
        }  # fmt: skip
        if plant and not closing:
            row |= {"clear_height_m": 4.5, "floor_load_kn_m2": 8.0, "power_kva": round(4 * mu, 0)}
            if vacant and rng.random() < setting.chosen_destination_share:
                row["destination_site_ids"] = [vacant[int(i)] for i in sorted(rng.integers(0, len(vacant), 2).tolist())]
        out.append(row)
    return out


def leases(given: Settings, sites: list[Row], as_of: date, rng: np.random.Generator) -> list[Row]:
    """A lease on every let plant or office unit; a few have run out."""
    parents = {s["parent_site_id"] for s in sites if s.get("parent_site_id")}
    setting = given.leases
    let = [s for s in sites if s["site_kind"] != "land" and s["state"] == "occupied" and s["site_id"] not in parents]
    terms, left = (uniform(rng, r, len(let)) * 365 for r in (setting.term_years, setting.left_years))
    out = []
    for number, (site, term, rest) in enumerate(zip(let, terms.tolist(), left.tolist(), strict=True), start=1):
        end = as_of + timedelta(days=int(rest))
        out.append({"lease_id": f"Z{number:05d}", "site_id": site["site_id"], "lessee": f"合成承租人{number:05d}",
                    "starts_on": end - timedelta(days=int(max(term, rest + 30))), "ends_on": end,
                    "rent_yuan_m2_day": site["rent_yuan_m2_day"]})  # fmt: skip
    return out
