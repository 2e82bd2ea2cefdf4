"""The project pool of the synthetic district: projects, their demands by phase, and their wishes."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yipanqi.kernel.units import M2_PER_MU
from yipanqi.simulation.settings import Industry, Settings, pick, uniform
from yipanqi.simulation.sites import Row

Draws = dict[str, NDArray[np.float64]]

_OFFICE_USES = ("M4", "C")


def projects(given: Settings, count: int, as_of: date, rng: np.random.Generator) -> tuple[list[Row], list[Row]]:
    """``count`` projects and the demands of their phases."""
    origins = {p.code: p.size_km2**0.5 * given.roles[p.role].projects for p in given.towns}
    towns, stages = pick(rng, origins, count), pick(rng, given.stages, count)
    categories, consents = pick(rng, given.categories, count), pick(rng, given.consents, count)
    draws = _intensities(given, count, rng)
    labels = _names(given, count, rng)
    rows: list[Row] = []
    demands: list[Row] = []
    for i in range(count):
        industry = _industry(given, categories[i], rng)
        key = f"P{i + 1:04d}"
        wanted = _demands(given, key, categories[i], industry, as_of, rng)
        demands += wanted
        product = industry.products[int(rng.integers(len(industry.products)))]
        rows.append(
            {
                "project_id": key, "name": f"{labels[i]}{product}项目{given.names.mark}", "product_line": product,
                "investor": f"{labels[i]}{product[:2]}有限公司{given.names.mark}", "category": categories[i],
                "industry_code": industry.code, "strategic_tags": [industry.tag] if industry.tag else [],
                "stage": stages[i], "major": False, "origin_town_id": towns[i], "consent": consents[i],
                "centre": "合成促进中心",
            }
            | _figures(given, {k: float(v[i]) for k, v in draws.items()}, industry, wanted)
            | _instants(stages[i], as_of, rng)
        )  # fmt: skip
    return rows, demands


def _names(given: Settings, count: int, rng: np.random.Generator) -> list[str]:
    """Invented two-syllable names; they repeat only when the syllables run out."""
    both = [a + b for a in given.names.first for b in given.names.second]
    order = rng.permutation(len(both)).tolist()
    return [both[order[i % len(both)]] + ("" if i < len(both) else str(i // len(both) + 1)) for i in range(count)]


def _intensities(given: Settings, count: int, rng: np.random.Generator) -> Draws:
    """Figures per mu: a good project is good in all of them, so one factor moves them together."""
    promise = given.intensity
    quality = np.exp(promise.quality_sigma * rng.standard_normal(count))
    per_mu = {name: np.clip(spread.draw(rng, count) * quality, spread.low, spread.high)
              for name, spread in (("fixed", promise.fixed_wan), ("output", promise.output_wan),
                                   ("tax", promise.tax_wan))}  # fmt: skip
    return per_mu | {
        "other": uniform(rng, promise.other_investment_share, count),
        "jobs": uniform(rng, promise.jobs_per_mu, count),
        "rd": promise.rd_share.draw(rng, count),
        "staff": promise.rd_staff_share.draw(rng, count),
        "energy": np.exp(0.35 * rng.standard_normal(count)),
        "unstated": rng.random(count),
    }


def _industry(given: Settings, category: str, rng: np.random.Generator) -> Industry:
    """An industry that goes with the category: research and headquarters do not make, manufacturers do."""
    office = category == "rd_hq"
    fitting = [x for x in given.industries if (x.use in _OFFICE_USES) == office]
    share = np.array([x.weight for x in fitting])
    return fitting[int(rng.choice(len(fitting), p=share / share.sum()))]


def _demands(
    given: Settings, key: str, category: str, industry: Industry, as_of: date, rng: np.random.Generator
) -> list[Row]:
    """The phases of a project. A lease-first project takes a plant now and land later."""
    kind = {"new_land": "land", "rd_hq": "office" if rng.random() < 0.7 else "land", "lease": "plant",
            "renovation": "plant" if rng.random() < 0.6 else "land"}[category]  # fmt: skip
    phases = given.phases
    year = as_of.year + int(rng.integers(0, 3))
    first = _need(given, kind, industry, rng)
    split = kind == "land" and rng.random() < given.split_share
    out = [first | {"project_id": key, "phase": 1, "from_year": year, "commitment": "firm", "may_split": split,
                    "adjacent_to_previous": False}]  # fmt: skip
    later = kind == "plant" and category == "lease" and rng.random() < phases.lease_first_share
    if later or rng.random() < phases.second_share:
        second = _need(given, "land" if later else kind, industry, rng)
        ratio = float(uniform(rng, phases.size_ratio, 1)[0])
        size = second["need_m2"] if later else first["need_m2"] * ratio
        gap = int(rng.integers(phases.gap_years[0], phases.gap_years[1] + 1))
        firm = later or rng.random() < phases.firm_share
        out.append(second | {"project_id": key, "phase": 2, "need_m2": round(size, 1), "from_year": year + gap,
                             "commitment": "firm" if firm else "option", "may_split": False,
                             "adjacent_to_previous": kind == "land" and rng.random() < phases.adjacent_share}
                   )  # fmt: skip
    return out


def _need(given: Settings, kind: str, industry: Industry, rng: np.random.Generator) -> Row:
    """How much and what quality one phase needs."""
    sizes = given.sizes
    spread = {"land": sizes.land_mu, "plant": sizes.plant_m2, "office": sizes.office_m2}[kind]
    amount = float(spread.draw(rng, 1)[0])
    area = amount * M2_PER_MU if kind == "land" else amount
    mu = _mu(given, kind, area)
    power = round(industry.power_kva_per_mu * mu * float(rng.uniform(0.5, 1.2)), 0)
    need: Row = {"need_kind": kind, "need_m2": round(area, 1), "power_kva": power}
    if kind == "land":
        return need | {
            "use_class": industry.use, "far_ratio": round(float(rng.uniform(1.2, 2.2)), 2),
            "building_height_m": round(float(rng.uniform(12, 45)), 0),
            "water_m3d": round(float(rng.uniform(3, 20)) * mu, 0),
            "sewage_m3d": round(float(rng.uniform(2, 14)) * mu, 0),
        }  # fmt: skip
    if kind == "plant":
        heavy = rng.random() < 0.55
        return need | {
            "clear_height_m": industry.height_m if heavy else round(industry.height_m * 0.6, 1),
            "floor_load_kn_m2": industry.load_kn_m2 if heavy else round(industry.load_kn_m2 * 0.5, 1),
            "crane_t": industry.crane_t if heavy else None, "use_class": industry.use,
            "rent_max_yuan_m2_day": round(float(rng.uniform(1.1, 2.4)), 2),
        }  # fmt: skip
    return need | {"use_class": industry.use, "rent_max_yuan_m2_day": round(float(rng.uniform(2.0, 5.0)), 2)}


def _mu(given: Settings, kind: str, area_m2: float) -> float:
    """The area in mu of land; floor is turned into the land below it."""
    return area_m2 / M2_PER_MU / (1.0 if kind == "land" else given.intensity.floor_area_ratio)


def _figures(given: Settings, per_mu: dict[str, float], industry: Industry, wanted: list[Row]) -> Row:
    """Investment, output, tax, jobs, energy and emissions of all firm phases; some figures are not stated."""
    mu = sum(_mu(given, d["need_kind"], d["need_m2"]) for d in wanted if d["commitment"] == "firm")
    jobs = per_mu["jobs"] * mu
    fixed = round(per_mu["fixed"] * mu, 0)
    figures: dict[str, Any] = {
        "fixed_investment_wan": fixed,
        "total_investment_wan": round(fixed * (1 + per_mu["other"]), 0),
        "output_wan": round(per_mu["output"] * mu, 0),
        "tax_wan": round(per_mu["tax"] * mu, 1),
        "jobs_high_count": int(jobs * per_mu["staff"] * 0.4),
        "jobs_middle_count": int(jobs * 0.3),
        "jobs_basic_count": int(jobs * 0.5),
        "rd_share": round(per_mu["rd"], 4),
        "rd_staff_share": round(per_mu["staff"], 4),
        "energy_tce": round(industry.energy_tce_per_mu * mu * per_mu["energy"], 1),
        "emission_t": round(industry.emission_t_per_mu * mu * per_mu["energy"], 3),
    }
    if per_mu["unstated"] < given.intensity.unstated_share:
        figures[("rd_staff_share", "emission_t", "rd_share")[int(per_mu["unstated"] * 1e6) % 3]] = None
    return figures


def _instants(stage: str, as_of: date, rng: np.random.Generator) -> Row:
    """When the project was first heard of, reported and accepted."""
    begin = datetime(as_of.year, as_of.month, as_of.day, 9) - timedelta(hours=int(rng.integers(24 * 20, 24 * 420)))
    lead: Row = {"lead_at": begin, "site_visit_count": int(rng.integers(0, 5))}
    if stage in ("lead", "negotiating"):
        return lead
    reported = begin + timedelta(hours=int(rng.integers(2, 240)))
    lead |= {"reported_at": reported, "service_at": reported + timedelta(hours=int(rng.integers(4, 96)))}
    if stage in ("reported", "pre_assessed"):
        return lead
    lead["schemes_at"] = reported + timedelta(hours=int(rng.integers(12, 200)))
    accepted = reported.date() + timedelta(days=int(rng.integers(5, 60)))
    return lead if stage == "siting" else lead | {"accepted_on": min(accepted, as_of)}


def wishes(given: Settings, rows: list[Row], places: list[Row], rng: np.random.Generator) -> list[Row]:
    """Some projects wish to be near one to three places: the places of other sites, named by kind."""
    setting = given.wishes
    words = {"supplier": "合成供应商", "customer": "合成客户", "station": "合成车站", "place": "合成地点"}
    out = []
    for row in rows:
        if rng.random() >= setting.share or not places:
            continue
        many = int(rng.integers(1, setting.most + 1))
        for number, kind in enumerate(pick(rng, setting.kinds, many), start=1):
            at = places[int(rng.integers(len(places)))]
            out.append({"project_id": row["project_id"], "wish_no": number, "wish_kind": kind, "name": words[kind],
                        "lon_deg": at["lon_deg"], "lat_deg": at["lat_deg"],
                        "weight_share": round(1 / many, 4)})  # fmt: skip
    return out
