"""The counts beside the places of the side bar, all in one query of every page."""

from __future__ import annotations

from django.db import connection

from sims.counts import TOTAL
from users.models import User

# What a person sees of rows with an account: all, or those of the accounts they have access to (enterprise/scope.py).
MINE = "SELECT account_id FROM enterprise_accountaccess WHERE user_id = %(user)s"
SEEN = f"(NOT EXISTS ({MINE}) OR account_id IN ({MINE}))"
# By the name of a place: what somebody waits for there. Each must be answered by a small index.
COUNTS: dict[str, str] = {
    "sims": TOTAL + " WHERE {seen}",
    # operation_state
    "operations": "SELECT count(*) FROM sims_operation o JOIN sims_sim s ON s.id = o.sim_id "
    "WHERE o.state = 'unknown' AND {seen}",
    # batch_state
    "batches": "SELECT count(*) FROM batches_batch WHERE state IN ('running', 'paused') "
    "AND (NOT EXISTS ({mine}) OR requested_by_id = %(user)s OR accounts <@ ARRAY({mine}))",
    # message_unread_account; nobody counts beyond a thousand
    "sms": "SELECT count(*) FROM (SELECT FROM sms_message "
    "WHERE direction = 'mo' AND read_at IS NULL AND {seen} LIMIT 1000) u",
}
QUERY = "SELECT " + ", ".join(f"({each})" for each in COUNTS.values()).format(seen=SEEN, mine=MINE)


def nav_counts(user: User) -> dict[str, int | None]:
    """As this person sees them now; one query."""
    with connection.cursor() as cursor:
        cursor.execute(QUERY, {"user": user.pk})
        return dict(zip(COUNTS, map(int, cursor.fetchone()), strict=True))
