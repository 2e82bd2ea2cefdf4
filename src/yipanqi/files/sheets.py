"""The official workbook as data: which sheet holds which table, and under which headers its columns are known.

It is read from ``yipanqi_rulebooks/forms/workbook.yaml`` together with the schemas of ``allocation.board.TABLES`` and
the words of ``policy.wording``. Template, writer and reader all go by it, so that they cannot disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

import dataframely as dy
import polars as pl

from yipanqi.allocation.board import TABLES
from yipanqi.files.plain import plain
from yipanqi.kernel.units import UNITS, units_of
from yipanqi.policy.rulebook import yaml_of
from yipanqi.policy.wording import LANGUAGES, label, texts

#: Columns a sheet never shows: they come from map layers.
GEOMETRY = "geometry_wkb"


@dataclass(frozen=True)
class Field:
    """One column of a sheet: where it goes in the table, its titles, its unit, and how its cells are read.

    ``when`` limits it to rows whose other column holds one of the codes: a need is given in mu for land, in m² for
    plants. ``blank`` is the code an empty cell stands for; null: not stated.
    """

    id: str
    column: str
    titles: Mapping[str, str]
    unit: str | None
    units: Mapping[str, float]
    codes: tuple[str, ...]
    open: bool
    blank: str | None
    refers: str | None
    when: tuple[str, tuple[str, ...]] | None
    also: tuple[str, ...]
    example: str
    meaning: str
    required: bool
    dtype: pl.DataType

    def header(self, language: str = "zh") -> str:
        """The title with its unit, as the sheet shows it."""
        unit = self.unit if self.unit is not None else next(iter(self.units), None)
        title = self.titles[language]
        return title if not unit else f"{title}（{unit}）" if language == "zh" else f"{title} ({unit})"

    def names(self) -> set[str]:
        """Every plain header the column is known by."""
        return {plain(n) for n in (*self.titles.values(), *self.also, self.id)}


@dataclass(frozen=True)
class Sheet:
    """One sheet: its table, its titles, the values all its rows share, the columns shown and every column known."""

    id: str
    table: str
    titles: Mapping[str, str]
    also: tuple[str, ...]
    fixed: Mapping[str, str]
    required: bool
    shown: tuple[Field, ...]
    known: tuple[Field, ...]

    @cached_property
    def by_name(self) -> Mapping[str, tuple[Field, ...]]:
        """Every plain header known, and the fields it may mean."""
        found: dict[str, tuple[Field, ...]] = {}
        for field in self.known:
            for name in field.names():
                found[name] = (*found.get(name, ()), field)
        return found

    def names(self) -> set[str]:
        """Every plain name the sheet is known by."""
        return {plain(n) for n in (*self.titles.values(), *self.also, self.id)}


@lru_cache(maxsize=1)
def form() -> Mapping[str, Any]:
    """The packaged description of the workbook."""
    text = (files("yipanqi_rulebooks") / "forms" / "workbook.yaml").read_text(encoding="utf-8")
    return yaml_of(text)  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def sheets() -> tuple[Sheet, ...]:
    """The sheets in the order of the workbook."""
    return tuple(_sheet(name, entry) for name, entry in form()["sheets"].items())


@lru_cache(maxsize=16)
def whole_table(table: str) -> Sheet:
    """A table as one sheet with all its columns, for tables described by a mapping file."""
    titles = {lang: label("table", table, lang) for lang in LANGUAGES}
    return Sheet(table, table, titles, (), {}, False, fields(table), fields(table))


def fields(table: str) -> tuple[Field, ...]:
    """Every field of a table in the order of its schema; a column shown in parts has its parts, then itself."""
    found: list[Field] = []
    for column, definition in TABLES[table].columns().items():
        if column != GEOMETRY:
            found += _fields(table, column, definition, form()["tables"][table].get(column, {}))
    return tuple(found)


def _fields(table: str, column: str, definition: dy.Column, entry: Mapping[str, Any]) -> list[Field]:
    whole = Field(
        id=column,
        column=column,
        titles={lang: texts()[f"column.{table}.{column}"][lang] for lang in LANGUAGES},
        unit=entry.get("unit"),
        units=units_of(column),
        codes=tuple(entry.get("codes", ())),
        open=entry.get("open", False),
        blank=entry.get("blank"),
        refers=entry.get("refers"),
        when=None,
        also=tuple(str(a) for a in entry.get("also", ())),
        example=str(entry.get("example", "")),
        meaning=entry.get("meaning", ""),
        required=not definition.nullable and "blank" not in entry,
        dtype=definition.dtype,
    )
    return [*(_part(whole, name, part) for name, part in entry.get("parts", {}).items()), whole]


def _part(whole: Field, name: str, entry: Mapping[str, Any]) -> Field:
    ((other, values),) = entry["when"].items()
    return replace(
        whole,
        id=f"{whole.column}.{name}",
        titles=entry["title"],
        unit=entry["unit"],
        units=UNITS[entry["suffix"]] if "suffix" in entry else whole.units,
        when=(other, tuple(values)),
        also=tuple(entry.get("also", ())),
        example=str(entry["example"]),
        meaning=entry.get("meaning", ""),
    )


def _sheet(name: str, entry: Mapping[str, Any]) -> Sheet:
    fixed = entry.get("fixed", {})
    own = [f for f in fields(entry["table"]) if f.column not in fixed]
    known = tuple(
        replace(
            f,
            titles=entry.get("titles", {}).get(f.id, f.titles),
            unit=entry.get("units", {}).get(f.id, f.unit),
            example=str(entry.get("examples", {}).get(f.id, f.example)),
            also=(*f.also, *f.titles.values()),
        )
        for f in own
    )
    split = {f.column for f in known if f.when is not None}
    shown = [f for f in known if f.id not in split]
    if "columns" in entry:
        by_id = {f.id: f for f in shown}
        shown = [by_id[c] for c in entry["columns"]]
    return Sheet(
        id=name,
        table=entry["table"],
        titles=entry["title"],
        also=tuple(entry.get("also", ())),
        fixed=fixed,
        required=entry.get("required", False),
        shown=tuple(shown),
        known=known,
    )


def words(field: Field, language: str) -> list[str]:
    """The words a cell of the field may hold, in the order of the codes; for the drop-down."""
    return [label(group, code, language) for group in field.codes for code in _codes(group)]


@lru_cache(maxsize=64)
def meanings(groups: tuple[str, ...]) -> Mapping[str, str]:
    """Plain word → code: the codes themselves, their labels in every language, and the form's other words."""
    found: dict[str, str] = {}
    for group in groups:
        for code in _codes(group):
            others = form()["words"].get(group, {}).get(code, [])
            for word in (code, *(label(group, code, lang) for lang in LANGUAGES), *others):
                found.setdefault(plain(str(word)), code)
    return found


@lru_cache(maxsize=64)
def _codes(group: str) -> tuple[str, ...]:
    start = f"label.{group}."
    return tuple(i.removeprefix(start) for i in texts() if i.startswith(start))
