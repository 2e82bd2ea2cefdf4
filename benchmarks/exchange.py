"""Workbooks in and out: a district's land sheet read with every check and written as the form, beside bare openpyxl.

Ours is the product's path: the gate and the reader in a limited child process, headers matched, units, types, codes,
schema and references checked, every fault a finding. openpyxl only turns cells into Python values.
"""

import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import seeds
from benchmarks.alone import alone
from benchmarks.peers import openpyxl_bare
from benchmarks.reports import Goal, Report, Table
from benchmarks.timing import exponent, ratio
from benchmarks.worlds.workbooks import Sheetful, draw, write

SIZES = (1_000, 10_000, 100_000)
_WORLD = "workbooks/{}/{}/{}"
_LAND = "土地"
KINDS = ("clean", "dirty")
READ_GOAL, WRITE_GOAL = 5.0, 1.5


def digests() -> dict[str, str]:
    """What the generator makes of the seeds; of the largest size only of the first three, each takes seconds."""
    return {
        _WORLD.format(kind, size, seed): draw(size, seed, dirty=kind == "dirty").digest
        for size in SIZES
        for seed in (seeds.SEEDS if size < SIZES[-1] else seeds.SEEDS[:3])
        for kind in KINDS
    }


_WHY_READ = (
    "Missed by the quotient of the two figures. Of our CPU seconds at 10⁵ rows a sixth checks (headers, units, types, "
    "schema, references), a sixth is the gate, which looks at every cell's address before anything is opened, and two "
    "thirds are the reader: it goes through a sheet twice, the second time for merged cells only, and hands each value "
    "over as a Python object. A reader that gives merged cells with the first pass and columns of text would meet it."
)
_NOTES = (
    "The workbooks are written by xlsxwriter as office programs do (shared strings, dates with styles). Dirty: one "
    "filled cell in twenty is wrong, in seven ways for numbers, five for days and words; most rows are kept out.",
    "Ours reads through the gate in a child with 10 CPU seconds and 1 GiB, as in production, and the clock includes "
    "starting that child; findings listed are capped at 100 of a kind in a column. openpyxl: read_only, values_only.",
    "Ours writes the whole official form with styles, drop-downs and instructions, and is read back: same facts. "
    "openpyxl: write_only, the same cells on one bare sheet, rows ready as tuples. One thread, one core for everybody.",
)


@dataclass(frozen=True)
class _Taken:
    """One measurement: seconds on the clock, memory of the process and of its child, and what came of it."""

    seconds: float
    mib: float
    child_mib: float
    told: tuple[int, ...]


def run(scale: str) -> Report:
    """Reading clean and dirty workbooks and writing clean ones, by size; answers compared before the ratios."""
    sizes = (500,) if scale == "small" else SIZES
    with TemporaryDirectory(prefix="yipanqi-bench-") as name:
        found = {size: _measured(Path(name), size) for size in sizes}
    last = found[sizes[-1]]
    reads = _times(last, "openpyxl read clean", "read clean")
    dirty = _times(last, "openpyxl read dirty", "read dirty")
    writes = _times(last, "openpyxl write", "write")
    goals = (
        Goal("10⁵ rows read with full checking ≥ 5× openpyxl's bare read", f"×{reads:.2f} clean, ×{dirty:.2f} dirty",
             reads >= READ_GOAL, _WHY_READ),
        Goal("10⁵ rows written ≥ 1.5× openpyxl's write-only mode", f"×{writes:.2f}", writes >= WRITE_GOAL,
             "The columns are turned into XML; what is left is compression."),
    )  # fmt: skip
    tables = (_table(found), *([_growth(found)] if len(found) > 1 else []))
    return Report("exchange", "Exchange", scale, tables, goals, _NOTES, ("python-calamine", "xlsxwriter", "openpyxl"))


def _times(found: Mapping[str, _Taken], peer: str, ours: str) -> float:
    return found[peer].seconds / found[ours].seconds


def _measured(folder: Path, size: int) -> dict[str, _Taken]:
    """Every measurement at one size, on the first seed, each in a process of its own."""
    found: dict[str, _Taken] = {}
    for kind in KINDS:
        drawn = draw(size, seeds.SEEDS[0], dirty=kind == "dirty")
        if size in SIZES:
            seeds.check(_WORLD.format(kind, size, seeds.SEEDS[0]), drawn.digest)
        path = folder / f"{kind}-{size}.xlsx"
        write(path, drawn)
        found[f"read {kind}"] = alone("benchmarks.exchange:read_ours", str(path))
        found[f"openpyxl read {kind}"] = alone("benchmarks.exchange:read_bare", str(path))
        _same_rows(drawn, found[f"read {kind}"], found[f"openpyxl read {kind}"])
    clean, written = str(folder / f"clean-{size}.xlsx"), str(folder / f"ours-{size}.xlsx")
    found["write"] = alone("benchmarks.exchange:write_ours", (clean, written))
    found["openpyxl write"] = alone("benchmarks.exchange:write_bare", (written, size < SIZES[-1]))
    return found


def _same_rows(drawn: Sheetful, ours: _Taken, theirs: _Taken) -> None:
    """Raise where a row is lost, a fault of a clean sheet found, or none of a dirty one."""
    count, kept, findings, bare = *ours.told, *theirs.told
    wrong = drawn.faults.height > 0
    if count != drawn.cells.height or bare != count + 1 or (kept < count) != wrong or (findings > 0) != wrong:
        raise AssertionError(
            f"of {drawn.cells.height} rows {count} read, {kept} kept, {findings} findings, {bare} seen"
        )


def read_ours(path: str) -> _Taken:
    """The product's way: rows read, rows kept, findings."""
    from yipanqi.files.dataset import load

    begun = time.perf_counter()
    loaded = load(Path(path))
    taken = time.perf_counter() - begun
    if loaded.facts is None:
        raise AssertionError(f"no facts: {loaded.findings[:3]}")
    return _taken(taken, (loaded.counts["sites"].read, loaded.counts["sites"].kept, len(loaded.findings)))


def read_bare(path: str) -> _Taken:
    """openpyxl's way: rows of the land sheet seen."""
    begun = time.perf_counter()
    seen = openpyxl_bare.read(Path(path))
    return _taken(time.perf_counter() - begun, (seen[_LAND],))


def write_ours(paths: tuple[str, str]) -> _Taken:
    """The form filled with the facts of a workbook: styles, drop-downs, instructions, units.

    Raises:
        AssertionError: read back it is not the same facts.
    """
    from yipanqi.files.dataset import load
    from yipanqi.files.template import write_dataset

    source, target = map(Path, paths)
    facts = load(source).facts
    begun = time.perf_counter()
    write_dataset(target, facts)
    taken = _taken(time.perf_counter() - begun, ())
    back = load(target)
    if back.findings or not back.facts.sites.equals(facts.sites):
        raise AssertionError(f"{target.name} does not read back as it was written")
    return taken


def write_bare(asked: tuple[str, bool]) -> _Taken:
    """openpyxl's way: the same cells as ours wrote, on one bare sheet.

    Raises:
        AssertionError: read back they are not the same cells (asked for only where that does not take too long).
    """
    path, checked = Path(asked[0]), asked[1]
    target, rows = path.with_name("bare.xlsx"), openpyxl_bare.values(path, _LAND)
    begun = time.perf_counter()
    openpyxl_bare.write(target, rows, _LAND)
    taken = _taken(time.perf_counter() - begun, ())
    if checked and any(a != b[: len(a)] for a, b in zip(openpyxl_bare.values(target, _LAND), rows, strict=True)):
        raise AssertionError("openpyxl does not read back what it wrote")
    return taken


def _taken(seconds: float, told: tuple[int, ...]) -> _Taken:
    mine, child = (resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return _Taken(seconds, mine, child, told)


_PAIRS = {"read clean": "openpyxl read clean", "read dirty": "openpyxl read dirty", "write": "openpyxl write"}


def _table(found: Mapping[int, Mapping[str, _Taken]]) -> Table:
    rows = []
    for size, taken in found.items():
        for ours, bare in _PAIRS.items():
            for name, what in ((f"yipanqi {ours}", taken[ours]), (bare, taken[bare])):
                rows.append((size, name, what.seconds, ratio(what.seconds, taken[ours].seconds), what.mib,
                             what.child_mib or None, what.told[2] if len(what.told) > 2 else None))  # fmt: skip
    columns = ("rows", "work", "seconds", "ratio", "peak, MiB", "peak of the child, MiB", "findings listed")
    return Table("A land sheet of 40 columns, some 30 of them filled", columns, rows)


def _growth(found: Mapping[int, Mapping[str, _Taken]]) -> Table:
    works = next(iter(found.values()))
    rows = [(work, exponent(list(found), [taken[work].seconds for taken in found.values()])) for work in works]
    return Table("Growth: seconds ~ rows^e", ("work", "e"), rows)
