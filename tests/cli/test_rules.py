"""The commands about institutions and rulebooks."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cast
from yipanqi.cli import main
from yipanqi.files.template import write_dataset
from yipanqi.policy.rulebook import PROFILES


def call(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(a) for a in arguments])


def test_list_names_the_six_profiles() -> None:
    assert [row["profile"] for row in json.loads(call("profiles", "list", "--json").stdout)] == list(PROFILES)


def test_compare_prints_the_papers_table_in_its_own_words() -> None:
    table = json.loads(call("profiles", "compare", "--json").stdout)["table_1"]
    assert [row["place"] for row in table] == ["嘉定", "闵行", "松江", "金山", "浦东"]
    assert table[2]["mechanism"] == "区投促中心负责统筹招商，建立“分级负责、区级统筹”的机制"
    assert table[3]["mechanism"] == "机制尚不清晰，有待建立与优化"


def test_every_pair_of_profiles_differs_in_numbers() -> None:
    pairs = json.loads(call("profiles", "compare", "--json").stdout)["pairs"]
    assert len(pairs) == 15
    assert all(sum(v for k, v in row.items() if k.endswith("_count") and k != "compared_count") > 0 for row in pairs)


def test_diagnose_jinshan_lists_the_leading_group_as_missing() -> None:
    result = call("profiles", "diagnose", "jinshan")
    assert result.exit_code == 0
    assert "领导小组" in result.stdout
    missing = [
        r["key"]
        for r in json.loads(call("profiles", "diagnose", "jinshan", "--json").stdout)
        if r["state"] == "missing"
    ]
    assert {"leading_group", "promotion_centre"} <= set(missing)


@pytest.mark.parametrize("name", PROFILES)
def test_show_gives_every_statement_its_clause(name: str) -> None:
    statements = json.loads(call("profiles", "show", name, "--json").stdout)["statements"]
    assert all(row["clause"] and row["source"] and row["basis"] for row in statements)


@pytest.mark.parametrize("name", PROFILES)
def test_every_shipped_rulebook_passes_its_own_check(name: str) -> None:
    folder = files("yipanqi_rulebooks") / name
    assert call("rulebook", "check", str(folder)).exit_code == 0


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("admission.yaml", "standards: [1, 2", "admission.yaml"),
        ("admission.yaml", "nonsense: 1", "nonsense"),
        ("governance.yaml", "title_zh: x", "governance.yaml"),
        ("allocation.yaml", "parameters: {horizon_years: {versions: 3}}", "parameters.horizon_years.versions"),
    ],
)
def test_a_wrong_rulebook_is_told_file_and_place(file: str, text: str, said: str, tmp_path: Path) -> None:
    for entry in (files("yipanqi_rulebooks") / "jiading").iterdir():
        if entry.name.endswith(".yaml"):
            (tmp_path / entry.name).write_text(entry.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / file).write_text(text, encoding="utf-8")
    result = call("rulebook", "check", tmp_path, "--json")
    assert result.exit_code == 1, result.output
    assert said in result.stdout


def test_the_same_data_under_all_six_profiles_say_for_each_pair_what_differs(tmp_path: Path) -> None:
    write_dataset(tmp_path, cast.facts())
    result = call("profiles", "compare", "--data", tmp_path, "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert [row["profile"] for row in answer["outcomes"]] == sorted(PROFILES)
    assert len(answer["differences"]) == 15
    assert all(row["numbers"] and row["acts"] for row in answer["differences"])
