"""意向锁定: at most one live hold of a site, which the database itself sees to."""

import uuid

from django.db import models


class Reservation(models.Model):
    """An internal, expiring hold of a whole unit for one project. Ended ones stay, with what ended them."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    district_code = models.CharField(max_length=12)
    site_id = models.CharField(max_length=64)
    project_id = models.CharField(max_length=64)
    held_until = models.DateField()
    held_at = models.DateTimeField()
    held_by = models.CharField(max_length=150)
    reason = models.CharField(max_length=400, blank=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)
    end = models.CharField(max_length=20, blank=True)

    class Meta:
        db_table = "reservation"
        constraints = (
            # Scarcity lives here: two officers who meet get one hold and one refusal.
            models.UniqueConstraint(
                fields=["district_code", "site_id"],
                condition=models.Q(ended_at=None),
                name="reservation_one_live_hold",
            ),
        )
