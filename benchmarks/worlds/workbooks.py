"""The land sheet of a big district's workbook as officers send it: clean, or with one filled cell in twenty gone wrong.

Cells are what was typed: words and numbers in the units of the headers. ``write`` makes the file as office programs do
(shared strings, styles), with a cover, towns and one project, so that a board could be played from it.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.seeds import digest
from yipanqi.files.sheets import Sheet, sheets

AS_OF = date(2026, 6, 30)
#: Of filled cells in a dirty workbook, how many are wrong.
WRONG_SHARE = 0.05
TOWNS = ("安亭镇", "外冈镇", "徐行镇", "华亭镇", "南翔镇", "江桥镇", "马陆镇", "嘉定工业区", "菊园新区", "新成路街道",
         "真新街道", "嘉定镇街道")  # fmt: skip
_ROADS = ("园国路", "墨玉路", "昌吉路", "曹安公路", "宝安公路", "汇旺路", "回城南路", "永盛路", "叶城路", "兴荣路",
          "胜辛路", "博乐路", "沪宜公路", "谢春路", "百安公路", "泰海路", "新源路", "于田路", "米泉路",
          "和静路")  # fmt: skip
_AREA = {"104产业区块": 0.55, "104": 0.1, "195区域": 0.2, "198区域": 0.15}
_TYPE = {"产业基地": 0.4, "产业社区": 0.3, "产业城区": 0.2, "零星工业用地": 0.1}
_USE = {"一类工业用地（M1）": 0.5, "M1": 0.1, "二类工业用地（M2）": 0.2, "研发用地": 0.2}
_STATE = {"可供": 0.2, "低效用地": 0.25, "闲置土地": 0.05, "已供已用": 0.4, "腾地中": 0.1}
_FACT = {"已核实": 0.4, "已摸排": 0.3, "已查验": 0.2, "已上报": 0.1}
_NUMBER_FAULTS = ("约{}", "{}左右", "待定", "{}x", "１２", "-5", "暂无")
_DATE_FAULTS = ("明年", "2026年", "待批", "2026/13/40", "2026.5.1")
_WORD_FAULTS = ("{}?", "其他类", "待核", "工业", "{}等")
_NAME_FAULTS = ("{}(旧)", "无此镇", "Ａ{}")

#: The sheets beside it: without them no board could be played.
_SMALL: dict[str, list[list[object]]] = {
    "封面": [["数据日期", AS_OF], ["行政区", "嘉定区"], ["是否合成数据", "是"]],
    "镇街": [["镇街编号", "镇街名称", "镇街类型"], *([f"T{i:02d}", t, "镇"] for i, t in enumerate(TOWNS, 1))],
    "项目": [["项目编号", "项目名称", "投资主体", "项目类别", "行业代码", "项目阶段", "引荐镇街", "企业意见"],
             ["P-001", "减速器基地", "某某传动有限公司", "新增工业用地项目", "3670", "已报送", "安亭镇", "未征询"]],
    "项目需求": [["项目编号", "期次", "需求类型", "用地需求（亩）", "需求年份", "确定程度"],
                 ["P-001", 1, "土地", 50.0, 2027, "确定"]],
}  # fmt: skip


@dataclass(frozen=True)
class Sheetful:
    """Cells of the land sheet by field id, each column in its type; ``faults``: row, field id, what stands there."""

    cells: pl.DataFrame
    faults: pl.DataFrame

    @property
    def digest(self) -> str:
        """The digest of cells and faults."""
        return digest([self.cells, self.faults])

    @property
    def cell_count(self) -> int:
        """Filled cells."""
        return sum(self.cells.height - n for n in self.cells.null_count().row(0))


def draw(size: int, seed: int, *, dirty: bool) -> Sheetful:
    """``size`` parcels, some thirty of forty columns filled; wrong cells only where ``dirty``."""
    rng = np.random.Generator(np.random.PCG64(seed))
    cells = _cells(rng, size)
    return Sheetful(cells, _faults(rng, cells) if dirty else _faults(rng, cells.clear()))


def _cells(rng: np.random.Generator, size: int) -> pl.DataFrame:
    number = [f"{i:06d}" for i in range(1, size + 1)]
    town, road = rng.integers(0, len(TOWNS), size), rng.integers(0, len(_ROADS), size)
    other = rng.integers(0, len(_ROADS), size)
    firm = rng.integers(0, max(size // 4, 1), size)
    columns = {
        "site_id": pl.Series([f"JD-T-{n}" for n in number]),
        "name": pl.Series([f"{TOWNS[t]}{_ROADS[r]}{n}号地块" for t, r, n in zip(town, road, number, strict=True)]),
        "town_id": pl.Series([TOWNS[t] for t in town]),
        "address": pl.Series([f"{_ROADS[r]}北、{_ROADS[o]}东" for r, o in zip(road, other, strict=True)]),
        "real_estate_unit_no": _some(rng, [f"3101140030{n[:2]}GB{n}F00020088" for n in number], 0.9),
        "cadastre_no": _some(
            rng, [f"{t + 1}街坊{n}/{r + 1}丘" for t, r, n in zip(town, road, number, strict=True)], 0.5
        ),
        "area_m2": pl.Series(np.round(rng.uniform(5, 150, size), 2)),
        "divisible": _word(rng, {"是": 0.3, "否": 0.7}, size, 0.9),
        "area_class": _word(rng, _AREA, size, 0.9), "functional_type": _word(rng, _TYPE, size, 0.85),
        "use_class": _word(rng, _USE, size, 0.95),
        "far_min_ratio": _amount(rng, (0.8, 1.2), size, 0.8, 1),
        "far_max_ratio": _amount(rng, (1.5, 3.0), size, 0.9, 1),
        "height_max_m": _amount(rng, (24, 80), size, 0.8, 0),
        "industry_directions": _word(rng, {"36、39": 0.4, "35": 0.3, "27、35、40": 0.3}, size, 0.7),
        "power_kva": _amount(rng, (500, 20_000), size, 0.8, 0), "gas_m3h": _amount(rng, (50, 900), size, 0.5, 0),
        "water_m3d": _amount(rng, (50, 3_000), size, 0.7, 0), "steam_th": _amount(rng, (1, 20), size, 0.15, 1),
        "sewage_m3d": _amount(rng, (50, 2_500), size, 0.7, 0), "road_width_m": _amount(rng, (12, 40), size, 0.7, 0),
        "energy_headroom_tce": _amount(rng, (100, 9_000), size, 0.4, 0),
        "emission_headroom_t": _amount(rng, (1, 60), size, 0.4, 1),
        "ownership": _word(rng, {"国有": 0.8, "集体": 0.2}, size, 0.9),
        "holder": _some(rng, [f"上海第{f}号实业有限公司" for f in firm], 0.8),
        "tenure_end": _day(rng, (date(2030, 1, 1), date(2070, 12, 31)), size, 0.8),
        "price_wan_per_mu": _amount(rng, (60, 140), size, 0.6, 1), "state": _word(rng, _STATE, size, 1.0),
        "cleared_on": _day(rng, (date(2015, 1, 1), date(2027, 12, 31)), size, 0.5),
        "utilities_on": _day(rng, (date(2015, 1, 1), date(2027, 12, 31)), size, 0.5),
        "plan_on": _day(rng, (date(2010, 1, 1), date(2025, 12, 31)), size, 0.9),
        "quota_on": _day(rng, (date(2020, 1, 1), date(2026, 12, 31)), size, 0.3),
        "fact_state": _word(rng, _FACT, size, 0.9),
        "fact_source": _word(rng, {"镇规划所": 0.7, "招商中心": 0.3}, size, 0.9),
        "legal_basis": _some(rng, [f"沪（2019）嘉字不动产权第{n}号" for n in number], 0.6),
        "fact_on": _day(rng, (date(2024, 1, 1), AS_OF), size, 0.9),
        "verified_by": _word(rng, {"区规划资源局": 0.8, "区经委": 0.2}, size, 0.7),
        "valid_until": _day(rng, (date(2026, 7, 1), date(2028, 6, 30)), size, 0.1),
        "lon_deg": _amount(rng, (121.1, 121.4), size, 0.95, 6), "lat_deg": _amount(rng, (31.2, 31.5), size, 0.95, 6),
    }  # fmt: skip
    return pl.DataFrame(columns)


def _some(rng: np.random.Generator, values: list[str], share: float) -> pl.Series:
    """The values, only that share of them."""
    return pl.select(pl.when(pl.Series(rng.random(len(values)) < share)).then(pl.Series(values))).to_series()


def _word(rng: np.random.Generator, words: dict[str, float], size: int, share: float) -> pl.Series:
    return _some(rng, list(rng.choice(list(words), size, p=list(words.values()))), share)


def _amount(rng: np.random.Generator, ends: tuple[float, float], size: int, share: float, digits: int) -> pl.Series:
    values = np.round(rng.uniform(*ends, size), digits)
    return pl.Series(np.where(rng.random(size) < share, values, np.nan)).fill_nan(None)


def _day(rng: np.random.Generator, ends: tuple[date, date], size: int, share: float) -> pl.Series:
    first, last = ((end - date(1970, 1, 1)).days for end in ends)
    days = pl.Series(rng.integers(first, last + 1, size)).cast(pl.Int32).cast(pl.Date)
    return pl.select(pl.when(pl.Series(rng.random(size) < share)).then(days)).to_series()


def _faults(rng: np.random.Generator, cells: pl.DataFrame) -> pl.DataFrame:
    """Wrong cells: numbers and days in words, unknown words and towns, identifiers that stand twice."""
    parts = [_column_faults(rng, cells[name]) for name in cells.columns]
    return pl.concat(parts).sort("row", "field")


def _column_faults(rng: np.random.Generator, column: pl.Series) -> pl.DataFrame:
    chance = rng.random(column.len())
    rows = [i for i in np.flatnonzero(chance < WRONG_SHARE).tolist() if column[i] is not None]
    faults, spare = _kinds(column), rng.random(len(rows))
    told = [faults[int(s * len(faults))].format(column[i]) for i, s in zip(rows, spare, strict=True)]
    schema = {"row": pl.Int64, "field": pl.String, "text": pl.String}
    return pl.DataFrame({"row": rows, "field": [column.name] * len(rows), "text": told}, schema=schema)


def _kinds(column: pl.Series) -> tuple[str, ...]:
    if column.dtype == pl.Float64:
        return _NUMBER_FAULTS
    if column.dtype == pl.Date:
        return _DATE_FAULTS
    if column.name in ("area_class", "functional_type", "use_class", "ownership", "state", "fact_state", "divisible"):
        return _WORD_FAULTS
    return ("JD-T-000001", "", "ＪＤ{}") if column.name == "site_id" else _NAME_FAULTS


def land_sheet() -> Sheet:
    """The sheet of the form the cells stand under."""
    return next(sheet for sheet in sheets() if sheet.id == "land")


def rows(drawn: Sheetful) -> list[list[object]]:
    """Header and rows as a program holds them: numbers as floats, days as dates, None where nothing stands."""
    found: list[list[object]] = [list(row) for row in drawn.cells.iter_rows()]
    at = {name: i for i, name in enumerate(drawn.cells.columns)}
    for row, field, text in drawn.faults.iter_rows():
        found[row][at[field]] = text or None
    headers = {field.id: field.header() for field in land_sheet().shown}
    return [[headers[name] for name in drawn.cells.columns], *found]


def write(path: Path, drawn: Sheetful) -> None:
    """The workbook as an office program saves it."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        for title, lines in {**_SMALL, "土地": rows(drawn)}.items():
            page = book.add_worksheet(title)
            for number, line in enumerate(lines):
                page.write_row(number, 0, line)
