"""``plan.xlsx``: the plan as a formatted workbook an officer can print. Same plan, same bytes."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from yipanqi import __version__
from yipanqi.allocation.board import Plan
from yipanqi.allocation.scenarios import ScenarioName
from yipanqi.files import plan_tables as tables
from yipanqi.files.plan_tables import Column, Sheet
from yipanqi.files.site_table import sites
from yipanqi.files.summary import summary
from yipanqi.policy.wording import label, say

_FONT = "Microsoft YaHei"
_BRAND, _SOFT, _LINE, _GREY = "#1D5FBF", "#E9F1FB", "#D5DCE5", "#6B7787"
#: The colour of a verdict's letters.
_VERDICTS = {"admitted": "#1F7A46", "conference": "#9A6300", "refused": "#B93227"}
#: Sheets wider than this many characters are printed on A3 (paper 8), the others on A4 (paper 9).
_WIDE, _A3, _A4 = 180, 8, 9
_NUMBERS = {"n0": "#,##0", "n2": "#,##0.00", "pct": "0.0%", "date": "yyyy-mm-dd"}
#: A workbook's creation stamp is fixed: the data date says when the facts were true.
_CREATED = datetime(2000, 1, 1)


def write(plan: Plan, path: Path, language: str = "zh") -> None:
    """Write ``plan.xlsx``: summary, verdicts, schemes, plan, unmatched, towns, sites, rules, findings."""
    import xlsxwriter

    # Text that looks like a formula or a link stays text: exports never run anything.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(
            {"title": say("book.title", language), "created": _CREATED, "author": f"yipanqi {__version__}"}
        )
        formats = _formats(book)
        _summary(book.add_worksheet(say("book.summary", language)), plan, formats, language)
        for sheet in _sheets(plan, language):
            _table(book.add_worksheet(say(sheet.title, language)), sheet, plan, formats, language)


def _sheets(plan: Plan, language: str) -> Iterator[Sheet]:
    """All sheets after the summary, in order."""
    yield tables.verdicts(plan, language)
    yield tables.schemes(plan, language)
    yield tables.placements(plan, language)
    yield tables.unmatched(plan, language)
    yield tables.towns(plan)
    yield sites(plan, language)
    yield tables.rules(plan, language)
    yield tables.findings(plan, language)


def _formats(book: Any) -> dict[str, Any]:
    plain = {"font_name": _FONT, "font_size": 10, "valign": "top"}
    cell = plain | {"border": 1, "border_color": _LINE}
    formats = {
        "title": book.add_format(plain | {"bold": True, "font_size": 15, "font_color": "#0F3F86"}),
        "note": book.add_format(plain | {"font_color": _GREY, "font_size": 9}),
        "warn": book.add_format(
            plain
            | {"font_color": "#9A6300", "bg_color": "#FDF2DC", "text_wrap": True, "indent": 1, "valign": "vcenter"}
        ),
        "head": book.add_format(
            cell | {"bold": True, "bg_color": _BRAND, "font_color": "#FFFFFF", "text_wrap": True, "valign": "vcenter"}
        ),
        "key": book.add_format(cell | {"bg_color": _SOFT, "bold": True, "align": "left", "indent": 1}),
        "text": book.add_format(cell | {"align": "left", "indent": 1}),
        "wrap": book.add_format(cell | {"text_wrap": True, "align": "left", "indent": 1}),
    }
    formats |= {name: book.add_format({"font_color": colour, "bold": True}) for name, colour in _VERDICTS.items()}
    return formats | {name: book.add_format(cell | {"num_format": code}) for name, code in _NUMBERS.items()}


def _heading(sheet: Any, plan: Plan, formats: dict[str, Any], title: str, language: str) -> None:
    sheet.write_string(0, 0, title, formats["title"])
    sheet.set_row(0, 24)
    line = say(
        "book.subtitle",
        language,
        district=plan.facts.district or plan.rulebook.profile,
        as_of=plan.facts.as_of.isoformat(),
    )
    sheet.write_string(1, 0, line + (say("book.synthetic", language) if plan.facts.synthetic else ""), formats["note"])


def _table(page: Any, sheet: Sheet, plan: Plan, formats: dict[str, Any], language: str) -> None:
    _heading(page, plan, formats, say(sheet.title, language), language)
    top = 3
    heads = [say(column.heading, language) for column in sheet.columns]
    lines = max(_lines(head, column.width) for head, column in zip(heads, sheet.columns, strict=True))
    page.set_row(top, 15.0 * max(lines, 2) + 2)
    for c, column in enumerate(sheet.columns):
        page.set_column(c, c, column.width)
        page.write_string(top, c, heads[c], formats["head"])
    for r, row in enumerate(sheet.rows, start=top + 1):
        for c, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
            _cell(page, r, c, value, formats[column.style])
        page.set_row(r, _height(sheet.columns, row))
    page.freeze_panes(top + 1, 2)
    if sheet.rows:
        page.autofilter(top, 0, top + len(sheet.rows), len(sheet.columns) - 1)
        _colour_verdicts(page, sheet, top, formats, language)
    else:
        page.write_string(top + 1, 0, say("book.empty", language), formats["note"])
    wide = sum(column.width for column in sheet.columns) > _WIDE
    _print(page, plan, top, language, paper=_A3 if wide else _A4)


def _colour_verdicts(page: Any, sheet: Sheet, top: int, formats: dict[str, Any], language: str) -> None:
    """Verdicts in the colours of the report, also after the reader has sorted or filtered."""
    for c, column in enumerate(sheet.columns):
        if column.heading == "book.verdict":
            for name in _VERDICTS:
                rule = {"type": "cell", "criteria": "==", "value": f'"{label("verdict", name, language)}"'}
                page.conditional_format(top + 1, c, top + len(sheet.rows), c, rule | {"format": formats[name]})


def _cell(page: Any, row: int, column: int, value: Any, style: Any) -> None:
    if value is None or value == "":
        page.write_blank(row, column, None, style)
    elif hasattr(value, "year"):
        page.write_datetime(row, column, datetime(value.year, value.month, value.day), style)
    elif isinstance(value, str):
        page.write_string(row, column, value, style)
    else:
        page.write_number(row, column, value, style)


def _height(columns: tuple[Column, ...], row: Any) -> float:
    """Excel does not grow rows by itself in a file made by a program: count the lines a Chinese text will take."""
    wrapped = [(v, c.width) for c, v in zip(columns, row, strict=True) if c.style == "wrap" and isinstance(v, str)]
    return min(15.0 * max((_lines(*pair) for pair in wrapped), default=1) + 3, 400.0)


def _lines(text: str, width: int) -> int:
    """The lines a text takes in a column; a margin of two characters goes to the indent."""
    return sum(1 + int(_width(part) // max(width - 2, 1)) for part in text.split("\n"))


def _width(text: str) -> float:
    """Width in characters; a Chinese character is two."""
    return sum(2 if ord(ch) > 0x2E80 else 1 for ch in text) * 0.98


def _print(page: Any, plan: Plan, top: int, language: str, *, paper: int = _A4) -> None:
    """Landscape, as wide as the sheet, the heading on every page; the foot says what it is and of when."""
    page.set_landscape()
    page.set_paper(paper)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.repeat_rows(top)
    page.set_footer(f"&L&8{say('book.note_land', language)}&C&8&P / &N&R&8&A · {plan.facts.as_of.isoformat()}")
    page.hide_gridlines(2)


def _summary(page: Any, plan: Plan, formats: dict[str, Any], language: str) -> None:
    figures = summary(plan)
    _heading(page, plan, formats, say("book.title", language), language)
    page.set_column(0, 0, 26)
    page.set_column(1, 6, 17)
    row = 3
    for key, value in (
        ("book.projects", figures["projects"]),
        ("book.in_play", plan.in_play.height),
        ("book.sites_count", figures["sites"]),
        *((f"label.verdict.{k}", v) for k, v in figures["admission"].items()),
        *((f"book.schemes_{k}", v) for k, v in figures["schemes"].items()),
        ("book.gain_low", figures["gain_wan"][0]),
        ("book.gain_high", figures["gain_wan"][1]),
    ):
        page.write_string(row, 0, say(key, language), formats["key"])
        page.write_number(row, 1, value, formats["n0"])
        row += 1
    row = _scenarios(page, plan, formats, language, row + 1)
    row = _sensitivity(page, plan, formats, language, row + 1)
    for note in ("book.note_value", "book.note_gain", "book.note_advice", "book.note_land"):
        text = say(note, language)
        page.merge_range(row, 0, row, 7, text, formats["warn"])
        page.set_row(row, 15.0 * _lines(text, 140) + 5)
        row += 1
    _print(page, plan, 0, language)


def _scenarios(page: Any, plan: Plan, formats: dict[str, Any], language: str, row: int) -> int:
    heads = ("scenario", "settled", "value_wan", "expected_wan", "tax_wan", "bound_wan", "gap", "proven")
    for c, head in enumerate(heads):
        page.write_string(row, c, say(f"book.{head}", language), formats["head"])
    page.set_column(7, 7, 20)
    for name in ScenarioName:
        s, row = plan.scenarios[name], row + 1
        page.write_string(row, 0, label("scenario_name", name.value, language), formats["key"])
        for c, value in enumerate((s.settled, s.value_wan, s.expected_wan, s.tax_wan, s.bound_wan), start=1):
            page.write_number(row, c, value, formats["n0"])
        page.write_number(row, 6, s.gap_share, formats["pct"])
        words = say("book.proven_yes" if s.proven else "book.proven_no", language)
        page.write_string(row, 7, f"{words} · {label('stopped_by', s.stopped_by.value, language)}", formats["text"])
    return row + 1


def _sensitivity(page: Any, plan: Plan, formats: dict[str, Any], language: str, row: int) -> int:
    for c, head in enumerate(("loss_share", "gain_low", "gain_high")):
        page.write_string(row, c, say(f"book.{head}", language), formats["head"])
    for line in plan.loss_sensitivity.iter_rows(named=True):
        row += 1
        page.write_number(row, 0, line["loss_share"], formats["pct"])
        page.write_number(row, 1, line["gain_low_wan"], formats["n0"])
        page.write_number(row, 2, line["gain_high_wan"], formats["n0"])
    return row + 2
