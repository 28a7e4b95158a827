"""What came of handing a message to the carrier (M1), and how it stands in our row."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
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


def is_for_later(outcome: Outcome) -> bool:
    """Whether nothing was sent and another time may do: whoever sends should rest, too."""
    if isinstance(outcome, TransportError):
        return not outcome.is_sent
    return isinstance(outcome, RateLimited | NoToken | AuthError)


def record(message_id: int, outcome: Outcome) -> Message:
    """Write what came of it, in a transaction.

    A slow reply may find its message called unknown meanwhile, even settled by a report or sent again by a person.
    """
    with transaction.atomic():
        if isinstance(outcome, Answer):
            delivery.lock(outcome.value.sms_id)
        message = Message.objects.select_for_update(of=("self",)).get(pk=message_id)
        if isinstance(outcome, Answer):
            _accepted(message, outcome)
        elif _is_unknown(outcome):
            become_unknown(message, NO_REPLY)
        elif is_for_later(outcome) and message.state == S.SENDING and message.tries < len(TRY_AGAIN_AFTER_S):
            _later(message)
        else:
            _failed(message, code_of(outcome))
        conversations.tell(message)
    return message


def _is_unknown(outcome: Outcome) -> bool:
    """Whatever is not understood counts as sent: it must not go out twice."""
    if isinstance(outcome, CarrierError):
        return outcome.is_outcome_unknown
    return not isinstance(outcome, NoToken | NoCarrier)


def _accepted(message: Message, answer: Answer[SmsMessage]) -> None:
    told = answer.value
    _take_over(told.sms_id, message)
    message.loop = None
    message.sms_id, message.sent_at = told.sms_id, answer.reply.asked_at
    message.answered_at = timezone.now()
    if not message.is_final:
        message.state, message.reason, message.note = S.ACCEPTED, "", ""
        message.polls, message.next_poll_at = polling.first(message)
    if message.answer:
        message.expect_until = message.sent_at + timedelta(seconds=message.expect_within_s or 0)
    message.save()
    early.take_for(message)
    state = delivery.state_for(told.status, told.fail_reason)
    if state in Message.FINAL:
        polling.found(message, told)


def _take_over(sms_id: str, message: Message) -> None:
    """A carrier that begins to count anew (a simulated one that was restarted) gives a number a second time."""
    older = Message.objects.filter(direction=Message.Direction.MT, sms_id=sms_id).exclude(pk=message.pk)
    older.update(sms_id="", next_poll_at=None)


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
