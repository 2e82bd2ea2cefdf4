"""Values as an officer reads them: codes by their words, figures with their units, what nobody stated as a dash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from yipanqi.files.documents.editions import Row
from yipanqi.inventory.sites import SiteKind
from yipanqi.kernel.findings import Message
from yipanqi.pipeline import industries
from yipanqi.policy.wording import label, render, say, texts

#: Columns that hold a code, and the set of words it is read from.
_CODES = {
    "area_class": "area_class", "basis": "basis", "category": "category", "commitment": "commitment",
    "consent": "consent", "fact_state": "fact_state", "functional_type": "functional_type", "kind": "scheme_kind",
    "need_kind": "need_kind", "offer_kind": "offer_kind", "ownership": "ownership", "procedure": "plan_procedure",
    "site_kind": "site_kind", "stage": "stage", "strategic_tags": "strategic_tag", "use_class": "use_class",
    "verdict": "verdict", "wish_kind": "wish_kind",
}  # fmt: skip
#: Ends of column names that give a unit: the text ``document.unit.<end>``. The first that fits is taken.
_UNITS = (
    "wan_per_mu", "yuan_m2_day", "kn_m2", "m3d", "m3h", "th", "kva", "wan", "m2", "share", "tce", "km", "ratio",
    "count", "m", "t",
)  # fmt: skip
MISSING = "—"


@dataclass(frozen=True)
class Words:
    """The words of one language, with the names of the district's towns and bodies."""

    language: str
    towns: Mapping[str, str]
    bodies: Mapping[str, str]

    def text(self, message_id: str, **params: Any) -> str:
        """The sentence ``document.<id>``."""
        return say(f"document.{message_id}", self.language, **params)

    def message(self, message: Message) -> str:
        """The sentence of a message."""
        return render(message, self.language)

    def heading(self, table: str, column: str) -> str:
        """The word for a column of a fact table."""
        return texts()[f"column.{table}.{column}"][self.language]

    def value(self, column: str, value: Any) -> str:
        """A value by the name of its column."""
        if value is None or value in ([], ""):
            return MISSING
        if column in _CODES:
            return self._codes(_CODES[column], value)
        if isinstance(value, bool):
            return label("yes_no", str(value).lower(), self.language)
        if isinstance(value, date):
            return value.isoformat()[:10]
        if column in {"town_id", "town_ids", "origin_town_id"}:
            return self.list(self.towns.get(t, t) for t in ([value] if isinstance(value, str) else value))
        if column == "industry_code":
            return self.industry(value)
        unit = next((u for u in _UNITS if column.endswith(f"_{u}")), None)
        return str(value) if unit is None else self.text(f"unit.{unit}", x=value)

    def _codes(self, group: str, value: Any) -> str:
        if isinstance(value, str):
            return label(group, value, self.language)
        return self.list(label(group, code, self.language) for code in value)

    def list(self, parts: Any) -> str:
        """Parts in one line."""
        return ("、" if self.language == "zh" else ", ").join(parts)

    def named(self, name: str, key: str) -> str:
        """A name with its id in brackets."""
        return self.text("named", name=name, key=key).strip()

    def industry(self, code: str) -> str:
        """An industry code with its name (the standard has Chinese names only)."""
        return f"{code} {industries.name(code)}" if industries.known(code) else code

    def area(self, kind: str, m2: float | None) -> str:
        """Land in mu, floor in m²."""
        return self.text("area.land" if kind == SiteKind.LAND.value else "area.floor", m2=m2)

    def measure(self, unit: str | None, value: float | None) -> str:
        """A figure of a clause with its unit; small ones with three significant digits."""
        if value is None:
            return MISSING
        if unit == "share":
            return self.text("unit.share", x=value).replace("-", "−")
        number = f"{value:.3g}" if 0 < abs(value) < 1 else self.text("number", x=value)
        bare = unit is None or unit == "ratio"
        return (number if bare else f"{number} {label('admission_unit', unit, self.language)}").replace("-", "−")

    def amounts(self, row: Row, columns: tuple[str, ...], table: str) -> str:
        """The stated ones of some columns of a row, each with its word: ``层高 9 米 · 楼面荷载 20 kN/㎡``.

        A need of nothing is no need and left out; a site that has nothing says so.
        """
        asked = [c for c in columns if row.get(c) is not None and (row[c] != 0 or table != "demands")]
        stated = [f"{self.heading(table, c)} {self.value(c, row[c])}" for c in asked]
        return " · ".join(stated) or MISSING

    def who(self, body: str | None) -> str:
        """The bodies that act, by their names; several are joined with + in the id."""
        return MISSING if body is None else self.list(self.bodies.get(b, b) for b in body.split("+"))
