"""A data set read back is the data set written; what is wrong with one is said where it stands."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cast
from yipanqi.allocation.board import TABLES, Facts
from yipanqi.files.dataset import load
from yipanqi.files.template import Cover, write_dataset, write_tables
from yipanqi.files.workbook import open_book
from yipanqi.kernel import tables


def same(expected: Facts, actual: Facts | None) -> None:
    assert actual is not None
    for name in TABLES:
        assert_frame_equal(getattr(expected.sorted(), name), getattr(actual.sorted(), name))


def test_facts_written_into_a_folder_read_back_exactly(tmp_path: Path) -> None:
    facts = cast.facts()
    write_dataset(tmp_path / "data", facts)
    loaded = load(tmp_path / "data")
    assert loaded.findings == ()
    same(facts, loaded.facts)
    assert loaded.facts is not None
    assert (facts.as_of, facts.district, facts.synthetic) == (
        loaded.facts.as_of,
        loaded.facts.district,
        loaded.facts.synthetic,
    )


def test_a_workbook_alone_reads_back_without_geometry(tmp_path: Path) -> None:
    bare = cast.facts(zones=tables.empty(TABLES["zones"]))
    without = {n: getattr(bare, n).with_columns(geometry_wkb=pl.lit(None, pl.Binary)) for n in ("towns", "sites")}
    facts = replace(bare, **without)
    write_dataset(tmp_path / "data.xlsx", facts)
    loaded = load(tmp_path / "data.xlsx")
    assert loaded.findings == ()
    same(facts, loaded.facts)


def test_every_column_of_every_table_survives(tmp_path: Path) -> None:
    full = cast.facts(
        leases=tables.frame(
            TABLES["leases"],
            [{"lease_id": "007", "site_id": "E3", "lessee": "承租甲", "ends_on": date(2027, 3, 1)}],
        ),
        projects=tables.frame(
            TABLES["projects"], [p | {"strategic_tags": [], "declined_site_ids": ["N1", "N2"]} for p in cast.projects()]
        ),
        holds=tables.frame(
            TABLES["holds"], [{"site_id": "N1", "project_id": "A1", "held_until": date(2026, 9, 1)}]
        ),
        town_limits=tables.frame(
            TABLES["town_limits"], [{"town_id": "T1", "projects_max_count": 3, "land_max_m2": 12_345.6789}]
        ),
        milestones=tables.frame(
            TABLES["milestones"], [{"project_id": "B1", "milestone": "started", "planned_on": date(2027, 1, 1)}]
        ),
    )  # fmt: skip
    write_dataset(tmp_path / "data", full)
    same(full, load(tmp_path / "data").facts)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_both_languages_of_the_form_read_back(tmp_path: Path, language: str) -> None:
    write_dataset(tmp_path / "data", cast.facts(), language=language)
    same(cast.facts(), load(tmp_path / "data").facts)


def test_writing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    facts = cast.facts()
    shuffled = replace(facts, sites=facts.sites.reverse(), projects=facts.projects.reverse())
    write_dataset(tmp_path / "a.xlsx", facts)
    write_dataset(tmp_path / "b.xlsx", shuffled)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_some_tables_alone_are_good_where_what_they_refer_to_stands_elsewhere(tmp_path: Path) -> None:
    facts = cast.facts()
    cover = Cover(facts.as_of, facts.district, facts.synthetic)
    write_tables(tmp_path / "pool.xlsx", {"projects": facts.projects, "demands": facts.demands}, cover)
    sheets = [sheet.name for sheet in open_book(tmp_path / "pool.xlsx").sheets]
    assert {"项目", "项目需求"} <= set(sheets)
    assert not {"土地", "镇街"} & set(sheets)
    known = {"towns": facts.towns.select("town_id", "name"), "sites": facts.sites.select("site_id")}
    loaded = load(tmp_path / "pool.xlsx", known=known)
    assert {f.rule for f in loaded.findings} == {"workbook.sheet_missing"}
    assert loaded.tables["projects"].height == facts.projects.height
    unknown = load(tmp_path / "pool.xlsx", known=known | {"towns": known["towns"].clear()})
    assert {f.rule for f in unknown.findings if f.row} >= {"reference.unknown"}


def test_every_row_let_in_has_the_sheet_and_row_it_came_from(tmp_path: Path) -> None:
    facts = cast.facts()
    write_dataset(tmp_path / "data.xlsx", facts)
    loaded = load(tmp_path / "data.xlsx")
    assert loaded.as_of == facts.as_of
    for name, frame in loaded.tables.items():
        assert len(loaded.places[name]) == frame.height
        for (origin, row), key in zip(loaded.places[name], frame[frame.columns[0]], strict=True):
            cell = origin.cell(row, frame.columns[0])
            assert cell is None or cell[1] == str(key) or frame.columns[0] == "town_id"


def test_as_many_findings_are_listed_as_are_asked_for(tmp_path: Path) -> None:
    facts = cast.facts()
    sites = pl.concat([facts.sites.with_columns(site_id=pl.lit(f"X{i}-") + pl.col("site_id")) for i in range(3)])
    strange = sites.with_columns(town_id=pl.lit("nowhere"))
    write_tables(tmp_path / "s.xlsx", {"sites": strange}, Cover(facts.as_of, "", False))
    known = {"towns": facts.towns.select("town_id", "name")}
    few, all_ = (load(tmp_path / "s.xlsx", known=known, listed=n) for n in (2, 10_000))
    assert sum(f.rule == "reference.unknown" and f.column == "所在镇街" for f in all_.findings) == strange.height
    assert sum(f.rule == "rest.not_shown" for f in few.findings) > 0
    assert sum(f.rule == "rest.not_shown" for f in all_.findings) == 0
