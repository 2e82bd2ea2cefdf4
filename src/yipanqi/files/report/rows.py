"""Frames as compact rows: one list of column names, one list a row, dates as text, numbers rounded, no NaN."""

import json
import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

#: Decimals kept, by the suffix of a column's name; two for all others.
_DECIMALS = {"_m2": 1, "_wan": 2, "_share": 4, "_km": 2, "_deg": 5, "_tce": 1, "_t": 3}


def rows(frame: pl.DataFrame, columns: list[str]) -> dict[str, Any]:
    """``{"cols": […], "rows": [[…], …]}`` of the named columns, in the frame's order.

    >>> rows(pl.DataFrame({"a": ["x"], "land_m2": [40_000.06]}), ["a", "land_m2"])
    {'cols': ['a', 'land_m2'], 'rows': [['x', 40000.1]]}
    """
    decimals = [next((d for suffix, d in _DECIMALS.items() if name.endswith(suffix)), 2) for name in columns]
    return {
        "cols": columns,
        "rows": [
            [plain(value, places) for value, places in zip(row, decimals, strict=True)]
            for row in frame.select(columns).iter_rows()
        ],
    }


def plain(value: Any, places: int = 2) -> Any:
    """A value as JSON can hold it; a number that is not finite is not stated.

    >>> plain(3.0), plain(float("inf")), plain(date(2026, 6, 30))
    (3, None, '2026-06-30')
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        short = round(value, places)
        return int(short) if short == int(short) else short
    if isinstance(value, date):
        return value.isoformat()[:10]
    return value


def script(data: Mapping[str, Any]) -> str:
    """JSON that can stand inside a script element: nothing in it can end the element or open a comment.

    >>> script({"name": "</script><!--&"})
    '{"name":"\\\\u003c/script\\\\u003e\\\\u003c!--\\\\u0026"}'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
