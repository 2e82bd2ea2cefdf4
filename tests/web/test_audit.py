"""The trail: every action writes one row, the chain shows every tampering, the unsealed tail is stated."""

import officers
import pytest
from django.db import connection

from yipanqi.pipeline.stages import Stage
from yipanqi_web.actions import projects, trail
from yipanqi_web.records import chain, guards
from yipanqi_web.records.models import AuditRow, AuditSeal, OutboxRow, ProjectFact

pytestmark = pytest.mark.django_db


def moved() -> ProjectFact:
    """A project taken one stage further by its town."""
    officers.loaded()
    project = ProjectFact.objects.filter(superseded_at=None, stage="lead").order_by("project_id")[0]
    return projects.move(project, Stage.NEGOTIATING, by=officers.officer("town", project.origin_town_id))


def test_an_action_writes_one_row_that_says_who_what_before_and_after_and_one_for_the_outbox() -> None:
    project = moved()
    row = AuditRow.objects.get(act="stage_negotiating")
    assert ("town", "project", project.project_id) == (row.body, row.object_kind, row.object_id)
    assert (row.before, row.after) == ({"stage": "lead"}, {"stage": "negotiating"})
    assert list(OutboxRow.objects.values_list("topic", flat=True)) == ["project.stage"]


def test_a_whole_chain_verifies_and_the_unsealed_tail_is_counted() -> None:
    moved()
    assert chain.seal(officers.CODE) == 2
    assert chain.seal(officers.CODE) == 0
    again = ProjectFact.objects.filter(superseded_at=None, stage="lead").order_by("project_id")[0]
    projects.move(again, Stage.NEGOTIATING, by=officers.officer("town", again.origin_town_id))
    found = chain.verify(officers.CODE)
    assert (found.broken_at, found.sealed, found.unsealed) == (None, 2, 1)


def test_a_changed_row_breaks_the_chain_where_it_stands() -> None:
    moved()
    chain.seal(officers.CODE)
    _without_guard(AuditRow)
    AuditRow.objects.filter(act="stage_negotiating").update(user_name="somebody else")
    assert chain.verify(officers.CODE).broken_at == 2


def test_a_removed_row_breaks_the_chain_and_a_cut_tail_misses_the_known_head() -> None:
    moved()
    chain.seal(officers.CODE)
    head = chain.verify(officers.CODE).head
    _without_guard(AuditSeal)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_seal WHERE place = 2")
    assert chain.verify(officers.CODE).broken_at is None
    assert chain.verify(officers.CODE, head).broken_at == 2


def _without_guard(model: type) -> None:
    guards.remove(next(g for g in guards.GUARDS if g.model is model))


@pytest.mark.usefixtures("committed")
def test_a_trail_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        trail.audit(officers.officer("lead_body"), "x", ("district", officers.CODE))


def test_a_lead_gets_the_next_number_of_the_year_its_phase_and_its_stage() -> None:
    officers.loaded()
    town = officers.towns()[0]
    by = officers.officer("town", town)
    values = {"name": "精密减速器", "investor": "某公司", "category": "new_land", "industry_code": "3453",
              "origin_town_id": town}  # fmt: skip
    first = projects.enter_lead(values, {"need_kind": "land", "need_m2": 20_000.0}, by=by)
    second = projects.enter_lead(values, {"need_kind": "plant", "need_m2": 2_000.0}, by=by)
    assert [f"310114-{by.on.year}-0001", f"310114-{by.on.year}-0002"] == [first.project_id, second.project_id]
    assert first.stage == "lead"


def test_a_lead_with_a_wrong_value_is_refused_whole() -> None:
    from yipanqi_web.actions.sites import NotPossibleError

    officers.loaded()
    town = officers.towns()[0]
    count = ProjectFact.objects.count()
    values = {"name": "甲", "investor": "乙", "category": "new_land", "industry_code": "3453", "origin_town_id": town}
    with pytest.raises(NotPossibleError) as caught:
        projects.enter_lead(values, {"need_kind": "land", "need_m2": -1.0}, by=officers.officer("town", town))
    assert (caught.value.finding.table, caught.value.finding.column) == ("demands", "need_m2")
    assert count == ProjectFact.objects.count()
