"""Division of the gain between towns: sampled and exact Shapley value, and the core check."""

from dataclasses import dataclass

import dataframely as dy
import polars as pl


class TownShare(dy.Schema):
    """What one town brings to the board and what it should get of the gain."""

    town_id = dy.String(primary_key=True, nullable=False)
    alone_wan = dy.Float64(nullable=False, description="value of the town playing alone")
    shapley_wan = dy.Float64(nullable=False, description="Shapley value of the town")
    stderr_wan = dy.Float64(nullable=False, description="standard error; 0 when exact")
    priced_wan = dy.Float64(
        nullable=False, description="its sites and projects at the board's prices: a point of the core"
    )
    hosted_wan = dy.Float64(nullable=False, description="value the board places on its land")


@dataclass(frozen=True)
class Division:
    """The division of the board's value, the value function it rests on, and whether a coalition could do better."""

    value_function: str
    grand_wan: float
    shares: pl.DataFrame
    samples: int
    exact: bool
    in_core: bool
    blocking: tuple[str, ...]
    excess_wan: float
