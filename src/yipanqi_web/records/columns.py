"""The columns of a fact table, made from the engine's schema, so that one word has one definition in both layers."""

from typing import Any

import dataframely as dy
from django.db import models

#: Columns of text that may be long; all other texts are names and codes.
_LONG = 400
_CODE = 64


def columns(schema: type[dy.Schema]) -> dict[str, "models.Field[Any, Any]"]:
    """A model field for every column of the schema, by name, in its order."""
    return {name: _field(column) for name, column in schema.columns().items()}


def _field(column: dy.Column) -> "models.Field[Any, Any]":
    null = bool(column.nullable)
    options: dict[str, Any] = {"null": null, "blank": null}
    match column:
        case dy.String():
            choices = (column.metadata or {}).get("choices")
            limit = _CODE if choices or column.primary_key else _LONG
            return models.CharField(max_length=limit, **options)
        case dy.Float64():
            return models.FloatField(**options)
        case dy.Int64():
            return models.BigIntegerField(**options)
        case dy.Bool():
            return models.BooleanField(**options)
        case dy.Date():
            return models.DateField(**options)
        case dy.Datetime():
            return models.DateTimeField(**options)
        case dy.List():
            return models.JSONField(**options)
        case dy.Binary():
            return models.BinaryField(**options)
    raise TypeError(f"no column for {type(column).__name__}")
