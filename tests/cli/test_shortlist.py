"""``yipanqi shortlist``: the best single sites for every demand, on the terminal and as JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import cast
import matched
from yipanqi.cli import main
from yipanqi.cli.shortlist import picked
from yipanqi.files.template import write_dataset


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small district as a folder of workbook and layers."""
    folder = tmp_path_factory.mktemp("district")
    write_dataset(folder, cast.facts())
    return folder


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["shortlist", *map(str, arguments)])


def test_json_holds_what_the_room_answers(data: Path) -> None:
    result = call(data, "--json")
    assert result.exit_code == 0, result.output
    assert picked(cast.facts(), matched.BOOK, 3).to_dicts() == json.loads(result.stdout)


def test_the_terminal_names_project_site_town_and_score(data: Path) -> None:
    lines = call(data, "--project", "A1", "--lang", "en").stdout.splitlines()
    expected = picked(cast.facts(), matched.BOOK, 3).to_dicts()
    mine = [row for row in expected if row["project_id"] == "A1"]
    assert lines[0] == "A1 A1项目 (phase 1)"
    assert [line.split()[1] for line in lines[1:]] == [row["site_id"] for row in mine]
    assert len({row["town_id"] for row in mine}) == len(mine) > 1


def test_a_project_that_is_not_there_is_wrong_use(data: Path) -> None:
    assert call(data, "--project", "Z9").exit_code == 2
