"""Everything a plan is written to: one folder, the same bytes for the same plan."""

from collections.abc import Callable
from pathlib import Path

from yipanqi.allocation.board import Plan
from yipanqi.files import parquet, plan_book, plan_layers, summary


def write(
    plan: Plan,
    folder: Path,
    *,
    documents: bool = False,
    language: str = "zh",
    workers: int = 1,
    watch: Callable[[str], None] = lambda _: None,
) -> None:
    """Write summary.json, plan.xlsx, plan.geojson, plan.gpkg, report.html, the run, and with ``documents`` the PDFs."""
    from yipanqi.files import report

    folder.mkdir(parents=True, exist_ok=True)
    watch("workbook")
    summary.write(plan, folder / "summary.json")
    plan_book.write(plan, folder / "plan.xlsx", language)
    watch("layers")
    plan_layers.write(plan, folder, language)
    watch("report")
    report.write(plan, folder / "report.html", language)
    parquet.store(plan, folder)
    if documents:
        from yipanqi.files import documents as papers

        watch("documents")
        papers.write(plan, folder / "documents", language, workers=workers)
