"""The cadastre as the engine sees it: a ground of sites, and needs."""

from datetime import date

import numpy as np
import shapely

from benchmarks.worlds.parcels import Parcels, Questions
from yipanqi.matching.ground import BUILDING, EPOCH, UTILITIES, Ground
from yipanqi.matching.needs import LAND, Need
from yipanqi.matching.rules import Rules

AS_OF = date(2026, 1, 1)
TODAY = (AS_OF - EPOCH).days
_CLASSES = ("104", "195", "198")


def wkbs(parcels: Parcels, corners_m: np.ndarray | None = None) -> list[bytes]:
    """The polygons (or others) in longitude and latitude."""
    return shapely.to_wkb(shapely.polygons(parcels.degrees(corners_m))).tolist()


def ground_of(parcels: Parcels) -> Ground:
    """Every parcel a site of land; usable ones can be offered, the others not. Ids stand in the order given."""
    count = len(parcels.area_m2)
    ids = tuple(f"P{k:07}" for k in range(count))
    unstated, no = np.full(count, np.nan), np.zeros(count, dtype=np.bool_)
    stated = {"power_kva": parcels.power_kva, "price_wan_per_mu": parcels.price_wan_per_mu}
    names = (*BUILDING, *UTILITIES, "rent_yuan_m2_day", "price_wan_per_mu", "far_max_ratio")
    words = {"area_class": [_CLASSES[z] for z in parcels.zone.tolist()]}
    middle = parcels.corners_m.mean(axis=1) / 1000
    return Ground(
        as_of=TODAY,
        ids=ids,
        names=ids,
        towns=tuple(map(str, parcels.town.tolist())),
        kind=np.full(count, LAND, dtype=np.int32),
        area=parcels.area_m2,
        divisible=parcels.divisible,
        offerable=parcels.usable,
        reserved=no,
        low=no,
        numbers={name: stated.get(name, unstated) for name in names},
        day=TODAY + parcels.day,
        dated=~no,
        words=words | {"functional_type": [None] * count, "use_class": [None] * count},
        directions=[None] * count,
        x_km=middle[:, 0].copy(),
        y_km=middle[:, 1].copy(),
        stale=no,
        unverified=no,
        geometry=[None] * count,
        firms={},
        holders={},
    )


def needs_of(questions: Questions, rules: Rules) -> list[Need]:
    """Every question a need of land."""
    return [
        Need(
            project_id=f"Q{k:03}",
            phase=1,
            kind=LAND,
            need_m2=float(questions.need_m2[k]),
            firm=True,
            may_split=False,
            adjacent=False,
            building={},
            utilities={"power_kva": float(questions.power_kva[k])} if questions.power_kva[k] else {},
            rent_max=None,
            far_ratio=None,
            wanted=TODAY + int(questions.day[k]),
            origin="0",
            declined=frozenset(),
            fixed=(),
            industry="C3670",
            cost_half_wan=float(questions.investment_wan[k]) * rules.cost_half_share,
            wish_x=questions.wish_m[k, :, 0] / 1000,
            wish_y=questions.wish_m[k, :, 1] / 1000,
            wish_weight=questions.wish_weight[k],
        )
        for k in range(len(questions))
    ]
