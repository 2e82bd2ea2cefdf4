"""``fleet.xlsx`` and ``fleet.json``: a row for each district and scenario, their sums, and what blocks. Same bytes."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from yipanqi import __version__
from yipanqi.allocation.fleet import totals
from yipanqi.kernel.findings import Finding
from yipanqi.policy.wording import label, say, sentence

#: A workbook's creation stamp is fixed: the data date says when the facts were true.
_CREATED = datetime(2000, 1, 1)
_FORMATS = {"_count": "#,##0", "_wan": "#,##0.00", "_share": "0.00%"}
_BANNER = {"bold": True, "bg_color": "#1D5FBF", "font_color": "#FFFFFF", "text_wrap": True, "valign": "vcenter"}

#: District → what is wrong with its files and plans.
Wrong = Sequence[tuple[str, Finding]]


def answer(fleet: pl.DataFrame, wrong: Wrong, language: str) -> dict[str, Any]:
    """The fleet as plain objects: districts, sums of each scenario, findings that block with their sentence."""
    return {
        "districts": [row | {"as_of": row["as_of"] and row["as_of"].isoformat()} for row in fleet.to_dicts()],
        "totals": totals(fleet).to_dicts(),
        "findings": [{"district": name, "rule": f.rule, "sentence": sentence(f, language)} for name, f in wrong],
    }


def write(folder: Path, fleet: pl.DataFrame, wrong: Wrong, language: str = "zh") -> None:
    """Write both files into the folder. ``fleet`` keeps ``allocation.fleet.FleetRow``."""
    import xlsxwriter

    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(answer(fleet, wrong, language), ensure_ascii=False, indent=1)
    (folder / "fleet.json").write_text(text + "\n", encoding="utf-8")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(str(folder / "fleet.xlsx"), options) as book:
        book.set_properties(
            {"title": say("fleet.title", language), "created": _CREATED, "author": f"yipanqi {__version__}"}
        )
        for title, columns, rows in _sheets(fleet, wrong, language):
            _sheet(book, title, columns, rows, language)


def _sheets(fleet: pl.DataFrame, wrong: Wrong, language: str) -> Iterator[tuple[str, list[str], list[list[Any]]]]:
    """Title, columns and rows of each sheet."""
    sums = totals(fleet)
    yield "fleet.districts", fleet.columns, [list(row) for row in fleet.rows()]
    yield "fleet.totals", sums.columns, [list(row) for row in sums.rows()]
    yield "fleet.findings", ["district", "sentence"], [[name, sentence(f, language)] for name, f in wrong]


def _sheet(book: Any, title: str, columns: list[str], rows: list[list[Any]], language: str) -> None:
    sheet, banner = book.add_worksheet(say(title, language)), book.add_format(_BANNER)
    formats = {end: book.add_format({"num_format": code}) for end, code in _FORMATS.items()}
    plain = book.add_format({})
    for c, name in enumerate(columns):
        sheet.set_column(c, c, 100 if name == "sentence" else 15)
        sheet.write_string(0, c, say(f"fleet.{name}", language), banner)
        form = next((form for end, form in formats.items() if name.endswith(end)), plain)
        for r, row in enumerate(rows, start=1):
            sheet.write(r, c, _word(name, row[c], language), form)
    sheet.freeze_panes(1, 2)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)


def _word(column: str, value: Any, language: str) -> Any:
    """A cell's value in words of the language."""
    if value is not None and column in ("state", "stopped_by"):
        return label("fleet_state" if column == "state" else column, value, language)
    if isinstance(value, bool):
        return label("yes_no", str(value).lower(), language)
    return value.isoformat() if isinstance(value, date) else value
