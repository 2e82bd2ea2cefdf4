"""Now and today, in one place: the demo's clock is fixed, so that its deadlines do not run away."""

from datetime import date, datetime

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """The instant, aware."""
    fixed: datetime | None = settings.FIXED_NOW
    return fixed or timezone.now()


def today() -> date:
    """The legal day in Asia/Shanghai."""
    return timezone.localtime(now(), settings.SHANGHAI).date()


def machine_time() -> datetime:
    """The machine's own instant, also where a demo's clock stands still: for signs of life."""
    return timezone.now()
