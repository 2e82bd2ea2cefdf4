"""Findings, not exceptions, for bad facts; messages, not sentences, for reasons.

A finding says where (file, table, row, column, value), which rule, and how bad. The sentence and the remedy are
rendered by ``policy.wording`` from the message ids ``<rule>`` and ``<rule>.remedy``; the engine never writes prose.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

import polars as pl

Scalar: TypeAlias = str | int | float | bool | None


class Severity(StrEnum):
    """How bad a finding is: ``block`` keeps its row out, ``warn`` lets it in marked, ``note`` only informs."""

    BLOCK = "block"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Message:
    """A message id and its typed parameters; ``policy.wording.render`` makes the sentence."""

    id: str
    params: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with the facts, and where.

    ``row`` counts as the user's program does (1-based, header rows included); ``table`` is the sheet or layer name;
    ``column`` the header as written in the file, or the schema's column name for facts that came from no file.
    """

    rule: str
    severity: Severity = Severity.BLOCK
    params: Mapping[str, Scalar] = field(default_factory=dict)
    file: str | None = None
    table: str | None = None
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def at(self, **where: str | int | None) -> "Finding":
        """The same finding with its place filled in."""
        return replace(self, **where)  # type: ignore[arg-type]

    @property
    def blocks(self) -> bool:
        """Whether the row is kept out."""
        return self.severity is Severity.BLOCK


FINDINGS_SCHEMA = pl.Schema(
    {
        "severity": pl.String,
        "rule": pl.String,
        "file": pl.String,
        "table": pl.String,
        "row": pl.Int64,
        "column": pl.String,
        "value": pl.String,
    }
)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings in a fixed order: file, table, row, column, rule, value. Duplicates are dropped."""

    unique = {_place(finding): finding for finding in findings}
    return tuple(unique[place] for place in sorted(unique))


def _place(f: Finding) -> tuple[str, str, int, str, str, str, str]:
    params = repr(sorted((k, str(v)) for k, v in f.params.items()))
    return (f.file or "", f.table or "", f.row or 0, f.column or "", f.rule, f.value or "", params)


def findings_table(findings: Iterable[Finding]) -> pl.DataFrame:
    """The findings as a frame with the columns of ``FINDINGS_SCHEMA``, in the order given."""
    rows = [(str(f.severity), f.rule, f.file, f.table, f.row, f.column, f.value) for f in findings]
    return pl.DataFrame(rows, schema=FINDINGS_SCHEMA, orient="row")
