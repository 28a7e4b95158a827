"""The counts beside the places of the side bar, all in one query of every page."""

from __future__ import annotations

from django.db import connection

from sims.counts import TOTAL
from users.models import User

# What a person sees of rows with an account: all, or those of the accounts they have access to (enterprise/scope.py).
SEEN = "(mine.ids IS NULL OR {account} = ANY(mine.ids))"
# By the name of a place: what somebody waits for there. Each must be answered by a small index.
COUNTS: dict[str, str] = {
    "sims": TOTAL + " WHERE {seen}",
    # operation_state
    "operations": "SELECT count(*) FROM sims_operation o WHERE o.state = 'unknown' AND {seen_sim}",
    # batch_state
    "batches": "SELECT count(*) FROM batches_batch WHERE state IN ('running', 'paused') "
    "AND (mine.ids IS NULL OR requested_by_id = %(user)s OR accounts <@ mine.ids)",
    # message_unread_account; nobody counts beyond a thousand
    "sms": "SELECT count(*) FROM (SELECT FROM sms_message "
    "WHERE direction = 'mo' AND read_at IS NULL AND {seen} LIMIT 1000) u",
}
MINE = "(SELECT array_agg(account_id) AS ids FROM enterprise_accountaccess WHERE user_id = %(user)s) AS mine"
QUERY = ("SELECT " + ", ".join(f"({each})" for each in COUNTS.values()) + " FROM " + MINE).format(  # noqa: S608 - ours
    seen=SEEN.format(account="account_id"),
    seen_sim=SEEN.format(account="(SELECT s.account_id FROM sims_sim s WHERE s.id = o.sim_id)"),
)


def nav_counts(user: User) -> dict[str, int | None]:
    """As this person sees them now; one query."""
    with connection.cursor() as cursor:
        cursor.execute(QUERY, {"user": user.pk})
        return dict(zip(COUNTS, map(int, cursor.fetchone()), strict=True))
