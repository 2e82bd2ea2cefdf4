"""``report.html``: a plan as one file that opens from disk, with its own style and script, and nothing from outside.

The content policy inside the file forbids every request and every script but the page's own, whose digest it names:
even a text that slipped through escaping could not run. Same plan, same bytes.
"""

import base64
import hashlib
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from yipanqi.allocation.board import Plan
from yipanqi.files.report import inventory, map
from yipanqi.files.report.figures import figures
from yipanqi.files.report.rows import script
from yipanqi.policy.wording import say

#: The parts of the page's script, in the order they build on each other.
_SCRIPTS = ("words", "charts", "map", "lists", "overview", "projects", "board", "stock", "pages")


def write(plan: Plan, path: Path, language: str = "zh") -> None:
    """Write the report; ``language`` is the one it opens in, the reader can switch."""
    path.write_text(render(plan, language), encoding="utf-8", newline="\n")


def render(plan: Plan, language: str = "zh") -> str:
    """The report as one HTML text.

    Raises:
        ValueError: no such language.
    """
    if language not in ("zh", "en"):
        raise ValueError(f"the report speaks zh and en, not {language!r}")
    code = _code()
    return Template(_resource("report.html")).substitute(
        language="zh-CN" if language == "zh" else "en",
        policy=_policy(code),
        title=escape(say("report.title", language, district=plan.facts.district)),
        noscript=escape(say("report.noscript", language)),
        style=_resource("report.css"),
        map=map.svg(plan, inventory.stock(plan)),
        data=script(figures(plan, language)),
        code=code,
    )


def _code() -> str:
    parts = "\n".join(_resource(f"{name}.js") for name in _SCRIPTS)
    return f"(() => {{\n'use strict';\n{parts}\n}})();"


def _policy(code: str) -> str:
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    rest = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return f"{rest}; script-src 'sha256-{digest}'"


def _resource(name: str) -> str:
    return (files("yipanqi.files.report") / "page" / name).read_text(encoding="utf-8")
