"""招商项目库: the schemas of projects, their demands by phase, and their wishes.

A demand row is (project, phase): need, from-year, firm or option. Matching and allocation key on demands. Money that
is declared or estimated is 万元 as float; it never meets a ledger.
"""

from enum import StrEnum

import dataframely as dy
import polars as pl

from yipanqi.kernel.tables import amount, choice
from yipanqi.pipeline.stages import Stage


class Category(StrEnum):
    """The four admission categories: new industrial land, R&D or headquarters, renovation of stock, lease."""

    NEW_LAND = "new_land"
    RD_HQ = "rd_hq"
    RENOVATION = "renovation"
    LEASE = "lease"


class StrategicTag(StrEnum):
    """The four strategic industries: 高端智能制造及机器人, 新能源汽车, 集成电路及物联网, 高性能医疗设备及精准医疗."""

    SMART_MANUFACTURING = "smart_manufacturing"
    NEW_ENERGY_VEHICLES = "new_energy_vehicles"
    INTEGRATED_CIRCUITS = "integrated_circuits"
    MEDICAL = "medical"


class Commitment(StrEnum):
    """Whether a phase is firm or an option the investor may drop."""

    FIRM = "firm"
    OPTION = "option"


class Consent(StrEnum):
    """The investor's answer to the proposed placement."""

    NOT_ASKED = "not_asked"
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class NeedKind(StrEnum):
    """What a phase needs: land, plant or office."""

    LAND = "land"
    PLANT = "plant"
    OFFICE = "office"


class WishKind(StrEnum):
    """Near to what: a supplier, a customer, a station, or a plain place."""

    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    STATION = "station"
    PLACE = "place"


class Project(dy.Schema):
    """One project of the pool. Yearly figures are at full capacity (达产)."""

    project_id = dy.String(primary_key=True, nullable=False, min_length=1)
    name = dy.String(nullable=False)
    product_line = dy.String(nullable=True)
    investor = dy.String(nullable=False)
    credit_code = dy.String(nullable=True, description="GB 32100 code; null while the firm is not registered")
    category = choice(Category, nullable=False)
    industry_code = dy.String(nullable=False, regex=r"^\d{2,4}$", description="GB/T 4754-2017, two to four digits")
    strategic_tags = dy.List(choice(StrategicTag, nullable=False), nullable=True)
    stage = choice(Stage, nullable=False)
    major = dy.Bool(nullable=False, description="重大项目")
    origin_town_id = dy.String(nullable=False, description="town that brought the project: a fact of the project")
    centre = dy.String(nullable=True, description="promotion centre in charge")
    contact_name = dy.String(nullable=True)
    contact_phone = dy.String(nullable=True)
    # 三提前 and 三个第一时间 are measured between these instants (Asia/Shanghai wall time).
    lead_at = dy.Datetime(nullable=True)
    reported_at = dy.Datetime(nullable=True, description="first report to the district")
    schemes_at = dy.Datetime(nullable=True)
    service_at = dy.Datetime(nullable=True)
    accepted_on = dy.Date(nullable=True, description="formal acceptance: the reference date of the governing standard")
    site_visit_count = dy.Int64(nullable=True, min=0)
    # 投入产出
    total_investment_wan = amount("total investment")
    fixed_investment_wan = amount("fixed assets")
    output_wan = amount("output a year")
    tax_wan = amount("tax a year")
    jobs_high_count = dy.Int64(nullable=True, min=0)
    jobs_middle_count = dy.Int64(nullable=True, min=0)
    jobs_basic_count = dy.Int64(nullable=True, min=0)
    rd_share = amount("R&D expense over sales", max=1.0)
    rd_staff_share = amount("R&D staff over staff", max=1.0)
    capacity_count = amount("capacity of the product line (产能), in its own unit")
    capacity_unit = dy.String(nullable=True)
    energy_tce = amount("energy a year")
    emission_t = amount("main pollutants a year")
    # 意愿
    consent = choice(Consent, nullable=False)
    acceptance_share = dy.Float64(
        nullable=True, min=0.0, max=1.0, description="chance that the investor accepts; null: from the rulebook"
    )
    fixed_site_ids = dy.List(
        dy.String(), nullable=True, description="signed, listed or held sites: the placement is fixed"
    )
    declined_site_ids = dy.List(dy.String(), nullable=True, description="sites the investor has declined")

    @dy.rule()
    def fixed_within_total(cls) -> pl.Expr:
        return (
            pl.col("fixed_investment_wan").is_null()
            | pl.col("total_investment_wan").is_null()
            | (pl.col("fixed_investment_wan") <= pl.col("total_investment_wan") * (1 + 1e-9))
        )


class Demand(dy.Schema):
    """One phase of a project: what it needs, from when, firm or option."""

    project_id = dy.String(primary_key=True, nullable=False)
    phase = dy.Int64(primary_key=True, nullable=False, min=1, max=20)
    need_kind = choice(NeedKind, nullable=False)
    need_m2 = dy.Float64(
        nullable=False, min_exclusive=0.0, max=5e7, description="land: land area; plant, office: floor area"
    )
    from_year = dy.Int64(nullable=True, min=2000, max=2100)
    wanted_on = dy.Date(nullable=True, description="wanted start on site")
    commitment = choice(Commitment, nullable=False)
    may_split = dy.Bool(nullable=False, description="may lie on sites that do not touch, even in two towns")
    adjacent_to_previous = dy.Bool(nullable=False, description="must touch the previous phase's site")
    use_class = dy.String(
        nullable=True, description="planned use it needs (M1, M2, M3, M4, W, C); null: from the category"
    )
    far_ratio = amount("floor-area ratio it will build", max=20.0)
    building_height_m = amount("height it will build", max=1000.0)
    clear_height_m = amount("least clear height", max=100.0)
    floor_load_kn_m2 = amount("least floor load", max=1000.0)
    column_span_m = amount("least column span", max=200.0)
    crane_t = amount("least crane capacity", max=2000.0)
    power_kva = amount("least power")
    gas_m3h = amount("least gas")
    water_m3d = amount("least water")
    steam_th = amount("least steam")
    sewage_m3d = amount("least sewage")
    rent_max_yuan_m2_day = amount("highest rent it pays")


class Wish(dy.Schema):
    """A place the project wishes to be near to, and how much that matters."""

    project_id = dy.String(primary_key=True, nullable=False)
    wish_no = dy.Int64(primary_key=True, nullable=False, min=1)
    wish_kind = choice(WishKind, nullable=False)
    name = dy.String(nullable=True)
    lon_deg = dy.Float64(nullable=False, min=-180.0, max=180.0)
    lat_deg = dy.Float64(nullable=False, min=-90.0, max=90.0)
    weight_share = dy.Float64(nullable=False, min=0.0, max=1.0)
