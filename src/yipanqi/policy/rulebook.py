"""Rulebooks: dated, sourced YAML, read from text and checked. The only door to YAML.

A rulebook of a district is the city's shared documents (``shanghai/``) overlaid by the district's own: one document
per domain word. Mappings are merged key by key; a list or a scalar of the district replaces the city's.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from yipanqi.kernel.findings import Finding, Severity

SHARED = "shanghai"
PROFILES = ("minhang", "songjiang", "jiading", "jinshan", "pudong", "recommended")


class Basis(StrEnum):
    """What a number rests on. ``assumed`` is shown as such to whoever reads it."""

    REGULATION = "regulation"
    PAPER = "paper"
    PAPER_PROPOSAL = "paper-proposal"
    PUBLISHED_EXAMPLE = "published-example"
    ASSUMED = "assumed"


class Strict(BaseModel):
    """A rulebook entry: unknown keys are refused, nothing can be changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Provision(Strict):
    """Where a statement comes from and when it holds.

    ``effective_to`` is the last day; null: no end is stated. ``mandatory`` clauses (law, safety, environment, red
    lines) apply at once even to projects accepted earlier. ``transition_to`` is the last day of the transition period
    the provision grants to projects older than itself; null: it grants none.
    """

    clause: str
    source: str
    issued_by: str
    basis: Basis
    effective_from: date
    effective_to: date | None = None
    mandatory: bool = False
    transition_to: date | None = None

    @model_validator(mode="after")
    def _days_in_order(self) -> "Provision":
        for last in (self.effective_to, self.transition_to):
            if last is not None and last < self.effective_from:
                raise ValueError(f"{last} lies before effective_from {self.effective_from}")
        return self

    def in_force(self, on: date) -> bool:
        """Whether the provision holds on the day."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


@dataclass(frozen=True, eq=False)
class Rulebook:
    """The merged documents of one district, by domain word, and the digest of the texts they were read from."""

    profile: str
    documents: Mapping[str, Mapping[str, Any]]
    digest: str

    def document(self, word: str) -> Mapping[str, Any]:
        """The document of a domain word; empty when the district has none."""
        return self.documents.get(word, {})


Model = TypeVar("Model", bound=BaseModel)


def read(model: type[Model], rulebook: Rulebook, word: str) -> Model:
    """The document of a word, validated.

    Raises:
        RulebookError: the document breaks the model; the message lists every place.
    """
    try:
        return model.model_validate(rulebook.document(word))
    except ValidationError as error:
        raise RulebookError(findings_of(error, rulebook.profile, word)) from error


class RulebookError(ValueError):
    """A rulebook that cannot be used, with a finding for every place that is wrong."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(f"{f.file}:{f.column}: {f.params.get('problem')}" for f in findings))
        self.findings = findings


def findings_of(error: ValidationError, profile: str, word: str) -> tuple[Finding, ...]:
    """One blocking finding ``rulebook.invalid`` for each place pydantic complains about; the path is the column."""
    return tuple(
        Finding(
            "rulebook.invalid",
            Severity.BLOCK,
            {"problem": e["msg"]},
            file=f"{profile}/{word}.yaml",
            column=".".join(str(part) for part in e["loc"]),
            value=str(e["input"])[:80],
        )
        for e in error.errors()
    )


def parse(profile: str, texts: Mapping[str, str], shared: Mapping[str, str] | None = None) -> Rulebook:
    """A rulebook from YAML texts by domain word, overlaid on the city's shared texts.

    Raises:
        RulebookError: a text is no YAML mapping.
    """
    base = {word: _mapping(SHARED, word, text) for word, text in (shared or {}).items()}
    own = {word: _mapping(profile, word, text) for word, text in texts.items()}
    documents = {word: _overlay(base.get(word, {}), own.get(word, {})) for word in sorted({*base, *own})}
    whole = hashlib.sha256()
    for name, text in sorted(
        [*((f"{SHARED}/{w}", t) for w, t in (shared or {}).items()), *((f"{profile}/{w}", t) for w, t in texts.items())]
    ):
        whole.update(f"{name}\n{text}\n".encode())
    return Rulebook(profile, documents, whole.hexdigest())


@lru_cache(maxsize=16)
def load(profile: str, folder: Path | None = None) -> Rulebook:
    """The shipped rulebook of a profile, or the one in ``folder`` (``folder/<word>.yaml``) over the shipped city texts.

    Raises:
        KeyError: no profile of that name is shipped.
        RulebookError: a text is no YAML mapping.
    """
    shipped = files("yipanqi_rulebooks")
    shared = _texts(shipped / SHARED)
    if folder is not None:
        return parse(profile, _texts(folder), shared)
    if profile not in PROFILES:
        raise KeyError(profile)
    return parse(profile, _texts(shipped / profile), shared)


def _texts(folder: Any) -> dict[str, str]:
    texts = {}
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            try:
                texts[entry.name.removesuffix(".yaml")] = entry.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise _unreadable(f"{folder.name}/{entry.name}", "not UTF-8") from error
    return texts


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML's safe subset, in which a key that stands twice in one mapping is an error, not a silent choice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            if (key.tag, key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
            seen.add((key.tag, key.value))
        return dict(super().construct_mapping(node, deep))


_MERGE = "tag:yaml.org,2002:merge"


def yaml_of(text: str) -> Any:
    """The value of a YAML text (safe subset: no objects).

    Raises:
        yaml.YAMLError: the text is no YAML, or a key stands twice in one mapping.
        ValueError: a date of it does not exist.
    """
    return yaml.load(text, Loader=_Loader)


def _mapping(profile: str, word: str, text: str) -> dict[str, Any]:
    name = f"{profile}/{word}.yaml"
    try:
        value = yaml_of(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that does not exist
        raise _unreadable(name, " ".join(str(error).split())) from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _unreadable(name, "not a mapping")
    return value


def _unreadable(file: str, problem: str) -> RulebookError:
    return RulebookError((Finding("rulebook.unreadable", params={"problem": problem}, file=file),))


def _overlay(base: Any, own: Any) -> Any:
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return own
    return {
        key: _overlay(base[key], own[key]) if key in base and key in own else own.get(key, base.get(key))
        for key in [*base, *(k for k in own if k not in base)]
    }
