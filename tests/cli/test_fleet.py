"""Many districts at once: the same bytes whoever works, and a bad district is a row."""

import json
from dataclasses import replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result

import cast
from clusters import cluster
from yipanqi.cli import main
from yipanqi.files.template import write_dataset


def call(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small districts, one of them with a workbook that is none, and two scenarios."""
    made = tmp_path_factory.mktemp("fleet") / "data"
    sizes = ("--districts", "2", "--smallest", "4", "--largest", "6")
    assert call("fleet", "demo", "--out", made, *sizes, "--workers", "1").exit_code == 0
    (made / "D003.xlsx").write_bytes(b"this is no workbook")
    with (made / "fleet.yaml").open("a", encoding="utf-8") as file:
        file.write("scenarios:\n  plan: {}\n  proposed: {profile: recommended}\n")
    return made


@pytest.fixture(scope="module")
def serial(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    out = tmp_path_factory.mktemp("serial")
    return call("fleet", "plan", folder, "--out", out, "--executor", "serial", "--summary-only", "--json"), out


def content(out: Path) -> dict[str, bytes]:
    """Every file but the timings, which differ from run to run."""
    found = sorted(p for p in out.rglob("*") if p.is_file() and p.name != "timings.json")
    return {str(p.relative_to(out)): p.read_bytes() for p in found}


def test_every_district_is_played_under_every_scenario(serial: tuple[Result, Path]) -> None:
    rows = json.loads(serial[0].stdout)["districts"]
    assert [(row["district"], row["scenario"], row["state"]) for row in rows] == [
        ("D001", "plan", "played"), ("D001", "proposed", "played"),
        ("D002", "plan", "played"), ("D002", "proposed", "played"),
        ("D003", "plan", "unread"), ("D003", "proposed", "unread"),
    ]  # fmt: skip


def test_a_bad_district_is_a_row_with_its_finding_and_the_status_says_so(serial: tuple[Result, Path]) -> None:
    result, out = serial
    answer = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [row["blocking_count"] > 0 for row in answer["districts"]] == [False] * 4 + [True] * 2
    assert {finding["district"] for finding in answer["findings"]} == {"D003"}
    assert not (out / "D003").exists()


def test_the_row_of_a_district_is_its_summary(serial: tuple[Result, Path]) -> None:
    _, out = serial
    answer = json.loads((out / "fleet.json").read_text(encoding="utf-8"))
    for row in (row for row in answer["districts"] if row["state"] == "played"):
        told = json.loads((out / row["district"] / row["scenario"] / "summary.json").read_text(encoding="utf-8"))
        board = told["scenarios"]["board"]
        assert told["gain_wan"] == [row["gain_low_wan"], row["gain_high_wan"]]
        assert (board["settled"], board["tax_wan"], board["gap"]) == (
            row["settled_count"], row["tax_wan"], row["gap_share"])  # fmt: skip
        assert told["profile"] == row["profile"]
    settled = sum(row["settled_count"] or 0 for row in answer["districts"] if row["scenario"] == "plan")
    assert next(row for row in answer["totals"] if row["scenario"] == "plan")["settled_count"] == settled


def test_the_workbook_holds_a_row_for_each_district_and_scenario(serial: tuple[Result, Path]) -> None:
    book = openpyxl.load_workbook(serial[1] / "fleet.xlsx", read_only=True)
    assert [sheet.title for sheet in book.worksheets] == ["各区", "合计", "数据问题"]
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert [row[:3] for row in rows[-2:]] == [("D003", "plan", "数据读不出"), ("D003", "proposed", "数据读不出")]
    assert (len(rows), len(list(book.worksheets[1].iter_rows()))) == (7, 3)
    book.close()


def test_costs_stand_apart(serial: tuple[Result, Path]) -> None:
    told = json.loads((serial[1] / "timings.json").read_text(encoding="utf-8"))
    assert [task["step"] for task in told["tasks"]] == ["play"] * 4 + ["read"] * 3
    assert all(task["seconds"] > 0 and task["peak_mib"] > 0 for task in told["tasks"])


@pytest.mark.slow
def test_processes_write_the_same_bytes(folder: Path, serial: tuple[Result, Path], tmp_path: Path) -> None:
    call("fleet", "plan", folder, "--out", tmp_path, "--workers", "2", "--summary-only")
    assert content(tmp_path) == content(serial[1])


@pytest.mark.slow
@pytest.mark.skipif(find_spec("distributed") is None, reason="the extra [cluster] is not installed")
def test_a_cluster_writes_the_same_bytes(folder: Path, serial: tuple[Result, Path], tmp_path: Path) -> None:
    with cluster(tmp_path / "dask") as made:
        where = ("--executor", "dask", "--scheduler", made.address, "--workers", "1")
        result = call("fleet", "plan", folder, "--out", tmp_path / "out", *where, "--summary-only")
    assert result.exit_code == 1, result.output
    assert content(tmp_path / "out") == content(serial[1])


@pytest.mark.slow
def test_whole_plans_are_those_of_the_plan_command(folder: Path, tmp_path: Path) -> None:
    chosen = ("--scenario", "plan", "--executor", "serial")
    call("fleet", "plan", folder, "--out", tmp_path / "fleet", *chosen)
    profile = json.loads((tmp_path / "fleet" / "D001" / "plan" / "summary.json").read_text(encoding="utf-8"))["profile"]
    call("plan", folder / "D001", "--profile", profile, "--out", tmp_path / "alone")
    assert content(tmp_path / "fleet" / "D001" / "plan") == content(tmp_path / "alone")


def test_a_district_that_cannot_be_played_is_a_row_too(tmp_path: Path) -> None:
    before_all_rules = replace(cast.facts(), as_of=date(1990, 1, 1))
    for name, facts in (("old", before_all_rules), ("today", cast.facts())):
        write_dataset(tmp_path / "data" / name, facts)
    how = ("--executor", "serial", "--summary-only", "--lang", "en")
    result = call("fleet", "plan", tmp_path / "data", "--out", tmp_path / "out", *how)
    answer = json.loads((tmp_path / "out" / "fleet.json").read_text(encoding="utf-8"))
    assert [(row["district"], row["state"], row["finding"]) for row in answer["districts"]] == [
        ("old", "failed", "fleet.failed"),
        ("today", "played", None),
    ]
    assert (result.exit_code, "Not played: KeyError" in result.stderr) == (1, True), result.output


@pytest.fixture
def broken(folder: Path, tmp_path: Path) -> Path:
    """The folder's first workbook beside a fleet file of one's own."""
    made = tmp_path / "data"
    made.mkdir()
    (made / "D001.xlsx").write_bytes((folder / "D001" / "dataset.xlsx").read_bytes())
    return made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("districts: {X9: {profile: jiading}}", "X9"),
        ("scenarios: {plan: {effort: -1}}", "scenarios.plan.effort"),
        ("speed: 1", "speed"),
        ("profile: nowhere", "nowhere"),
    ],
)
def test_a_wrong_fleet_file_is_told_before_any_work(broken: Path, tmp_path: Path, text: str, said: str) -> None:
    (broken / "fleet.yaml").write_text(text, encoding="utf-8")
    result = call("fleet", "plan", broken, "--out", tmp_path / "out")
    assert (result.exit_code, said in result.output) == (2, True), result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options",
    [
        ("--executor", "dask"),
        ("--scheduler", "tcp://127.0.0.1:1"),
        ("--executor", "dask", "--scheduler", "nowhere"),
        ("--scenario", "none"),
    ],
)
def test_wrong_use_is_told(broken: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    assert call("fleet", "plan", broken, "--out", tmp_path / "out", *options).exit_code == 2


def test_results_do_not_go_among_the_data(broken: Path) -> None:
    assert call("fleet", "plan", broken, "--out", broken / "out").exit_code == 2


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert call("fleet", "plan", tmp_path / "data", "--out", tmp_path / "out").exit_code == 2
