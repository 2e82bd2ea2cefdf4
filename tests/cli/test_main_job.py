"""The commands as an officer or a script calls them."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import openpyxl
import polars as pl
import pytest
from click.testing import CliRunner, Result

import cast
from yipanqi.allocation.board import TABLES, PlayOptions, examine, play, prepare
from yipanqi.cli import main
from yipanqi.cli.board import print_division
from yipanqi.files.outputs import write
from yipanqi.files.summary import json_schema
from yipanqi.files.template import write_dataset
from yipanqi.inventory.sites import Site
from yipanqi.kernel import tables
from yipanqi.planning.zones import Zone
from yipanqi.policy.rulebook import load


def call(*arguments: str | Path) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small district as a folder of workbook and layers."""
    folder = tmp_path_factory.mktemp("district")
    write_dataset(folder, cast.facts())
    return folder


@pytest.fixture(scope="module")
def planned(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """The small district planned."""
    out = tmp_path_factory.mktemp("plan")
    return call("plan", data, "--profile", "jiading", "--out", out, "--json"), out


def test_plan_writes_every_output_and_a_summary_that_keeps_its_schema(planned: tuple[Result, Path]) -> None:
    result, out = planned
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    jsonschema.validate(summary, dict(json_schema()))
    assert summary == json.loads((out / "summary.json").read_text(encoding="utf-8"))
    names = {path.name for path in out.iterdir()}
    assert names >= {"plan.xlsx", "plan.geojson", "plan.gpkg", "report.html", "summary.json", "timings.json", "run"}


def test_the_scenarios_of_the_summary_are_in_order(planned: tuple[Result, Path]) -> None:
    scenarios = json.loads(planned[0].stdout)["scenarios"]
    alone, referral, board = (scenarios[name]["value_wan"] for name in ("alone", "referral", "board"))
    assert 0 < alone < referral <= board <= scenarios["board"]["bound_wan"] + 0.01


def test_the_figures_of_the_workbook_are_those_of_the_summary(planned: tuple[Result, Path]) -> None:
    result, out = planned
    plan = pl.read_excel(out / "plan.xlsx", sheet_name="统筹排布", read_options={"header_row": 3})
    assert plan.height == json.loads(result.stdout)["scenarios"]["board"]["settled"]
    verdicts = pl.read_excel(out / "plan.xlsx", sheet_name="准入评审", read_options={"header_row": 3})
    refused = verdicts.filter(pl.col("预审结论") == "不予准入")["项目编号"].to_list()
    assert refused == ["D1"]


def test_the_same_facts_in_another_row_order_give_the_same_bytes(tmp_path: Path) -> None:
    facts = cast.facts()
    turned = cast.facts(**{name: getattr(facts, name).reverse() for name in TABLES})
    for name, district in (("a", facts), ("b", turned)):
        write(play(district, load("jiading"), PlayOptions()), tmp_path / name)
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert [str(f) for f in files if (tmp_path / "a" / f).read_bytes() != (tmp_path / "b" / f).read_bytes()] == []


def test_a_stored_run_divides_exactly_and_the_shares_add_up(planned: tuple[Result, Path]) -> None:
    result = call("divide", planned[1], "--exact", "--json")
    assert result.exit_code == 0, result.output
    division = json.loads(result.stdout)
    assert division["exact"] is True
    assert sum(s["shapley_wan"] for s in division["shares"]) == pytest.approx(division["grand_wan"])


def test_check_of_good_data_finds_nothing(data: Path) -> None:
    result = call("check", data, "--json")
    assert (result.exit_code, json.loads(result.stdout)["findings"]) == (0, [])


def test_admit_says_what_is_missing(data: Path) -> None:
    result = call("admit", data)
    assert result.exit_code == 0, result.output
    assert "D1项目：不予准入" in result.stdout
    assert "亩均" in result.stdout


def test_match_shows_schemes_with_reasons(data: Path) -> None:
    result = call("match", data, "--project", "B1", "--json")
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)["schemes"]
    assert 1 <= len(shown) <= 3
    assert all(scheme["why"] for scheme in shown)


def test_match_of_a_project_without_scheme_says_what_would_have_to_change(data: Path) -> None:
    result = call("match", data, "--project", "D1", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["schemes"] == []
    assert all(miss["sentence"] for miss in answer["misses"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("match", "DATA", "--project", "nobody"),
        ("plan", "DATA", "--profile", "atlantis", "--out", "OUT"),
        ("plan", "DATA", "--effort", "lazy", "--out", "OUT"),
        ("plan", "/does/not/exist", "--out", "OUT"),
        ("nonsense",),
    ],
)
def test_wrong_use_ends_with_status_2(arguments: tuple[str, ...], data: Path, tmp_path: Path) -> None:
    places = {"DATA": str(data), "OUT": str(tmp_path)}
    assert call(*(places.get(a, a) for a in arguments)).exit_code == 2


def test_a_finding_that_blocks_ends_with_status_1_and_the_rest_is_planned(tmp_path: Path) -> None:
    facts = cast.facts()
    write_dataset(tmp_path / "data", facts)
    book = openpyxl.load_workbook(tmp_path / "data" / "dataset.xlsx")
    sheet = next(s for s in book.worksheets if any(c.value == "A1" for row in s.iter_rows() for c in row))
    row = next(r for r in sheet.iter_rows() if any(c.value == "A1" for c in r))
    header = next(r for r in sheet.iter_rows() if any(c.value and "行业" in str(c.value) for c in r))
    column = next(i for i, c in enumerate(header) if c.value and "行业" in str(c.value))
    row[column].value = "9999"
    book.save(tmp_path / "data" / "dataset.xlsx")
    result = call("plan", tmp_path / "data", "--out", tmp_path / "out", "--json")
    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout)["projects"] == 5


def test_the_template_opens_and_checks_without_a_crash(tmp_path: Path) -> None:
    form = tmp_path / "form.xlsx"
    assert call("template", "jiading", "--out", form).exit_code == 0
    checked = call("check", form, "--json")
    rules = {f["rule"] for f in json.loads(checked.stdout)["findings"]}
    assert checked.exit_code == 1
    assert rules


def test_divide_takes_the_run_folder_itself(planned: tuple[Result, Path]) -> None:
    whole, inner = call("divide", planned[1], "--json"), call("divide", planned[1] / "run", "--json")
    assert (inner.exit_code, inner.stdout) == (0, whole.stdout)


def test_divide_of_a_folder_without_a_run_is_wrong_use(tmp_path: Path) -> None:
    result = call("divide", tmp_path)
    assert result.exit_code == 2
    assert "没有保存的方案" in result.output


def test_an_empty_folder_is_told_to_hold_nothing(tmp_path: Path) -> None:
    result = call("check", tmp_path, "--json")
    assert result.exit_code == 1
    assert "workbook.nothing" in {f["rule"] for f in json.loads(result.stdout)["findings"]}


def test_check_finds_a_site_outside_the_district_and_says_so_in_words(tmp_path: Path) -> None:
    far = cast.site("N1", "T1", geometry_wkb=cast.rectangle(1.0, 30.0, 0.2, 0.2))
    others = [site for site in cast.sites() if site["site_id"] != "N1"]
    write_dataset(tmp_path, cast.facts(sites=tables.frame(Site, [far, *others])))
    found = json.loads(call("check", tmp_path, "--json").stdout)["findings"]
    (outside,) = [f for f in found if f["rule"] == "inventory.outside_district"]
    assert outside["value"] == "N1"
    assert outside["sentence"].startswith("资源 · ")
    assert "sites" not in outside["sentence"]


def test_check_and_plan_agree_on_what_is_wrong_with_the_facts() -> None:
    facts = cast.facts(sites=tables.frame(Site, [s | {"verified_by": None} for s in cast.sites()]))
    told, planned = examine(facts, load("jiading")), prepare(facts, load("jiading")).findings
    assert "inventory.nobody_answers" in {f.rule for f in told}
    assert set(map(repr, told)) <= set(map(repr, planned))


def test_a_layer_with_words_of_its_own_is_told_in_them(tmp_path: Path) -> None:
    own = {
        "zone_id": "ZX",
        "zone_kind": "red_line",
        "value": "本区特别保护线",
        "geometry_wkb": cast.rectangle(1.0, 8.0, 0.1, 0.2),
    }
    write_dataset(tmp_path / "data", cast.facts(zones=tables.frame(Zone, [*cast.zones(), own])))
    for words in (("check",), ("match", "--project", "A1"), ("plan", "--documents", "--out", str(tmp_path / "out"))):
        result = call(words[0], tmp_path / "data", *words[1:], "--json")
        assert result.exit_code == 0, result.output
    assert "本区特别保护线" in call("check", tmp_path / "data", "--json").stdout
    assert "本区特别保护线" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_known_zone_values_are_said_in_words(tmp_path: Path) -> None:
    own = {
        "zone_id": "ZX",
        "zone_kind": "buffer",
        "value": "housing",
        "geometry_wkb": cast.rectangle(1.0, 8.0, 0.1, 0.2),
    }
    write_dataset(tmp_path, cast.facts(zones=tables.frame(Zone, [*cast.zones(), own])))
    told = call("check", tmp_path).output
    assert "住宅防护" in told
    assert "housing" not in told


def test_a_sampled_division_claims_no_more_than_it_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    found = play(cast.facts(), load("jiading"), PlayOptions()).division
    calm = replace(found, in_core=True, blocking=(), excess_wan=0.0)
    rows = [row | {"name": row["town_id"]} for row in found.shares.to_dicts()]
    for exact in (False, True):
        print_division(replace(calm, exact=exact), rows, "zh")
        assert ("在抽样的镇街组合中" in capsys.readouterr().out) is not exact
