"""规划一张图: towns, zones and restrictions as layers."""

from enum import StrEnum

import dataframely as dy

from yipanqi.kernel.tables import amount, choice


class TownKind(StrEnum):
    """What kind of body governs the area."""

    TOWN = "town"
    STREET = "street"
    PARK = "park"


class ZoneKind(StrEnum):
    """The layer a polygon belongs to. Area class and functional type are separate layers."""

    AREA_CLASS = "area_class"
    FUNCTIONAL_TYPE = "functional_type"
    PLANNED_USE = "planned_use"
    RED_LINE = "red_line"
    BUFFER = "buffer"


class Town(dy.Schema):
    """One town, street or park of the district."""

    town_id = dy.String(
        primary_key=True, nullable=False, min_length=1, description="official code or the district's own"
    )
    name = dy.String(nullable=False)
    town_kind = choice(TownKind, nullable=False)
    lon_deg = dy.Float64(nullable=True, min=-180.0, max=180.0, description="where the name is written on the map")
    lat_deg = dy.Float64(nullable=True, min=-90.0, max=90.0)
    geometry_wkb = dy.Binary(nullable=True, description="polygon, CGCS2000 lon/lat")
    boundary_source = dy.String(nullable=True, description="where the border comes from; shown on every map")


class Zone(dy.Schema):
    """One polygon of a plan layer with the limits that hold inside it.

    ``value``: for area_class 104 | 195 | 198; for functional_type base | urban | community | scattered; for
    planned_use a use class; for red_line its kind (ecology, farmland, river, heritage); for buffer what it protects
    (housing, school, water).
    """

    zone_id = dy.String(primary_key=True, nullable=False)
    zone_kind = choice(ZoneKind, nullable=False)
    value = dy.String(nullable=False)
    name = dy.String(nullable=True)
    far_min_ratio = amount("lowest floor-area ratio", max=20.0)
    far_max_ratio = amount("highest floor-area ratio", max=20.0)
    height_max_m = amount("height limit", max=1000.0)
    industry_directions = dy.List(dy.String(), nullable=True, description="GB/T 4754 prefixes the zone is meant for")
    excluded_uses = dy.List(dy.String(), nullable=True, description="use classes a buffer keeps out, e.g. M2, M3")
    issued_by = dy.String(nullable=True)
    effective_from = dy.Date(nullable=True)
    effective_to = dy.Date(nullable=True)
    geometry_wkb = dy.Binary(nullable=False, description="polygon, CGCS2000 lon/lat")
