"""A folder of districts, one data set each, and how a district travels: its facts out, the files of its plan back.

Nothing is assumed of a worker's disk. ``fleet.yaml`` in the folder is optional::

    profile: jiading                  # of districts that name none
    districts:
      D001: {profile: minhang}        # by the name of its folder or workbook; a shipped profile or a folder of YAML
    scenarios:                        # each is played for each district; without any there is one, named plan
      plan: {}
      harder: {effort: high}
      proposed: {profile: recommended}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from pydantic import PositiveFloat

from yipanqi.allocation import board
from yipanqi.allocation.board import Facts, PlayOptions
from yipanqi.allocation.fleet import played
from yipanqi.files import dataset, outputs, parquet, summary
from yipanqi.files.workbook import SUFFIXES
from yipanqi.kernel.findings import Finding
from yipanqi.policy import rulebook as rules
from yipanqi.policy.rulebook import Rulebook, RulebookError, Strict

FILE = "fleet.yaml"


class District(Strict):
    """What the fleet file says of a district; null: the fleet's profile."""

    profile: str | None = None


class Scenario(Strict):
    """What a scenario changes; null: the district's own profile, the command's effort."""

    profile: str | None = None
    effort: Literal["normal", "high"] | PositiveFloat | None = None


class FleetFile(Strict):
    """The fleet file."""

    profile: str | None = None
    districts: Mapping[str, District] = {}
    scenarios: Mapping[str, Scenario] = {"plan": Scenario()}


def fleet(folder: Path) -> tuple[dict[str, Path], FleetFile, tuple[Finding, ...]]:
    """The data sets of a folder by district, what the fleet file says, and what is wrong with it.

    A district is a folder or a workbook; its name is the folder's, or the workbook's without the suffix (with it where
    a folder or another workbook bears the same name). Findings: ``fleet.empty``, ``fleet.invalid``,
    ``fleet.no_district`` (the file names one the folder does not hold).
    """
    shown = [p for p in sorted(folder.iterdir()) if not p.name.startswith((".", "~$"))]
    entries = [p for p in shown if p.is_dir() or p.suffix.lower() in SUFFIXES]
    stems = [p.name if p.is_dir() else p.stem for p in entries]
    found = {stem if stems.count(stem) == 1 else p.name: p for stem, p in zip(stems, entries, strict=True)}
    said, wrong = _said(folder / FILE)
    unknown = sorted(set(said.districts) - set(found))
    findings = [*wrong, *(Finding("fleet.no_district", file=FILE, value=name) for name in unknown)]
    return found, said, tuple(findings if found else [*findings, Finding("fleet.empty", file=folder.name)])


def _said(path: Path) -> tuple[FleetFile, tuple[Finding, ...]]:
    if not path.exists():
        return FleetFile(), ()
    try:
        text = path.read_text(encoding="utf-8")
        return rules.read(FleetFile, rules.parse("fleet", {"fleet": text}), "fleet"), ()
    except UnicodeDecodeError:
        return FleetFile(), (Finding("fleet.invalid", params={"problem": "UTF-8"}, file=FILE),)
    except RulebookError as error:
        return FleetFile(), tuple(
            Finding("fleet.invalid", params=f.params, file=FILE, column=f.column, value=f.value) for f in error.findings
        )


def read(given: tuple[str, date | None]) -> tuple[Facts | None, tuple[Finding, ...]]:
    """The facts of the data set at a path and what is wrong with them; null where no board can be played."""
    path, as_of = given
    loaded = dataset.load(Path(path), as_of=as_of)
    return loaded.facts, loaded.findings


@dataclass(frozen=True)
class Job:
    """One district under one scenario: everything a worker needs, and whether it writes more than summary and run."""

    district: str
    scenario: str
    facts: Facts
    rulebook: Rulebook
    effort: str | float
    whole: bool
    language: str


@dataclass(frozen=True)
class Played:
    """What travels back: the figures of the fleet's row, the findings of the plan, its files by path."""

    figures: Mapping[str, Any]
    findings: tuple[Finding, ...]
    files: tuple[tuple[str, bytes], ...]

    def write(self, folder: Path) -> None:
        """Write the files into the folder."""
        for name, content in self.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)


def play(job: Job) -> Played:
    """The main job of one district, and the bytes of the files ``outputs.write`` makes of its plan."""
    plan = board.play(job.facts, job.rulebook, PlayOptions(job.effort))
    with TemporaryDirectory(prefix="yipanqi-") as name:
        folder = Path(name)
        if job.whole:
            outputs.write(plan, folder, language=job.language)
        else:
            summary.write(plan, folder / "summary.json")
            parquet.store(plan, folder)
        written = sorted(p for p in folder.rglob("*") if p.is_file())
        files = tuple((p.relative_to(folder).as_posix(), p.read_bytes()) for p in written)
    return Played(played(plan), plan.findings, files)
