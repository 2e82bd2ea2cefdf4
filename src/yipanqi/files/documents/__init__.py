"""A PDF per project in two editions: internal, and for the investor from an allow-list."""

from yipanqi.files.documents.write import write

__all__ = ["write"]
