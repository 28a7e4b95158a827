"""What the tasks do: each in one slice, with the carrier of its lane."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from smarthub import Client
from sms import answers, loop, outcomes, polling
from sms.models import Conversation, EarlyReport, Message, SendLoop
from toolkit.carrier import NoCarrier, carrier, changing_carrier
from toolkit.governor import Lane

DROPPED_AT_ONCE = 5000


class Due(NamedTuple):
    """What somebody has to work at now."""

    prompt: bool
    many: bool
    asking: bool


def send_prompt(*, then: Callable[[], None]) -> None:
    """A slice of the single messages; `then` queues the next."""
    _send(SendLoop.Lane.PROMPT, changing_carrier, then)


def send_many(*, then: Callable[[], None]) -> None:
    """A slice of the messages to many; `then` queues the next."""
    _send(SendLoop.Lane.MANY, partial(carrier, Lane.BATCH), then)


def _send(lane: SendLoop.Lane, carrier_of: Callable[[], Client], then: Callable[[], None]) -> None:
    try:
        client = carrier_of()
    except NoCarrier as error:
        _refuse_all(lane, error)
        return
    if loop.work(lane, client):
        then()


def _refuse_all(lane: SendLoop.Lane, error: NoCarrier) -> None:
    waiting = Message.objects.filter(state=Message.State.QUEUED, is_bulk=lane == SendLoop.Lane.MANY)
    for message_id in list(waiting.values_list("pk", flat=True)[:1000]):
        with transaction.atomic():
            row = Message.objects.select_for_update().filter(pk=message_id, state=Message.State.QUEUED)
            if message := row.first():
                outcomes.record(message, error)


def ask_for_delivery(*, then: Callable[[], None]) -> None:
    """A slice of asking; `then` queues the next."""
    try:
        client = carrier(Lane.SYNC)
    except NoCarrier:
        return
    if polling.work(client):
        then()


def tend() -> Due:
    """End dead loops and waits for answers that are over; what is left to work at."""
    loop.sweep()
    answers.expire()
    lanes = SendLoop.Lane
    return Due(loop.waiting(lanes.PROMPT), loop.waiting(lanes.MANY), polling.is_due())


def drop_old() -> int:
    """Delete messages older than SMS_RETENTION_DAYS, and what only spoke of them; how many messages."""
    before = timezone.now() - timedelta(days=settings.SMS_RETENTION_DAYS)
    old = Message.objects.filter(created_at__lt=before).exclude(state__in=[Message.State.QUEUED, Message.State.SENDING])
    dropped = 0
    while ids := list(old.order_by("created_at").values_list("pk", flat=True)[:DROPPED_AT_ONCE]):
        dropped += Message.objects.filter(pk__in=ids).delete()[1].get("sms.Message", 0)
    EarlyReport.objects.filter(received_at__lt=before).delete()
    Conversation.objects.filter(last_message=None, last_at__lt=before).delete()
    return dropped
