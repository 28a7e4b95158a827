"""The counts beside the places of the side bar, all in one query of every page."""

from __future__ import annotations

from django.db import connection

from sims.counts import TOTAL

# By the name of a place: what somebody waits for there. Each must be answered by a small index.
COUNTS: dict[str, str] = {
    "sims": TOTAL,
    "operations": "SELECT count(*) FROM sims_operation WHERE state = 'unknown'",  # operation_state
}


def nav_counts() -> dict[str, int | None]:
    """Read now; one query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'({each})' for each in COUNTS.values())}")
        return dict(zip(COUNTS, map(int, cursor.fetchone()), strict=True))
