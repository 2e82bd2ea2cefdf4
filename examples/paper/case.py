"""The paper's cases as facts of one small district, every value with its basis.

What the paper states is written ``Paper(value, clause, quote)``; every other value is an addition of ours and
``assumed``: the paper names neither the district nor its towns, and gives no figure for most of the fields.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from yipanqi.allocation.board import TABLES, Facts
from yipanqi.kernel import geometry, tables
from yipanqi.simulation.geography import Frame, borders, wkb
from yipanqi.simulation.settings import Borders, TownPlace

AS_OF = date(2017, 9, 30)
Row = dict[str, Any]
MU = 2000 / 3


@dataclass(frozen=True)
class Paper:
    """A value the paper states: where, and in which words."""

    value: Any
    clause: str
    quote: str


FRAME = Frame(121.2, 31.3)
TOWNS = [
    TownPlace(code="T1", name="甲镇", kind="town", role="balanced", lon_deg=121.17, lat_deg=31.33, size_km2=28),
    TownPlace(code="T2", name="乙镇", kind="town", role="balanced", lon_deg=121.23, lat_deg=31.34, size_km2=32),
    TownPlace(code="T3", name="丙镇", kind="town", role="balanced", lon_deg=121.25, lat_deg=31.29, size_km2=30),
    TownPlace(code="T4", name="丁镇", kind="town", role="balanced", lon_deg=121.19, lat_deg=31.28, size_km2=34),
    TownPlace(code="P1", name="某产业基地", kind="park", role="balanced", lon_deg=121.14, lat_deg=31.29, size_km2=22),
    TownPlace(code="P2", name="某园区", kind="park", role="balanced", lon_deg=121.22, lat_deg=31.25, size_km2=18),
]
_BORDERS = Borders(cells=1400, closeness=0.9, roughness=0.5, jitter=0.24, smoothing=0.55, displacement=0.16)

NIO = ("一(二)1", "总投资61.3亿元,预计双班产量可达10万台､年销售额约360亿元､年纳税19.46亿元……规划净用地面积约为788.6亩")
MEB = ("一(二)3", "该项目建设地点由3 个地块构成,约合481.24亩｡当时尚有上海鹤亭机械涂装厂等5家企业尚未动迁")
GOTION = ("一(二)3", "国轩高科是国内动力锂电池行业的龙头企业,计划募投20亿元")
SIGNED = ("一(二)3", "上海国际汽车城产业发展有限公司已与国轩高科股份有限公司正式签约")
GROWING = ("一(二)1", "某镇的一家企业需要扩张规模,但该镇土地资源紧张……该区另外两个镇提供土地资源满足了企业需求")


def towns() -> list[Row]:
    """Six invented areas with invented borders."""
    rng = np.random.Generator(np.random.PCG64(2017))
    shapes = [wkb(FRAME, rings) for rings in borders(TOWNS, FRAME, _BORDERS, rng)]
    lons, lats = geometry.inside_points(shapes)
    return [
        {"town_id": t.code, "name": t.name, "town_kind": t.kind, "lon_deg": round(float(lon), 5),
         "lat_deg": round(float(lat), 5), "geometry_wkb": shape, "boundary_source": "合成示意，论文未具名"}
        for t, shape, lon, lat in zip(TOWNS, shapes, lons, lats, strict=True)
    ]  # fmt: skip


def _box(west_m: float, south_m: float, width_m: float, depth_m: float) -> Row:
    corners = np.array([[0, 0], [width_m, 0], [width_m, depth_m], [0, depth_m], [0, 0]])
    ring = corners + np.array([west_m, south_m])
    lon, lat = np.round(FRAME.degrees(ring[:-1].mean(axis=0)), 7).tolist()
    return {"geometry_wkb": wkb(FRAME, [ring]), "lon_deg": lon, "lat_deg": lat}


def _land(site_id: str, name: str, town: str, mu: float, place: tuple[float, float, float], **changes: Any) -> Row:
    """A cleared parcel in the 104 blocks; ``place``: west, south and width in metres from the middle."""
    west, south, width = place
    area = round(mu * MU, 2)
    return _box(west, south, width, area / width) | {
        "site_id": site_id, "site_kind": "land", "name": name, "town_id": town, "area_m2": area, "divisible": False,
        "area_class": "104", "functional_type": "base", "use_class": "M2", "far_min_ratio": 0.8, "far_max_ratio": 2.0,
        "height_max_m": 40.0, "power_kva": round(mu * 220), "water_m3d": round(mu * 25), "sewage_m3d": round(mu * 20),
        "gas_m3h": round(mu * 8), "ownership": "state", "price_wan_per_mu": 90.0, "state": "available",
        "cleared_on": date(2017, 6, 30), "utilities_on": date(2018, 3, 31), "plan_on": date(2016, 1, 1),
        "quota_on": date(2017, 6, 30),
    } | _facts() | changes  # fmt: skip


def _hall(site_id: str, floor_m2: float, place: tuple[float, float], **changes: Any) -> Row:
    """A vacant plant in the park where the paper's firms were found new addresses."""
    west, south = place
    return _box(west, south, 60, 50) | {
        "site_id": site_id, "site_kind": "plant", "name": f"某园区{site_id}厂房", "town_id": "P2", "area_m2": floor_m2,
        "divisible": False, "area_class": "104", "functional_type": "base", "use_class": "M2", "clear_height_m": 9.0,
        "floor_load_kn_m2": 20.0, "crane_t": 5.0, "column_span_m": 12.0, "power_kva": round(floor_m2 * 0.15),
        "rent_yuan_m2_day": 1.0, "ownership": "state", "state": "available", "cleared_on": date(2017, 9, 1),
        "utilities_on": date(2017, 1, 1), "plan_on": date(2016, 1, 1), "quota_on": date(2016, 1, 1),
    } | _facts() | changes  # fmt: skip


def _facts() -> Row:
    return {"fact_state": "verified", "fact_source": "论文案例，数值依据见 sources.csv", "fact_on": date(2017, 9, 1),
            "verified_by": "假定"}  # fmt: skip


def sites() -> list[Row]:
    """Where the cases could be settled: the paper's places, and assumed alternatives beside them."""
    busy = {"state": "low_efficiency", "cleared_on": None, "utilities_on": date(2017, 6, 30)}
    whole = Paper(round(788.6 * MU, 2), *NIO)
    depth = 450.0
    names = {"M1": 200.0, "M2": 160.24, "M3": 121.0, "M4": 125.0}
    at, field = -2_100.0, []
    for site_id, mu in names.items():
        width = round(mu * MU, 2) / depth
        label = f"MEB项目地块{site_id[1]}" if site_id != "M4" else "毗邻地块"
        field.append(_land(site_id, label, "T4", mu, (at, -2_600, width), **busy))
        at += width
    return [
        _land("N1", "某产业基地整车地块", "P1", 788.6, (-6_300, -1_500, 720), area_m2=whole),
        _land("N2", "某产业基地北块", "P1", 395.0, (-6_300, -600, 560), price_wan_per_mu=70.0),
        _land("N3", "某产业基地东北块", "P1", 400.0, (-5_740, -600, 550), price_wan_per_mu=70.0,
              utilities_on=date(2019, 3, 31)),
        *field,
        _land("E1", "乙镇老工业地块一", "T2", 255.0, (2_700, 4_300, 380), **busy),
        _land("E2", "乙镇老工业地块二", "T2", 235.0, (3_080, 4_300, 350), **busy),
        _land("G1", "国际汽车城待供地块", "T3", 190.0, (4_200, -1_600, 330),
              holder=Paper("上海国际汽车城产业发展有限公司", *SIGNED)),
        _land("G2", "丙镇备选地块", "T3", 185.0, (4_200, -300, 340), price_wan_per_mu=65.0,
              utilities_on=date(2018, 12, 31)),
        _land("S2", "乙镇小地块", "T2", 36.0, (1_200, 3_600, 150)),
        _land("S3", "丙镇小地块", "T3", 32.0, (6_000, 500, 140)),
        _hall("H1", 6_000.0, (1_200, -5_600), name="某园区涂装专用厂房", use_class="M3", power_kva=3_000.0),
        *(_hall(f"H{i}", size, (1_200 + 90 * (i - 1), -5_600)) for i, size in
          enumerate((2_400.0, 3_000.0, 3_600.0, 4_200.0, 2_800.0, 5_000.0, 3_200.0), start=2)),
    ]  # fmt: skip


def incumbents() -> list[Row]:
    """Five firms on the three parcels of MEB (one named by the paper), and assumed ones on the alternatives."""
    five = MEB

    def firm(number: int, name: Any, site_id: Any, need_m2: float, cost: float, **changes: Any) -> Row:
        return {"firm_id": f"F{number}", "name": name, "site_id": site_id, "industry_code": "3489",
                "need_kind": "plant", "need_m2": need_m2, "clear_height_m": 6.0, "floor_load_kn_m2": 10.0,
                "power_kva": 200.0,
                "relocation_cost_wan": cost, "relocation_months": 9.0} | changes  # fmt: skip

    return [
        firm(1, Paper("上海鹤亭机械涂装厂", *five), "M3", 5_000.0, 9_000.0, industry_code="3360", power_kva=2_000.0,
             relocation_months=12.0, destination_site_ids=["H1"]),
        *(firm(i, Paper(f"待动迁企业{'一二三四'[i - 2]}（论文未具名）", *five), site_id, need, cost)
          for i, site_id, need, cost in ((2, "M1", 2_200.0, 6_500.0), (3, "M1", 2_800.0, 7_200.0),
                                         (4, "M2", 3_300.0, 5_800.0), (5, "M2", 2_500.0, 6_100.0))),
        firm(6, "毗邻企业（假定）", "M4", 3_900.0, 12_000.0),
        firm(7, "乙镇企业一（假定）", "E1", 3_000.0, 15_000.0),
        firm(8, "乙镇企业二（假定）", "E2", 0.0, 11_000.0),
    ]  # fmt: skip


def projects() -> list[Row]:
    """The four cases of the paper."""

    def case(project_id: str, name: str, investor: Any, town: str, **figures: Any) -> Row:
        return {
            "project_id": project_id, "name": name, "investor": investor, "category": "new_land", "stage": "siting",
            "major": True, "origin_town_id": town, "strategic_tags": ["new_energy_vehicles"], "consent": "not_asked",
            "lead_at": datetime(2017, 5, 8, 9, 0), "reported_at": datetime(2017, 5, 10, 9, 0), "rd_share": 0.05,
            "rd_staff_share": 0.2, "jobs_high_count": 100, "jobs_middle_count": 600, "jobs_basic_count": 1_500,
        } | figures  # fmt: skip

    return [
        case("NIO", "蔚来汽车纯电动整车制造项目", Paper("上海蔚来汽车有限公司", *NIO), "P1",
             product_line="纯电动整车", industry_code="3612", total_investment_wan=Paper(613_000.0, *NIO),
             fixed_investment_wan=490_400.0, output_wan=Paper(3_600_000.0, *NIO), tax_wan=Paper(194_600.0, *NIO),
             capacity_count=Paper(100_000.0, *NIO), capacity_unit="辆", energy_tce=40_000.0, emission_t=60.0),
        case("MEB", "上汽大众新MEB工厂", Paper("上汽大众", *MEB), "T4", product_line="MEB平台纯电动车",
             industry_code="3612", total_investment_wan=400_000.0, fixed_investment_wan=350_000.0,
             output_wan=1_500_000.0, tax_wan=90_000.0, energy_tce=30_000.0, emission_t=40.0),
        case("GOTION", "国轩高科动力锂电池项目", Paper("国轩高科股份有限公司", *GOTION), "T1",
             product_line="动力锂电池", industry_code="3841", total_investment_wan=Paper(200_000.0, *GOTION),
             fixed_investment_wan=160_000.0, output_wan=300_000.0, tax_wan=19_000.0, energy_tce=12_000.0,
             emission_t=15.0),
        case("GROWING", "某镇企业扩产项目", Paper("某镇的一家企业（论文未具名）", *GROWING), "T1", major=False,
             strategic_tags=["smart_manufacturing"], product_line="成套装备", industry_code="3422",
             total_investment_wan=50_000.0, fixed_investment_wan=42_000.0, output_wan=96_000.0, tax_wan=7_200.0,
             energy_tce=1_500.0, emission_t=1.0, jobs_high_count=10, jobs_middle_count=80, jobs_basic_count=150),
    ]  # fmt: skip


def demands() -> list[Row]:
    """What each case needs."""

    def land(project_id: str, need_m2: Any, **changes: Any) -> Row:
        return {"project_id": project_id, "phase": 1, "need_kind": "land", "need_m2": need_m2, "from_year": 2018,
                "commitment": "firm", "may_split": False, "adjacent_to_previous": False, "use_class": "M2",
                "far_ratio": 1.2, "building_height_m": 24.0} | changes  # fmt: skip

    return [
        land("NIO", Paper(round(788.6 * MU, 2), *NIO), power_kva=60_000.0),
        # Rounded down to the hundredth of a square metre, so that the three parcels together suffice.
        land("MEB", Paper(int(481.24 * MU * 100) / 100, *MEB), power_kva=40_000.0),
        land("GOTION", round(180.0 * MU, 2), power_kva=30_000.0),
        land("GROWING", round(62.0 * MU, 2), may_split=Paper(True, *GROWING), use_class="M1", power_kva=3_000.0),
    ]


def zones() -> list[Row]:
    """A 104 block around each group of sites, and a river bank nobody may build on. All assumed."""
    blocks = {"Z1": (-6_450, -1_650, 1_500, 1_700), "Z2": (-2_200, -2_700, 1_100, 700),
              "Z3": (1_050, 3_450, 2_600, 1_500), "Z4": (4_050, -1_750, 2_250, 2_500),
              "Z5": (1_100, -5_700, 900, 350)}  # fmt: skip
    rows = [
        {"zone_id": key, "zone_kind": "area_class", "value": "104", "name": f"假定104区块{key[1]}",
         "geometry_wkb": _box(*box)["geometry_wkb"]}
        for key, box in blocks.items()
    ]  # fmt: skip
    river = {"zone_id": "ZR", "zone_kind": "red_line", "value": "river", "name": "假定河道控制线",
             "geometry_wkb": _box(-2_800, 300, 5_200, 120)["geometry_wkb"]}  # fmt: skip
    return [*rows, river]


def quotas() -> list[Row]:
    """Enough land quota for all cases; assumed."""
    return [{"entry_id": "Q1", "quota_kind": "land", "entry": "issued", "amount": round(1_800 * MU, 2),
             "reference": "假定"}]  # fmt: skip


def content() -> dict[str, list[Row]]:
    """The rows of every table, values of the paper still marked."""
    return {"towns": towns(), "zones": zones(), "sites": sites(), "incumbents": incumbents(), "projects": projects(),
            "demands": demands(), "quotas": quotas()}  # fmt: skip


def facts() -> Facts:
    """The case file as facts."""
    plain = {name: [{k: _plain(v) for k, v in row.items()} for row in rows] for name, rows in content().items()}
    frames = {name: tables.frame(TABLES[name], rows) for name, rows in plain.items()}
    return Facts(as_of=AS_OF, synthetic=True, district="论文案例（某区）", **frames)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Paper) else value


def sources() -> list[Row]:
    """One row for every value of the case file: which sheet, row and column, its basis, and the paper's words."""
    out = []
    for name, rows in content().items():
        keys = tables.keys(TABLES[name])
        for row in rows:
            key = "/".join(str(_plain(row[k])) for k in keys)
            for column, value in row.items():
                if column in keys or column.endswith("_wkb") or value is None:
                    continue
                stated = isinstance(value, Paper)
                out.append({"table": name, "row": key, "column": column, "value": str(_plain(value)),
                            "basis": "paper" if stated else "assumed", "clause": value.clause if stated else "",
                            "quote": value.quote if stated else ""})  # fmt: skip
    return out
