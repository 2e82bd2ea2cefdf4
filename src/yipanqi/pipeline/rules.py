"""The document ``pipeline`` of a rulebook, validated."""

from functools import lru_cache

from pydantic import Field

from yipanqi.policy import rulebook as rulebooks
from yipanqi.policy.parameters import Parameter
from yipanqi.policy.rulebook import Provision, Rulebook, Strict


class ReportingExample(Provision):
    """A reporting threshold another place has published: on record beside the district's own, never applied."""

    title_zh: str
    title_en: str
    least_investment_wan: float | None = Field(default=None, ge=0)
    least_land_m2: float | None = Field(default=None, ge=0)


class Rules(Strict):
    """Deadlines and thresholds, the words that tell no firm apart, and published reporting thresholds."""

    parameters: dict[str, Parameter]
    common_words: tuple[str, ...]
    reporting_examples: dict[str, ReportingExample] = Field(default_factory=dict)


@lru_cache(maxsize=32)
def read(rulebook: Rulebook) -> Rules:
    """The pipeline rules of a rulebook.

    Raises:
        RulebookError: the document breaks the model.
    """
    return rulebooks.read(Rules, rulebook, "pipeline")
