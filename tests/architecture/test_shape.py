"""The shape of the source: small files, small functions, few parameters, no empty names."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: What is written by hand: makemigrations writes the rest.
SOURCES = [p for p in sorted((ROOT / "src").rglob("*.py")) if p.parent.name != "migrations"]
BANNED = {"util", "utils", "helper", "helpers", "common", "base", "core", "manager", "service", "services", "misc"}
#: Rooms that bear one of the banned words because it is the domain's own.
ALLOWED_ROOMS: set[str] = set()


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_file_is_small_enough_to_read(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_name_says_what_is_inside(path: Path) -> None:
    parts = {*path.relative_to(ROOT / "src").parts[:-1], path.stem} - ALLOWED_ROOMS
    assert not parts & BANNED


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_functions_are_short_and_take_few_parameters(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    long, wide = [], []
    for function in _functions(tree):
        lines = (function.end_lineno or 0) - function.lineno + 1
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        count = len([a for a in arguments if a.arg not in {"self", "cls"}])
        decorators = {ast.unparse(d).split("(")[0] for d in function.decorator_list}
        if lines > 60:
            long.append((function.name, lines))
        # A command's parameters are its options: the user's interface, not a call's.
        if count > 6 and not any(d.endswith((".command", "option")) for d in decorators):
            wide.append((function.name, count))
    assert (long, wide) == ([], [])


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_inheritance_is_one_step_deep(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = {n.name: [ast.unparse(b) for b in n.bases] for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}
    deep = [  # a class of this file whose parent, also of this file, has a parent of this file
        name
        for name, bases in classes.items()
        for b in bases
        if classes.get(b) and any(classes.get(x) for x in classes[b])
    ]
    mixed = [name for name, bases in classes.items() if len([b for b in bases if "Generic" not in b]) > 1]
    assert (deep, mixed) == ([], [])
