"""The sampled division spends counted work: fewer orders on larger boards."""

from datetime import date

import polars as pl
import pytest

from yipanqi.allocation.assignment import Problem
from yipanqi.allocation.board import sampled_pairs
from yipanqi.policy.parameters import number
from yipanqi.policy.rulebook import load

DAY = date(2026, 6, 30)
RULES = load("jiading")
MOST, WORK = (int(number(RULES, f"allocation.{name}", DAY)) for name in ("shapley_samples", "shapley_work_count"))


@pytest.mark.parametrize(
    ("schemes", "pairs"),
    [
        (0, MOST),
        (WORK // MOST, MOST),
        (WORK // MOST + 1, MOST - 1),
        (WORK // 5, 5),
        (WORK, 2),
        (5 * WORK, 2),
    ],
)
def test_pairs_times_schemes_stay_within_the_work_and_two_pairs_are_always_drawn(schemes: int, pairs: int) -> None:
    columns = pl.DataFrame({"scheme_id": pl.Series([str(i) for i in range(schemes)], dtype=pl.String)})
    assert pairs == sampled_pairs(Problem(columns, columns, columns), RULES, DAY)
