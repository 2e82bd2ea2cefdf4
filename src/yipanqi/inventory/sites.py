"""资源一个库: the schemas of sites, the firms that sit on them, their leases, and the fact's life.

One row of ``Site`` is one allocatable thing or the thing it belongs to: a land parcel, a plant (building, floor or
unit), an office building (or floor, or unit). ``parent_site_id`` links unit → floor → building → parcel; only rows
that are nobody's parent are allocated (``leaves``). Areas are m²; for land the certificate's area governs.
"""

from enum import StrEnum

import dataframely as dy
import polars as pl

from yipanqi.kernel.tables import amount, choice


class SiteKind(StrEnum):
    """What the site is."""

    LAND = "land"
    PLANT = "plant"
    OFFICE = "office"


class AreaClass(StrEnum):
    """The city's three area classes: 104 industrial blocks, 195 area (transform), 198 area (reduce)."""

    BLOCK_104 = "104"
    AREA_195 = "195"
    AREA_198 = "198"


class FunctionalType(StrEnum):
    """Functional types of industrial land: 产业基地, 产业城区, 产业社区, 零星工业用地."""

    BASE = "base"
    URBAN = "urban"
    COMMUNITY = "community"
    SCATTERED = "scattered"


class SiteState(StrEnum):
    """What may happen to the site now."""

    AVAILABLE = "available"
    IDLE = "idle"
    LOW_EFFICIENCY = "low_efficiency"
    RESERVED = "reserved"
    OCCUPIED = "occupied"
    CLEARING = "clearing"
    REDUCTION = "reduction"


#: States in which a site can be offered, possibly after its incumbents are relocated.
OFFERABLE = (SiteState.AVAILABLE, SiteState.IDLE, SiteState.LOW_EFFICIENCY, SiteState.CLEARING)


class FactState(StrEnum):
    """全面摸→重点查→及时报→跟踪核→统筹用: how far a fact has been taken."""

    SURVEYED = "surveyed"
    CHECKED = "checked"
    REPORTED = "reported"
    VERIFIED = "verified"
    IN_USE = "in_use"


class Ownership(StrEnum):
    """Who owns the land: the state, or a collective (a village cooperative as holder)."""

    STATE = "state"
    COLLECTIVE = "collective"


class UseClass(StrEnum):
    """Planned use: industrial classes M1–M3, research M4 (研发), logistics W, commercial/office C, other."""

    M1 = "M1"
    M2 = "M2"
    M3 = "M3"
    M4 = "M4"
    W = "W"
    C = "C"
    OTHER = "other"


class Site(dy.Schema):
    """One land parcel, plant, floor, unit or office: what it is, what it offers, and where the facts come from."""

    site_id = dy.String(primary_key=True, nullable=False, min_length=1, description="identifier of the site")
    site_kind = choice(SiteKind, nullable=False, description="land, plant or office")
    name = dy.String(nullable=False, description="name shown to officers")
    town_id = dy.String(nullable=False, description="town the site lies in")
    address = dy.String(nullable=True)
    parent_site_id = dy.String(nullable=True, description="unit → floor → building → parcel")
    building_no = dy.String(nullable=True)
    floor_no = dy.String(nullable=True)
    unit_no = dy.String(nullable=True)
    real_estate_unit_no = dy.String(nullable=True, description="28-character real-estate unit number")
    cadastre_no = dy.String(nullable=True, description="old cadastre, e.g. 9街坊73/7丘")
    # 面积
    area_m2 = dy.Float64(
        nullable=False, min_exclusive=0.0, max=5e7, description="land: certificate's area; plant and office: floor area"
    )
    divisible = dy.Bool(nullable=False, description="whether part of it may be given; else it is taken whole")
    # 规划
    area_class = choice(AreaClass, nullable=True, description="104, 195 or 198; null: read from the zone layer")
    functional_type = choice(FunctionalType, nullable=True, description="null: read from the zone layer")
    use_class = choice(UseClass, nullable=True, description="planned use")
    far_min_ratio = amount("lowest floor-area ratio", max=20.0)
    far_max_ratio = amount("highest floor-area ratio", max=20.0)
    height_max_m = amount("height limit", max=1000.0)
    industry_directions = dy.List(dy.String(), nullable=True, description="GB/T 4754 prefixes the zone is meant for")
    # 厂房
    clear_height_m = amount("clear height", max=100.0)
    floor_load_kn_m2 = amount("floor load", max=1000.0)
    column_span_m = amount("column span", max=200.0)
    crane_t = amount("crane capacity", max=2000.0)
    office_grade = dy.String(nullable=True, description="甲/乙/丙 …")
    rent_yuan_m2_day = amount("rent, yuan per m² and day", max=1000.0)
    # 配套
    power_kva = amount("electric power on site")
    gas_m3h = amount("gas")
    water_m3d = amount("water")
    steam_th = amount("steam")
    sewage_m3d = amount("sewage")
    road_width_m = amount("width of the road in front", max=200.0)
    energy_headroom_tce = amount("energy the place may still take a year")
    emission_headroom_t = amount("main pollutants the place may still take a year")
    # 权属与价格
    ownership = choice(Ownership, nullable=True)
    holder = dy.String(nullable=True, description="who holds the land or building")
    tenure_end = dy.Date(nullable=True, description="end of the land-use term")
    price_wan_per_mu = amount("reserve price of land: internal")
    # 可供
    state = choice(SiteState, nullable=False)
    cleared_on = dy.Date(nullable=True, description="净地: cleared, or planned to be")
    utilities_on = dy.Date(nullable=True, description="配套: utilities ready")
    plan_on = dy.Date(nullable=True, description="plan in force")
    quota_on = dy.Date(nullable=True, description="quota granted")
    # 事实
    fact_state = choice(FactState, nullable=False)
    fact_source = dy.String(nullable=True, description="who says so")
    legal_basis = dy.String(nullable=True)
    fact_on = dy.Date(nullable=True, description="date the facts were true")
    verified_by = dy.String(nullable=True)
    valid_until = dy.Date(
        nullable=True, description="after this day the facts are stale; null: by kind, from the rulebook"
    )
    # 位置
    lon_deg = dy.Float64(nullable=True, min=-180.0, max=180.0, description="a point inside, CGCS2000")
    lat_deg = dy.Float64(nullable=True, min=-90.0, max=90.0)
    geometry_wkb = dy.Binary(nullable=True, description="polygon or point, CGCS2000 lon/lat")

    @dy.rule()
    def far_limits_in_order(cls) -> pl.Expr:
        return (
            pl.col("far_min_ratio").is_null()
            | pl.col("far_max_ratio").is_null()
            | (pl.col("far_min_ratio") <= pl.col("far_max_ratio"))
        )

    @dy.rule()
    def own_parent(cls) -> pl.Expr:
        return pl.col("parent_site_id").is_null() | (pl.col("parent_site_id") != pl.col("site_id"))


class Incumbent(dy.Schema):
    """A firm sitting on a site: what it would need elsewhere, and what moving it costs."""

    firm_id = dy.String(primary_key=True, nullable=False)
    name = dy.String(nullable=False)
    credit_code = dy.String(nullable=True)
    site_id = dy.String(nullable=False, description="where it sits now")
    industry_code = dy.String(nullable=True)
    need_kind = choice(SiteKind, nullable=False, description="what it needs elsewhere")
    need_m2 = dy.Float64(
        nullable=False, min=0.0, description="land or floor area it needs; 0: it closes, no destination"
    )
    power_kva = amount("power it needs")
    clear_height_m = amount("clear height it needs")
    floor_load_kn_m2 = amount("floor load it needs")
    relocation_cost_wan = dy.Float64(nullable=False, min=0.0, description="compensation and moving")
    relocation_months = dy.Float64(nullable=False, min=0.0, max=240.0)
    destination_site_ids = dy.List(
        dy.String(), nullable=True, description="the only acceptable destinations; null: any that fit"
    )


class Lease(dy.Schema):
    """A lease on a plant, office or parcel."""

    lease_id = dy.String(primary_key=True, nullable=False)
    site_id = dy.String(nullable=False)
    lessee = dy.String(nullable=False)
    starts_on = dy.Date(nullable=True)
    ends_on = dy.Date(nullable=False)
    rent_yuan_m2_day = amount("rent")


class Hold(dy.Schema):
    """意向锁定: an internal, expiring hold of a whole unit for a project. It gives no right to land."""

    site_id = dy.String(primary_key=True, nullable=False)
    project_id = dy.String(nullable=False)
    held_until = dy.Date(nullable=False)


def leaves(sites: pl.DataFrame) -> pl.DataFrame:
    """The sites that are nobody's parent: what can be reserved and allocated, whole."""
    parents = sites["parent_site_id"].drop_nulls().unique()
    return sites.filter(~pl.col("site_id").is_in(parents.implode()))
