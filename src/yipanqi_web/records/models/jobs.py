"""Whether the background lives: the last sign of each worker and of the tick."""

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of one process, by the machine's own clock (a demo's fixed clock does not stop it)."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    #: What the last round did, as counts by word.
    did = models.JSONField(default=dict)

    class Meta:
        db_table = "heartbeat"
        indexes = (models.Index(fields=["kind", "-beat_at"], name="heartbeat_of_kind"),)
