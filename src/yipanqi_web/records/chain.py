"""The SM3 chain over the audit trail: sealed in the order of the rows, verified from the first to the last.

digest = SM3(digest before ‖ content of the row), content as sorted JSON. A row changed, left out or put between
others breaks the chain from there on; rows cut off at the end show against an exported head. What is not sealed yet is
counted, and said to be unproven.
"""

import hashlib
import json
from dataclasses import dataclass

from django.db import transaction
from django.forms.models import model_to_dict

from yipanqi_web.clock import now
from yipanqi_web.records.models import AuditRow, AuditSeal

_FIRST = "0" * 64


@dataclass(frozen=True)
class Verification:
    """What a look at the chain of one district found. ``broken_at``: the first place that does not fit; null: none."""

    district_code: str
    sealed: int
    unsealed: int
    head: str
    broken_at: int | None


def seal(district_code: str) -> int:
    """Seal the rows that are not sealed yet; how many that were."""
    with transaction.atomic():
        last = AuditSeal.objects.filter(district_code=district_code).select_for_update().order_by("-place").first()
        place, head = (last.place, last.digest) if last else (0, _FIRST)
        rows = AuditRow.objects.filter(district_code=district_code, seal=None).order_by("id")
        sealed_at, made = now(), []
        for row in rows:
            place, head = place + 1, _digest(head, row)
            made.append(AuditSeal(district_code=district_code, place=place, row=row, sealed_at=sealed_at, digest=head))
        AuditSeal.objects.bulk_create(made, batch_size=500)
    return len(made)


def verify(district_code: str, known_head: str | None = None) -> Verification:
    """Walk the chain again. ``known_head`` is a head exported earlier: it must still stand in the chain."""
    head, broken, heads = _FIRST, None, set()
    seals = AuditSeal.objects.filter(district_code=district_code).select_related("row").order_by("place")
    count = 0
    for count, entry in enumerate(seals.iterator(chunk_size=2000), start=1):
        head = _digest(head, entry.row)
        heads.add(entry.digest)
        if broken is None and (entry.digest != head or entry.place != count):
            broken = count
    if broken is None and known_head is not None and known_head not in heads:
        broken = count + 1
    unsealed = AuditRow.objects.filter(district_code=district_code, seal=None).count()
    return Verification(district_code, count, unsealed, head, broken)


def _digest(before: str, row: AuditRow) -> str:
    content = model_to_dict(row) | {"id": row.pk, "at": row.at.isoformat()}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.new("sm3", (before + text).encode()).hexdigest()
