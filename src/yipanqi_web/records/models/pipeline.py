"""The life of a project beside its facts: stages passed, referrals and the towns asked."""

import uuid

from django.db import models

from yipanqi.pipeline.referral import ReferralState


class StageChange(models.Model):
    """One move of a project from a stage to the next."""

    id = models.BigAutoField(primary_key=True)
    district_code = models.CharField(max_length=12)
    project_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    from_stage = models.CharField(max_length=20, blank=True)
    to_stage = models.CharField(max_length=20)
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        db_table = "stage_change"
        indexes = (models.Index(fields=["district_code", "project_id", "id"], name="stage_change_of_project"),)


class ReferralRecord(models.Model):
    """项目流转: a project offered to other towns. ``asked`` holds every town's turn, as ``referral.Asked``."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    district_code = models.CharField(max_length=12)
    project_id = models.CharField(max_length=64)
    from_town = models.CharField(max_length=64)
    offered_on = models.DateField()
    reason = models.CharField(max_length=400)
    state = models.CharField(max_length=20)
    asked = models.JSONField(default=list)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "referral"
        constraints = (
            models.UniqueConstraint(
                fields=["district_code", "project_id"],
                condition=~models.Q(state__in=[ReferralState.PLACED.value, ReferralState.WITHDRAWN.value]),
                name="referral_one_open",
            ),
        )
