"""Every message id stands in both languages, with the same parameters; every id the code names exists."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from yipanqi.policy.wording import texts

SRC = Path(__file__).parents[2] / "src"
SOURCES = [*SRC.glob("yipanqi/**/*.py"), *SRC.glob("yipanqi_web/**/*.py")]
CALLS = {"Finding": 0, "Message": 0, "say": 0}
HAN = re.compile(r"[\u4e00-\u9fff]")


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def named_ids() -> list[tuple[str, str]]:
    """(file, id) of every literal message id in the engine and the shell."""
    found = []
    for path in sorted(SOURCES):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            first = node.args[0]
            if name in CALLS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.append((path.name, first.value))
    return found


def test_every_id_the_code_names_has_words() -> None:
    assert [(file, i) for file, i in named_ids() if i not in texts()] == []


def test_every_finding_says_what_to_do() -> None:
    found = []
    for path in sorted(SOURCES):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Finding" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and f"{first.value}.remedy" not in texts():
                    found.append((path.name, first.value))
    assert found == []


def test_both_languages_name_the_same_parameters() -> None:
    assert [i for i, t in texts().items() if _fields(t["zh"]) != _fields(t["en"])] == []


def test_english_texts_hold_no_untranslated_chinese() -> None:
    # Terms of the trade may stand in brackets or as names of official documents.
    bare = {i: re.sub(r"[（(《「“][^）)》」”]*[）)》」”]", "", t["en"]) for i, t in texts().items()}
    assert [i for i, text in bare.items() if HAN.search(text)] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_text_is_empty(language: str) -> None:
    assert [i for i, t in texts().items() if not t[language].strip()] == []
