"""Sheets as people really make them: reordered, renamed, with other units, typed by hand."""

from pathlib import Path

import openpyxl
import polars as pl
import pytest

from yipanqi.files.dataset import Loaded, load

PLAIN = ["资源编号", "资源名称", "所在镇街", "用地面积（亩）", "资源状态"]


def land(tmp_path: Path, header: list[str], *rows: list[object], title: str = "土地") -> Loaded:
    """A workbook with one sheet of land and two towns, and a cover."""
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.title = "封面"
    cover.append(["数据日期", "2026年6月30日"])
    towns = book.create_sheet("镇街")
    for line in (["镇街编号", "镇街名称"], ["310114102", "安亭镇"], ["310114103", "马陆镇"]):
        towns.append(line)
    sheet = book.create_sheet(title)
    for row in (header, *rows):
        sheet.append(row)
    book.save(tmp_path / "表.xlsx")
    return load(tmp_path / "表.xlsx")


def rules(loaded: Loaded) -> list[str]:
    """The rules broken on the sheet of land."""
    return [f.rule for f in loaded.findings if f.table == "土地"]


@pytest.mark.parametrize(
    ("header", "value", "m2"),
    [
        ("用地面积（亩）", 3, 2_000.0),
        ("占地面积(公顷)", 0.2, 2_000.0),
        ("土地面积（㎡）", 2_000, 2_000.0),
        ("面积 （平方米）", 2_000, 2_000.0),
        ("出让面积（千㎡）", 2, 2_000.0),
        ("宗地面积（万m²）", 0.2, 2_000.0),
        ("用地面积\n（亩）", 3, 2_000.0),
        ("用地面积（单位：亩）", "３", 2_000.0),
        ("面积/亩", "3亩", 2_000.0),
        ("用地面积（亩）", "2000㎡", 2_000.0),
        ("用地面积（亩）", "1,500", 1_000_000.0),
        ("area_m2", 2_000, 2_000.0),
    ],
)
def test_areas_are_read_in_the_unit_people_give_them(tmp_path: Path, header: str, value: object, m2: float) -> None:
    loaded = land(tmp_path, [*PLAIN[:3], header, "资源状态"], ["001", "甲", "安亭镇", value, "可供"])
    assert [f for f in loaded.findings if f.table == "土地" and f.blocks] == []
    assert loaded.tables["sites"]["area_m2"].to_list() == [m2]


@pytest.mark.parametrize(("header", "rule"), [("面积（坪）", "header.unit_unknown"), ("面积", "header.unit_missing")])
def test_an_area_without_a_known_unit_is_refused_once_not_row_by_row(tmp_path: Path, header: str, rule: str) -> None:
    rows = [[f"00{i}", "甲", "安亭镇", 3, "可供"] for i in range(5)]
    loaded = land(tmp_path, [*PLAIN[:3], header, "资源状态"], *rows)
    assert rules(loaded) == [rule]
    assert loaded.counts["sites"].kept == 0


def test_columns_may_be_reordered_renamed_and_added(tmp_path: Path) -> None:
    loaded = land(
        tmp_path,
        ["备注", "状态", "占地面积（亩）", "街镇", "地块名称", "地块编号"],
        ["临河", "空置", 60, "310114103", "乙", "007"],
    )
    assert loaded.tables["sites"].select("site_id", "name", "town_id", "area_m2", "state").rows() == [
        ("007", "乙", "310114103", 40_000.0, "available")
    ]
    assert [(f.rule, f.column) for f in loaded.findings if f.table == "土地"] == [("header.unknown", "备注")]


def test_titles_above_and_blank_rows_between_do_not_shift_row_numbers(tmp_path: Path) -> None:
    good, bad = ["001", "甲", "安亭镇", 3, "可供"], ["002", "乙", "安亭镇", -1, "可供"]
    loaded = land(tmp_path, ["安亭镇土地资源表"], [], PLAIN, good, [], bad)
    assert [(f.row, f.rule) for f in loaded.findings if f.table == "土地"] == [(6, "schema.min_exclusive")]
    assert loaded.tables["sites"]["site_id"].to_list() == ["001"]


def test_towns_are_meant_by_name_or_number_even_typed_as_a_number(tmp_path: Path) -> None:
    rows: list[list[object]] = [["001", "甲", "马陆镇", 3, "可供"], ["002", "乙", 310114102, 3, "可供"]]
    assert land(tmp_path, PLAIN, *rows).tables["sites"]["town_id"].to_list() == ["310114103", "310114102"]


def test_look_alike_characters_in_codes_and_identifiers_are_resolved_and_said(tmp_path: Path) -> None:
    header = [*PLAIN, "区域类别"]
    loaded = land(tmp_path, header, ["ＪＤ００１", "⾏道地块", "安亭镇", 3, "可供", "１０４产业区块"])
    assert loaded.tables["sites"].select("site_id", "name", "area_class").rows() == [("JD001", "⾏道地块", "104")]
    assert [(f.rule, f.column, f.value) for f in loaded.findings if f.table == "土地"] == [
        ("cell.look_alike", "区域类别", "１０４产业区块"),
        ("cell.look_alike", "资源编号", "ＪＤ００１"),
    ]


@pytest.mark.parametrize(
    "text", ["2026年6月30日", "2026/6/30", "20260630", "2026.6.30", "2026-06-30", "２０２６/６/３０"]
)
def test_dates_typed_as_text_are_understood(tmp_path: Path, text: str) -> None:
    loaded = land(tmp_path, [*PLAIN, "净地日期"], ["001", "甲", "安亭镇", 3, "可供", text])
    assert loaded.tables["sites"]["cleared_on"].cast(pl.String).to_list() == ["2026-06-30"]


@pytest.mark.parametrize("text", ["2026年6月", "明年", "2026-02-30", "30/6/2026", "46203"])
def test_dates_that_could_mean_anything_are_refused(tmp_path: Path, text: str) -> None:
    loaded = land(tmp_path, [*PLAIN, "净地日期"], ["001", "甲", "安亭镇", 3, "可供", text])
    assert rules(loaded) == ["cell.not_a_date"]
    assert loaded.counts["sites"].kept == 0


def test_lists_may_be_separated_in_every_usual_way(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [f"00{i}", "甲", "安亭镇", 3, "可供", text] for i, text in enumerate(["36、39", "36,39", "36；39", "36，39、"])
    ]
    loaded = land(tmp_path, [*PLAIN, "产业导向"], *rows)
    assert loaded.tables["sites"]["industry_directions"].to_list() == [["36", "39"]] * 4


def test_a_repeated_column_and_a_missing_one_are_named(tmp_path: Path) -> None:
    loaded = land(
        tmp_path, ["资源编号", "资源名称", "所在镇街", "用地面积（亩）", "面积（㎡）"], ["001", "甲", "安亭镇", 3, 4]
    )
    found = [(f.rule, f.column) for f in loaded.findings if f.table == "土地"]
    assert found == [("sheet.column_missing", "资源状态"), ("header.twice", "面积（㎡）")]


def test_a_merged_header_is_refused_and_merged_data_too(tmp_path: Path) -> None:
    land(tmp_path, PLAIN, ["001", "甲", "安亭镇", 3, "可供"], ["002", "乙", "安亭镇", 3, "可供"])
    book = openpyxl.load_workbook(tmp_path / "表.xlsx")
    book["土地"].merge_cells("E2:E3")
    book.save(tmp_path / "数据合并.xlsx")
    merged_data = load(tmp_path / "数据合并.xlsx")
    assert [(f.row, f.rule) for f in merged_data.findings if f.table == "土地" and f.rule != "schema.nullability"] == [
        (2, "cell.merged"),
        (3, "cell.merged"),
    ]
    book["土地"].merge_cells("A1:B1")
    book.save(tmp_path / "表头合并.xlsx")
    merged_header = load(tmp_path / "表头合并.xlsx")
    found = [f for f in merged_header.findings if f.table == "土地" and f.rule == "header.merged"]
    assert [(f.row, f.column, f.params["range"]) for f in found] == [(1, "资源编号", "A1:B1")]
    assert merged_header.counts["sites"].kept == 0


def test_failed_formulas_are_findings_not_blanks(tmp_path: Path) -> None:
    land(
        tmp_path,
        [*PLAIN, "限高（米）"],
        ["001", "甲", "安亭镇", 3, "可供", "#DIV/0!"],
        ["002", "乙", "安亭镇", "#REF!", "可供", 9],
    )
    loaded = load(tmp_path / "表.xlsx")
    assert [(f.row, f.rule, f.column, f.value) for f in loaded.findings if f.table == "土地"] == [
        (2, "cell.formula_error", "限高（米）", "#DIV/0!"),
        (3, "cell.formula_error", "用地面积（亩）", "#REF!"),
    ]
    assert loaded.counts["sites"].kept == 0


def test_missing_sheets_are_named_in_the_words_of_the_form(tmp_path: Path) -> None:
    loaded = land(tmp_path, PLAIN, ["001", "甲", "安亭镇", 3, "可供"])
    missing = {f.table for f in loaded.findings if f.rule == "workbook.sheet_missing"}
    assert (missing, loaded.facts) == ({"项目", "项目需求"}, None)


def test_strange_sheets_are_passed_over_with_a_note(tmp_path: Path) -> None:
    loaded = land(tmp_path, PLAIN, ["001", "甲", "安亭镇", 3, "可供"], title="会议记录")
    assert [(f.rule, f.table) for f in loaded.findings if not f.blocks] == [("workbook.sheet_unknown", "会议记录")]


def test_a_cell_marked_as_not_applicable_counts_as_not_stated(tmp_path: Path) -> None:
    loaded = land(tmp_path, [*PLAIN, "限高（米）"], ["001", "甲", "安亭镇", 3, "可供", "/"])
    assert rules(loaded) == ["cell.read_as_blank"]
    assert loaded.tables["sites"]["height_max_m"].to_list() == [None]
