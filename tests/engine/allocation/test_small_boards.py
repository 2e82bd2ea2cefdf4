"""Small boards are proven within a counted work."""

from importlib import import_module
from pathlib import Path

import pytest

from yipanqi.allocation.programme import programme
from yipanqi.allocation.search import Effort, search
from yipanqi.kernel.solver import Status


def test_a_board_of_thirty_projects_is_proven_within_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[3]))
    drawn = import_module("benchmarks.worlds.boards").board(30, 100, 23)
    whole = programme(drawn.problem)
    found = search(whole.model, whole.groups, Effort(work=15_000.0), whole.start(drawn.start))
    assert (found.status, round(found.value, 2)) == (Status.OPTIMAL, 66048.28)
    assert found.work < 15_000.0
