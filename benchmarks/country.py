"""A country on paper: what 2,800 districts would take, from what the districts of a measured fleet took."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.reports import Table
from yipanqi.files.fleet import Job, play, read
from yipanqi.files.template import write_dataset
from yipanqi.kernel import executor

DISTRICTS = 2800
#: Workers of the columns: one office machine, a small cluster, a large one.
WORKERS = (8, 64, 512)
_GIB, _KIB = 2**30, 1024


def sizes_of(jobs: Sequence[Job]) -> tuple[float, ...]:
    """Of the median district: KiB of facts that travel, of the answer, the stored run, the whole plan; read seconds."""
    job = sorted(jobs, key=lambda job: job.facts.projects.height)[len(jobs) // 2]
    short, whole = play(job), play(replace(job, whole=True))
    stored = sum(len(content) for name, content in short.files if name.startswith("run/"))
    with TemporaryDirectory(prefix="yipanqi-") as folder:
        write_dataset(Path(folder), job.facts)
        (reading,) = executor.ended(read, [(folder, None)], executor=executor.Serial())
    assert reading.cost is not None
    travels = (len(pickle.dumps(job)), len(pickle.dumps(short)), stored, sum(len(c) for _, c in whole.files))
    return (*(size / _KIB for size in travels), reading.cost.seconds)


def travel_table(measured: dict[str, tuple[float, ...]]) -> Table:
    """The sizes of the median district of each fleet."""
    columns = ("fleet", "travels out KiB", "back KiB", "stored run KiB", "whole plan KiB", "reading its workbook s")
    return Table("The median district", columns, [(name, *sizes) for name, sizes in measured.items()])


def country_table(mean_s: dict[str, float], measured: dict[str, tuple[float, ...]]) -> Table:
    """Core-hours = districts × (played + reading s) / 3600; hours = core-hours / workers; GiB by districts × KiB."""
    rows = []
    for name, sizes in measured.items():
        hours = DISTRICTS * (mean_s[name] + sizes[4]) / 3600
        stored, whole = (DISTRICTS * sizes[i] * _KIB / _GIB for i in (2, 3))
        rows.append((f"all like {name}", mean_s[name], hours, *(hours / w for w in WORKERS), stored, whole))
    heads = [f"hours, {w} workers" for w in WORKERS]
    columns = ("2,800 districts", "mean s played", "core-hours", *heads, "stored runs GiB", "whole plans GiB")
    return Table("On paper: a country once through, one scenario", columns, rows)
