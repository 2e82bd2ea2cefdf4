"""One workbook with every fault an officer makes: each is found where it stands, and the rest still comes in."""

import time
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest

import cast
from yipanqi.allocation.board import TABLES
from yipanqi.files.dataset import Loaded, load
from yipanqi.files.template import write_dataset
from yipanqi.kernel import tables
from yipanqi.policy.wording import sentence

#: Sheet, cell's row, header, what is typed there, the rule it breaks.
FAULTS = [
    ("土地", 2, "用地面积（亩）", -3, "schema.min_exclusive"),
    ("土地", 3, "用地面积（亩）", 90_000_000, "schema.max"),
    ("土地", 4, "用地面积（亩）", "六十", "cell.not_a_number"),
    ("土地", 5, "资源状态", "可供应中", "cell.unknown_code"),
    ("土地", 6, "净地日期", "二零二六年", "cell.not_a_date"),
    ("土地", 7, "净地日期", "46203", "cell.not_a_date"),
    ("土地", 8, "容积率下限", 3.0, "schema.sites.far_limits_in_order"),
    ("厂房", 2, "所在镇街", "西镇", "reference.unknown"),
    ("厂房", 3, "资源名称", None, "schema.nullability"),
    ("厂房", 5, "资源编号", "E5", "schema.duplicate"),
    ("在驻企业", 2, "统一社会信用代码", "91310114MA1GT00001", "pipeline.credit_code.check"),
    ("在驻企业", 3, "行业代码", "9999", "industry.unknown"),
    ("项目", 2, "固定资产投资（万元）", 70_000, "schema.projects.fixed_within_total"),
    ("项目", 3, "研发投入占比（%）", 120, "schema.max"),
    ("项目", 4, "战略性产业", "新能源汽车、量子", "cell.unknown_code"),
    ("项目", 5, "实地考察次数（次）", 1.5, "cell.not_whole"),
    ("项目需求", 6, "项目编号", "Z9", "reference.unknown"),
    ("项目需求", 7, "建筑面积需求（㎡）", 500, "cell.wrong_part"),
    ("意向锁定", 2, "资源编号", "X1", "reference.unknown"),
]  # fmt: skip


@dataclass(frozen=True)
class Checked:
    loaded: Loaded
    seconds: float


def put(sheet: Any, row: int, header: str, value: object) -> None:
    column = next(c.column for c in sheet[1] if c.value == header)
    sheet.cell(row, column).value = value


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    path = tmp_path_factory.mktemp("bad") / "坏数据.xlsx"
    incumbents = [row | {"credit_code": "91350100M000100Y43"} for row in cast.incumbents()]
    sites = [s if s["site_id"] not in ("K1", "K2") else s | {"cleared_on": None} for s in cast.sites()]
    facts = cast.facts(
        sites=tables.frame(TABLES["sites"], sites),
        zones=tables.empty(TABLES["zones"]),
        incumbents=tables.frame(TABLES["incumbents"], incumbents),
        holds=tables.frame(
            TABLES["holds"], [{"site_id": "N1", "project_id": "A1", "held_until": cast.AS_OF}]
        ),
        projects=tables.frame(TABLES["projects"], [p | {"site_visit_count": 1} for p in cast.projects()]),
    )  # fmt: skip
    write_dataset(path, facts)
    book = openpyxl.load_workbook(path)
    for sheet, row, header, value, _ in FAULTS:
        put(book[sheet], row, header, value)
    book.save(path)
    start = time.monotonic()
    return Checked(load(path), time.monotonic() - start)


@pytest.mark.parametrize(("sheet", "row", "header", "value", "rule"), FAULTS)
def test_a_fault_is_named_where_it_stands(
    checked: Checked, sheet: str, row: int, header: str, value: object, rule: str
) -> None:
    found = [f for f in checked.loaded.findings if (f.table, f.row, f.rule) == (sheet, row, rule)]
    assert len(found) == 1, [sentence(f) for f in checked.loaded.findings if f.table == sheet]
    assert (found[0].file, found[0].blocks) == ("坏数据.xlsx", True)
    if rule not in {"schema.sites.far_limits_in_order", "schema.projects.fixed_within_total"}:
        assert (found[0].column, found[0].value) == (header, None if value is None else str(value))
    said = sentence(found[0])
    assert said.startswith(f"坏数据.xlsx · {sheet} · 第{row}行")
    assert sentence(found[0], "en") != said


def test_the_nearest_allowed_word_is_proposed(checked: Checked) -> None:
    found = next(f for f in checked.loaded.findings if f.value == "可供应中")
    assert found.params["nearest"] == "可供"


def test_bad_rows_stay_out_and_the_rest_comes_in(checked: Checked) -> None:
    kept = checked.loaded.tables
    assert kept["sites"]["site_id"].to_list() == ["E3"]
    assert kept["towns"]["town_id"].to_list() == ["P1", "T1", "T2", "T3"]


def test_a_limit_is_given_in_the_unit_of_the_header(checked: Checked) -> None:
    found = next(f for f in checked.loaded.findings if f.rule == "schema.max" and f.table == "土地")
    assert found.params["limit"] == "75000"


def test_what_refers_to_a_row_kept_out_is_kept_out(checked: Checked) -> None:
    out = {(f.table, f.row, f.value) for f in checked.loaded.findings if f.rule == "reference.kept_out"}
    assert ("项目需求", 2, "A1") in out


def test_it_takes_less_than_ten_seconds(checked: Checked) -> None:
    assert checked.seconds < 10
