"""The counts beside the places of the side bar, all in one query of every page."""

from __future__ import annotations

from django.db import connection

from sims.counts import TOTAL

# By the name of a place: what somebody waits for there. Each must be answered by a small index.
COUNTS: dict[str, str] = {
    "sims": TOTAL,
    "operations": "SELECT count(*) FROM sims_operation WHERE state = 'unknown'",  # operation_state
    "batches": "SELECT count(*) FROM batches_batch WHERE state IN ('running', 'paused')",  # batch_state
    # message_unread; nobody counts beyond a thousand
    "sms": "SELECT count(*) FROM (SELECT FROM sms_message WHERE direction = 'mo' AND read_at IS NULL LIMIT 1000) u",
}


def nav_counts() -> dict[str, int | None]:
    """Read now; one query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(f'({each})' for each in COUNTS.values())}")
        return dict(zip(COUNTS, map(int, cursor.fetchone()), strict=True))
