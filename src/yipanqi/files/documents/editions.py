"""What each edition of a project's document may show.

A document is composed from a dossier: the rows of a few tables that concern one project. The internal edition sees it
whole. The investor edition is composed from what ``limited`` lets through: a table, a field or a message that is not
named below never reaches the page, whatever is added to the dossier later. Fields that begin with ``public_`` hold the
same fact with the names of firms, holders and other projects taken out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
#: Table → the rows of one project.
Dossier = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Edition:
    """The fields shown of each table and the messages shown; null: all of them."""

    name: str
    fields: Mapping[str, frozenset[str]] | None = None
    messages: frozenset[str] | None = None


def limited(dossier: Dossier, edition: Edition) -> Dossier:
    """The part of a dossier an edition may show.

    >>> few = Edition("few", {"units": frozenset({"site_id"})}, frozenset())
    >>> limited({"units": [{"site_id": "L1", "holder": "某公司"}], "relocations": [{"firm_id": "F1"}]}, few)
    {'units': [{'site_id': 'L1'}]}
    """
    if edition.fields is None:
        return dossier
    allowed = edition.messages or frozenset()
    return {
        table: [
            {name: value for name, value in row.items() if name in fields}
            for row in dossier.get(table, [])
            if row.get("message_id") is None or row["message_id"] in allowed
        ]
        for table, fields in edition.fields.items()
    }


_INVESTOR_FIELDS = {
    "project": """project_id name investor credit_code product_line category industry_code strategic_tags
        total_investment_wan fixed_investment_wan output_wan tax_wan rd_share rd_staff_share energy_tce emission_t
        capacity_count capacity_unit jobs_high_count jobs_middle_count jobs_basic_count""",
    "demands": """phase need_kind need_m2 from_year wanted_on commitment use_class far_ratio building_height_m
        clear_height_m floor_load_kn_m2 column_span_m crane_t power_kva gas_m3h water_m3d steam_th sewage_m3d
        rent_max_yuan_m2_day""",
    "wishes": "wish_kind name weight_share",
    "verdict": "verdict standard_id edition reference_on reference_ground area_class functional_type",
    "classes": "area_class functional_type verdict",
    "clauses": "clause_id indicator value comparison threshold unit gap met hard in_band clause basis mandatory",
    "changes": "order_no lever value amount verdict",
    "schemes": """scheme_id shown_rank offer_kind land_m2 floor_m2 available_on starts_on distance_km
        plan_change_count town_ids area_class functional_type verdict""",
    "units": """scheme_id phase site_id public_name site_kind town_id take_m2 area_m2 area_class functional_type
        use_class far_min_ratio far_max_ratio height_max_m clear_height_m floor_load_kn_m2 column_span_m crane_t
        office_grade rent_yuan_m2_day power_kva gas_m3h water_m3d steam_th sewage_m3d road_width_m available_on""",
    "plan_changes": "scheme_id site_id parameter from_value to_value procedure decider",
    "reasons": "scheme_id role message_id public_params",
}

#: No firm moved, no cost that would tell of one, no comparison between towns, no other project.
_INVESTOR_MESSAGES = """
    matching.strength.fit matching.strength.on_time matching.strength.near matching.strength.zone_104
    matching.strength.plan matching.strength.begins_early matching.strength.earliest matching.strength.nearest
    matching.price.late matching.price.later matching.price.further matching.price.moves_twice
    matching.price.plan_change matching.price.split matching.price.oversize_land matching.price.oversize_floor
    matching.note.fixed matching.note.conference matching.note.refused matching.note.unknown matching.note.undated
    matching.note.plan_unknown matching.note.plan_forbids matching.note.unplaced matching.note.stale
    matching.note.unverified
"""

INTERNAL = Edition("internal")
INVESTOR = Edition(
    "investor",
    {table: frozenset(fields.split()) for table, fields in _INVESTOR_FIELDS.items()},
    frozenset(_INVESTOR_MESSAGES.split()),
)
EDITIONS = (INTERNAL, INVESTOR)
