"""``python -m benchmarks``: run the promises and write the page.

python -m benchmarks                     all, at full size, then docs/reference/benchmarks.md
python -m benchmarks matching growth     these; the page is written from all results at hand
python -m benchmarks --small             all, at the size of a test: answers must agree, figures mean nothing
python -m benchmarks --page              only the page
python -m benchmarks --commit-digests    write down what the generators make of the seeds (new names only)
"""

import argparse
import importlib
import subprocess
import sys
import time

from benchmarks import page, reports

#: The promises, in the order of the page. A module has ``run(scale) -> Report`` and ``digests() -> {name: digest}``.
PROMISES = ("matching", "assemblies", "allocation", "packing", "admission", "exchange", "fleets", "growth")


def main(arguments: list[str]) -> int:
    """Run what is asked for, each promise in a process of its own; the number of those that failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("promises", nargs="*", metavar="PROMISE", help=", ".join(PROMISES))
    parser.add_argument("--small", action="store_true", help="at the size of a test, no page")
    parser.add_argument("--page", action="store_true", help="only write the page")
    parser.add_argument("--here", action="store_true", help="in this process, for a profiler")
    parser.add_argument("--commit-digests", action="store_true", help="write new digests down")
    asked = parser.parse_args(arguments)
    chosen = asked.promises or list(PROMISES)
    if unknown := sorted(set(chosen) - set(PROMISES)):
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(PROMISES)}")
    if asked.commit_digests:
        return _commit_digests(chosen)
    if asked.here:
        return _run(chosen[0], "small" if asked.small else "full")
    failed = [] if asked.page else [name for name in chosen if not _apart(name, asked.small)]
    if not asked.small:
        print(page.write())
    for name in failed:
        print(f"failed: {name}", file=sys.stderr)
    return len(failed)


def _apart(name: str, small: bool) -> bool:
    """Run one promise in a fresh process, so that no other's memory or warmth counts."""
    command = [sys.executable, "-m", "benchmarks", "--here", name, *(["--small"] if small else [])]
    return subprocess.run(command, cwd=reports.ROOT, check=False).returncode == 0


def _run(name: str, scale: str) -> int:
    begun = time.perf_counter()
    report = importlib.import_module(f"benchmarks.{name}").run(scale)
    seconds = time.perf_counter() - begun
    print(page.told(report))
    if scale == "full":
        reports.save(report, seconds)
    print(f"{name}: {seconds:.1f} s\n")
    return 0


def _commit_digests(names: list[str]) -> int:
    from benchmarks import seeds

    for name in names:
        seeds.commit(importlib.import_module(f"benchmarks.{name}").digests())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
