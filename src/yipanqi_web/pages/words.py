"""The template tags: texts by id, words for codes, numbers with their units."""

from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from yipanqi.kernel.findings import Finding, Message
from yipanqi.kernel.units import M2_PER_MU, units_of
from yipanqi.policy import wording
from yipanqi.policy.wording import texts
from yipanqi_web.pages.frame import language
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.queries import inbox

register = template.Library()


@register.simple_tag
def say(message_id: str, **params: Any) -> str:
    """The text of an id."""
    return wording.say(message_id, language(), **params)


@register.simple_tag
def label(group: str, code: Any) -> str:
    """The word for a code."""
    return wording.label(group, None if code in (None, "") else str(code), language())


@register.filter
def sentence(message: Message | Finding) -> str:
    """The sentence of a message or finding."""
    if isinstance(message, Finding):
        return wording.sentence(message, language())
    return wording.render(message, language())


@register.filter
def mu(square_metres: float | None) -> str:
    """m² shown in mu, without the unit."""
    return "—" if square_metres is None else f"{square_metres / M2_PER_MU:,.1f}"


@register.filter
def n(value: float | None, digits: int = 0) -> str:
    """A number with thousands separators."""
    return "—" if value is None else f"{value:,.{digits}f}"


@register.filter
def day(value: date | datetime | None) -> str:
    """A day, or an instant to the minute, in Shanghai."""
    if isinstance(value, datetime):
        return value.astimezone(settings.SHANGHAI).strftime("%Y-%m-%d %H:%M")
    return "—" if value is None else value.isoformat()


@register.filter
def share(value: float | None) -> str:
    """A share as per cent."""
    return "—" if value is None else f"{value * 100:.1f}%"


@register.simple_tag
def icon(name: str) -> SafeString:
    """One icon of the set."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="/static/icons.svg#{}"></use></svg>', name)


@register.filter
def at(words: dict[str, str], key: Any) -> str:
    """The word for a key; the key itself where there is none."""
    return words.get(key, key) if key else "—"


@register.simple_tag
def column(table: str, name: str) -> str:
    """What a column is called."""
    return wording.say(f"column.{table}.{name}", language())


#: Columns of codes → the set their words stand in, where it is not the column's own name.
_SETS = {"state": "site_state", "need_kind": "site_kind", "use_class": "use_class"}


@register.simple_tag
def field_name(name: str) -> str:
    """What a field of quick entry is called, whichever table it belongs to."""
    tables = (table for table in ("projects", "demands") if f"column.{table}.{name}" in texts())
    return column(next(tables), name)


@register.simple_tag
def value(name: str, content: Any) -> str:
    """A fact as people read it: codes in words, numbers with their unit, days as days, lists with commas."""
    lang = language()
    match content:
        case bool():
            return wording.label("yes_no", str(content).lower(), lang)
        case list():
            return "、".join(value(name.removesuffix("s"), part) for part in content)
        case date():
            return day(content)
        case int() | float():
            if name.endswith("_share"):
                return share(content)
            unit = next(iter(units_of(name)), "")
            return f"{content:,.2f}".rstrip("0").rstrip(".") + (f" {unit}" if unit else "")
    words = texts().get(f"label.{_SETS.get(name, name)}.{content}")
    return str(content) if words is None else words[lang]


_UNSHOWN = {"project_id", "name", "investor", "stage", "origin_town_id", "major"}


@register.simple_tag
def facts(table: str, fact: Any) -> list[tuple[str, Any]]:
    """The stated columns of a fact, in the schema's order."""
    names = [name for name in fact.schema.column_names() if name not in _UNSHOWN]
    return [(name, stated) for name in names if (stated := getattr(fact, name)) not in (None, [])]


@register.simple_tag
def aside(told: tuple[str, dict[str, Any]]) -> str:
    """A text id with its parameters."""
    return wording.say(told[0], language(), **told[1])


@register.simple_tag(name="told")
def told_(todo: Any) -> str:
    """The sentence of something to do."""
    return wording.say(todo.message, language(), **todo.params)


@register.simple_tag
def unread(actor: Actor) -> int:
    """How many messages the officer has not read."""
    return inbox.unread(actor)


@register.simple_tag
def trail_act(act: str) -> str:
    """What was done, in words; a stage by its own name."""
    if act.startswith("stage_"):
        return wording.label("stage", act.removeprefix("stage_"), language())
    return wording.label("trail", act, language())
