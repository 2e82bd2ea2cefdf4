"""Allocation of whole boards: our search beside HiGHS, CP-SAT and SCIP, on the same integer programme."""

from benchmarks.seeds import SEEDS
from benchmarks.worlds import boards

#: projects × sites → how many of the ten seeds are ours, and how many the peers'.
SIZES = {(100, 1_000): (10, 3), (1_000, 10_000): (10, 3), (5_000, 50_000): (5, 3)}
SMALL = (30, 100)


def digests() -> dict[str, str]:
    """The digests of the boards; a board of 5,000 × 50,000 takes 10 s to draw, so only those used are drawn."""
    wanted = [(size, seed) for size, (count, _) in SIZES.items() for seed in SEEDS[:count]]
    wanted += [(SMALL, seed) for seed in SEEDS[:3]]
    return {f"boards/{n}x{m}/{seed}": boards.board(n, m, seed).digest() for (n, m), seed in wanted}
