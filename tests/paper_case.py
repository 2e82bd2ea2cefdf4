"""The paper's case file of ``examples/paper``: its modules, its folder, and the paper's figures."""

import csv
import importlib.util
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from yipanqi.files.dataset import Loaded, load

FOLDER = Path(__file__).parents[1] / "examples" / "paper"


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


case = _module("case")
build = _module("build")


@lru_cache(maxsize=1)
def loaded() -> Loaded:
    """The committed data set, read as a user's."""
    return load(FOLDER)


def figure(name: str) -> float:
    """A figure of the paper by its name in ``sources/figures.csv``."""
    with (FOLDER / "sources" / "figures.csv").open(encoding="utf-8") as file:
        return next(float(row["value"]) for row in csv.DictReader(file) if row["figure"] == name)


def values() -> list[dict[str, str]]:
    """The basis of every value of the case file."""
    with (FOLDER / "sources" / "values.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
