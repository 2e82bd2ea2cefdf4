"""What officers do with projects: enter a lead, report it, take it from stage to stage, refer it to another town."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from yipanqi.governance.profile import Act
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Finding
from yipanqi.pipeline import referral as referrals
from yipanqi.pipeline.projects import Consent, Demand, Project
from yipanqi.pipeline.referral import Answer, Asked, Referral, ReferralState
from yipanqi.pipeline.stages import Stage, may_follow
from yipanqi_web.actions import trail, versions
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.clock import now
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.permissions.acts import require
from yipanqi_web.queries import frames
from yipanqi_web.records.models import FACTS, ProjectFact, ReferralRecord, StageChange

#: Which act takes a project to a stage; what is not named belongs to the district's review.
_ACTS = {
    Stage.NEGOTIATING: Act.OPEN_NEGOTIATION,
    Stage.REPORTED: Act.REPORT_PROJECT,
    Stage.PRE_ASSESSED: Act.PRE_ASSESS,
    Stage.SITING: Act.PROPOSE_SCHEMES,
    Stage.LOST: Act.REGISTER_LEAD,
    Stage.WITHDRAWN: Act.REGISTER_LEAD,
}


def act_to(stage: Stage) -> Act:
    """Which act takes a project to a stage."""
    return _ACTS.get(stage, Act.REVIEW_ADMISSION)


def enter_lead(values: Mapping[str, Any], demand: Mapping[str, Any], *, by: Actor) -> ProjectFact:
    """A new project as a lead of its town, with its first phase.

    ``values`` are columns of ``Project``, ``demand`` of ``Demand``; number, stage and instant are the record's.

    Raises:
        RefusedError: the body may not register leads there. NotPossibleError: a value the schema refuses.
    """
    town = values.get("origin_town_id")
    require(by, Act.REGISTER_LEAD, town)
    with transaction.atomic():
        number = _next_number(by)
        row = {
            "major": False, "consent": Consent.NOT_ASKED.value, **values,
            "project_id": number, "stage": Stage.LEAD.value, "lead_at": frames.plain(now()),
        }  # fmt: skip
        phase = {
            "commitment": "firm", "may_split": False, "adjacent_to_previous": False, **demand,
            "project_id": number, "phase": 1,
        }  # fmt: skip
        for schema, table, one in ((Project, "projects", row), (Demand, "demands", phase)):
            _, found = tables.check(schema, frames.loose(schema, [one]), table)
            if found:
                raise NotPossibleError(found[0])
        versions.add(ProjectFact, row, by, by.on)
        versions.add(FACTS["demands"], phase, by, by.on)
        _passed(by, number, "", Stage.LEAD.value, "")
        trail.audit(by, "enter_lead", ("project", number), after={k: v for k, v in row.items() if v is not None})
        trail.tell(by, "project.lead", project=number)
    return ProjectFact.objects.get(district_code=by.district_code, project_id=number, superseded_at=None)


def _next_number(by: Actor) -> str:
    """The next human number of the district's pool in the year, e.g. 310114-2026-0007."""
    prefix = f"{by.district_code}-{by.on.year}-"
    numbers = ProjectFact.objects.filter(district_code=by.district_code, project_id__startswith=prefix)
    last = max((int(n.rsplit("-", 1)[1]) for n in numbers.values_list("project_id", flat=True)), default=0)
    return f"{prefix}{last + 1:04d}"


def move(project: ProjectFact, to: Stage, *, by: Actor, reason: str = "") -> ProjectFact:
    """Take a project to a stage that may follow its own.

    Raises:
        RefusedError; NotPossibleError: the stage may not follow, or a loss is given no reason; StaleError.
    """
    require(by, act_to(to), project.origin_town_id)
    stage = Stage(project.stage)
    if not may_follow(stage, to):
        raise NotPossibleError(Finding("web.stage_no_such_step", params={"from": stage.value, "to": to.value}))
    if to in (Stage.LOST, Stage.WITHDRAWN) and not reason.strip():
        raise NotPossibleError(Finding("web.reason_needed"))
    changes: dict[str, Any] = {"stage": to.value}
    if to is Stage.REPORTED and project.reported_at is None:
        changes["reported_at"] = frames.plain(now())
    with transaction.atomic():
        new = versions.revise(project, changes, by, by.on)
        _passed(by, project.project_id, stage.value, to.value, reason)
        trail.audit(by, f"stage_{to.value}", ("project", project.project_id), before={"stage": stage.value},
                    after=changes, why=reason)  # fmt: skip
        trail.tell(by, "project.stage", project=project.project_id, stage=to.value)
    return ProjectFact.objects.get(pk=new.pk)


def _passed(by: Actor, project_id: str, before: str, after: str, reason: str) -> None:
    StageChange.objects.create(
        district_code=by.district_code, project_id=project_id, at=now(), by=by.name,
        from_stage=before, to_stage=after, reason=reason,
    )  # fmt: skip


def refer(project: ProjectFact, reason: str, *, by: Actor) -> ReferralRecord:
    """项目流转: the town offers a project it cannot host to the pool.

    Raises:
        RefusedError; NotPossibleError: no reason, or the project is offered already.
    """
    require(by, Act.REFER_PROJECT, project.origin_town_id)
    if not reason.strip():
        raise NotPossibleError(Finding("web.reason_needed"))
    offered = referrals.offer(project.project_id, project.origin_town_id, reason, by.on)
    try:
        with transaction.atomic():
            record = ReferralRecord.objects.create(district_code=by.district_code, **_columns(offered))
            trail.audit(by, "refer", ("project", project.project_id), after=_columns(offered), why=reason)
            trail.tell(by, "referral.offered", project=project.project_id)
    except IntegrityError as error:
        raise NotPossibleError(Finding("web.referral_open", params={"project": project.project_id})) from error
    return record


def ask_town(record: ReferralRecord, town: str, *, by: Actor) -> ReferralRecord:
    """The district asks a town to take a referred project; its time to answer begins.

    Raises:
        RefusedError: only who confirms allocations asks. NotPossibleError; StaleError.
    """
    require(by, Act.CONFIRM_ALLOCATION, None)
    return _moved(record, "ask_town", by, lambda r: referrals.ask(r, town, by.rulebook, by.on), town)


def accept(record: ReferralRecord, *, by: Actor) -> ReferralRecord:
    """The asked town takes the project.

    Raises:
        RefusedError: another town, or no right to. NotPossibleError; StaleError.
    """
    require(by, Act.ACCEPT_REFERRAL, _turn(record))
    return _moved(record, "accept_referral", by, lambda r: referrals.accept(r, by.on), "")


def decline(record: ReferralRecord, reason: str, *, by: Actor) -> ReferralRecord:
    """The asked town refuses with a reason; the project goes back to the pool.

    Raises:
        RefusedError; NotPossibleError: no reason, or too late; StaleError.
    """
    require(by, Act.ACCEPT_REFERRAL, _turn(record))
    if not reason.strip():
        raise NotPossibleError(Finding("web.reason_needed"))
    return _moved(record, "decline_referral", by, lambda r: referrals.decline(r, reason, by.on), reason)


def _turn(record: ReferralRecord) -> str | None:
    return record.asked[-1]["town"] if record.asked else None


def _moved(record: ReferralRecord, act: str, by: Actor, step: Any, why: str) -> ReferralRecord:
    before = _referral(record)
    try:
        after: Referral = step(before)
    except ValueError as error:
        raise NotPossibleError(Finding("web.referral_not_now")) from error
    with transaction.atomic():
        same = ReferralRecord.objects.filter(pk=record.pk, revision=record.revision)
        if not same.update(**_columns(after), revision=record.revision + 1):
            raise versions.StaleError
        trail.audit(by, act, ("project", record.project_id), before={"state": before.state.value},
                    after={"state": after.state.value}, why=why)  # fmt: skip
        town = after.asked[-1].town if after.asked else None
        trail.tell(by, f"referral.{after.state.value}", project=record.project_id, town=town)
    return ReferralRecord.objects.get(pk=record.pk)


def _referral(record: ReferralRecord) -> Referral:
    turns = tuple(
        Asked(
            turn["town"],
            date.fromisoformat(turn["due_on"]),
            Answer(turn["answer"]) if turn["answer"] else None,
            date.fromisoformat(turn["answered_on"]) if turn["answered_on"] else None,
            turn["reason"],
        )
        for turn in record.asked
    )
    return Referral(
        record.project_id, record.from_town, record.offered_on, record.reason, ReferralState(record.state), turns
    )


def _columns(referral: Referral) -> dict[str, Any]:
    return {
        "project_id": referral.project_id,
        "from_town": referral.from_town,
        "offered_on": referral.offered_on,
        "reason": referral.reason,
        "state": referral.state.value,
        "asked": _turns(referral.asked),
    }


def _turns(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    return [
        {
            name: value.isoformat() if isinstance(value, date) else value.value if isinstance(value, Answer) else value
            for name, value in asdict(turn).items()
        }
        for turn in asked
    ]


def lapse_referrals(by: Actor) -> int:
    """Put the referrals back into the pool whose asked town did not answer in time; how many."""
    asked = ReferralRecord.objects.filter(district_code=by.district_code, state=ReferralState.ASKED.value)
    count = 0
    for record in asked.order_by("pk"):
        if referrals.lapse(_referral(record), by.on).state is ReferralState.ASKED:
            continue
        try:
            _moved(record, "lapse_referral", by, lambda r: referrals.lapse(r, by.on), "")
        except versions.StaleError:
            continue  # answered in this very moment
        count += 1
    return count
