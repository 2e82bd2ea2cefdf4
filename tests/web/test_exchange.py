"""Workbooks in and out: preview, reasons beside bad cells, all or nothing, the same file again changes nothing."""

import io
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import officers
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, connections
from openpyxl import Workbook, load_workbook
from test_pages import signed_in

from yipanqi.files.gis import write_geojson
from yipanqi_web.actions import sites as site_actions
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.actions.versions import StaleError
from yipanqi_web.exchange import outgoing, preview
from yipanqi_web.exchange.preview import Upload
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.visibility import projects_filter
from yipanqi_web.records import store
from yipanqi_web.records.models import FACTS, AuditRow, ImportRecord, OutboxRow, ProjectFact, SiteFact, StageChange

pytestmark = pytest.mark.django_db


def own_town() -> str:
    """The town with most sites."""
    return str(officers.made().sites["town_id"].value_counts(sort=True)["town_id"][0])


def uploaded(data: bytes, by: Actor, name: str = "表.xlsx") -> ImportRecord:
    """The preview of an upload."""
    return preview.receive(Upload(name, len(data), [data]), by=by)


def taken_out(kind: str, by: Actor, folder: Path) -> bytes:
    """A workbook out."""
    path = folder / f"{kind}.xlsx"
    outgoing.KINDS[kind](by, path, "zh")
    return path.read_bytes()


def saved(book: Workbook) -> bytes:
    """The workbook's bytes."""
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def column(page: object, start: str) -> int:
    """The number of the column whose header begins so."""
    return next(c.column for c in page[1] if str(c.value).startswith(start))  # type: ignore[index]


def changed(data: bytes, sheet: str, header: str, values: dict[str, object]) -> bytes:
    """The workbook with cells of a column changed, by the first column's identifiers."""
    book = load_workbook(io.BytesIO(data))
    page = book[sheet]
    at = column(page, header)
    for row in page.iter_rows(min_row=2):
        if row[0].value in values:
            cell = page.cell(row[0].row, at, values[row[0].value])
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    return saved(book)


def own_plants(town: str) -> list[str]:
    """Plants of a town that no verified fact stands on."""
    rows = SiteFact.objects.filter(superseded_at=None, town_id=town, site_kind="plant")
    return list(
        rows.exclude(fact_state__in=["verified", "in_use"]).order_by("site_id").values_list("site_id", flat=True)
    )


def versions() -> dict[str, int]:
    """How many versions each table has."""
    return {name: model._default_manager.count() for name, model in FACTS.items()}


@pytest.mark.parametrize("kind", ["projects", "inventory"])
@pytest.mark.parametrize("body", ["lead_body", "town"])
def test_what_is_taken_out_reads_back_unchanged(body: str, kind: str, tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer(body, own_town() if body == "town" else None)
    record = uploaded(taken_out(kind, by, tmp_path), by)
    tallies = record.preview["tables"]
    assert sum(t["unchanged"] for t in tallies.values()) > 0
    assert [(n, t) for n, t in tallies.items() if t["added"] or t["changed"] or t["refused"]] == []
    assert (record.may, record.preview["blocking"]) == (False, 0)


def test_a_changed_cell_is_shown_then_written_and_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("town", own_town())
    plant = own_plants(own_town())[0]
    data = changed(taken_out("inventory", by, tmp_path), "厂房", "坐落", {plant: "=SUM(1,1)路 007 号"})
    before = versions()
    record = uploaded(data, by)
    assert (record.may, record.preview["tables"]["sites"]["changed"], versions()) == (True, 1, before)
    (cell,) = record.preview["cells"]
    assert (cell["key"], cell["column"], cell["after"]) == (plant, "address", "=SUM(1,1)路 007 号")
    preview.confirm(record, by=by)
    fact = SiteFact.objects.get(site_id=plant, superseded_at=None)
    assert (fact.address, fact.recorded_by) == ("=SUM(1,1)路 007 号", by.name)
    assert fact.geometry_wkb == SiteFact.objects.get(public_id=fact.public_id, version=1).geometry_wkb
    after = versions()
    assert {n: after[n] - before[n] for n in after if after[n] != before[n]} == {"sites": 1}
    assert AuditRow.objects.filter(act="import_row", object_id=plant).get().after == {"address": fact.address}
    assert OutboxRow.objects.filter(topic="exchange.imported").count() == 1
    preview.confirm(ImportRecord.objects.get(pk=record.pk), by=by)
    again = uploaded(data, by)
    assert (again.may, again.preview["tables"]["sites"]["changed"], versions()) == (False, 0, after)
    with pytest.raises(NotPossibleError):
        preview.confirm(again, by=by)


def test_every_fault_stands_in_the_copy_at_its_cell_and_nothing_is_written(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("town", own_town())
    one, two, *_ = own_plants(own_town())
    data = changed(taken_out("inventory", by, tmp_path), "厂房", "建筑面积", {one: "很大", two: -5})
    before = versions()
    record = uploaded(data, by)
    assert record.may is False
    preview.copy(record, tmp_path / "copy.xlsx", by=by, language="zh")
    book = load_workbook(tmp_path / "copy.xlsx")
    page = book["厂房"]
    area, reasons = column(page, "建筑面积"), column(page, "问题说明")
    marked = {page.cell(r, 1).value: r for r in range(2, page.max_row + 1) if page.cell(r, reasons).value}
    # Units of a building that is kept out are kept out with it, and say so.
    assert {one, two} <= set(marked)
    for site in (one, two):
        cell = page.cell(marked[site], area)
        assert cell.comment is not None, site
        assert cell.fill.fgColor.rgb == "00F8D7DA"
    assert "很大" in page.cell(marked[one], reasons).value
    assert book["问题汇总"].max_row == 1 + record.preview["count"]
    assert book["封面"]["A1"].value == load_workbook(io.BytesIO(data))["封面"]["A1"].value
    with pytest.raises(NotPossibleError):
        preview.confirm(record, by=by)
    assert versions() == before


def test_the_mended_copy_is_taken_with_its_remarks_in_it(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("town", own_town())
    plant = own_plants(own_town())[0]
    bad = uploaded(changed(taken_out("inventory", by, tmp_path), "厂房", "建筑面积", {plant: "很大"}), by)
    preview.copy(bad, tmp_path / "copy.xlsx", by=by, language="zh")
    mended = uploaded(changed((tmp_path / "copy.xlsx").read_bytes(), "厂房", "建筑面积", {plant: 4321.5}), by)
    assert (mended.may, mended.preview["count"]) == (True, 0)
    preview.confirm(mended, by=by)
    assert SiteFact.objects.get(site_id=plant, superseded_at=None).area_m2 == 4321.5


def test_a_row_of_a_neighbour_is_refused_by_name_and_counted(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("town", own_town())
    strange = SiteFact.objects.filter(superseded_at=None, site_kind="plant").exclude(town_id=own_town())[0].site_id
    mine = own_plants(own_town())[0]
    cells: dict[str, object] = {strange: "别镇路 1 号", mine: "本镇路 1 号"}
    record = uploaded(changed(taken_out("inventory", by, tmp_path), "厂房", "坐落", cells), by)
    tally = record.preview["tables"]["sites"]
    assert (record.may, tally["refused"], tally["changed"]) == (False, 1, 1)
    (finding,) = preview.shown(record)
    assert (finding.rule, finding.value, finding.table) == ("web.exchange.not_yours", strange, "厂房")
    with pytest.raises(NotPossibleError):
        preview.confirm(record, by=by)


def test_a_town_cannot_verify_by_file(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("town", own_town())
    plant = own_plants(own_town())[0]
    record = uploaded(changed(taken_out("inventory", by, tmp_path), "厂房", "信息阶段", {plant: "已核实"}), by)
    assert [f.rule for f in preview.shown(record)] == ["web.exchange.not_verifier"]


def new_project(number: str, town: str, stage: str = "线索") -> bytes:
    """A workbook with one new project and its phase, and nothing else."""
    book = Workbook()
    page = book.active
    page.title = "项目"
    page.append(["项目编号", "项目名称", "投资主体", "项目类别", "行业代码", "项目阶段", "引荐镇街"])
    page.append([number, "精密减速器产线", "某公司", "新供地", "3453", stage, town])
    demands = book.create_sheet("项目需求")
    demands.append(["项目编号", "需求类型", "建筑面积需求（㎡）", "期次"])
    demands.append([number, "厂房", 3000, 1])
    return saved(book)


def test_a_hidden_number_and_a_missing_one_are_refused_alike() -> None:
    officers.loaded()
    by = officers.officer("town", own_town())
    seen = ProjectFact.objects.filter(projects_filter(by))
    hidden = ProjectFact.objects.filter(superseded_at=None).exclude(pk__in=seen)[0].project_id
    told = []
    for number in (hidden, "P9999"):
        record = uploaded(new_project(number, own_town()), by)
        text = str(record.preview["findings"]).replace(number, "N")
        told.append((record.may, record.preview["tables"], text))
    assert told[0] == told[1]
    assert told[0][0] is False


def test_a_town_brings_its_own_leads_in_a_sheet_of_a_few_columns() -> None:
    officers.loaded()
    town = own_town()
    by = officers.officer("town", town)
    record = uploaded(new_project(f"{town}-001", town), by)
    assert (preview.shown(record), record.may) == ([], True)
    preview.confirm(record, by=by)
    assert ProjectFact.objects.get(project_id=f"{town}-001", superseded_at=None).origin_town_id == town
    assert StageChange.objects.get(project_id=f"{town}-001").to_stage == "lead"


def test_nothing_taken_out_by_a_town_names_what_it_does_not_see(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("town", own_town())
    seen = ProjectFact.objects.filter(projects_filter(by))
    hidden = ProjectFact.objects.filter(superseded_at=None).exclude(pk__in=seen)
    strange = SiteFact.objects.filter(superseded_at=None).exclude(town_id=own_town())
    secrets = {s for p in hidden for s in (p.name, p.investor, p.project_id)}
    prices = {(s.site_id, s.price_wan_per_mu) for s in strange if s.price_wan_per_mu is not None}
    assert prices
    for kind in outgoing.KINDS:
        book = load_workbook(io.BytesIO(taken_out(kind, by, tmp_path)))
        cells = [str(c.value) for page in book for row in page.iter_rows() for c in row if c.value is not None]
        assert [s for s in secrets if any(s in cell for cell in cells)] == [], kind
        for page in book:
            at = [c.column for c in page[1] if "土地底价" in str(c.value)]
            shown = {(r[0].value, r[at[0] - 1].value) for r in page.iter_rows(min_row=2)} if at else set()
            assert [site for site, price in shown if price is not None and site in {s for s, _ in prices}] == []


def test_a_value_that_looks_like_a_formula_goes_out_as_text(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("lead_body")
    project = ProjectFact.objects.filter(superseded_at=None).order_by("project_id")[0]
    from yipanqi_web.actions.versions import revise

    revise(project, {"name": "=HYPERLINK(1)", "investor": "007"}, by, by.on)
    for kind in ("projects", "weekly"):
        book = load_workbook(io.BytesIO(taken_out(kind, by, tmp_path)))
        assert {c.data_type for page in book for row in page.iter_rows() for c in row} <= {"s", "n", "d"}
    page = load_workbook(tmp_path / "projects.xlsx")["项目"]
    row = next(r for r in page.iter_rows(min_row=2) if r[0].value == project.project_id)
    assert {"=HYPERLINK(1)", "007"} <= {c.value for c in row}


def test_a_map_file_brings_new_outlines_and_nothing_else(tmp_path: Path) -> None:
    officers.loaded()
    town = own_town()
    by = officers.officer("town", town)
    site = SiteFact.objects.filter(superseded_at=None, town_id=town).exclude(geometry_wkb=None)
    site = site.exclude(fact_state__in=["verified", "in_use"])[0]
    frame = officers.made().sites.filter(officers.made().sites["site_id"] == site.site_id)
    other = officers.made().sites.filter(officers.made().sites["town_id"] == town)
    shape = next(w for w in other["geometry_wkb"].drop_nulls() if w != site.geometry_wkb)
    columns = ["site_id", "site_kind", "name", "town_id", "area_m2", "state", "fact_state"]
    import polars as pl

    moved = frame.select(*columns, pl.lit(shape).alias("geometry_wkb"))
    write_geojson(tmp_path / "sites.geojson", moved)
    record = uploaded((tmp_path / "sites.geojson").read_bytes(), by, "sites.geojson")
    assert [c["column"] for c in record.preview["cells"]] == ["geometry_wkb"]
    preview.confirm(record, by=by)
    new = SiteFact.objects.get(site_id=site.site_id, superseded_at=None)
    assert (new.version, new.price_wan_per_mu) == (site.version + 1, site.price_wan_per_mu)


def test_hostile_files_are_answered_within_the_limits() -> None:
    officers.loaded()
    by = officers.officer("lead_body")
    book = Workbook()
    book.active["A1"] = book.active["XFD1048576"] = 1
    for name, data in (("炸弹.xlsx", saved(book)), ("坏.xlsx", b"PK\x03\x04" + b"x" * 1000), ("空.geojson", b""),
                       ("坏.zip", b"PK\x03\x04"), ("图.gpkg", b"SQLite format 3\x00" + b"\xff" * 4096)):  # fmt: skip
        record = uploaded(data, by, name)
        assert (record.may, record.preview["blocking"] > 0) == (False, True), name
    with pytest.raises(NotPossibleError, match=r"web\.exchange\.kind"):
        uploaded(b"MZ", by, "a.exe")
    with pytest.raises(NotPossibleError, match=r"web\.exchange\.too_large"):
        preview.receive(Upload("a.xlsx", 21 * 2**20, []), by=by)


def test_what_was_changed_since_the_preview_is_not_overwritten(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("town", own_town())
    plant = own_plants(own_town())[0]
    record = uploaded(changed(taken_out("inventory", by, tmp_path), "厂房", "坐落", {plant: "甲路"}), by)
    site_actions.correct(
        SiteFact.objects.get(site_id=plant, superseded_at=None), {"address": "乙路"}, by=by, why="更正"
    )
    with pytest.raises(StaleError):
        preview.confirm(record, by=by)
    assert SiteFact.objects.get(site_id=plant, superseded_at=None).address == "乙路"


def broken_disk(execute: Callable[..., object], sql: str, *rest: object) -> object:
    """A database that fails at the last row of an import."""
    if sql.startswith('INSERT INTO "outbox_row"'):
        raise OperationalError("disk I/O error")
    return execute(sql, *rest)


def test_a_confirmation_that_breaks_writes_nothing_and_can_be_given_again(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("town", own_town())
    plant = own_plants(own_town())[0]
    record = uploaded(changed(taken_out("inventory", by, tmp_path), "厂房", "坐落", {plant: "甲路"}), by)
    before = versions()
    with connection.execute_wrapper(broken_disk), pytest.raises(OperationalError):
        preview.confirm(record, by=by)
    assert (versions(), store.path(record.digest).is_file()) == (before, True)
    preview.confirm(ImportRecord.objects.get(pk=record.pk), by=by)
    assert SiteFact.objects.get(site_id=plant, superseded_at=None).address == "甲路"


@pytest.mark.usefixtures("committed")
def test_of_two_confirmations_at_once_one_writes(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("town", own_town())
    plant = own_plants(own_town())[0]
    record = uploaded(changed(taken_out("inventory", by, tmp_path), "厂房", "坐落", {plant: "甲路"}), by)
    start, told = threading.Barrier(2), []

    def client() -> None:
        start.wait()
        try:
            told.append(preview.confirm(ImportRecord.objects.get(pk=record.pk), by=by).confirmed_by)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=client) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [by.name, by.name]
    assert SiteFact.objects.filter(site_id=plant).count() == 2
    assert AuditRow.objects.filter(act="import").count() == 1


def test_the_pages_upload_show_confirm_and_give_the_copy(tmp_path: Path) -> None:
    officers.loaded()
    town = own_town()
    by = officers.officer("town", town)
    plant = own_plants(town)[0]
    client = signed_in("town", town)
    data = changed(taken_out("inventory", by, tmp_path), "厂房", "坐落", {plant: "甲路"})
    assert client.get("/exchange/").status_code == 200
    assert client.post("/exchange/upload/").status_code == 422
    too_large = SimpleUploadedFile("大.xlsx", b"PK" + bytes(21 * 2**20))
    assert client.post("/exchange/upload/", {"file": too_large}).status_code == 422
    assert not ImportRecord.objects.exists()
    shown = client.post("/exchange/upload/", {"file": SimpleUploadedFile("一 表.xlsx", data)}, follow=True)
    address = shown.redirect_chain[0][0]
    assert "甲路" in shown.content.decode()
    assert client.post(f"{address}confirm/", follow=True).status_code == 200
    assert "已由" in client.get(address).content.decode()
    assert b"".join(client.get(f"{address}copy/").streaming_content).startswith(b"PK")
    for kind in outgoing.KINDS:
        answer = client.get(f"/exchange/out/{kind}/")
        assert b"".join(answer.streaming_content).startswith(b"PK")
    assert client.get("/exchange/out/secrets/").status_code == 404
    other = signed_in("town", next(t for t in officers.towns() if t != town), "neighbour")
    assert {other.get(a).status_code for a in (address, f"{address}copy/")} == {404}
    assert other.post(f"{address}confirm/").status_code == 404


def test_the_weekly_sheet_states_its_week_and_who_made_it(tmp_path: Path) -> None:
    officers.loaded()
    by = officers.officer("lead_body")
    page = load_workbook(io.BytesIO(taken_out("weekly", by, tmp_path))).active
    told = str(page["A2"].value)
    assert all(part in told for part in ((by.on - timedelta(days=6)).isoformat(), by.on.isoformat(), by.name))
