"""What becomes of a message once it has left: states by report or by reading, in whatever order they come."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType

from django.db import connection
from django.utils import timezone

from journal.record import Cause
from sms import conversations, story
from sms.models import Message
from sms.texts import keepable

S = Message.State
# The more a state says, the higher: whatever the order of reports, the one that says most stays.
RANK = MappingProxyType({S.ACCEPTED: 1, S.EXPIRED: 2, S.FAILED: 3, S.DELIVERED: 4})
# The carrier's word → ours; a word that is not here says nothing. Only the first three are known, the others are those
# of the field, where a list that is cut short may go on with them.
STATUSES = MappingProxyType(
    {
        "PENDING": S.ACCEPTED,
        "DELIVERED": S.DELIVERED,
        "FAILED": S.FAILED,
        "UNDELIVERED": S.FAILED,
        "UNDELIVERABLE": S.FAILED,
        "REJECTED": S.FAILED,
        "EXPIRED": S.EXPIRED,
    }
)
EXPIRED_REASONS = frozenset({"expired", "validity_expired", "ttl_expired"})
LONGEST_REASON = 200
SETTLED = (
    "state", "loop", "finished_at", "settled_at", "reason", "note", "next_poll_at", "reported_at", "sms_id",
)  # fmt: skip
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))"


def state_for(status: str | None, fail_reason: str | None) -> S | None:
    """The carrier's status in our words, None where it says nothing we know."""
    state = STATUSES.get((status or "").strip().upper())
    is_expired = state == S.FAILED and (fail_reason or "").strip().lower() in EXPIRED_REASONS
    return S.EXPIRED if is_expired else state


def lock(sms_id: str) -> None:
    """Until the transaction ends nobody else writes about this number: a report and our own reply may cross."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [sms_id])


def apply(
    message: Message,
    *,
    state: S,
    finished_at: datetime | None,
    reason: str,
    cause: Cause,
    is_report: bool,
) -> bool:
    """Bring a message (locked by the caller) to `state` unless it is further already; True where that changed it."""
    if is_report:
        message.reported_at = timezone.now()
    is_news = RANK[state] > RANK.get(S(message.state), 0)
    if is_news:
        message.state, message.loop = state, None
        if message.is_final:
            message.settled_at = timezone.now()
            message.finished_at = finished_at or message.settled_at
            message.reason = keepable(reason)[:LONGEST_REASON] if state != S.DELIVERED else ""
            message.next_poll_at, message.note = None, ""
    message.save(update_fields=SETTLED)
    if is_news:
        _tell(message, cause)
    return is_news


def _tell(message: Message, cause: Cause) -> None:
    if kind := story.KIND_OF.get(S(message.state)):
        story.write(message, kind, at=message.finished_at or timezone.now(), cause=cause)
        conversations.give_up(message)
    conversations.tell(message)
