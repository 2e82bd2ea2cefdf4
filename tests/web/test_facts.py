"""Facts over time: what goes in comes out, nothing is overwritten, the record can be read as it stood."""

from datetime import timedelta

import officers
import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from yipanqi.allocation.board import TABLES
from yipanqi.inventory.sites import FactState
from yipanqi_web.actions import sites, versions
from yipanqi_web.actions.loading import load
from yipanqi_web.clock import now
from yipanqi_web.queries import frames
from yipanqi_web.records import guards
from yipanqi_web.records.models import FACTS, AuditRow, Reservation, SiteFact

pytestmark = pytest.mark.django_db


def test_a_district_comes_out_of_the_record_as_it_went_in() -> None:
    facts = officers.made()
    back = frames.facts(officers.loaded(), facts.as_of)
    assert [name for name in TABLES if not getattr(facts, name).equals(getattr(back, name))] == []


def test_loading_the_same_data_again_changes_nothing() -> None:
    officers.loaded()
    before = {name: model.objects.count() for name, model in FACTS.items()}
    again = load(officers.made(), officers.CODE, "jiading")
    assert {w.added + w.changed for w in again.tables.values()} == {0}
    assert before == {name: model.objects.count() for name, model in FACTS.items()}


def test_a_revised_fact_is_a_new_version_and_the_old_one_stays() -> None:
    officers.loaded()
    site = SiteFact.objects.filter(superseded_at=None).order_by("site_id")[0]
    new = versions.revise(site, {"address": "新地址"}, officers.officer("town", site.town_id), officers.made().as_of)
    kept = list(SiteFact.objects.filter(public_id=site.public_id).order_by("version").values_list("version", "address"))
    assert [(1, site.address), (2, "新地址")] == kept
    assert new.pk == SiteFact.objects.get(site_id=site.site_id, superseded_at=None).pk


def test_the_record_can_be_read_as_it_stood_at_an_instant() -> None:
    officers.loaded()
    at = now()
    site = SiteFact.objects.filter(superseded_at=None).order_by("site_id")[0]
    versions.revise(site, {"address": "新地址"}, officers.officer("town", site.town_id), officers.made().as_of)
    then = frames.table("sites", officers.CODE, at)
    assert officers.made().sites.equals(then)
    assert frames.table("sites", officers.CODE, at - timedelta(days=1)).height == 0


def test_of_two_who_revise_the_same_version_the_second_is_told_so() -> None:
    officers.loaded()
    seen = SiteFact.objects.filter(superseded_at=None).order_by("site_id")[0]
    by = officers.officer("town", seen.town_id)
    versions.revise(seen, {"address": "甲"}, by, by.on)
    with pytest.raises(versions.StaleError):
        versions.revise(seen, {"address": "乙"}, by, by.on)
    assert SiteFact.objects.get(site_id=seen.site_id, superseded_at=None).address == "甲"


def test_a_town_corrects_its_site_and_the_fact_falls_back_to_the_survey() -> None:
    officers.loaded()
    site = SiteFact.objects.filter(superseded_at=None, fact_state=FactState.VERIFIED.value).order_by("site_id")[0]
    new = sites.correct(site, {"power_kva": 1234.0}, by=officers.officer("town", site.town_id), why="复测")
    assert (1234.0, FactState.SURVEYED.value, None) == (new.power_kva, new.fact_state, new.verified_by)


def test_a_value_the_schema_refuses_is_said_and_not_written() -> None:
    officers.loaded()
    site = SiteFact.objects.filter(superseded_at=None).order_by("site_id")[0]
    with pytest.raises(sites.NotPossibleError) as caught:
        sites.correct(site, {"area_m2": -5.0}, by=officers.officer("town", site.town_id), why="复测")
    assert (caught.value.finding.rule, caught.value.finding.column) == ("schema.min_exclusive", "area_m2")
    assert SiteFact.objects.get(site_id=site.site_id, superseded_at=None).pk == site.pk


@pytest.mark.parametrize("guard", guards.GUARDS, ids=lambda guard: guard.table)
def test_history_is_not_rewritten_and_without_the_guard_it_would_be(guard: guards.Guard) -> None:
    officers.loaded()
    _one_row_in(guard)
    rows = guard.model._default_manager.order_by("pk")
    if not rows.exists():
        pytest.fail(f"no row in {guard.table} to try it on")
    row = rows[0]
    column = "district_code"
    with pytest.raises(IntegrityError), transaction.atomic():
        guard.model._default_manager.filter(pk=row.pk).update(**{column: "000000"})
    with pytest.raises(IntegrityError), transaction.atomic():
        guard.model._default_manager.filter(pk=row.pk)._raw_delete(using="default")
    guards.remove(guard)
    assert guards.missing() == sorted(guard.names())
    assert guard.model._default_manager.filter(pk=row.pk).update(**{column: "000000"}) == 1
    guards.install()


def _one_row_in(guard: guards.Guard) -> None:
    from yipanqi.pipeline.stages import Stage
    from yipanqi_web.actions import inbox, projects
    from yipanqi_web.records import chain
    from yipanqi_web.records.models import ProjectFact

    if guard.table == "audit_seal":
        chain.seal(officers.CODE)
    if guard.table in ("stage_change", "outbox_row", "inbox_item"):
        project = ProjectFact.objects.filter(superseded_at=None, stage="lead").order_by("project_id")[0]
        town = officers.officer("town", project.origin_town_id)
        projects.move(project, Stage.NEGOTIATING, by=town)
    kept = {"district_code": officers.CODE, "digest": "0" * 64, "name": "f.xlsx", "by": "x", "at": now()}
    if guard.table == "stored_file":
        guard.model._default_manager.create(**kept, size=1, kind="upload")
    if guard.table == "import_record":
        guard.model._default_manager.create(**kept, body="town", base="0" * 64, may=True, preview={})
    if guard.table == "inbox_item":
        officers.member("lead_body")
        inbox.deliver()
    if guard.table == "reservation" and not Reservation.objects.exists():
        site = SiteFact.objects.filter(superseded_at=None).order_by("site_id")[0]
        Reservation.objects.create(
            district_code=officers.CODE, site_id=site.site_id, project_id="P0001",
            held_until=officers.made().as_of, held_at=now(), held_by="x",
        )  # fmt: skip


def test_a_missing_guard_is_named() -> None:
    assert guards.missing() == []
    guards.remove(guards.GUARDS[0])
    assert guards.missing() == sorted(guards.GUARDS[0].names())
    guards.install()


def test_a_change_that_is_rolled_back_leaves_no_trail() -> None:
    officers.loaded()
    count = AuditRow.objects.count()
    site = SiteFact.objects.filter(superseded_at=None).order_by("site_id")[0]
    with transaction.atomic():
        sites.correct(site, {"power_kva": 1.0}, by=officers.officer("town", site.town_id), why="复测")
        assert AuditRow.objects.count() == count + 1
        transaction.set_rollback(True)
    assert AuditRow.objects.count() == count
