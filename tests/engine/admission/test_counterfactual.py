"""The smallest change that passes: single clauses, all together, re-checked, and minimal."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cast
from cast import AS_OF
from yipanqi.admission.counterfactual import Change, counterfactual
from yipanqi.admission.explanation import change_message
from yipanqi.admission.verdict import Case, Verdicts, judge
from yipanqi.kernel import tables
from yipanqi.kernel.units import m2
from yipanqi.pipeline.projects import Project
from yipanqi.policy.rulebook import load
from yipanqi.policy.wording import render

BOOK = load("jiading")  # second edition: tax 80, output 1,000, fixed investment 400 per mu; FAR 1.2; energy 0.18


def frames(project: dict[str, Any], case: dict[str, Any]) -> tuple[pl.DataFrame, pl.DataFrame]:
    row = {"case_id": "c", "project_id": "P", "land_m2": m2(50), "far_ratio": 1.5, "area_class": "104"} | case
    return tables.frame(Case, [row]), tables.frame(Project, [cast.project("P", "T1", strategic_tags=[]) | project])


def changes(project: dict[str, Any], case: dict[str, Any] | None = None) -> pl.DataFrame:
    return counterfactual(*frames(project, case or {}), BOOK, AS_OF)


def after(project: dict[str, Any], case: dict[str, Any], moves: dict[str, float]) -> Verdicts:
    """The verdicts once each lever has moved by its amount."""
    cases, projects = frames(project, case)
    for lever, amount in moves.items():
        moved = (pl.col(lever) + amount).alias(lever)
        if lever in cases.columns:
            cases = cases.with_columns(moved)
        else:
            projects = projects.with_columns(moved)
    return judge(cases, projects, BOOK, AS_OF)


def test_missing_tax_is_answered_by_tax_or_by_land() -> None:
    found = changes({"tax_wan": 3_748.0})
    rows = found.filter(pl.col("clause_id") == "new_land.tax").sort("lever")
    assert rows["lever"].to_list() == ["land_m2", "tax_wan"]
    assert [m2(3_748 / 80 - 50), 252.0] == pytest.approx(rows["amount"].to_list())
    assert rows["verdict"].to_list() == ["admitted", "admitted"]
    assert [render(change_message(row)) for row in rows.iter_rows(named=True)] == [
        "用地面积由50.00 亩减少3.15 亩，结论为“准入”。",
        "年税收由3,748增加252万元，结论为“准入”。",
    ]


def test_an_admitted_case_has_nothing_to_change() -> None:
    found = changes({})
    assert (0, found.schema) == (found.height, tables.empty(Change).schema)


def test_one_clause_alone_does_not_help_where_another_is_missed_but_all_together_do() -> None:
    found = changes({"tax_wan": 2_500.0, "output_wan": 30_000.0, "energy_tce": 9_000.0}, {"far_ratio": 1.0})
    Change.validate(found)
    single = found.filter(pl.col("clause_id").is_not_null())
    assert {"refused"} == set(single["verdict"])
    joint = found.filter(pl.col("clause_id").is_null() & (pl.col("verdict") == "admitted"))
    assert pytest.approx(dict(joint.select("lever", "amount").iter_rows())) == {
        "tax_wan": 1_500.0,
        "output_wan": 20_000.0,
        "far_ratio": 0.2,
    }  # with 50,000 of output 9,000 tce are 0.18 tce a 万元: energy needs no change of its own


def test_a_missed_score_is_closed_evenly() -> None:
    poor = {
        "rd_share": 0.006,
        "rd_staff_share": 0.02,
        "jobs_high_count": 0,
        "industry_code": "1310",
        "tax_wan": 4_500.0,
    }
    found = changes(poor)
    joint = found.filter(pl.col("clause_id").is_null() & (pl.col("verdict") == "admitted"))
    gaps = {"rd_share": 0.03 - 0.006, "rd_staff_share": 0.1 - 0.02, "tax_wan": 7_500.0 - 4_500.0}
    parts = [row["amount"] / gaps[row["lever"]] for row in joint.iter_rows(named=True)]
    assert set(gaps) == set(joint["lever"])
    assert [parts[0]] * 3 == pytest.approx(parts)
    moves = dict(joint.select("lever", "amount").iter_rows())
    assert pytest.approx(after(poor, {}, moves).verdicts["score_points"][0]) == 50.0


def test_fixed_investment_takes_the_total_with_it() -> None:
    found = changes({"fixed_investment_wan": 10_000.0, "total_investment_wan": 12_000.0})
    rows = found.filter((pl.col("clause_id") == "new_land.fixed_investment") & (pl.col("lever") != "land_m2"))
    expected = {"fixed_investment_wan": 10_000.0, "total_investment_wan": 8_000.0}
    assert dict(rows.select("lever", "amount").iter_rows()) == pytest.approx(expected)


def test_a_forbidden_industry_stays_refused_whatever_else_changes() -> None:
    found = changes({"industry_code": "1910", "tax_wan": 1_000.0})
    assert {"refused"} == set(found["verdict"])


def test_a_project_that_earns_nothing_is_not_told_to_take_less_land() -> None:
    found = changes({"tax_wan": 0.0}).filter(pl.col("clause_id") == "new_land.tax")
    assert found["lever"].to_list() == ["tax_wan"]
    assert found["amount"].to_list() == pytest.approx([4_000.0])


def test_a_lease_is_answered_by_floor() -> None:
    lease = {"category": "lease", "tax_wan": 50.0, "output_wan": 9_000.0}
    found = changes(lease, {"land_m2": None, "floor_m2": 4_000.0, "far_ratio": 2.0})
    assert "floor_m2" in found.filter(pl.col("clause_id") == "lease.tax")["lever"].to_list()


@settings(max_examples=10, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "tax_wan": st.floats(1, 6_000),
            "output_wan": st.floats(1, 80_000),
            "fixed_investment_wan": st.floats(1, 40_000),
            "energy_tce": st.floats(0, 20_000),
            "rd_share": st.floats(0.001, 0.05),
            "emission_t": st.floats(0, 60),
        }
    ),
    st.floats(0.3, 2.0),
)
def test_every_answer_meets_its_clause_and_nothing_smaller_does(project: dict[str, float], far: float) -> None:
    answers = changes(project, {"far_ratio": far}).partition_by("order_no", maintain_order=True)
    tried: list[dict[str, float]] = []  # the facts with each answer, and with each answer a little short
    for answer in answers:
        moves = dict(answer.select("lever", "amount").iter_rows())
        tried += [moves, {lever: amount * 0.98 for lever, amount in moves.items()}]
        tried += [moves | {lever: moves[lever] * 0.98} for lever in sorted(moves)]
    if not tried:
        return
    found = _judge_all(project, far, tried)
    at = 0
    for answer in answers:
        levers = sorted(answer["lever"])
        full, short, *nearly = [str(i) for i in range(at, at + 2 + len(levers))]
        at += 2 + len(levers)
        verdicts = dict(found.verdicts.select("case_id", "verdict").iter_rows())
        assert verdicts[full] == answer["verdict"][0]
        clause = answer["clause_id"][0]
        if clause is not None:
            lines = found.clauses.filter(pl.col("clause_id") == clause)
            met = dict(lines.select("case_id", "met").iter_rows())
            assert (met[full], met[short]) == (True, False)
        elif verdicts[full] == "admitted":  # the total only follows the fixed investment
            worse = [key for lever, key in zip(levers, nearly, strict=True) if lever != "total_investment_wan"]
            assert "admitted" not in [verdicts[key] for key in worse]


def _judge_all(project: dict[str, float], far: float, tried: list[dict[str, float]]) -> Verdicts:
    """The verdicts of the project with each set of moves made; case ids count from 0."""
    cases, projects = frames(project, {"far_ratio": far})
    ids = [{"case_id": str(i), "project_id": str(i)} for i in range(len(tried))]
    rows = {"cases": cases.row(0, named=True), "projects": projects.row(0, named=True)}
    moved = {
        name: [
            row | {c: row[c] + v for c, v in moves.items() if c in row} | key
            for moves, key in zip(tried, ids, strict=True)
        ]
        for name, row in rows.items()
    }
    many = pl.DataFrame(moved["cases"], schema=cases.schema)
    return judge(many, pl.DataFrame(moved["projects"], schema=projects.schema, strict=False), BOOK, AS_OF)
