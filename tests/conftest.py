"""Tests with real layers: how many ran is said, and none may be skipped while the layers are there."""

import os
from pathlib import Path

import pytest

_outcomes: dict[str, int] = {"passed": 0, "failed": 0, "skipped": 0}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "real_data" in report.keywords and (report.when == "call" or report.outcome != "passed"):
        _outcomes[report.outcome] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ran = _outcomes["passed"] + _outcomes["failed"]
    terminalreporter.write_line(f"real data: {ran} ran, {_outcomes['skipped']} skipped")


def pytest_sessionfinish(session: pytest.Session) -> None:
    folder = os.environ.get("YIPANQI_REAL_DATA")
    if folder and Path(folder).is_dir() and _outcomes["skipped"]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
