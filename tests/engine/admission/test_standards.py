"""The rulebook's standards: what is refused, what is complete, what is honest about its source."""

import csv
import os
from pathlib import Path

import pytest

from cast import AS_OF
from yipanqi.admission.indicators import LEVER_UNITS, NUMBERS, WORDS
from yipanqi.admission.standards import Profile, book, govern
from yipanqi.pipeline.projects import Category
from yipanqi.policy.rulebook import PROFILES, Basis, Rulebook, RulebookError, load
from yipanqi.policy.wording import texts


def clauses(profile: str) -> list[tuple[str, str, Basis, str]]:
    """(clause id, text, basis, source) of every clause of every edition."""
    return [
        (f"{key}.{name}", clause.clause, clause.basis or edition.basis, clause.source or edition.source)
        for key, standard in book(load(profile)).standards.items()
        for edition in standard.editions.values()
        for name, clause in edition.clauses.items()
    ]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("category", list(Category))
def test_every_category_has_a_standard_with_hard_and_scored_clauses(profile: str, category: Category) -> None:
    found = govern(load(profile), Profile(category.value, "3670", "104", "base", AS_OF, None), AS_OF)
    assert found.standard_id is not None
    indicators = {line.clause.indicator for line in found.lines if line.clause.hard}
    assert {"tax_wan_per_mu", "score_points"} <= indicators
    assert sum(line.clause.points or 0 for line in found.lines) >= 100


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_published_names_its_source_and_what_is_not_says_assumed(profile: str) -> None:
    found = clauses(profile)
    assert all(source for _, _, _, source in found)
    published = [source for _, _, basis, source in found if basis is Basis.PUBLISHED_EXAMPLE]
    assert all("公开" in source or "公告" in source for source in published)
    assert {b for _, _, b, _ in found} <= {Basis.PUBLISHED_EXAMPLE, Basis.ASSUMED, Basis.REGULATION}


@pytest.mark.parametrize(
    ("profile", "standard", "expected"),
    [
        ("recommended", "new_land", {"fixed_investment": 500, "output": 1000, "tax": 100, "rd": 0.03, "rd_staff": 0.1}),
        ("jinshan", "new_land", {"fixed_investment": 300, "tax": 25}),
        ("jinshan", "new_land_chemical", {"fixed_investment": 250, "output": 400, "tax": 20}),
        ("songjiang", "new_land", {"tax": 80}),
    ],
)
def test_published_thresholds_are_those_published(profile: str, standard: str, expected: dict[str, float]) -> None:
    industry = "2614" if standard == "new_land_chemical" else "3670"
    found = govern(load(profile), Profile("new_land", industry, "104", "base", AS_OF, None), AS_OF)
    assert standard == found.standard_id
    published = {
        line.clause_id.partition(".")[2]: line.threshold
        for line in found.lines
        if (line.clause.basis or line.edition.basis) is Basis.PUBLISHED_EXAMPLE
    }
    assert expected == published


def test_the_districts_differ() -> None:
    def thresholds(profile: str) -> tuple[object, ...]:
        asked = Profile("new_land", "3670", "104", "base", AS_OF, None)
        return tuple((x.clause_id, x.threshold) for x in govern(load(profile), asked, AS_OF).lines)

    assert len(PROFILES) == len({thresholds(p) for p in PROFILES})


def test_the_national_floor_stands_as_thirty_rows() -> None:
    table = book(load("jiading")).standards["national_far_2008"].editions["2008"].clauses["far"].table
    assert len(table) == 30
    assert {0.5, 0.6, 0.7, 0.8, 1.0} == {row.threshold for row in table}


@pytest.mark.real_data
@pytest.mark.skipif("YIPANQI_REAL_DATA" not in os.environ, reason="needs the real tables")
def test_the_national_floor_is_that_of_the_table() -> None:
    with (Path(os.environ["YIPANQI_REAL_DATA"]) / "standards.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["indicator"].startswith("容积率(FAR)")]
    expected = {f"{row['industry_code_2002_or_2011']} {row['industry']}": float(row["value"]) for row in rows}
    table = book(load("jiading")).standards["national_far_2008"].editions["2008"].clauses["far"].table
    assert expected == {row.title: row.threshold for row in table}


@pytest.mark.parametrize(
    ("clause", "problem"),
    [
        ({"indicator": "rd_share", "comparison": ">="}, "threshold or a table"),
        ({"indicator": "industry_code", "comparison": ">=", "threshold": 1}, "number's indicator"),
        ({"indicator": "industry_code", "comparison": "in"}, "values or a list"),
        ({"indicator": "rd_share", "comparison": "in", "values": ["1"]}, "word's indicator"),
        ({"indicator": "rd_share", "comparison": ">=", "threshold": 1, "hard": False}, "hard, scored, or both"),
        ({"indicator": "rd_share", "comparison": ">", "threshold": 1}, "Input should be"),
        ({"indicator": "rd_share", "comparison": ">=", "threshold": 1, "treshold": 2}, "Extra inputs"),
    ],
)
def test_a_wrong_clause_is_refused_with_its_place(clause: dict[str, object], problem: str) -> None:
    edition = {"clause": "c", "source": "s", "issued_by": "i", "basis": "assumed", "effective_from": AS_OF}
    bad = {
        "title_zh": "x",
        "title_en": "x",
        "editions": {"one": edition | {"clauses": {"bad": clause | {"clause": "c"}}}},
    }
    document = {"standards": {"x": bad}, "routing": edition | {"steps": {}}}
    with pytest.raises(RulebookError, match=problem) as refused:
        book(Rulebook("test", {"admission": document}, ""))
    assert "standards.x.editions.one.clauses.bad" in str(refused.value)


def test_every_indicator_unit_and_lever_has_words_and_the_label_says_the_same() -> None:
    for name in (*NUMBERS, *WORDS):
        assert texts()[f"admission.indicator.{name}"] == texts()[f"label.indicator.{name}"]
    assert all(f"label.admission_unit.{i.unit}" in texts() for i in NUMBERS.values())
    assert all(f"label.admission_lever.{lever}" in texts() for lever in LEVER_UNITS)
    assert {i.lever for i in NUMBERS.values() if i.lever} <= set(LEVER_UNITS)
