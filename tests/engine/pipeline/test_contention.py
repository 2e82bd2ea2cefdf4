"""The same firm courted by several towns."""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cast
from yipanqi.kernel import tables
from yipanqi.pipeline import contention
from yipanqi.pipeline.contention import Claim, Step, contested, core_name, standing
from yipanqi.pipeline.projects import Project
from yipanqi.policy import wording
from yipanqi.policy.rulebook import load

RULES = load("jiading")
AS_OF = date(2026, 6, 30)
CODE = "91350100M000100Y43"


def project(project_id, town, **changes):
    return cast.project(
        project_id, town, **({"investor": "上海国轩高科动力能源有限公司", "credit_code": None} | changes)
    )


def found(*projects):
    return contested(tables.frame(Project, list(projects)), RULES, AS_OF)


def ground(*projects):
    links = found(*projects).links
    return links["ground"].to_list()


def test_one_credit_code_in_two_towns_is_contested_whatever_the_name_and_the_industry():
    a = project("A", "T1", credit_code=CODE)
    b = project("B", "T2", credit_code=CODE, investor="另一名称", industry_code="2720")
    result = found(a, b)
    assert result.claims["project_id"].to_list() == ["A", "B"]
    assert set(result.claims["cluster_id"]) == {"A"}
    assert result.links["ground"].to_list() == ["credit_code"]
    assert "多个镇" in wording.sentence(result.findings[0])


def test_one_town_alone_is_not_contested():
    assert found(project("A", "T1", credit_code=CODE), project("B", "T1", credit_code=CODE)).claims.is_empty()


def test_an_alike_name_with_the_same_industry_and_size_is_contested():
    assert ground(project("A", "T1"), project("B", "T2", investor="国轩高科动力能源股份有限公司")) == [
        "name_industry_size"
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"investor": "上海鹤亭机械涂装厂"},
        {"industry_code": "2720"},
        {"total_investment_wan": 600_000.0},
    ],
)
def test_another_name_industry_or_size_is_another_firm(changes):
    assert ground(project("A", "T1"), project("B", "T2", **changes)) == []


def test_an_unknown_size_is_said_in_the_ground():
    assert ground(project("A", "T1"), project("B", "T2", total_investment_wan=None)) == ["name_industry"]


def test_two_valid_codes_are_two_firms_and_a_broken_code_counts_as_unknown():
    other = "91310000M000100Y4"
    valid = other + contention.credit_code.check_character(other)
    assert ground(project("A", "T1", credit_code=CODE), project("B", "T2", credit_code=valid)) == []
    broken = project("B", "T2", credit_code=CODE[:-1] + "4")
    assert ground(project("A", "T1", credit_code=CODE), broken) == ["name_industry_size"]


def test_a_cluster_that_joins_two_codes_through_a_project_without_one_says_so():
    other = "91310000M000100Y4"
    valid = other + contention.credit_code.check_character(other)
    result = found(project("A", "T1", credit_code=CODE), project("B", "T2"), project("C", "T3", credit_code=valid))
    assert [f.rule for f in result.findings] == ["pipeline.contested", "pipeline.contested.codes"]


def test_a_lost_or_signed_project_is_no_longer_courted():
    for stage in ("lost", "withdrawn", "agreement"):
        assert found(
            project("A", "T1", credit_code=CODE), project("B", "T2", credit_code=CODE, stage=stage)
        ).claims.is_empty()


def test_common_words_do_not_make_firms_alike():
    assert core_name("（上海）发展有限公司", ("有限公司", "上海", "（", "）")) == "发展"
    assert core_name("有限公司", ("有限公司",)) == "有限公司"
    assert (
        ground(project("A", "T1", investor="上海甲科技有限公司"), project("B", "T2", investor="上海乙科技有限公司"))
        == []
    )


@settings(max_examples=30)
@given(st.permutations(["A", "B", "C", "D", "E"]))
def test_clusters_are_the_same_whatever_the_row_order(order):
    rows = {
        "A": project("A", "T1"), "B": project("B", "T2"), "C": project("C", "T3", credit_code=CODE),
        "D": project("D", "T1", credit_code=CODE, investor="别名"), "E": project("E", "T2", investor="鹤亭机械涂装厂"),
    }  # fmt: skip
    mixed, straight = found(*(rows[k] for k in order)), found(*(rows[k] for k in sorted(rows)))
    assert mixed.claims.equals(straight.claims)
    assert mixed.links.equals(straight.links)
    assert mixed.findings == straight.findings


CLAIMS = tables.frame(
    Claim,
    [
        {"cluster_id": "A", "project_id": "A", "origin_town_id": "T1", "reported_at": datetime(2026, 3, 1, 9)},
        {"cluster_id": "A", "project_id": "B", "origin_town_id": "T2", "reported_at": datetime(2026, 4, 1, 9)},
        {"cluster_id": "A", "project_id": "C", "origin_town_id": "T3", "reported_at": None},
    ],
)


def stands(as_of, *steps, wishes=frozenset()):
    table = tables.frame(Step, [{"project_id": p, "step_no": i, "logged_on": d} for i, (p, d) in enumerate(steps, 1)])
    row = standing(CLAIMS, table, RULES, as_of, wishes=wishes).row(0, named=True)
    return row["project_id"], row["ground"], row["protected_until"]


def test_the_first_report_goes_on_for_sixty_days():
    assert stands(date(2026, 4, 30)) == ("A", "first_report", date(2026, 4, 30))


def test_without_a_logged_step_the_protection_lapses_and_the_next_report_goes_on():
    assert stands(date(2026, 5, 1)) == ("B", "later_report", date(2026, 5, 31))


def test_a_logged_step_prolongs_the_protection():
    assert stands(date(2026, 6, 10), ("A", date(2026, 4, 20))) == ("A", "first_report", date(2026, 6, 19))


def test_a_step_after_the_lapse_revives_nothing():
    assert stands(date(2026, 5, 20), ("A", date(2026, 5, 10)))[:2] == ("B", "later_report")


def test_a_step_logged_after_the_day_counts_for_nothing_yet():
    assert stands(date(2026, 4, 30), ("A", date(2026, 5, 1))) == ("A", "first_report", date(2026, 4, 30))


def test_with_every_protection_lapsed_the_office_decides():
    assert stands(date(2026, 8, 1)) == (None, "office", None)


def test_the_investors_written_wish_overrides_even_the_first_report():
    assert stands(date(2026, 4, 1), wishes={"C"}) == ("C", "wish", None)


def test_two_wishes_go_to_the_office():
    assert stands(date(2026, 4, 1), wishes={"B", "C"}) == (None, "office", None)


def test_before_any_report_the_office_decides():
    assert stands(date(2026, 2, 1)) == (None, "office", None)


def test_no_contention_gives_empty_tables():
    result = found(project("A", "T1"))
    assert (result.claims.height, result.links.height, result.findings) == (0, 0, ())
    assert standing(result.claims, tables.empty(Step), RULES, AS_OF).equals(tables.empty(contention.Standing))
    assert isinstance(result.claims, pl.DataFrame)
