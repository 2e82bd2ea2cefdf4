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


def check(
    drafts: Mapping[str, Draft], known: Mapping[str, pl.DataFrame] | None = None
) -> tuple[dict[str, Draft], tuple[Finding, ...]]:
    """The drafts with bad rows marked, in the order of the tables; what refers to a row kept out is kept out too.

    ``known``: rows that stand elsewhere, by table (the key, of towns also the name): references to them are good.

    Findings: those of the schemas (``kernel.tables.check``), ``pipeline.credit_code.*``, ``industry.unknown``,
    ``reference.unknown``, ``reference.kept_out``, ``projects.no_demand`` (a warning).
    References to tables that neither the data have nor are known are not checked.
    """
    out: dict[str, Draft] = {}
    findings: list[Finding] = []
    elsewhere = known or {}
    for name in [n for n in _ORDER if n in drafts]:
        draft, found = drafts[name].marked([])
        for step in (_schema, _codes):
            draft, found = draft.marked(step(draft))
            findings += found
        for field in [f for f in fields(name) if f.refers in {*drafts, *elsewhere} and f.when is None]:
            target = draft if field.refers == name else out.get(field.refers or "", drafts.get(field.refers or ""))
            there = _targets(field.refers or "", target, elsewhere)
            draft = _by_name(draft, field, there)
            draft, found = draft.marked(_references(draft, field, there))
            findings += found
        out[name] = draft
    if "projects" in out and "demands" in out:
        there = _targets("demands", out["demands"], elsewhere)
        findings += out["projects"].marked(_without_demand(out["projects"], there))[1]
    return out, tuple(findings)


def _targets(table: str, draft: Draft | None, known: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The rows that may be referred to: those of the data, and of those that stand elsewhere the others."""
    columns = [tables.keys(TABLES[table])[0], *(["name"] if table == "towns" else []), "bad"]
    own = draft.data.select(columns) if draft is not None else None
    if table not in known:
        assert own is not None
        return own
    others = known[table].with_columns(pl.lit(False).alias("bad")).select(columns)
    return others if own is None else pl.concat([own, others.join(own, on=columns[0], how="anti")])


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


def _by_name(draft: Draft, field: Field, target: pl.DataFrame) -> Draft:
    """The draft with names in place of identifiers replaced, where the name is one row's alone. Towns only."""
    if field.refers != "towns" or field.dtype != pl.String:
        return draft
    names = target.select(pl.col("name").map_elements(plain, return_dtype=pl.String), "town_id").drop_nulls()
    unique = names.unique("name", keep="none")
    ids = set(target["town_id"].drop_nulls())
    lookup = dict(unique.iter_rows())
    said = draft.data[field.column].drop_nulls().unique()
    meant = {text: lookup[plain(text)] for text in said if text not in ids and plain(text) in lookup}
    return replace(draft, data=draft.data.with_columns(pl.col(field.column).replace(meant))) if meant else draft


def _references(draft: Draft, field: Field, target: pl.DataFrame) -> list[Finding]:
    key = target.columns[0]
    said = draft.data.select("row", field.column).drop_nulls()
    pairs = said.explode(field.column).drop_nulls() if isinstance(field.dtype, pl.List) else said
    good = target.filter(~pl.col("bad"))[key].drop_nulls().unique()
    missing = pairs.filter(~pl.col(field.column).is_in(good.implode())) if pairs.height else pairs
    there = set(target[key].drop_nulls()) if missing.height else set()
    return [
        Finding(
            "reference.kept_out" if text in there else "reference.unknown",
            params={"target": field.refers or ""},
            row=row,
            column=field.column,
            value=text,
        )
        for row, text in missing.iter_rows()
    ]


def _without_demand(projects: Draft, demands: pl.DataFrame) -> list[Finding]:
    waiting = projects.data.filter(~pl.col("bad") & pl.col("stage").is_in([stage.value for stage in ON_THE_BOARD]))
    lonely = waiting.join(demands, on="project_id", how="anti").select("row", "project_id")
    return [
        Finding("projects.no_demand", Severity.WARN, row=row, column="project_id", value=project)
        for row, project in lonely.iter_rows()
    ]
