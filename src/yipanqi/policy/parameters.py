"""Dated parameters: every number a room needs that is no table, with unit, source and basis.

They stand in the rulebook document of their room under ``parameters`` and are named ``<room>.<name>``.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from pydantic import TypeAdapter, ValidationError

from yipanqi.kernel.findings import Finding
from yipanqi.policy.rulebook import Provision, Rulebook, RulebookError, Strict, findings_of


class Version(Provision):
    """One dated value of a parameter."""

    value: float | int | bool | str


class Parameter(Strict):
    """A number a rule needs: what it is, its unit, and its dated values."""

    title_zh: str
    title_en: str
    unit: str
    versions: tuple[Version, ...]


@lru_cache(maxsize=64)
def parameters(rulebook: Rulebook) -> Mapping[str, Parameter]:
    """All parameters of the rulebook by name (``<room>.<name>``).

    Raises:
        RulebookError: an entry breaks the model; the findings name every place of every document.
    """
    found: dict[str, Parameter] = {}
    wrong: list[Finding] = []
    for word, document in rulebook.documents.items():
        try:
            entries = _ENTRIES.validate_python(document.get("parameters") or {})
        except ValidationError as error:
            places = findings_of(error, rulebook.profile, word)
            wrong += [f.at(column=".".join(["parameters", *filter(None, [f.column])])) for f in places]
        else:
            found |= {f"{word}.{name}": entry for name, entry in entries.items()}
    if wrong:
        raise RulebookError(tuple(wrong))
    return MappingProxyType(found)


_ENTRIES = TypeAdapter(dict[str, Parameter])


def version(rulebook: Rulebook, name: str, on: date) -> Version:
    """The version of a parameter in force on a day; where several are, the one that began last.

    Raises:
        KeyError: the rulebook has no such parameter, or no version of it in force on the day.
    """
    versions = [v for v in parameters(rulebook)[name].versions if v.in_force(on)]
    if not versions:
        raise KeyError(f"{name} has no version in force on {on}")
    return max(versions, key=lambda v: v.effective_from)


def number(rulebook: Rulebook, name: str, on: date) -> float:
    """The value of a numeric parameter on a day; ``version`` gives its source."""
    return float(version(rulebook, name, on).value)


def in_force(rulebook: Rulebook, on: date) -> list[tuple[str, Parameter, Version]]:
    """Every parameter with the version in force on a day, by name; parameters with none are left out."""
    found = []
    for name, parameter in sorted(parameters(rulebook).items()):
        if any(v.in_force(on) for v in parameter.versions):
            found.append((name, parameter, version(rulebook, name, on)))
    return found
