"""The one-file report of a plan."""

from yipanqi.files.report.html import render, write

__all__ = ["render", "write"]
