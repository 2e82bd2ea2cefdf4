"""The record."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """All product tables of the shell."""

    name = "yipanqi_web.records"
    label = "records"
