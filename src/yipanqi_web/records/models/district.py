"""The districts of the installation."""

from django.db import models


class District(models.Model):
    """A district: the tenant of every other row, its profile, and whether its facts are made up."""

    code = models.CharField(primary_key=True, max_length=12)
    name = models.CharField(max_length=100)
    profile = models.CharField(max_length=40)
    synthetic = models.BooleanField(default=False)
    #: The day of the facts last loaded; figures say so.
    as_of = models.DateField()

    class Meta:
        db_table = "district"
