"""Billing days: what the history is kept by."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

DAY = timedelta(days=1)


def zone() -> ZoneInfo:
    return ZoneInfo(settings.BILLING_TIME_ZONE)


def day_of(moment: datetime) -> date:
    """The billing day that a moment belongs to."""
    return moment.astimezone(zone()).date()


def start_of(day: date) -> datetime:
    """The moment at which a billing day begins."""
    return datetime.combine(day, time(), zone()).astimezone(UTC)


def end_of(day: date) -> datetime:
    return start_of(day + DAY)
