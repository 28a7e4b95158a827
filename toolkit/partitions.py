"""Monthly partitions of the tables that grow for ever."""

from __future__ import annotations

from datetime import date

from django.db import connection

MONTHS_AHEAD = 3


def ensure_months(table: str, *, today: date, ahead: int = MONTHS_AHEAD) -> None:
    """Create the partitions of `table` for this month and `ahead` more; those that exist stay as they are.

    A row of a month without a partition goes to the DEFAULT partition, so nothing is refused.
    """
    first = today.replace(day=1)
    with connection.cursor() as cursor:
        for _ in range(ahead + 1):
            after = next_month(first)
            cursor.execute(
                f'CREATE TABLE IF NOT EXISTS "{table}_{first:%Y_%m}" PARTITION OF "{table}" '
                f"FOR VALUES FROM ('{first:%Y-%m-%d}') TO ('{after:%Y-%m-%d}')"
            )
            first = after


def next_month(day: date) -> date:
    """The first day of the month after `day`."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
