"""The generated pages are current, and every room and command stands in the documentation."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
assert _spec is not None
assert _spec.loader is not None
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_a_generated_page_is_current(name: str) -> None:
    page = ROOT / "docs" / "reference" / f"{name}.md"
    assert page.read_text(encoding="utf-8") == reference.page(name), "run python tools/reference.py"


def test_every_room_stands_in_the_architecture_and_the_glossary() -> None:
    rooms = [p.name for p in (ROOT / "src" / "yipanqi").iterdir() if (p / "__init__.py").exists()]
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert [room for room in rooms if f"`{room}`" not in architecture] == []


def test_both_readmes_name_the_same_commands_and_files() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    for word in ("make demo", "make test", "report.html", "plan.xlsx", "plan.gpkg", "summary.json", "docs/report.png"):
        assert word in english
        assert word in chinese


def test_the_changelog_has_a_fragment_for_the_user() -> None:
    assert list((ROOT / "changelog.d").glob("*.md"))
