"""What came of handing a message to the carrier (M1), and how it stands in our row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from smarthub.errors import (
    AuthError,
    CarrierError,
    IllegalStatus,
    NotFound,
    PermissionDenied,
    RateLimited,
    TransportError,
)
from smarthub.models import Answer, SmsMessage
from sms import conversations, delivery, early, polling, story
from sms.models import Conversation, Message
from toolkit.carrier import NoCarrier
from toolkit.governor import NoToken

Outcome = Answer[SmsMessage] | Exception
S = Message.State

# Nothing was sent: it is tried again after so many seconds, and then no more.
TRY_AGAIN_AFTER_S = (5, 15, 30, 60, 120)
CODES: tuple[tuple[type[Exception], str], ...] = (
    (AuthError, "key_refused"),
    (PermissionDenied, "no_right"),
    (NotFound, "missing"),
    (IllegalStatus, "illegal_status"),
    (RateLimited, "too_many_requests"),
    (NoToken, "too_many_requests"),
    (NoCarrier, "no_carrier"),
)
NOT_REACHED = "not_reached"
NO_REPLY = "no_reply"
CLOSED = "closed"
# What a report or a person has settled meanwhile stays; a number that an older message has is not given twice.
TAKEN = """
UPDATE sms_message m SET loop_id = NULL, sms_id = %(sms_id)s, sent_at = %(sent_at)s, answered_at = now(),
    state = CASE WHEN was.is_final THEN m.state ELSE 'accepted' END,
    reason = CASE WHEN was.is_final THEN m.reason ELSE '' END, note = CASE WHEN was.is_final THEN m.note ELSE '' END,
    polls = CASE WHEN was.is_final THEN m.polls ELSE %(polls)s END,
    next_poll_at = CASE WHEN was.is_final THEN m.next_poll_at ELSE %(next_poll_at)s END,
    expect_until = CASE WHEN m.answer = '' THEN m.expect_until
        ELSE %(sent_at)s + coalesce(m.expect_within_s, 0) * interval '1 second' END
FROM (SELECT state = ANY(%(final)s) AS is_final FROM sms_message WHERE id = %(id)s FOR UPDATE) AS was
WHERE m.id = %(id)s AND NOT EXISTS (
    SELECT FROM sms_message o WHERE o.direction = 'mt' AND o.sms_id = %(sms_id)s AND o.id <> %(id)s)
RETURNING EXISTS (SELECT FROM sms_earlyreport r WHERE r.sms_id = %(sms_id)s)
"""


def is_for_later(outcome: Outcome) -> bool:
    """Whether nothing was sent and another time may do: whoever sends should rest, too."""
    if isinstance(outcome, TransportError):
        return not outcome.is_sent
    return isinstance(outcome, RateLimited | NoToken | AuthError)


def record(message: Message, outcome: Outcome) -> None:
    """Write what came of handing it over, in a transaction.

    A slow reply may find its message called unknown meanwhile, even settled by a report or sent again by a person.
    """
    with transaction.atomic(savepoint=False):
        if isinstance(outcome, Answer):
            _accepted(message, outcome)
        else:
            _not_accepted(message.pk, outcome)
        conversations.tell(message)


def _not_accepted(message_id: int, outcome: Exception) -> None:
    message = Message.objects.select_for_update(of=("self",)).get(pk=message_id)
    if _is_unknown(outcome):
        become_unknown(message, NO_REPLY)
    elif is_for_later(outcome) and message.state == S.SENDING and message.tries < len(TRY_AGAIN_AFTER_S):
        _later(message)
    else:
        _failed(message, code_of(outcome))


def _is_unknown(outcome: Outcome) -> bool:
    """Whatever is not understood counts as sent: it must not go out twice."""
    if isinstance(outcome, CarrierError):
        return outcome.is_outcome_unknown
    return not isinstance(outcome, NoToken | NoCarrier)


def _accepted(message: Message, answer: Answer[SmsMessage]) -> None:
    told = answer.value
    delivery.lock(told.sms_id)
    has_report = _taken(message, answer)
    if has_report is None:
        # A carrier that begins to count anew (a simulated one that was restarted) gives a number a second time.
        older = Message.objects.filter(direction=Message.Direction.MT, sms_id=told.sms_id).exclude(pk=message.pk)
        older.update(sms_id="", next_poll_at=None)
        has_report = _taken(message, answer)
    is_final = delivery.state_for(told.status, told.fail_reason) in Message.FINAL
    if has_report or is_final:
        _settle(Message.objects.select_for_update(of=("self",)).get(pk=message.pk), told)


def _taken(message: Message, answer: Answer[SmsMessage]) -> bool | None:
    """Give it its number; whether a report of it came before, None where an older message has the number."""
    message.sent_at = answer.reply.asked_at
    polls, next_poll_at = polling.first(message)
    values: dict[str, Any] = {
        "id": message.pk,
        "sms_id": answer.value.sms_id,
        "sent_at": message.sent_at,
        "final": list(Message.FINAL),
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, values | {"polls": polls, "next_poll_at": next_poll_at})
        found = cursor.fetchone()
    return bool(found[0]) if found else None


def _settle(message: Message, told: SmsMessage) -> None:
    early.take_for(message)
    if delivery.state_for(told.status, told.fail_reason) in Message.FINAL:
        polling.found(message, told)


def become_unknown(message: Message, reason: str) -> None:
    """It may have left or not (locked by the caller); a report that was kept may tell."""
    message.state, message.loop, message.reason = S.UNKNOWN, None, reason
    message.answered_at, message.next_poll_at = timezone.now(), None
    if message.answer and message.sent_at:
        message.expect_until = message.sent_at + timedelta(seconds=message.expect_within_s or 0)
    message.save()
    if not early.look_for(message):
        story.write(message, story.UNKNOWN, at=message.sent_at or timezone.now(), cause=story.by_person(message))
    conversations.tell(message)


def _later(message: Message) -> None:
    wait_s = TRY_AGAIN_AFTER_S[message.tries]
    message.state, message.loop, message.sent_at = S.QUEUED, None, None
    message.tries, message.not_before = message.tries + 1, timezone.now() + timedelta(seconds=wait_s)
    message.save()


def _failed(message: Message, code: str) -> None:
    message.state, message.loop, message.reason = S.FAILED, None, code
    message.finished_at = message.settled_at = timezone.now()
    message.save()
    if message.answer:
        conversations.set_answer(message, Conversation.Answer.NONE)
    story.write(message, story.FAILED, at=message.finished_at, cause=story.by_person(message))


def code_of(outcome: Outcome) -> str:
    """The carrier's own word where it gave one, else ours; `words.REASONS` has sentences for both."""
    codes = [item.code for item in getattr(outcome, "errors", ()) if item.code]
    if codes:
        return codes[0][: delivery.LONGEST_REASON]
    for kind, code in CODES:
        if isinstance(outcome, kind):
            return code
    return NOT_REACHED if isinstance(outcome, CarrierError) and not outcome.is_sent else "refused"
