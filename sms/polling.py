"""Asking what became of a message (M2) where no report tells."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F
from django.db.models.functions import Now
from django.utils import timezone

from journal.models import Event
from journal.record import Cause
from smarthub import Client
from smarthub.errors import CarrierError, NotFound
from smarthub.models import SmsMessage
from sms import conversations, delivery, story
from sms.models import Message
from toolkit.governor import NoToken
from toolkit.stopping import is_stopping

log = structlog.get_logger(__name__)

MINUTE, HOUR = 60, 3600
# Seconds after it left at which the carrier is asked about a message; the last is the end of its validity.
SINGLE = (5, 15, 30, 2 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR)
MANY = (10 * MINUTE, 6 * HOUR, 24 * HOUR)
SLICE_S = 20
AT_ONCE = 20
# A worker that dies while it asks leaves the message to be asked about again.
TAKEN_FOR = timedelta(minutes=2)
AFTER_TROUBLE = timedelta(minutes=1)
# The carrier may be a little behind its own validity.
GRACE = timedelta(seconds=30)
NO_REPORT_IN_TIME = "no_report"
GONE = "gone"
# Reports do arrive when one came within this time and reading has found nothing that a report ought to have told.
# What left after the last of them is asked about all the same: nothing shows that they go on.
RECENT, A_REPORT_TAKES = timedelta(hours=1), timedelta(minutes=1)
S = Message.State

TAKE = """
UPDATE sms_message SET next_poll_at = now() + %s
WHERE id IN (
    SELECT id FROM sms_message WHERE next_poll_at <= now() ORDER BY next_poll_at LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING *
"""


def plan_of(message: Message) -> tuple[int, ...]:
    return MANY if message.is_bulk else SINGLE


def first(message: Message) -> tuple[int, datetime | None]:
    """The place in its plan, and the time, at which a message that was just accepted is looked at first.

    While reports arrive it has some minutes for its own; then `work` sees whether any came since it left.
    """
    place = next(at for at, after_s in enumerate(plan_of(message)) if after_s >= A_REPORT_TAKES.seconds)
    if place and not last_report():
        place = 0
    return place, _at(message, place)


def at_end(message: Message) -> datetime | None:
    return _at(message, len(plan_of(message)) - 1)


def _at(message: Message, place: int) -> datetime | None:
    plan = plan_of(message)
    if place >= len(plan) or message.sent_at is None:
        return None
    grace = GRACE if place == len(plan) - 1 else timedelta()
    return message.sent_at + timedelta(seconds=plan[place]) + grace


def last_report() -> datetime | None:
    """When the newest report came, if the carrier's reports reach us at present; None where they do not."""
    now = timezone.now()
    reported = Message.objects.filter(reported_at__gt=now - RECENT).order_by("-reported_at")
    newest = reported.values_list("reported_at", flat=True).first()
    found_by_asking = Message.objects.filter(
        reported_at__isnull=True, settled_at__range=(now - RECENT, now - A_REPORT_TAKES), sms_id__gt=""
    )
    return None if newest is None or found_by_asking.exists() else newest


def is_due() -> bool:
    return Message.objects.filter(next_poll_at__lte=timezone.now()).exists()


def work(client: Client, *, slice_s: float = SLICE_S) -> bool:
    """Ask about what is due for about `slice_s` seconds; True when more is due. Asking twice is harmless."""
    ends_at, reported_at = time.monotonic() + slice_s, last_report()
    while messages := list(Message.objects.raw(TAKE, [TAKEN_FOR, AT_ONCE])):
        for message in messages:
            if reported_at and _may_wait(message, reported_at):
                put_off(message)
            elif not ask(message, client):
                return False
            if is_stopping() or time.monotonic() >= ends_at:
                return is_due()
    return False


def _may_wait(message: Message, reported_at: datetime) -> bool:
    """Whether a report has come since it left: then its own will come too, and one look at the end is enough."""
    is_before_end = message.polls < len(plan_of(message)) - 1 and message.is_open
    return is_before_end and message.sent_at is not None and message.sent_at < reported_at


def put_off(message: Message) -> None:
    """Reports do arrive: this one is asked about at its end, if none came by then."""
    end = len(plan_of(message)) - 1
    Message.objects.filter(pk=message.pk, next_poll_at__isnull=False).update(polls=end, next_poll_at=at_end(message))


def ask(message: Message, client: Client) -> bool:
    """Ask once and write what was found; False where the carrier cannot be asked at present."""
    try:
        told = client.sms_status(message.sms_id).value
    except NotFound:
        _unfound(message)
        return True
    except (CarrierError, NoToken) as error:
        log.info("sms_status_not_read", message=message.pk, error=type(error).__name__)
        soon = ExpressionWrapper(Now() + AFTER_TROUBLE, output_field=DateTimeField())
        Message.objects.filter(pk=message.pk, next_poll_at__isnull=False).update(next_poll_at=soon)
        return False
    with transaction.atomic():
        locked = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        if not found(locked, told):
            _ask_later(locked)
    return True


def found(message: Message, told: SmsMessage) -> bool:
    """Write what the carrier told of a message (locked); whether it is final by that."""
    state = delivery.state_for(told.status, told.fail_reason)
    if state is None or state not in Message.FINAL:
        return message.is_final
    reason, cause = told.fail_reason or "", Cause(Event.Cause.READ)
    delivery.apply(message, state=state, finished_at=told.finished_at, reason=reason, cause=cause, is_report=False)
    return True


def _ask_later(message: Message) -> None:
    """The next time of the plan; at its end a message that nobody ever reported is expired."""
    Message.objects.filter(pk=message.pk).update(polls=F("polls") + 1, next_poll_at=_at(message, message.polls + 1))
    if message.polls + 1 >= len(plan_of(message)) and message.state == S.ACCEPTED:
        delivery.apply(
            message,
            state=S.EXPIRED,
            finished_at=None,
            reason=NO_REPORT_IN_TIME,
            cause=Cause(Event.Cause.READ),
            is_report=False,
        )


def _unfound(message: Message) -> None:
    """The carrier may know it a moment later; at the end of the plan we shall never know."""
    with transaction.atomic():
        locked = Message.objects.select_for_update(of=("self",)).get(pk=message.pk)
        place = locked.polls + 1
        locked.polls, locked.next_poll_at = place, _at(locked, place)
        if locked.next_poll_at is None and locked.state == S.ACCEPTED:
            locked.state, locked.reason = S.UNKNOWN, GONE
            story.write(locked, story.UNKNOWN, at=timezone.now(), cause=Cause(Event.Cause.READ))
            conversations.tell(locked)
        locked.save(update_fields=["polls", "next_poll_at", "state", "reason"])
