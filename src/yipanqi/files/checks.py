"""What tables say about each other: references that lead nowhere, codes that are none, projects without a need.

Every check marks rows of its table as bad or only remarks on them; nothing is changed but names of towns, which are
replaced by their identifiers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from yipanqi.allocation.board import TABLES
from yipanqi.files.plain import plain
from yipanqi.files.rows import Origin
from yipanqi.files.sheets import Field, fields
from yipanqi.kernel import tables
from yipanqi.kernel.findings import Finding, Severity
from yipanqi.pipeline import credit_code, industries
from yipanqi.pipeline.stages import ON_THE_BOARD

#: Tables others refer to come first.
_FIRST = ("towns", "zones", "sites", "projects")
_ORDER = (*_FIRST, *(name for name in TABLES if name not in _FIRST))


@dataclass(frozen=True)
class Draft:
    """A table before its rows are admitted: the schema's columns, ``row`` (index from 1) and ``bad``; where rows stand.

    ``places``: origin and row number there of each row, in order.
    """

    table: str
    data: pl.DataFrame
    places: tuple[tuple[Origin, int], ...]

    def placed(self, finding: Finding) -> Finding:
        """The finding with the row's place in the user's file; header, value and limit as the file has them."""
        if finding.row is None:
            return finding
        origin, row = self.places[finding.row - 1]
        placed = finding.at(file=origin.file, table=origin.sheet, row=row)
        cell = origin.cell(row, finding.column)
        if cell is None:
            return placed
        header, text, factor = cell
        limit = finding.params.get("limit")
        if factor != 1.0 and isinstance(limit, str):
            placed = replace(placed, params={**finding.params, "limit": f"{float(limit) / factor:.10g}"})
        return placed.at(column=header, value=text or finding.value)

    def marked(self, found: list[Finding]) -> tuple["Draft", tuple[Finding, ...]]:
        """The draft with the rows of blocking findings marked bad, and the findings in their places."""
        rows = [f.row for f in found if f.blocks]
        data = self.data.with_columns(pl.col("bad") | pl.col("row").is_in(rows)) if rows else self.data
        return replace(self, data=data), tuple(self.placed(f) for f in found)


def check(drafts: Mapping[str, Draft]) -> tuple[dict[str, Draft], tuple[Finding, ...]]:
    """The drafts with bad rows marked, in the order of the tables; what refers to a row kept out is kept out too.

    Findings: those of the schemas (``kernel.tables.check``), ``pipeline.credit_code.*``, ``industry.unknown``,
    ``reference.unknown``, ``reference.kept_out``, ``projects.no_demand`` (a warning).
    References to tables the data do not have are not checked.
    """
    out: dict[str, Draft] = {}
    findings: list[Finding] = []
    for name in [n for n in _ORDER if n in drafts]:
        draft, found = drafts[name].marked([])
        for step in (_schema, _codes):
            draft, found = draft.marked(step(draft))
            findings += found
        for field in [f for f in fields(name) if f.refers in drafts and f.when is None]:
            target = out.get(field.refers or "", drafts[field.refers or ""] if field.refers != name else draft)
            draft = _by_name(draft, field, target)
            draft, found = draft.marked(_references(draft, field, target))
            findings += found
        out[name] = draft
    if "projects" in out and "demands" in out:
        findings += out["projects"].marked(_without_demand(out["projects"], out["demands"]))[1]
    return out, tuple(findings)


def _schema(draft: Draft) -> list[Finding]:
    """What breaks the table's schema, save what another finding already says.

    A cell that was not understood is null, and null keys are all alike: neither is worth a second finding.
    """
    schema = TABLES[draft.table]
    _, found = tables.check(schema, draft.data.drop("bad"), draft.table)
    bad = set(draft.data.filter("bad")["row"])
    nameless = set(draft.data.filter(pl.any_horizontal(pl.col(tables.keys(schema)).is_null()))["row"])
    said = {"schema.nullability": bad, "schema.duplicate": nameless}
    return [f for f in found if f.row not in said.get(f.rule, ())]


def _codes(draft: Draft) -> list[Finding]:
    found = []
    columns = draft.data.columns
    if "credit_code" in columns:
        for row, code in draft.data.select("row", "credit_code").drop_nulls().iter_rows():
            rule = credit_code.problem(code)
            if rule is not None:
                found.append(Finding(rule, row=row, column="credit_code", value=code))
    if "industry_code" in columns:
        known = {c: industries.known(c) for c in draft.data["industry_code"].drop_nulls().unique()}
        for row, code in draft.data.select("row", "industry_code").drop_nulls().iter_rows():
            if not known[code]:
                found.append(Finding("industry.unknown", row=row, column="industry_code", value=code))
    return found


def _by_name(draft: Draft, field: Field, target: Draft) -> Draft:
    """The draft with names in place of identifiers replaced, where the name is one row's alone. Towns only."""
    if target.table != "towns" or field.dtype != pl.String:
        return draft
    names = target.data.select(pl.col("name").map_elements(plain, return_dtype=pl.String), "town_id").drop_nulls()
    unique = names.unique("name", keep="none")
    ids = set(target.data["town_id"].drop_nulls())
    lookup = dict(unique.iter_rows())
    said = draft.data[field.column].drop_nulls().unique()
    meant = {text: lookup[plain(text)] for text in said if text not in ids and plain(text) in lookup}
    return replace(draft, data=draft.data.with_columns(pl.col(field.column).replace(meant))) if meant else draft


def _references(draft: Draft, field: Field, target: Draft) -> list[Finding]:
    key = tables.keys(TABLES[target.table])[0]
    said = draft.data.select("row", field.column).drop_nulls()
    pairs = said.explode(field.column).drop_nulls() if isinstance(field.dtype, pl.List) else said
    good = target.data.filter(~pl.col("bad"))[key].drop_nulls().unique()
    missing = pairs.filter(~pl.col(field.column).is_in(good.implode())) if pairs.height else pairs
    there = set(target.data[key].drop_nulls()) if missing.height else set()
    return [
        Finding(
            "reference.kept_out" if text in there else "reference.unknown",
            params={"target": target.table},
            row=row,
            column=field.column,
            value=text,
        )
        for row, text in missing.iter_rows()
    ]


def _without_demand(projects: Draft, demands: Draft) -> list[Finding]:
    waiting = projects.data.filter(~pl.col("bad") & pl.col("stage").is_in([stage.value for stage in ON_THE_BOARD]))
    lonely = waiting.join(demands.data, on="project_id", how="anti").select("row", "project_id")
    return [
        Finding("projects.no_demand", Severity.WARN, row=row, column="project_id", value=project)
        for row, project in lonely.iter_rows()
    ]
