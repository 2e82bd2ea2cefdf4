"""留痕: who changed what, when, from what to what, and why. Rows are only added; the tick seals them into a chain."""

from django.db import models


class AuditRow(models.Model):
    """One change, or one look at personal data, written in the transaction of the change itself."""

    id = models.BigAutoField(primary_key=True)
    district_code = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField()
    user_name = models.CharField(max_length=150)
    body = models.CharField(max_length=64, blank=True)
    act = models.CharField(max_length=64)
    object_kind = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    why = models.TextField(blank=True)
    request_id = models.CharField(max_length=36, blank=True)

    class Meta:
        db_table = "audit_row"
        indexes = (models.Index(fields=["district_code", "object_kind", "object_id"], name="audit_object"),)


class AuditSeal(models.Model):
    """The SM3 digest of a row over its content and the seal before it, in the order of sealing, per district."""

    id = models.BigAutoField(primary_key=True)
    district_code = models.CharField(max_length=12, blank=True)
    place = models.PositiveBigIntegerField()
    row = models.OneToOneField(AuditRow, on_delete=models.PROTECT, related_name="seal")
    sealed_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        db_table = "audit_seal"
        constraints = (models.UniqueConstraint(fields=["district_code", "place"], name="audit_seal_place"),)


class OutboxRow(models.Model):
    """Something somebody is to be told, written in the transaction that gave cause; the worker delivers it."""

    id = models.BigAutoField(primary_key=True)
    district_code = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField()
    topic = models.CharField(max_length=64)
    payload = models.JSONField()
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "outbox_row"
        indexes = (models.Index(fields=["id"], condition=models.Q(delivered_at=None), name="outbox_waiting"),)
