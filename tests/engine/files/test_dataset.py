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
from yipanqi.files.template import write_dataset
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
