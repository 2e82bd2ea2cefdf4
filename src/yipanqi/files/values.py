"""One cell's text → one value: numbers, dates, codes, lists. Nothing is guessed; what is not understood says why.

A column is read by its distinct texts, so that a hundred thousand rows of the same few codes cost nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

import numpy as np
import polars as pl

from yipanqi.files.headers import Source
from yipanqi.files.plain import plain
from yipanqi.files.sheets import meanings, words
from yipanqi.kernel.findings import Scalar, Severity

#: What people write into a cell that does not apply.
_NOT_STATED = {"/", "-", "--", "—", "——", "无", "暂无", "不详", "未知", "n/a", "na", "null", "none"}
#: How a list says that it is empty, which an empty cell does not.
NONE = {"zh": "无", "en": "none"}
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(.*)", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?![\d,])")
_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]|(\d{2})(\d{2}))"
)
_TIME = re.compile(r"(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})秒?|分?)")
_LIST = re.compile(r"[、,;；，\n|]+")
#: Texts that mean what they say: decimal numbers, days as the reader writes them, and names without a character that
#: has a compatible form (printable ASCII and unified ideographs) nor space around them.
_ORDINARY_NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_ORDINARY_DATE = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"
_ORDINARY_NAME = r"^[!-~\x{4E00}-\x{9FFF}](?:[ -~\x{4E00}-\x{9FFF}]*[!-~\x{4E00}-\x{9FFF}])?$"


@dataclass(frozen=True)
class Reading:
    """What a cell's text means, or the rule it breaks; a note may go with a value."""

    value: Any = None
    rule: str | None = None
    severity: Severity = Severity.BLOCK
    params: Mapping[str, Scalar] = field(default_factory=dict)


def column(texts: pl.Series, source: Source) -> tuple[pl.Series, dict[str, Reading]]:
    """The values of a column in the schema's type, null where empty or not understood, and the texts to report."""
    dtype, name = source.field.dtype, source.field.column
    easy = _easy(texts, source)
    hard = texts if easy is None else texts.filter(easy.is_null())
    parse = _parser(source)
    readings = {text: parse(text) for text in hard.drop_nulls().unique(maintain_order=True)}
    known = {text: r.value for text, r in readings.items() if r.value is not None}
    told = {t: r for t, r in readings.items() if r.rule is not None}
    if not known:
        return (pl.Series(name, [None] * texts.len(), dtype=dtype) if easy is None else easy.alias(name)), told
    meant = pl.Series("value", list(known.values()), dtype=dtype)
    lookup = pl.DataFrame([pl.Series("text", list(known), dtype=pl.String), meant])
    found = texts.to_frame("text").join(lookup, on="text", how="left", maintain_order="left")["value"]
    if easy is not None:
        found = easy.zip_with(easy.is_not_null(), found)
    return found.alias(name), told


def _easy(texts: pl.Series, source: Source) -> pl.Series | None:
    """What the ordinary texts of a column mean, read all at once; null where a text must be looked at, or is none."""
    dtype = source.field.dtype
    if dtype == pl.Float64:
        numbers = exact(texts.cast(pl.Float64, strict=False), source.factor)
        return _where(texts.str.contains(_ORDINARY_NUMBER), numbers)
    if dtype == pl.Date:
        return _where(texts.str.contains(_ORDINARY_DATE), texts.str.to_date("%Y-%m-%d", strict=False))
    if dtype == pl.String and not source.field.codes:
        return _where(texts.str.contains(_ORDINARY_NAME), texts) if identifies(source) else texts
    return None


def _where(holds: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(holds).then(values)).to_series()


def exact(values: pl.Series, factor: float) -> pl.Series:
    """The values times the factor, rid of the dust of the multiplication: 60.32 mu are 40213.3333… m², 7 % are 0.07.

    A product that misses four decimals, or a third of them (mu), by less than the last two bits is set on it.
    """
    if factor == 1.0:
        return values
    # numpy divides as IEEE says; polars multiplies by the reciprocal.
    product = values.to_numpy() * factor
    out = product
    for over in (3.0, 1.0):
        near = np.round(product * over, 4) / over
        out = np.where(np.abs(near - product) <= np.abs(product) * 1e-15, near, out)
    return pl.Series(values.name, out).fill_nan(None)


def _parser(source: Source) -> Callable[[str], Reading]:
    field_, dtype = source.field, source.field.dtype
    if field_.codes and dtype == pl.Boolean:
        return lambda text: _with(_code(text, source), lambda code: code == "true")
    if isinstance(dtype, pl.List):
        return lambda text: _list(text, source)
    if field_.codes:
        return lambda text: _code(text, source)
    if dtype == pl.Float64:
        return lambda text: _number(text, source)
    if dtype == pl.Int64:
        return lambda text: _integer(text, source)
    if dtype == pl.Date:
        return _date
    if isinstance(dtype, pl.Datetime):
        return _instant
    return _identifier if identifies(source) else Reading


def identifies(source: Source) -> bool:
    """Whether the column holds identifiers or code numbers, in which look-alike characters are resolved."""
    return source.field.refers is not None or source.field.column.endswith(("_id", "_code", "unit_no"))


def _with(reading: Reading, change: Callable[[Any], Any]) -> Reading:
    if reading.value is None:
        return reading
    return Reading(change(reading.value), reading.rule, reading.severity, reading.params)


def _identifier(text: str) -> Reading:
    clean = unicodedata.normalize("NFKC", text).strip()
    if clean == text:
        return Reading(text)
    return Reading(clean, "cell.look_alike", Severity.NOTE, {"read_as": clean})


def _code(text: str, source: Source) -> Reading:
    known = meanings(source.field.codes)
    code = known.get(plain(text))
    if code is not None:
        if unicodedata.normalize("NFKC", text) != text and text not in words(source.field, "zh"):
            return Reading(code, "cell.look_alike", Severity.NOTE, {"read_as": unicodedata.normalize("NFKC", text)})
        return Reading(code)
    if source.field.open:
        return Reading(text)
    allowed = words(source.field, "zh")
    near = get_close_matches(plain(text), list(known), n=1, cutoff=0.5)
    nearest = next((w for w in allowed if near and known[plain(w)] == known[near[0]]), allowed[0])
    return Reading(None, "cell.unknown_code", params={"nearest": nearest, "allowed": "、".join(allowed)})


def _list(text: str, source: Source) -> Reading:
    if text.strip().lower() in NONE.values():
        return Reading([])
    parts = [part.strip() for part in _LIST.split(text) if part.strip()]
    read = [_code(p, source) if source.field.codes else _identifier(p) for p in parts]
    bad = next((r for r in read if r.value is None), None)
    if bad is not None:
        return bad
    noted = next((r for r in read if r.rule), Reading())
    return Reading([r.value for r in read], noted.rule, noted.severity, noted.params)


def _number(text: str, source: Source) -> Reading:
    clean = unicodedata.normalize("NFKC", text).replace(" ", "")
    if clean.lower() in _NOT_STATED:
        return Reading(None, "cell.read_as_blank", Severity.NOTE)
    if _THOUSANDS.match(clean):
        clean = clean.replace(",", "")
    match = _NUMBER.fullmatch(clean)
    if match is None:
        return Reading(None, "cell.not_a_number")
    number, unit = float(match[1]), plain(match[2])
    if not unit:
        value = exact(pl.Series([number]), source.factor).item()
        return Reading(value, "cell.look_alike", Severity.NOTE, {"read_as": clean}) if clean != text else Reading(value)
    factors = {plain(name): factor for name, factor in source.field.units.items()}
    if unit not in factors:
        return Reading(None, "cell.not_a_number")
    value = exact(pl.Series([number]), factors[unit]).item()
    return Reading(value, "cell.own_unit", Severity.NOTE, {"unit": match[2]})


def _integer(text: str, source: Source) -> Reading:
    reading = _number(text, source)
    if reading.value is None:
        return reading
    if reading.value != int(reading.value):
        return Reading(None, "cell.not_whole")
    return _with(reading, int)


def _date(text: str) -> Reading:
    reading = _instant(text)
    if isinstance(reading.value, datetime):
        if reading.value.time() != datetime.min.time():
            return Reading(None, "cell.not_a_date")
        return _with(reading, datetime.date)
    return reading


def _instant(text: str) -> Reading:
    clean = unicodedata.normalize("NFKC", text).strip()
    if clean.lower() in _NOT_STATED:
        return Reading(None, "cell.read_as_blank", Severity.NOTE)
    match = _DATE.match(clean)
    if match is None:
        return Reading(None, "cell.not_a_date")
    year, month, day = (int(g) for g in match.groups() if g is not None)
    rest = clean[match.end() :].lstrip(" T")
    time = _TIME.fullmatch(rest) if rest else None
    if rest and time is None:
        return Reading(None, "cell.not_a_date")
    hour, minute, second = (int(g or 0) for g in time.groups()) if time else (0, 0, 0)
    try:
        return Reading(datetime(year, month, day, hour, minute, second))
    except ValueError:
        return Reading(None, "cell.not_a_date")


def day(text: str) -> date | None:
    """The day a text names in one of the forms people write, or null."""
    value = _date(text).value
    return value if isinstance(value, date) else None
