"""Workbooks out: the project list and the inventory as the official form, the empty form, and the weekly sheet."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
from django.conf import settings

from yipanqi.files.template import Cover, template, write_tables
from yipanqi.policy.wording import label, say
from yipanqi_web.actions import exchange as actions
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.queries import exchange as queries
from yipanqi_web.queries.places import town_names

Writer = Callable[[Actor, Path, str], None]


def projects(by: Actor, path: Path, language: str) -> None:
    """项目清单: the projects the officer sees with their phases, wishes and milestones."""
    _form("projects", queries.pool(by), by, path, language)


def inventory(by: Actor, path: Path, language: str) -> None:
    """资源清单: all sites, and what the officer sees inside."""
    _form("inventory", queries.inventory(by), by, path, language)


def _form(kind: str, frames: dict[str, pl.DataFrame], by: Actor, path: Path, language: str) -> None:
    district = queries.district(by)
    write_tables(path, frames, Cover(by.on, district.name, district.synthetic), language=language)
    actions.note_export(kind, {name: frame.height for name, frame in frames.items()}, by=by)


def form(by: Actor, path: Path, language: str) -> None:
    """空表: the empty official form."""
    template(path, language=language, district=queries.district(by).name)


def weekly(by: Actor, path: Path, language: str) -> None:
    """周报: seven days of new leads, reports, moves, referrals and holds of the projects the officer sees."""
    import xlsxwriter

    since, kinds = queries.week(by, by.on)
    towns, district = town_names(by), queries.district(by)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet(say("web.exchange.weekly", language))
        font = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
        title, head, text, part = (
            book.add_format(font | more)
            for more in ({"bold": True, "font_size": 16}, {"bold": True, "border": 1, "bg_color": "#E9F1FB"},
                         {"border": 1, "num_format": "@", "text_wrap": True}, {"bold": True, "font_size": 12})
        )  # fmt: skip
        for column, width in enumerate((6, 20, 34, 16, 12, 18, 26, 40)):
            page.set_column(column, column, width)
        page.write_string(0, 0, say("web.exchange.weekly_title", language, district=district.name), title)
        period = {"since": since.isoformat(), "until": by.on.isoformat(), "who": by.name}
        page.write_string(1, 0, say("web.exchange.weekly_made", language, **period))
        row = 3
        for kind, lines in kinds.items():
            page.write_string(row, 0, say(f"web.exchange.week.{kind}", language, n=len(lines)), part)
            for column, name in enumerate(("no", "number", "name", "town", "category", "at", "what", "note")):
                page.write_string(row + 1, column, say(f"web.exchange.week_head.{name}", language), head)
            for number, line in enumerate(lines, start=1):
                for column, cell in enumerate((str(number), *_line(line, towns, language))):
                    page.write_string(row + 1 + number, column, cell, text)
            row += len(lines) + 3
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
    actions.note_export("weekly", {kind: len(lines) for kind, lines in kinds.items()}, by=by)


def _line(line: queries.Line, towns: dict[str, str], language: str) -> tuple[str, ...]:
    project, at = line.project, line.at
    when = at.astimezone(settings.SHANGHAI).strftime("%Y-%m-%d %H:%M") if isinstance(at, datetime) else at.isoformat()
    what = " → ".join(label(group, code, language) for group, code in line.codes)
    return (project.project_id, project.name, towns.get(project.origin_town_id, project.origin_town_id),
            label("category", project.category, language), when, what, line.note)  # fmt: skip


#: What can be taken out: kind → who writes it.
KINDS: dict[str, Writer] = {"projects": projects, "inventory": inventory, "weekly": weekly, "form": form}
