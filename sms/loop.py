"""Sending: a loop over the rows that wait, each taken by a conditional update and committed before it leaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from smarthub import Client
from sms import outcomes
from sms.models import Message, SendLoop
from toolkit import lease
from toolkit.stopping import is_stopping

log = structlog.get_logger(__name__)

SLICE_S = 20
LONGEST_CALL = timedelta(minutes=10)
# The carrier's rate is kept by the governor; this hides how long one answer takes.
AT_ONCE = {SendLoop.Lane.PROMPT: 1, SendLoop.Lane.MANY: 4}
S = Message.State

TAKE = """
UPDATE sms_message SET state = 'sending', loop_id = %s, sent_at = now()
WHERE state = 'queued' AND id = (
    SELECT id FROM sms_message
    WHERE state = 'queued' AND is_bulk = %s AND (not_before IS NULL OR not_before <= now())
    ORDER BY is_bulk, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, direction, giccid, content, encoding, is_bulk, sent_at
"""


def work(lane: SendLoop.Lane, client: Client, *, slice_s: float = SLICE_S, at_once: int | None = None) -> bool:
    """Send what waits in this lane for about `slice_s` seconds; True when more waits.

    Several loops are harmless: each message is taken by one of them.
    """
    if not waiting(lane):
        return False
    loop = SendLoop.objects.create(lane=lane)
    row = SendLoop.objects.filter(pk=loop.pk)
    owner = lease.claim(row)
    if owner is None:
        return False
    ends_at = time.monotonic() + slice_s
    try:
        with lease.kept(row, owner):
            is_resting = _run(loop, client, lambda: is_stopping() or time.monotonic() >= ends_at, at_once)
    finally:
        close(loop.pk, owner)
    return not is_resting and waiting(lane)


def waiting(lane: SendLoop.Lane) -> bool:
    """Whether a message of this lane may leave now."""
    is_due = Q(not_before__isnull=True) | Q(not_before__lte=timezone.now())
    return Message.objects.filter(is_due, state=S.QUEUED, is_bulk=lane == SendLoop.Lane.MANY).exists()


def close(loop_id: int, owner: UUID | None = None) -> int:
    """End a loop that is over or dead: what it still holds may have left, so it is unknown; how many."""
    held = Message.objects.filter(state=S.SENDING, loop_id=loop_id).values_list("pk", flat=True)
    lost = sum(_lose(pk, loop_id) for pk in list(held))
    SendLoop.objects.filter(pk=loop_id).delete()
    return lost


def _lose(message_id: int, loop_id: int | None) -> bool:
    with transaction.atomic():
        held = Message.objects.select_for_update(of=("self",)).filter(pk=message_id, state=S.SENDING, loop=loop_id)
        message = held.first()
        if message is not None:
            outcomes.become_unknown(message, outcomes.NO_REPLY)
    return message is not None


def sweep() -> int:
    """End the loops whose worker died; how many messages became unknown by it."""
    dead = SendLoop.objects.filter(lease.free(), lease_until__isnull=False).values_list("pk", flat=True)
    return sum(close(loop_id) for loop_id in list(dead)) + sum(_lose(pk, None) for pk in _left_by_batches())


def _left_by_batches() -> list[int]:
    """Messages that a batch was handing over when its worker died: no call takes so long."""
    long_ago = timezone.now() - LONGEST_CALL
    return list(Message.objects.filter(state=S.SENDING, loop=None, sent_at__lt=long_ago).values_list("pk", flat=True))


def _run(loop: SendLoop, client: Client, is_over: Callable[[], bool], at_once: int | None) -> bool:
    """Send until nothing waits, time is over, or the carrier asks for rest (then True)."""
    threads = at_once or AT_ONCE[SendLoop.Lane(loop.lane)]
    if threads == 1:
        return _Sender(loop, client, is_over).run()
    with ThreadPoolExecutor(threads, thread_name_prefix="sms") as pool:
        senders = [pool.submit(_in_thread, _Sender(loop, client, is_over)) for _ in range(threads)]
    return any(sender.result() for sender in senders)


def _in_thread(sender: _Sender) -> bool:
    try:
        return sender.run()
    finally:
        connection.close()


class _Sender:
    """Takes and sends one message after the other; what came of one and the taking of the next are one commit."""

    def __init__(self, loop: SendLoop, client: Client, is_over: Callable[[], bool]) -> None:
        self.loop, self.client, self.is_over = loop, client, is_over
        self.is_resting = False

    def run(self) -> bool:
        message = None if self.is_over() else self._take()
        while message is not None:
            outcome = self._hand_over(message)
            self.is_resting = outcomes.is_for_later(outcome)
            message = self._go_on(message, outcome)
        return self.is_resting

    def _take(self) -> Message | None:
        rows = Message.objects.raw(TAKE, [self.loop.pk, self.loop.lane == SendLoop.Lane.MANY])
        return next(iter(rows), None)

    def _hand_over(self, message: Message) -> outcomes.Outcome:
        try:
            return self.client.send_sms(message.content, to_giccid=message.giccid, encoding=message.encoding)
        except Exception as error:
            # Whatever it was, the message may have left: that is for `record` to judge, and never to repeat.
            log.info("sms_not_taken", message=message.pk, error=type(error).__name__)
            return error

    def _go_on(self, message: Message, outcome: outcomes.Outcome) -> Message | None:
        try:
            with transaction.atomic():
                outcomes.record(message, outcome)
                return None if self.is_resting or self.is_over() else self._take()
        except DatabaseError as error:
            log.warning("sms_record_again", message=message.pk, error=type(error).__name__)
            connection.close_if_unusable_or_obsolete()
            outcomes.record(message, outcome)
            return None
