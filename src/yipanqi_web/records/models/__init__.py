"""All product tables."""

from yipanqi_web.records.models.audit import AuditRow, AuditSeal, OutboxRow
from yipanqi_web.records.models.district import District
from yipanqi_web.records.models.facts import FACTS, Fact, LeaseFact, ProjectFact, SiteFact, TownFact
from yipanqi_web.records.models.imports import ImportRecord, StoredFile
from yipanqi_web.records.models.inbox import InboxItem
from yipanqi_web.records.models.jobs import Heartbeat
from yipanqi_web.records.models.pipeline import ReferralRecord, StageChange
from yipanqi_web.records.models.reservation import Reservation

__all__ = [
    "FACTS",
    "AuditRow",
    "AuditSeal",
    "District",
    "Fact",
    "Heartbeat",
    "ImportRecord",
    "InboxItem",
    "LeaseFact",
    "OutboxRow",
    "ProjectFact",
    "ReferralRecord",
    "Reservation",
    "SiteFact",
    "StageChange",
    "StoredFile",
    "TownFact",
]
