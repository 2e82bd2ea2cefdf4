"""Units of area, money and length, and the suffix every numeric column ends in.

Stored: m², 万元 (declared or estimated money), fen (booked money), tce, days, metres. Shown: mu. 1 mu = 2000/3 m².
"""

from collections.abc import Mapping
from types import MappingProxyType

M2_PER_MU = 2000 / 3
M2_PER_HECTARE = 10_000.0
WAN_PER_YI = 10_000.0
#: Elapsed time: a year is the mean year, a month its twelfth.
DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
#: Rents are quoted by the day; a year's rent is that of 365 days, leap year or not.
RENT_DAYS_PER_YEAR = 365

#: Area units a header may name → how many m² one of them is.
AREA_M2 = MappingProxyType(
    {
        "亩": M2_PER_MU,
        "万亩": M2_PER_MU * 10_000,
        "㎡": 1.0,
        "平方米": 1.0,
        "平米": 1.0,
        "千㎡": 1_000.0,
        "千平方米": 1_000.0,
        "万㎡": 10_000.0,
        "万平方米": 10_000.0,
        "公顷": M2_PER_HECTARE,
        "平方公里": 1_000_000.0,
        "km2": 1_000_000.0,
        "m2": 1.0,
        "mu": M2_PER_MU,
        "ha": M2_PER_HECTARE,
    }
)

#: Money units a header may name → how many 万元 one of them is. Foreign money needs a stated rate.
MONEY_WAN = MappingProxyType({"元": 1e-4, "千元": 0.1, "万元": 1.0, "百万元": 100.0, "亿元": WAN_PER_YI})
FOREIGN_MONEY = MappingProxyType({"万美元": 1.0, "亿美元": WAN_PER_YI, "美元": 1e-4})

_POWER = {"kVA": 1.0, "千伏安": 1.0, "万千伏安": 10_000.0, "MVA": 1_000.0}
_MASS = {"吨": 1.0, "t": 1.0, "千克": 1e-3, "公斤": 1e-3, "kg": 1e-3, "万吨": 10_000.0}
_ENERGY = {"吨标煤": 1.0, "吨标准煤": 1.0, "tce": 1.0, "万吨标煤": 10_000.0, "万吨标准煤": 10_000.0, "千克标准煤": 1e-3}
_COUNT = {
    "个": 1.0,
    "人": 1.0,
    "次": 1.0,
    "件": 1.0,
    "台": 1.0,
    "辆": 1.0,
    "套": 1.0,
    "万台": 1e4,
    "万辆": 1e4,
    "万件": 1e4,
}
_PRICE = {"万元/亩": 1.0, "元/亩": 1e-4, "元/㎡": M2_PER_MU * 1e-4, "万元/公顷": M2_PER_MU / M2_PER_HECTARE}
_RENT = {"元/㎡·天": 1.0, "元/㎡·日": 1.0, "元/平方米·天": 1.0, "元/平方米·日": 1.0, "元/㎡/天": 1.0, "元/㎡/日": 1.0,
         "元/平方米/天": 1.0, "元/天/㎡": 1.0, "yuan/m2·day": 1.0,
         "元/㎡·月": 12 / RENT_DAYS_PER_YEAR, "元/㎡/月": 12 / RENT_DAYS_PER_YEAR,
         "元/㎡·年": 1 / RENT_DAYS_PER_YEAR, "元/㎡/年": 1 / RENT_DAYS_PER_YEAR}  # fmt: skip

#: Column suffix → the units a header may give such a column in, the first being the one stored; factor to it.
UNITS = MappingProxyType(
    {
        "_wan_per_mu": _PRICE,
        "_yuan_m2_day": _RENT,
        # One tonne-force is 9.80665 kN.
        "_kn_m2": {
            "kN/㎡": 1.0,
            "千牛/平方米": 1.0,
            "千牛/㎡": 1.0,
            "吨/㎡": 9.80665,
            "t/㎡": 9.80665,
            "kg/㎡": 0.00980665,
        },
        "_m2": {"㎡": 1.0, **AREA_M2},
        "_wan": {"万元": 1.0, **MONEY_WAN},
        "_share": {"比例": 1.0, "小数": 1.0, "%": 0.01, "百分比": 0.01, "‰": 0.001},
        "_tce": _ENERGY,
        "_kva": _POWER,
        "_m3h": {"m³/h": 1.0, "立方米/时": 1.0, "立方米/小时": 1.0, "方/时": 1.0},
        "_m3d": {"m³/d": 1.0, "立方米/日": 1.0, "立方米/天": 1.0, "吨/日": 1.0, "吨/天": 1.0, "t/d": 1.0},
        "_th": {"t/h": 1.0, "吨/时": 1.0, "吨/小时": 1.0, "蒸吨": 1.0},
        "_months": {"月": 1.0, "个月": 1.0, "months": 1.0, "年": 12.0},
        "_count": _COUNT,
        "_ratio": {},
        "_deg": {"度": 1.0, "°": 1.0},
        "_m": {"米": 1.0, "m": 1.0, "厘米": 0.01, "cm": 0.01, "毫米": 0.001, "mm": 0.001},
        "_t": _MASS,
    }
)

#: Suffixes of columns whose unit nobody may guess: people give them in several, and a wrong guess passes unseen.
STATED = ("_m2", "_wan", "_share")


def units_of(column: str) -> Mapping[str, float]:
    """The units the values of a column may be given in, and the factor from each to the unit stored.

    Empty for a column without a unit (a ratio, a year, a code).

    >>> units_of("price_wan_per_mu")["元/亩"]
    0.0001
    """
    return next((units for suffix, units in UNITS.items() if column.endswith(suffix)), {})


#: Suffixes a numeric column may end in; the shape test reads this.
COLUMN_SUFFIXES = (
    "_m2", "_mu", "_m", "_km", "_fen", "_wan", "_yi", "_tce", "_t", "_days", "_months", "_years", "_share", "_ratio",
    "_kva", "_m3h", "_m3d", "_th", "_kn_m2", "_wan_per_mu", "_tce_per_wan", "_yuan_m2_day", "_yuan", "_deg", "_count",
    "_points", "_hours", "_minx", "_miny", "_maxx", "_maxy",
)  # fmt: skip


def mu(area_m2: float) -> float:
    """The area in mu.

    >>> round(mu(2000.0), 6)
    3.0
    """
    return area_m2 / M2_PER_MU


def m2(area_mu: float) -> float:
    """The area in m².

    >>> round(m2(481.24), 2)
    320826.67
    """
    return area_mu * M2_PER_MU
