"""Files kept by their content, and the imports they were uploaded for."""

import uuid

from django.db import models


class StoredFile(models.Model):
    """A file of the store (``records.store``): named by the SHA-256 of its bytes, so the same bytes lie there once."""

    id = models.BigAutoField(primary_key=True)
    district_code = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=20)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        db_table = "stored_file"
        constraints = (models.UniqueConstraint(fields=["district_code", "digest"], name="stored_file_once"),)


class ImportRecord(models.Model):
    """One upload of a data set: what it would change, the state it was held against, and its confirmation.

    ``preview`` holds counts, the first changed cells and the findings; ``base`` the digest of the versions compared
    with; ``may`` whether it could be confirmed. Nothing of an upload is written before ``confirmed_at``.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    district_code = models.CharField(max_length=12)
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    body = models.CharField(max_length=64)
    place = models.CharField(max_length=64, blank=True)
    by = models.CharField(max_length=150)
    at = models.DateTimeField()
    base = models.CharField(max_length=64)
    may = models.BooleanField()
    preview = models.JSONField()
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        db_table = "import_record"
        indexes = (models.Index(fields=["district_code", "body", "place", "-id"], name="import_of_body"),)
