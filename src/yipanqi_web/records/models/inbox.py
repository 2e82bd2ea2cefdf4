"""消息: what a member of a body was told, one row per account and outbox row, so that nothing is told twice."""

import uuid

from django.conf import settings
from django.db import models

from yipanqi_web.records.models.audit import OutboxRow


class InboxItem(models.Model):
    """One message to one account. It keeps ids and codes; names are read, and seen or not, when the page is drawn."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    district_code = models.CharField(max_length=12)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="inbox")
    cause = models.ForeignKey(OutboxRow, on_delete=models.PROTECT, related_name="told")
    at = models.DateTimeField()
    topic = models.CharField(max_length=64)
    #: The project it is about; empty: none. Whoever no longer sees the project no longer sees the message.
    project_id = models.CharField(max_length=64, blank=True)
    site_id = models.CharField(max_length=64, blank=True)
    params = models.JSONField(default=dict)
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "inbox_item"
        constraints = (models.UniqueConstraint(fields=["user", "cause"], name="inbox_told_once"),)
        indexes = (models.Index(fields=["district_code", "user", "-id"], name="inbox_of_user"),)
