"""Foreign tables read through a mapping file: columns, units, constants, rates and words stated, nothing guessed."""

import os
from collections import Counter
from pathlib import Path

import pytest

from yipanqi.files.dataset import Count, load

LANDCHINA = Path(__file__).parents[2] / "data" / "landchina_mapping.yaml"
PROJECTS = "编号,名字,业主,行业,投资,税收,镇\n001,甲,甲公司,3670,{investment},{tax},安亭\n"
MAPPING = """
rates: {{美元: 7.0}}
tables:
  - table: projects
    source: 在谈*
    constants: {{category: 租赁项目, stage: 已报送}}
    columns:
      project_id: 编号
      name: 名字
      investor: 业主
      industry_code: 行业
      origin_town_id: 镇
      total_investment_wan: {{header: 投资, unit: {unit}}}
      tax_wan: {tax}
"""


def checked(tmp_path: Path, unit: str, tax: str = "{header: 税收, unit: 万元}", rates: bool = True):  # type: ignore[no-untyped-def]
    (tmp_path / "在谈项目.csv").write_text(PROJECTS.format(investment="2.5", tax="300"), encoding="gb18030")
    text = MAPPING.format(unit=unit, tax=tax)
    (tmp_path / "m.yaml").write_text(text if rates else text.replace("rates: {美元: 7.0}", ""), encoding="utf-8")
    return load(tmp_path / "在谈项目.csv", mapping=tmp_path / "m.yaml")


@pytest.mark.parametrize(
    ("unit", "wan"), [("万元", 2.5), ("亿元", 25_000.0), ("万美元", 17.5), ("元", 0.00025), ("亿美元", 175_000.0)]
)
def test_money_is_converted_by_the_unit_stated(tmp_path: Path, unit: str, wan: float) -> None:
    loaded = checked(tmp_path, unit)
    assert loaded.tables["projects"].select("project_id", "total_investment_wan").rows() == [("001", wan)]
    assert [f.rule for f in loaded.findings] == ["dataset.partial"]


def test_foreign_money_without_a_rate_is_refused(tmp_path: Path) -> None:
    loaded = checked(tmp_path, "万美元", rates=False)
    found = [f for f in loaded.findings if f.blocks]
    assert [(f.rule, f.column, f.value) for f in found] == [("header.rate_missing", "投资", "万美元")]


def test_a_column_of_money_without_a_unit_is_refused(tmp_path: Path) -> None:
    loaded = checked(tmp_path, "万元", tax="税收")
    assert [(f.rule, f.column) for f in loaded.findings if f.blocks] == [("header.unit_missing", "税收")]
    assert loaded.tables["projects"]["tax_wan"].to_list() == [None]


def test_an_unknown_unit_is_refused_by_name(tmp_path: Path) -> None:
    loaded = checked(tmp_path, "两银子")
    found = [f for f in loaded.findings if f.blocks]
    assert [(f.rule, f.value) for f in found] == [("header.unit_unknown", "两银子")]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("tables: [{table: sties, columns: {}}]", "tables.0.table"),
        ("tables: [{table: sites, columns: {area: x}}]", "tables"),
        ("table: sites", "table"),
        ("- 1", None),
        ("a: [", None),
    ],
)
def test_a_wrong_mapping_file_is_refused_where_it_is_wrong(tmp_path: Path, text: str, column: str | None) -> None:
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    loaded = load(tmp_path / "a.csv", mapping=tmp_path / "m.yaml")
    found = [f for f in loaded.findings if f.rule == "mapping.invalid"]
    assert [(f.file, f.column) for f in found] == [("m.yaml", column)]
    assert loaded.facts is None


def test_a_csv_nobody_describes_asks_for_a_mapping_file(tmp_path: Path) -> None:
    (tmp_path / "别的.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert [f.rule for f in load(tmp_path / "别的.csv").findings if f.blocks] == ["mapping.needed"]


@pytest.mark.real_data
def test_real_land_supply_records_are_checked_row_by_row() -> None:
    folder = os.environ.get("YIPANQI_REAL_DATA")
    if not folder:
        pytest.skip("YIPANQI_REAL_DATA is not set")
    loaded = load(Path(folder) / "landchina_deals_2018_sample.csv", mapping=LANDCHINA)
    assert loaded.facts is None
    assert loaded.counts == {"sites": Count(241, 198)}
    assert Counter(f.rule for f in loaded.findings) == {
        "schema.nullability": 38,  # records without an identifier
        "schema.sites.far_limits_in_order": 5,  # lowest ratio above the highest
        "dataset.partial": 1,
    }
    rows = {f.row for f in loaded.findings if f.blocks}
    assert len(rows) == 241 - 198
    assert all(f.file and f.table and f.row for f in loaded.findings if f.blocks)
    known = loaded.tables["sites"].filter(site_id="1303222018B00402")
    assert known["area_m2"].to_list() == [1075.4]
