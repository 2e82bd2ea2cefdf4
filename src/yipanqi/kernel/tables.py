"""Tables between rooms: polars frames with declared schemas, checked once at the border.

A schema is a ``dataframely.Schema``; its class docstring says what one row is, its column descriptions give the unit.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import dataframely as dy
import polars as pl

from yipanqi.kernel.findings import Finding, Severity


def amount(description: str, **bounds: float | None) -> dy.Float64:
    """A nullable, non-negative float column; ``bounds`` replace or add to ``min=0``."""
    return dy.Float64(nullable=True, description=description, **({"min": 0.0} | bounds))  # type: ignore[arg-type]


def choice(
    options: type[StrEnum], *, nullable: bool, primary_key: bool = False, description: str | None = None
) -> dy.String:
    """A text column that holds one of the enum's values; the values stand in ``metadata["choices"]``.

    Plain text, not a polars enum: rooms join and concatenate frames freely, and a code read from a file compares.
    """
    values = [option.value for option in options]
    return dy.String(
        nullable=nullable,
        primary_key=primary_key,
        check={"choice": lambda column: column.is_in(values)},
        description=description,
        metadata={"choices": values},
    )


def keys(schema: type[dy.Schema]) -> list[str]:
    """The names of the columns that identify one row."""
    return list(schema.primary_key())


def empty(schema: type[dy.Schema]) -> pl.DataFrame:
    """A frame of the schema with no rows."""
    return schema.create_empty()


def frame(schema: type[dy.Schema], rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """A frame of the schema from dictionaries; columns a row does not name are null.

    Raises:
        ValueError: a row names a column the schema does not have.
        dataframely.exc.ValidationError: a value breaks a rule of the schema (a caller's mistake; facts that came
            from users go through ``check``).
    """
    names = schema.column_names()
    for row in rows:
        if unknown := set(row) - set(names):
            raise ValueError(f"{schema.__name__} has no column {sorted(unknown)}")
    data = pl.DataFrame([{n: row.get(n) for n in names} for row in rows], schema=empty(schema).schema)
    return schema.validate(data)


def ordered(schema: type[dy.Schema], data: pl.DataFrame) -> pl.DataFrame:
    """The frame in the order of its keys, in the schema's types.

    polars turns a list column that holds only nulls into a list of nulls when it is reordered; the cast undoes that.
    """
    return data.sort(keys(schema)).cast(dict(empty(schema).schema))  # type: ignore[arg-type]


def check(schema: type[dy.Schema], data: pl.DataFrame, table: str) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """The rows that keep every rule of the schema, and a blocking finding for each broken rule of each other row.

    ``data`` has the schema's columns in the schema's types and may carry ``row`` (Int64, the row number in the
    user's file). Finding rules: ``schema.<kind>`` for one column (``nullability``, ``min``, ``max``, ``regex``, …;
    ``params["limit"]`` is the bound), ``schema.duplicate`` for a repeated key, ``schema.<table>.<rule>`` for a rule
    over several columns. Finding ``column`` is the schema's column name; the reader puts the header in its place.
    """
    numbers = data["row"] if "row" in data.columns else pl.Series("row", range(1, data.height + 1), dtype=pl.Int64)
    bare = data.select(schema.column_names())
    kept, failure = schema.filter(bare)
    if kept.height == data.height:
        return kept, ()
    invalid, details = failure.invalid(), failure.details()
    rules = [c for c in details.columns if c not in bare.columns]
    columns = schema.columns()  # built anew at each call
    found = []
    for number, line in zip(_rows_of(bare, numbers, invalid), details.iter_rows(named=True), strict=True):
        broken = [rule for rule in rules if line[rule] == "invalid"]
        found += [_finding((schema, columns), table, rule, line).at(row=number) for rule in broken]
    return kept, tuple(found)


def _finding(
    known: tuple[type[dy.Schema], dict[str, dy.Column]], table: str, rule: str, line: dict[str, Any]
) -> Finding:
    schema, columns = known
    column, _, kind = rule.rpartition("|")
    if column:
        limit = getattr(columns[column], kind, None)
        value = None if line[column] is None else str(line[column])
        params = {"limit": None if callable(limit) or limit is None else str(limit)}
        return Finding(f"schema.{kind}", Severity.BLOCK, params, table=table, column=column, value=value)
    if rule == "primary_key":
        key = ", ".join(str(line[k]) for k in keys(schema))
        return Finding("schema.duplicate", Severity.BLOCK, {"key": key}, table=table, column=keys(schema)[0], value=key)
    return Finding(f"schema.{table}.{rule}", Severity.BLOCK, table=table)


def _rows_of(data: pl.DataFrame, numbers: pl.Series, invalid: pl.DataFrame) -> list[int | None]:
    """The row numbers of the invalid rows. ``filter`` keeps the order, so both frames are walked together.

    Rows are compared by their 64-bit hashes: equal rows have equal ones.
    """
    wanted = iter(invalid.hash_rows().to_list())
    target = next(wanted, None)
    out: list[int | None] = []
    for place, hashed in enumerate(data.hash_rows().to_list()):
        if hashed == target:
            out.append(numbers[place])
            target = next(wanted, None)
    return out


def digest(data: pl.DataFrame) -> str:
    """SHA-256 over names, types and values, independent of the row order.

    >>> a = pl.DataFrame({"x": [1, 2]})
    >>> digest(a) == digest(a.reverse())
    True
    """
    lines = sorted(repr(row) for row in data.rows())
    head = repr([(name, str(dtype)) for name, dtype in data.schema.items()])
    return hashlib.sha256("\n".join([head, *lines]).encode()).hexdigest()
