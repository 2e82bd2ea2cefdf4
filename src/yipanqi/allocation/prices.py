"""Prices of land and quota per town: what one more unit would be worth to the whole board."""

import dataframely as dy


class Price(dy.Schema):
    """The shadow price of one resource in one town: dual values of the board's linear relaxation."""

    resource = dy.String(
        primary_key=True, nullable=False, description="land, plant, office, quota_land, quota_energy, …"
    )
    town_id = dy.String(primary_key=True, nullable=False, description="town, or 'district' for a district-wide quota")
    price_wan = dy.Float64(nullable=False, min=0.0, description="per mu, per 1,000 m² of floor, per tce or per t")
    unit = dy.String(nullable=False, description="mu, 1000m2, tce, t")
    used_share = dy.Float64(nullable=False, description="share of the capacity the board uses")
