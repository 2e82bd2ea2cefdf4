"""The engine has no clock, no global randomness, no environment and, outside its doors, no disk."""

import ast
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[2] / "src" / "yipanqi"
#: What a room may call although the rest may not.
DOORS = {
    "kernel/solver.py": {"time.monotonic", "subprocess", "multiprocessing", "os"},
    "kernel/executor.py": {"time.monotonic", "subprocess", "multiprocessing", "os", "open"},
}
CLOCKS = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "time.monotonic", "time.perf_counter"}
SOURCES = [p for p in sorted(ENGINE.rglob("*.py")) if p.relative_to(ENGINE).parts[0] not in {"files", "cli", "cli.py"}]


def _calls(tree: ast.AST) -> list[str]:
    return [ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)]


def _imports(tree: ast.AST) -> set[str]:
    names = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    return names | {(n.module or "").split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}


def faults(source: str, allowed: frozenset[str] | set[str] = frozenset()) -> list[str]:
    """Every impure call or import of a source text."""
    tree = ast.parse(source)
    calls = _calls(tree)
    found = [c for c in calls if any(c == k or c.endswith("." + k) for k in CLOCKS) and c not in allowed]
    found += [
        c for c in calls if c.startswith(("np.random.", "numpy.random.")) and "Generator" not in c and "PCG64" not in c
    ]
    found += [c for c in calls if c == "open" and c not in allowed]
    found += [
        m for m in _imports(tree) & {"random", "subprocess", "multiprocessing", "os", "tempfile"} if m not in allowed
    ]
    return sorted(found)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ENGINE)))
def test_the_engine_asks_neither_clock_nor_chance_nor_disk(path: Path) -> None:
    allowed = DOORS.get(str(path.relative_to(ENGINE)), set())
    assert faults(path.read_text(encoding="utf-8"), allowed | ({"tempfile"} if "kernel" in path.parts else set())) == []


def test_the_guard_sees_each_kind_of_impurity() -> None:
    source = "import os, random\nfrom datetime import date\ndate.today()\nnp.random.rand(3)\nopen('x')\n"
    assert faults(source) == ["date.today", "np.random.rand", "open", "os", "random"]
