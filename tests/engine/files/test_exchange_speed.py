"""Reading with every check and writing the whole form cost less than bare openpyxl, and grow with the rows."""

import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import polars as pl
import pytest

import cast
from yipanqi.allocation.board import Facts
from yipanqi.files.dataset import load
from yipanqi.files.template import write_dataset

pytestmark = pytest.mark.slow


def facts(count: int) -> Facts:
    """The small district with many parcels."""
    bare = cast.facts()
    one = bare.sites.filter(pl.col("site_id") == "N1").with_columns(geometry_wkb=pl.lit(None, pl.Binary))
    many = pl.concat([one] * count).with_columns(
        site_id=pl.concat_str(pl.lit("S"), pl.int_range(pl.len()).cast(pl.String)),
        area_m2=pl.int_range(1, pl.len() + 1) * 100.0,
    )
    return replace(bare, sites=pl.concat([bare.sites.with_columns(geometry_wkb=pl.lit(None, pl.Binary)), many]))


def cpu(work: Callable[[], object]) -> float:
    """The CPU seconds of some work, its child processes included: what other programs do does not count."""

    def used() -> float:
        child = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + child.ru_utime + child.ru_stime

    begun = used()
    work()
    return used() - begun


def bare_read(path: Path) -> None:
    book = openpyxl.load_workbook(path, read_only=True)
    for sheet in book.worksheets:
        for _ in sheet.iter_rows(values_only=True):
            pass
    book.close()


def bare_write(path: Path, rows: list[tuple[object, ...]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("土地")
    for row in rows:
        page.append(row)
    book.save(path)


def test_ten_thousand_rows_cost_less_than_bare_openpyxl(tmp_path: Path) -> None:
    many, path = facts(10_000), tmp_path / "many.xlsx"
    write_dataset(path, many)
    assert cpu(lambda: load(path)) * 1.3 < cpu(lambda: bare_read(path))
    rows = list(openpyxl.load_workbook(path)["土地"].iter_rows(values_only=True))
    assert cpu(lambda: write_dataset(path, many)) * 1.5 < cpu(lambda: bare_write(tmp_path / "bare.xlsx", rows))


def test_ten_times_the_rows_cost_at_most_thirteen_times(tmp_path: Path) -> None:
    taken = []
    for count in (2_000, 20_000):
        many, path = facts(count), tmp_path / f"{count}.xlsx"
        taken.append((cpu(lambda m=many, p=path: write_dataset(p, m)), cpu(lambda p=path: load(p))))
    (write_few, read_few), (write_many, read_many) = taken
    assert write_many <= 13 * write_few
    assert read_many <= 13 * read_few


MAPPING = """
tables:
  - table: sites
    source: many*
    constants: {site_kind: 土地, name: 地块, town_id: T1, state: 可供}
    columns:
      site_id: 编号
      area_m2: {header: 面积, unit: ㎡}
      far_max_ratio: 容积率
"""


def test_bad_cells_that_all_say_something_else_cost_no_more_than_their_number(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    taken = []
    for count in (2_000, 20_000):
        path = tmp_path / f"many{count}.csv"
        lines = ["编号,面积,容积率", *(f"S{i},100,约{i}" for i in range(count))]
        path.write_text("\n".join(lines), encoding="utf-8")
        taken.append(cpu(lambda p=path: load(p, mapping=tmp_path / "mapping.yaml")))
        found = load(path, mapping=tmp_path / "mapping.yaml")
        told = [f.params["count"] for f in found.findings if f.rule == "rest.not_shown"]
        assert ([count - 100], 0) == (told, found.counts["sites"].kept)
    assert taken[1] <= 13 * taken[0]
