"""numpy: the open sites of each kind as arrays; tests narrow the rows, the score is computed on what is left."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from benchmarks.peers.siting import Answer, Asked


class Scan:
    """The inventory in memory, one set of arrays a kind."""

    def __init__(self, flat: pl.DataFrame, _: Sequence[Asked]) -> None:
        kinds = flat.partition_by("kind", as_dict=True)
        self._of_kind = {
            int(key[0]): {name: frame[name].to_numpy() for name in frame.columns} for key, frame in kinds.items()
        }

    def passing(self, asked: Asked) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sites and towns that pass, and the six parts of their scores."""
        of = self._of_kind[asked.kind]
        words = np.full((int(of["zone"].max(initial=0)) + 1, 3), np.nan)
        inside = asked.zones.filter(pl.col("zone") < len(words))
        words[inside["zone"].to_numpy()] = inside.select("zone_part", "plan_part", "days").to_numpy()
        area = of["area"]
        fits = of["open"].copy()
        if asked.own:
            fits |= np.isin(of["site"], asked.own)
        fits &= (area >= asked.least_m2) & (of["divisible"] | (area <= asked.most_m2))
        rows = np.flatnonzero(fits)
        for name, least in asked.demanded.items():
            rows = rows[~(of[name][rows] < least)]
        rows = rows[~(of["rent"][rows] > asked.rent_most)]
        rows = rows[~np.isnan(words[of["zone"][rows], 0])]
        rows = rows[~np.isin(of["site"][rows], asked.barred)]
        take = np.where(of["divisible"][rows], np.minimum(area[rows], asked.need_m2), area[rows])
        known = [np.where(np.isnan(of[name][rows]), asked.unknown, 1.0) for name in asked.demanded]
        zone_part, plan_part, days = words[of["zone"][rows]].T
        rate = of[asked.rate_name][rows] * asked.rate_wan * take
        cost = 1 / (1 + (np.nan_to_num(rate) + of["moving"][rows]) / asked.cost_half)
        near = np.zeros(len(rows))
        for x, y, weight in asked.wishes:
            near += weight * np.hypot(of["x"][rows] - x, of["y"][rows] - y)
        near = 1 / (1 + near / asked.distance_half)
        parts = (
            (asked.need_m2 / take + (np.mean(known, axis=0) if known else 1.0)) / 2,
            np.where(np.isnan(rate), np.minimum(cost, asked.unknown), cost),
            1 / (1 + np.maximum(of["ready"][rows] + days - asked.wanted, 0) / asked.date_half),
            plan_part,
            np.where(np.isnan(near), asked.unknown, near) if asked.wishes else np.zeros(len(rows)),
            zone_part,
        )
        return of["site"][rows], of["town"][rows], np.stack(parts, axis=-1)

    def ask(self, asked: Asked) -> Answer:
        """The best site of each of the best three towns."""
        sites, towns, parts = self.passing(asked)
        score = parts @ np.array(asked.weights)
        order = np.lexsort((sites, -score))
        _, first = np.unique(towns[order], return_index=True)
        best = order[np.sort(first)[:3]]
        return [(int(sites[at]), float(score[at])) for at in best]
