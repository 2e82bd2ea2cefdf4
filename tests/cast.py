"""The small district every test knows: three towns, one park, six projects, twelve sites.

North (T1) has land and few projects, South (T2) has projects and little land, East (T3) has plants; the park (P1) has
one large assembled field with two firms sitting on it. All of it lies on a 1 km grid near 121.2 E, 31.3 N.
"""

from datetime import date, datetime
from typing import Any

from yipanqi.allocation.board import Facts
from yipanqi.inventory.sites import Incumbent, Site
from yipanqi.kernel import geometry, tables
from yipanqi.pipeline.projects import Demand, Project, Wish
from yipanqi.planning.quotas import QuotaLine
from yipanqi.planning.zones import Town, Zone

AS_OF = date(2026, 6, 30)
_LON, _LAT = 121.2, 31.3
_DLON, _DLAT = 0.0105, 0.009  # about one kilometre


def rectangle(x_km: float, y_km: float, width_km: float, height_km: float) -> bytes:
    """A rectangle as WKB; x and y in kilometres from the south-west corner of the district."""
    west, south = _LON + x_km * _DLON, _LAT + y_km * _DLAT
    return geometry.box_wkb(west, south, west + width_km * _DLON, south + height_km * _DLAT)


def site(site_id: str, town_id: str, area_mu: float = 60.0, **changes: Any) -> dict[str, Any]:
    """A verified, cleared, available land parcel in the 104 blocks, changed as the test wants."""
    return {
        "site_id": site_id, "site_kind": "land", "name": f"{site_id}号地块", "town_id": town_id,
        "area_m2": area_mu * 2000 / 3, "divisible": False, "area_class": "104", "functional_type": "base",
        "use_class": "M1", "far_min_ratio": 1.2, "far_max_ratio": 2.5, "height_max_m": 50.0, "power_kva": 20_000.0,
        "water_m3d": 2_000.0, "sewage_m3d": 2_000.0, "energy_headroom_tce": 50_000.0, "emission_headroom_t": 500.0,
        "ownership": "state", "price_wan_per_mu": 90.0, "state": "available", "cleared_on": date(2026, 1, 1),
        "utilities_on": date(2026, 1, 1), "plan_on": date(2020, 1, 1), "quota_on": date(2026, 1, 1),
        "fact_state": "verified", "fact_source": "镇规划所", "fact_on": date(2026, 5, 1), "verified_by": "区规划资源局",
    } | changes  # fmt: skip


def plant(site_id: str, town_id: str, floor_m2: float = 5_000.0, **changes: Any) -> dict[str, Any]:
    """A verified, vacant plant unit, changed as the test wants."""
    return site(site_id, town_id) | {
        "site_kind": "plant", "name": f"{site_id}号厂房", "area_m2": floor_m2, "clear_height_m": 9.0,
        "floor_load_kn_m2": 20.0, "column_span_m": 12.0, "crane_t": 5.0, "rent_yuan_m2_day": 1.1,
        "price_wan_per_mu": None, "power_kva": 1_000.0,
    } | changes  # fmt: skip


def project(project_id: str, town_id: str, **changes: Any) -> dict[str, Any]:
    """A reported new-land project that passes every standard, changed as the test wants."""
    return {
        "project_id": project_id, "name": f"{project_id}项目", "product_line": "减速器",
        "investor": f"{project_id}公司",
        "category": "new_land", "industry_code": "3670", "strategic_tags": ["new_energy_vehicles"], "stage": "siting",
        "major": False, "origin_town_id": town_id, "reported_at": datetime(2026, 3, 1, 9, 0),
        "lead_at": datetime(2026, 2, 25, 9, 0), "total_investment_wan": 60_000.0, "fixed_investment_wan": 48_000.0,
        "output_wan": 120_000.0, "tax_wan": 9_000.0, "jobs_high_count": 20, "jobs_middle_count": 100,
        "jobs_basic_count": 200, "rd_share": 0.05, "rd_staff_share": 0.15, "energy_tce": 1_000.0, "emission_t": 2.0,
        "consent": "not_asked",
    } | changes  # fmt: skip


def demand(project_id: str, need_mu: float = 50.0, phase: int = 1, **changes: Any) -> dict[str, Any]:
    """A firm demand for land, changed as the test wants."""
    return {
        "project_id": project_id, "phase": phase, "need_kind": "land", "need_m2": need_mu * 2000 / 3, "from_year": 2027,
        "commitment": "firm", "may_split": False, "adjacent_to_previous": False, "use_class": "M1", "far_ratio": 1.5,
        "building_height_m": 24.0, "power_kva": 5_000.0,
    } | changes  # fmt: skip


def plant_demand(project_id: str, need_m2: float = 4_000.0, **changes: Any) -> dict[str, Any]:
    """A firm demand for a plant, changed as the test wants."""
    return demand(project_id) | {
        "need_kind": "plant", "need_m2": need_m2, "far_ratio": None, "building_height_m": None, "power_kva": 500.0,
        "clear_height_m": 7.0, "floor_load_kn_m2": 15.0,
    } | changes  # fmt: skip


def towns() -> list[dict[str, Any]]:
    """The three towns and the park, each a rectangle."""
    boxes = {"T1": ("北镇", "town", 0, 6), "T2": ("南镇", "town", 0, 0), "T3": ("东镇", "town", 6, 0),
             "P1": ("产业园", "park", 6, 6)}  # fmt: skip
    return [
        {"town_id": key, "name": name, "town_kind": kind, "lon_deg": _LON + (x + 3) * _DLON,
         "lat_deg": _LAT + (y + 3) * _DLAT, "geometry_wkb": rectangle(x, y, 6, 6), "boundary_source": "测试"}
        for key, (name, kind, x, y) in boxes.items()
    ]  # fmt: skip


def sites() -> list[dict[str, Any]]:
    """Twelve sites: north 4 parcels, south 1, east 4 plants and an office, park 2 touching parcels, a firm on each."""
    side = 0.2  # 0.2 km × 0.2 km = 40,000 m² = 60 mu

    def land(key: str, town: str, x: float, y: float, **changes: Any) -> dict[str, Any]:
        return site(key, town, geometry_wkb=rectangle(x, y, side, side), lon_deg=_LON + (x + 0.1) * _DLON,
                    lat_deg=_LAT + (y + 0.1) * _DLAT) | changes  # fmt: skip

    def hall(key: str, x: float, y: float, **changes: Any) -> dict[str, Any]:
        return plant(key, "T3", lon_deg=_LON + x * _DLON, lat_deg=_LAT + y * _DLAT) | changes
    busy = {"state": "low_efficiency", "area_class": "195", "functional_type": "community"}
    return [
        land("N1", "T1", 1.0, 8.0), land("N2", "T1", 1.2, 8.0), land("N3", "T1", 3.0, 9.0, functional_type="community"),
        land("N4", "T1", 4.0, 10.0, area_class="198", state="reduction"),
        land("S1", "T2", 2.0, 2.0),
        hall("E1", 8.0, 2.0), hall("E2", 8.3, 2.0, clear_height_m=5.0), hall("E3", 8.6, 2.0, state="occupied"),
        hall("E4", 8.9, 2.0, area_m2=3_000.0),
        hall("E5", 9.2, 2.0, site_kind="office", area_m2=2_500.0, use_class="C", office_grade="甲"),
        land("K1", "P1", 8.0, 8.0, **busy), land("K2", "P1", 8.2, 8.0, **busy),
    ]  # fmt: skip


def incumbents() -> list[dict[str, Any]]:
    """One firm on each of the park's parcels; each needs a small plant."""
    return [
        {"firm_id": f"F{i}", "name": f"老厂{i}", "site_id": key, "industry_code": "3360", "need_kind": "plant",
         "need_m2": 2_000.0, "clear_height_m": 6.0, "relocation_cost_wan": 3_000.0, "relocation_months": 8.0}
        for i, key in ((1, "K1"), (2, "K2"))
    ]  # fmt: skip


def projects() -> list[dict[str, Any]]:
    """Six projects: three of the south, one each of north, east and park."""
    return [
        project("A1", "T2"), project("A2", "T2", tax_wan=7_000.0), project("A3", "T2", category="lease", tax_wan=900.0,
        total_investment_wan=6_000.0, fixed_investment_wan=4_000.0, output_wan=15_000.0, energy_tce=100.0),
        project("B1", "T1", tax_wan=16_000.0, output_wan=230_000.0, total_investment_wan=130_000.0,
                fixed_investment_wan=110_000.0),
        project("C1", "T3", category="lease", tax_wan=800.0, total_investment_wan=5_000.0, fixed_investment_wan=3_500.0,
                output_wan=12_000.0, energy_tce=100.0),
        project("D1", "P1", tax_wan=100.0, output_wan=2_000.0, fixed_investment_wan=1_000.0),  # fails every standard
    ]  # fmt: skip


def demands() -> list[dict[str, Any]]:
    """A1, A2, D1 want 50 mu, B1 wants 110 mu, A3 and C1 a plant of 4,000 m²."""
    return [demand("A1"), demand("A2"), plant_demand("A3"), demand("B1", 110.0), plant_demand("C1"), demand("D1")]


def facts(**changes: Any) -> Facts:
    """The whole small district; a test replaces the tables it is about."""
    base: dict[str, Any] = {
        "as_of": AS_OF,
        "towns": tables.frame(Town, towns()),
        "zones": tables.frame(Zone, zones()),
        "sites": tables.frame(Site, sites()),
        "incumbents": tables.frame(Incumbent, incumbents()),
        "projects": tables.frame(Project, projects()),
        "demands": tables.frame(Demand, demands()),
        "wishes": tables.frame(Wish, [{"project_id": "A1", "wish_no": 1, "wish_kind": "supplier", "name": "电机厂",
                                       "lon_deg": _LON + 2 * _DLON, "lat_deg": _LAT + 8 * _DLAT, "weight_share": 1.0}]),
        "quotas": tables.frame(QuotaLine, [
            {"entry_id": "Q1", "quota_kind": "land", "entry": "issued", "amount": 400 * 2000 / 3},
            {"entry_id": "Q2", "quota_kind": "energy", "entry": "issued", "amount": 20_000.0}]),
        "synthetic": True,
        "district": "测试区",
    }  # fmt: skip
    return Facts(**(base | changes))


def zones() -> list[dict[str, Any]]:
    """A 104 block over the north, a 195 area over the park, a 198 strip, and an ecological red line beside it."""
    return [
        {"zone_id": "Z104", "zone_kind": "area_class", "value": "104", "geometry_wkb": rectangle(0.5, 7.5, 3.2, 2.0)},
        {"zone_id": "Z195", "zone_kind": "area_class", "value": "195", "geometry_wkb": rectangle(7.5, 7.5, 2.0, 2.0)},
        {"zone_id": "Z198", "zone_kind": "area_class", "value": "198", "geometry_wkb": rectangle(3.8, 9.8, 1.0, 1.0)},
        {"zone_id": "ZRED", "zone_kind": "red_line", "value": "ecology", "geometry_wkb": rectangle(5.0, 6.5, 0.8, 5.0)},
    ]
