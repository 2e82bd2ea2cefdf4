"""polars: a lazy query over the sites of the kind, rechunked and sorted by area; one thread (environment)."""

from collections.abc import Sequence

import polars as pl

from benchmarks.peers.siting import Answer, Asked


class Query:
    """The inventory as one frame a kind, sorted by area so that statistics and branches help."""

    def __init__(self, flat: pl.DataFrame, _: Sequence[Asked]) -> None:
        kinds = flat.sort("area").partition_by("kind", as_dict=True)
        self._of_kind = {int(key[0]): frame.rechunk() for key, frame in kinds.items()}

    def ask(self, asked: Asked) -> Answer:
        """The best site of each of the best three towns."""
        area, divisible, rate = pl.col("area"), pl.col("divisible"), pl.col(asked.rate_name) * asked.rate_wan
        own = pl.col("site").is_in(list(asked.own)) if asked.own else pl.lit(value=False)
        tests = [
            area >= asked.least_m2,
            divisible | (area <= asked.most_m2),
            pl.col("open") | own,
            *(pl.col(name).is_null() | (pl.col(name) >= least) for name, least in asked.demanded.items()),
            pl.col("rent").is_null() | (pl.col("rent") <= asked.rent_most),
            ~pl.col("site").is_in(list(asked.barred)),
        ]
        take = pl.when(divisible).then(pl.min_horizontal(area, pl.lit(asked.need_m2))).otherwise(area)
        known = [pl.when(pl.col(name).is_null()).then(asked.unknown).otherwise(1.0) for name in asked.demanded]
        cost = 1 / (1 + ((rate * pl.col("take")).fill_null(0.0) + pl.col("moving")) / asked.cost_half)
        late = pl.max_horizontal(pl.col("ready") + pl.col("days") - asked.wanted, 0)
        apart = [weight * ((pl.col("x") - x).pow(2) + (pl.col("y") - y).pow(2)).sqrt() for x, y, weight in asked.wishes]
        near = pl.lit(0.0)
        if apart:
            near = (1 / (1 + pl.sum_horizontal(apart, ignore_nulls=False) / asked.distance_half)).fill_null(
                asked.unknown
            )
        parts = (
            (asked.need_m2 / pl.col("take") + (pl.mean_horizontal(known) if known else pl.lit(1.0))) / 2,
            pl.when(pl.col(asked.rate_name).is_null()).then(pl.min_horizontal(cost, asked.unknown)).otherwise(cost),
            1 / (1 + late / asked.date_half),
            pl.col("plan_part"),
            near,
            pl.col("zone_part"),
        )
        score = pl.sum_horizontal(weight * part for weight, part in zip(asked.weights, parts, strict=True))
        found = (
            self._of_kind[asked.kind]
            .lazy()
            .filter(tests)
            .join(asked.zones.lazy(), on="zone")
            .with_columns(take=take)
            .select("site", "town", score=score)
            .sort("score", "site", descending=[True, False])
            .unique("town", keep="first", maintain_order=True)
            .head(3)
            .select("site", "score")
            .collect()
        )
        return [(int(site), float(worth)) for site, worth in found.iter_rows()]
