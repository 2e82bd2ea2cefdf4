"""The district's facts as the engine's frames, as they stood at an instant."""

from datetime import date, datetime
from typing import Any

import polars as pl
from django.conf import settings
from django.db.models import Q

from yipanqi.allocation.board import TABLES, Facts
from yipanqi.inventory.sites import Hold
from yipanqi.kernel import tables
from yipanqi_web.records.models import FACTS, District, Reservation


def facts(district: District, as_of: date, at: datetime | None = None) -> Facts:
    """Everything the main job needs to know of the district; ``at``: as the record knew it then (null: now)."""
    frames: dict[str, Any] = {name: table(name, district.code, at) for name in FACTS}
    frames["holds"] = holds(district.code, at)
    return Facts(as_of=as_of, synthetic=district.synthetic, district=district.name, **frames)


def table(name: str, district_code: str, at: datetime | None = None) -> pl.DataFrame:
    """One fact table in the engine's schema: the versions in force now, or at an instant."""
    model, schema = FACTS[name], TABLES[name]
    columns = schema.column_names()
    rows = model._default_manager.filter(_in_force(at), district_code=district_code).values_list(*columns)
    types = dict(tables.empty(schema).schema)
    frame = pl.DataFrame(_columns(list(rows.iterator(chunk_size=5000)), columns), schema=types, strict=False)
    return schema.validate(tables.ordered(schema, frame))


def _columns(rows: list[tuple[Any, ...]], names: list[str]) -> dict[str, list[Any]]:
    if not rows:
        return {name: [] for name in names}
    return {name: [plain(v) for v in values] for name, values in zip(names, zip(*rows, strict=True), strict=True)}


def plain(value: Any) -> Any:
    """What the database hands out, as the engine keeps it: instants as Shanghai wall time, bytes as bytes."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(settings.SHANGHAI).replace(tzinfo=None)
    return bytes(value) if isinstance(value, memoryview) else value


def loose(schema: type[Any], rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame of the schema's types that has not been checked yet."""
    return pl.DataFrame(rows, schema=dict(tables.empty(schema).schema), strict=False)


def _in_force(at: datetime | None) -> Q:
    if at is None:
        return Q(superseded_at=None)
    return Q(recorded_at__lte=at) & (Q(superseded_at=None) | Q(superseded_at__gt=at))


def holds(district_code: str, at: datetime | None = None) -> pl.DataFrame:
    """The live holds, as the engine's ``Hold``."""
    live = Q(ended_at=None) if at is None else Q(held_at__lte=at) & (Q(ended_at=None) | Q(ended_at__gt=at))
    rows = Reservation.objects.filter(live, district_code=district_code)
    columns = Hold.column_names()
    return tables.frame(Hold, [{name: getattr(row, name) for name in columns} for row in rows.order_by("site_id")])
