"""``yipanqi warm``: every compiled loop is compiled once, and kept for the next process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import yipanqi
from yipanqi.cli import main
from yipanqi.cli.warm import kernels

FILES = sorted(Path(yipanqi.__file__).parent.rglob("_*kernels.py"))


def test_every_module_of_compiled_loops_is_warmed_by_itself_or_as_a_part_of_another() -> None:
    root = Path(yipanqi.__file__).parent.parent
    names = [".".join(path.relative_to(root).with_suffix("").parts) for path in FILES]
    warmed = {module.__name__ for module in kernels()}
    texts = [path.read_text(encoding="utf-8") for path in FILES]
    assert [n for n in names if n not in warmed and not any(f"from {n} import" in text for text in texts)] == []


@pytest.mark.slow
def test_it_says_how_long_each_took_and_nothing_when_quiet() -> None:
    told, quiet = (CliRunner().invoke(main, ["warm", *options]) for options in (["--lang", "en"], ["-q"]))
    assert (told.exit_code, quiet.exit_code, quiet.output) == (0, 0, "")
    assert [line.split(":")[0] for line in told.output.splitlines()] == [
        f"Compiled {module.__name__}" for module in kernels()
    ]


def test_an_installation_that_cannot_be_written_keeps_them_with_the_user(tmp_path: Path) -> None:
    """A copy of one module in a folder closed to writing: numba keeps it under the user's cache."""
    closed, home = tmp_path / "closed", tmp_path / "home"
    closed.mkdir()
    home.mkdir()
    (closed / "loops.py").write_text("from numba import njit\n@njit(cache=True)\ndef one():\n    return 1\n")
    (closed / "__pycache__").write_text("in the way")
    run = [sys.executable, "-c", "import loops; print(loops.one())"]
    env = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"}
    env |= {"HOME": str(home), "XDG_CACHE_HOME": str(home), "PYTHONPATH": str(closed)}
    assert subprocess.check_output(run, env=env, text=True) == "1\n"
    assert list(home.rglob("*.nbc"))
