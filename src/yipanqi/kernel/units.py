"""Units of area, money and length, and the suffix every numeric column ends in.

Stored: m², 万元 (declared or estimated money), fen (booked money), tce, days, metres. Shown: mu. 1 mu = 2000/3 m².
"""

from types import MappingProxyType

M2_PER_MU = 2000 / 3
M2_PER_HECTARE = 10_000.0
WAN_PER_YI = 10_000.0

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
