"""Every numeric column of a declared schema ends in a legal unit suffix or stands in a short list of pure numbers."""

import importlib
import inspect
import pkgutil

import dataframely as dy
import pytest

import yipanqi
from yipanqi.kernel.units import COLUMN_SUFFIXES

#: Pure numbers, ordinals and amounts whose unit is named by another column.
PURE = {
    "phase",
    "wish_no",
    "shown_rank",
    "miss_rank",
    "reason_no",
    "from_year",
    "value",
    "threshold",
    "gap",
    "points",
    "points_max",
    "amount",
    "cost",
    "size",
    "capacity",
    "opening_cost",
    "issued",
    "reserved",
    "used",
    "returned",
    "available",
    "order_no",
    "step_no",
    "level",
    "plan_class",
}


def schemas() -> list[type[dy.Schema]]:
    """Every schema class of the engine."""
    found = {}
    for module in pkgutil.walk_packages(yipanqi.__path__, "yipanqi."):
        for name, member in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(member, dy.Schema) and member is not dy.Schema and member.__module__ == module.name:
                found[f"{module.name}.{name}"] = member
    return [found[key] for key in sorted(found)]


@pytest.mark.parametrize("schema", schemas(), ids=lambda s: f"{s.__module__}.{s.__name__}")
def test_numeric_columns_say_their_unit(schema: type[dy.Schema]) -> None:
    numeric = [n for n, c in schema.columns().items() if c.dtype.is_numeric()]
    assert [n for n in numeric if not f"_{n}".endswith(COLUMN_SUFFIXES) and n not in PURE] == []


@pytest.mark.parametrize("schema", schemas(), ids=lambda s: f"{s.__module__}.{s.__name__}")
def test_a_schema_says_what_one_row_is(schema: type[dy.Schema]) -> None:
    assert inspect.getdoc(schema) not in (None, inspect.getdoc(dy.Schema))
