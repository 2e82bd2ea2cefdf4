"""The official form: every table, headers with units, drop-downs, instructions, and an example that is right."""

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from yipanqi.allocation.board import TABLES
from yipanqi.files.dataset import load
from yipanqi.files.plain import plain
from yipanqi.files.sheets import GEOMETRY, fields, sheets, words
from yipanqi.files.template import template


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("form") / "模板.xlsx"
    template(path, district="嘉定区")
    return path


def test_every_table_has_a_sheet_and_every_required_column_is_on_it() -> None:
    assert {s.table for s in sheets()} == set(TABLES)
    for sheet in sheets():
        shown = {f.column for f in sheet.shown} | set(sheet.fixed)
        assert {f.column for f in fields(sheet.table) if f.required} <= shown, sheet.id


def test_every_column_of_every_table_can_be_read() -> None:
    for name, schema in TABLES.items():
        assert {f.column for f in fields(name)} == set(schema.column_names()) - {GEOMETRY}


def test_no_header_means_two_columns() -> None:
    for sheet in sheets():
        for name, known in sheet.by_name.items():
            assert len({f.column for f in known}) == 1, (sheet.id, name)


def test_no_sheet_name_means_two_sheets() -> None:
    names = [name for sheet in sheets() for name in sheet.names()]
    assert len(names) == len(set(names))


def test_every_code_the_schema_allows_has_a_word_on_the_form() -> None:
    for name, schema in TABLES.items():
        for field in fields(name):
            choices = (schema.columns()[field.column].metadata or {}).get("choices")
            if choices:
                assert len(words(field, "zh")) == len(choices), (name, field.id)


def test_headers_carry_their_units_and_codes_a_drop_down(form: Path) -> None:
    book = openpyxl.load_workbook(form)
    assert book.sheetnames[:2] == ["封面", "填表说明"]
    land = book["土地"]
    assert "用地面积（亩）" in [c.value for c in land[1]]
    assert "计划总投资（万元）" in [c.value for c in book["项目"][1]]
    coded = sum(bool(f.codes) for f in next(s for s in sheets() if s.id == "land").shown)
    assert len(land.data_validations.dataValidation) == coded
    assert land.freeze_panes == "C2"


def test_the_instructions_explain_every_column_shown(form: Path) -> None:
    lines = list(openpyxl.load_workbook(form)["填表说明"].iter_rows(min_row=2, values_only=True))
    assert [(line[0], line[1]) for line in lines] == [(s.titles["zh"], f.header()) for s in sheets() for f in s.shown]
    assert [line[1] for line in lines if line[2] == "是" and not line[5]] == []


def test_the_empty_form_reads_as_nothing_but_its_examples(form: Path) -> None:
    loaded = load(form, as_of=date(2026, 6, 30))
    assert {f.rule for f in loaded.findings} == {"row.example"}
    assert len({f.table for f in loaded.findings}) == len(loaded.findings)
    assert {count.read for count in loaded.counts.values()} == {0}
    assert loaded.facts is not None
    assert loaded.facts.district == "嘉定区"


def test_the_examples_are_right_once_they_are_no_longer_marked(form: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(form)
    for sheet in book.worksheets:
        for cell in sheet[2]:
            if isinstance(cell.value, str):
                cell.value = cell.value.removeprefix("示例-")
    book.save(tmp_path / "例.xlsx")
    findings = load(tmp_path / "例.xlsx", as_of=date(2026, 6, 30)).findings
    # A zone's polygon comes from a layer.
    odd = [f for f in findings if f.table != "规划图斑"]
    assert [(f.rule, f.table, f.column, f.value) for f in odd] == []


def test_the_form_is_the_same_bytes_every_time_in_both_languages(tmp_path: Path) -> None:
    for language in ("zh", "en"):
        for name in ("a", "b"):
            template(tmp_path / f"{name}.xlsx", language=language)
        assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    sheet_names = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert not any(plain(name) == plain(s.titles["zh"]) for name in sheet_names for s in sheets())


def test_several_example_rows_are_one_note(tmp_path: Path, form: Path) -> None:
    book = openpyxl.load_workbook(form)
    for row in (3, 4):
        book["土地"].cell(row, 1, "示例-又一行")
    book.save(tmp_path / "form.xlsx")
    notes = [f.row for f in load(tmp_path / "form.xlsx").findings if f.rule == "row.example" and f.table == "土地"]
    assert notes == [2]
