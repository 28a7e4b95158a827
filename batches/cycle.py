"""When the carrier's next billing cycle begins."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings


def next_cycle_at(after: datetime) -> datetime:
    """The first moment of the next calendar month in BILLING_TIME_ZONE (contract 2.7)."""
    local = after.astimezone(ZoneInfo(settings.BILLING_TIME_ZONE))
    year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
    return datetime(year, month, 1, tzinfo=local.tzinfo)
