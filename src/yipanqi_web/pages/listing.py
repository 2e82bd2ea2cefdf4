"""Lists: one page of rows at a time, the filters kept in the address."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

ROWS = 50


@dataclass(frozen=True)
class Listing:
    """A page of rows, the filters that gave it, and the address without its page number."""

    rows: Page[Any]
    wanted: dict[str, str]
    query: str


def listing(request: HttpRequest, rows: QuerySet[Any], names: tuple[str, ...]) -> Listing:
    """The page of rows the address asks for."""
    wanted = {name: request.GET.get(name, "").strip() for name in names}
    kept = request.GET.copy()
    kept.pop("page", None)
    return Listing(Paginator(rows, ROWS).get_page(request.GET.get("page")), wanted, kept.urlencode())
