"""Kinds that the carrier has no job for: the SIMs of a chunk one after the other, each written down before its call."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from batches import settle, tell
from batches.kinds import Kind, kind_of
from batches.models import Batch, BatchChunk, BatchItem
from batches.outcome import SUCCESS
from batches.pick import unsent
from batches.send import code_of, words_of
from batches.step import Slice
from batches.trouble import CannotAsk, is_for_a_person, was_never_sent
from sims.changes.locks import let_go_of_items
from smarthub.errors import CarrierError, NotFound, ValidationFailed
from smarthub.models import Answer
from sms.many import Parcel, Post
from sms.models import Message
from toolkit.database import let_go
from toolkit.governor import NoToken
from toolkit.live import ring

log = structlog.get_logger(__name__)

State, ItemState = BatchChunk.State, BatchItem.State
LOST = "The reply was lost after sending. It is not sent again; it is looked for at the carrier instead."
LEFT_BEHIND = "The worker ended while it was being sent. It is not sent again; it is looked for at the carrier instead."


# What came of one item, and the beginning of the next. Of two that come at once, who pauses or cancels that one and who
# begins it, one finds what the other has done.
STEP = """
UPDATE batches_batchitem i SET state = v.state, code = coalesce(v.code, i.code),
    message = coalesce(v.message, i.message), reported = coalesce(v.reported, i.reported),
    seen_at = coalesce(v.seen_at, i.seen_at), sent_at = coalesce(v.sent_at, i.sent_at)
FROM (VALUES
    (%(ended)s::bigint, %(state)s::text, %(code)s::text, %(message)s::text, %(reported)s::text,
        %(seen_at)s::timestamptz, NULL::timestamptz),
    (%(next)s::bigint, 'sending', NULL, NULL, NULL, NULL, %(now)s::timestamptz)
) AS v (id, state, code, message, reported, seen_at, sent_at)
WHERE i.id = v.id AND CASE v.state WHEN 'sending' THEN i.state = 'planned' AND EXISTS (
        SELECT FROM batches_batch b WHERE b.id = i.batch_id AND b.state = 'running' AND b.lease_owner = %(owner)s)
    ELSE i.state IN ('sending', 'unknown') END
RETURNING i.id
"""
RING_EVERY_S = 0.5


def call_some(chunk: BatchChunk, slice_: Slice) -> bool:
    """Make the calls of a chunk until the slice is over; True when all of them were made, or nobody wants the rest.

    Raises CannotAsk where a call certainly did not get there; its SIM is planned again.
    """
    calls = _Calls(chunk, slice_)
    call = calls.first()
    while call is not None:
        slice_.on_step("sending")
        call = calls.make(call)
    if calls.left:
        ring(*chunk.batch.topics)
        return False
    _all_made(chunk)
    return True


@dataclass(frozen=True, slots=True)
class _Call:
    """One SIM whose turn it is, with the message of a kind that sends some."""

    item: BatchItem
    letter: Message | None = None


class _Calls:
    """The calls of a chunk in their order; what came of one and the beginning of the next are one commit."""

    def __init__(self, chunk: BatchChunk, slice_: Slice) -> None:
        self.chunk, self.slice_, self.kind = chunk, slice_, kind_of(chunk.batch.kind)
        planned = BatchItem.objects.filter(chunk=chunk.pk, state=ItemState.PLANNED)
        self.left = deque(planned.order_by("place"))
        self._rung_at = 0.0
        self._post: Post | None = None
        if self.kind.post:
            self._post = self.kind.post([item.giccid for item in self.left], chunk.batch.requested_by_id)

    def first(self) -> _Call | None:
        with transaction.atomic():
            return self._next()

    def _next(self) -> _Call | None:
        """The next SIM, which is `sending` once this is committed; what cannot be sent to fails here."""
        while (item := self._following()) is not None:
            if item.pk in self._step(None, {}, item):
                if call := self._begun():
                    return call
            elif self._may_go_on():
                self.left.popleft()
            else:
                return None
        return None

    def _following(self) -> BatchItem | None:
        return self.left[0] if self.left and not self.slice_.is_over else None

    def _step(self, ended: BatchItem | None, values: dict[str, Any], following: BatchItem | None) -> set[int]:
        """Which of the two have changed."""
        names = ("state", "code", "message", "reported", "seen_at")
        ids = {"ended": ended and ended.pk, "next": following and following.pk}
        asked = {"now": timezone.now(), "owner": self.slice_.owner, **dict.fromkeys(names), **values, **ids}
        asked["state"] = str(values["state"]) if values else None
        with connection.cursor() as cursor:
            cursor.execute(STEP, asked)
            return {row[0] for row in cursor.fetchall()}

    def _begun(self) -> _Call | None:
        """The one that has just begun, with its message; None where that cannot be written."""
        item = self.left.popleft()
        item.state = ItemState.SENDING
        if self.chunk.sent_at is None:
            self.chunk.sent_at = timezone.now()
            BatchChunk.objects.filter(pk=self.chunk.pk).update(sent_at=self.chunk.sent_at)
        try:
            return _Call(item, self._written(item))
        except ValidationFailed as refusal:
            _change(self.chunk, item, _refused(refusal))
            return None

    def _may_go_on(self) -> bool:
        mine = Batch.objects.filter(pk=self.slice_.batch_id, lease_owner=self.slice_.owner)
        return mine.filter(state=Batch.State.RUNNING).exists()

    def _written(self, item: BatchItem) -> Message | None:
        parcel = Parcel(item.pk, item.giccid)
        return self._post.write(parcel, _wanted(self.chunk, item)) if self._post is not None else None

    def make(self, call: _Call) -> _Call | None:
        """The one request for it, then what came of it with the beginning of the next, which is returned."""
        let_go()
        if self.kind.remember is not None and (gone := self._remember(call)):
            return self._go_on(call, gone)
        let_go()
        outcome: Answer[Any] | CarrierError | NoToken
        try:
            outcome = self._hand_over(call)
        except (CarrierError, NoToken) as error:
            log.warning("batch_call", batch=self.chunk.batch_id, error=type(error).__name__)
            if was_never_sent(error) or is_for_a_person(error):
                self._put_back(call)
                raise CannotAsk(error) from None
            outcome = error
        self.slice_.on_step("answered")
        return self._go_on(call, outcome)

    def _remember(self, call: _Call) -> NotFound | None:
        """What an undo will need is asked for first; where that fails nothing has been sent."""
        assert self.kind.remember is not None
        try:
            found = self.kind.remember(self.slice_.client, call.item.giccid)
        except NotFound as error:
            return error
        except (CarrierError, NoToken) as error:
            self._put_back(call)
            raise CannotAsk(error) from None
        BatchItem.objects.filter(pk=call.item.pk).update(before=(call.item.before or {}) | found)
        return None

    def _hand_over(self, call: _Call) -> Answer[Any]:
        if self._post is not None and call.letter is not None:
            return self._post.hand_over(self.slice_.client, call.letter)
        assert self.kind.call is not None
        return self.kind.call(self.slice_.client, call.item.giccid, _wanted(self.chunk, call.item))

    def _go_on(self, call: _Call, outcome: Answer[Any] | CarrierError | NoToken) -> _Call | None:
        values = _what_came_of_it(self.kind, outcome)
        try:
            with transaction.atomic():
                self._note_letter(call, outcome)
                return self._stepped(call.item, values)
        except DatabaseError as error:
            log.warning("batch_call_noted_again", batch=self.chunk.batch_id, error=type(error).__name__)
            connection.close_if_unusable_or_obsolete()
            with transaction.atomic():
                self._note_letter(call, outcome)
                _change(self.chunk, call.item, values)
            raise

    def _stepped(self, item: BatchItem, values: dict[str, Any]) -> _Call | None:
        following = self._following()
        changed = self._step(item, values, following)
        if item.pk in changed:
            _tell(self.chunk, item, values)
            self._ring()
        is_begun = following is not None and following.pk in changed
        return (self._begun() if is_begun else None) or self._next()

    def _ring(self) -> None:
        """An open page looks twice a second at most; the last of a slice is rung for by who ends it."""
        now = time.monotonic()
        if now - self._rung_at >= RING_EVERY_S:
            self._rung_at = now
            ring(*self.chunk.batch.topics)

    def _note_letter(self, call: _Call, outcome: Answer[Any] | CarrierError | NoToken) -> None:
        if self._post is not None and call.letter is not None:
            self._post.note(call.letter, outcome)

    def _put_back(self, call: _Call) -> None:
        with transaction.atomic():
            if self._post is not None and call.letter is not None:
                self._post.take_back(call.letter)
            _put_back(call.item)


def _wanted(chunk: BatchChunk, item: BatchItem) -> dict[str, Any]:
    wanted: dict[str, Any] = item.wanted or chunk.batch.wanted
    return wanted


def _what_came_of_it(kind: Kind, outcome: Answer[Any] | CarrierError | NoToken) -> dict[str, Any]:
    if isinstance(outcome, Answer):
        if kind.is_proven_by_reply:
            return {"state": ItemState.DONE, "reported": SUCCESS, "seen_at": timezone.now()}
        return {"state": ItemState.ACCEPTED, "reported": SUCCESS}
    if isinstance(outcome, CarrierError) and outcome.is_outcome_unknown:
        return {"state": ItemState.UNKNOWN, "message": LOST}
    return _refused(outcome)


def _refused(error: Exception) -> dict[str, Any]:
    return {"state": ItemState.FAILED, "code": code_of(error), "message": words_of(error)}


def _put_back(item: BatchItem) -> None:
    with transaction.atomic(savepoint=False):
        batch = Batch.objects.select_for_update().get(pk=item.batch_id)
        BatchItem.objects.filter(pk=item.pk, state=ItemState.SENDING).update(**unsent(batch), sent_at=None)
        if batch.state == Batch.State.CANCELLED:
            let_go_of_items([item.pk], batch_uuid=batch.uuid)


def _change(chunk: BatchChunk, item: BatchItem, values: dict[str, Any]) -> None:
    """What the call has come to, once."""
    with transaction.atomic(savepoint=False):
        mine = BatchItem.objects.filter(pk=item.pk, state__in=(ItemState.SENDING, ItemState.UNKNOWN))
        if mine.update(**values):
            _tell(chunk, item, values)
            ring(*chunk.batch.topics)


def _tell(chunk: BatchChunk, item: BatchItem, values: dict[str, Any]) -> None:
    """A state that ends, or is in doubt, is told."""
    for name, value in values.items():
        setattr(item, name, value)
    if item.state != ItemState.ACCEPTED:
        settle.let_go(chunk.batch, [item])
        tell.tell_items(chunk.batch, [item])


def _all_made(chunk: BatchChunk) -> None:
    now = timezone.now()
    is_open = BatchItem.objects.filter(chunk=chunk.pk, state__in=BatchItem.UNSETTLED).exists()
    values: dict[str, Any] = {"state": State.DONE, "finished_at": now, "next_step_at": None}
    if is_open:
        values = {"state": State.SETTLING, "next_step_at": now + timedelta(seconds=0)}
    sending = BatchChunk.objects.filter(pk=chunk.pk, state=State.SENDING)
    sending.update(**values, answered_at=now, ended_at=now)
    ring(*chunk.batch.topics)


def left_behind(batch: Batch) -> None:
    """A call that a worker which is gone was just making is in doubt. For whoever has the lease now."""
    sending = BatchItem.objects.filter(batch=batch, state=ItemState.SENDING, chunk__state=State.SENDING)
    orphans = list(sending.select_related("chunk__batch"))
    with transaction.atomic():
        if orphans and (post := kind_of(batch.kind).post):
            post.lost(item.pk for item in orphans)
        for item in orphans:
            assert item.chunk is not None
            _change(item.chunk, item, {"state": ItemState.UNKNOWN, "message": LEFT_BEHIND})
