"""Kinds that the carrier has no job for: the SIMs of a chunk one after the other, each written down before its call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
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
from smarthub.errors import CarrierError, NotFound
from sms.many import Parcel
from toolkit.database import let_go
from toolkit.governor import NoToken
from toolkit.live import ring

log = structlog.get_logger(__name__)

State, ItemState = BatchChunk.State, BatchItem.State
LOST = "The reply was lost after sending. It is not sent again; it is looked for at the carrier instead."
LEFT_BEHIND = "The worker ended while it was being sent. It is not sent again; it is looked for at the carrier instead."


def call_some(chunk: BatchChunk, slice_: Slice) -> bool:
    """Make the calls of a chunk until the slice is over; True when all of them were made, or nobody wants the rest.

    Raises CannotAsk where a call certainly did not get there; its SIM is planned again.
    """
    kind = kind_of(chunk.batch.kind)
    while not slice_.is_over:
        item = _next(chunk, slice_)
        if item is None:
            _all_made(chunk)
            return True
        if item is PAUSED:
            return False
        slice_.on_step("sending")
        _call(chunk, kind, item, slice_)
        slice_.on_step("answered")
    return False


PAUSED = BatchItem()


def _next(chunk: BatchChunk, slice_: Slice) -> BatchItem | None:
    """The next SIM, which is `sending` once this is committed."""
    with transaction.atomic():
        batch = slice_.locked()
        item = BatchItem.objects.filter(chunk=chunk.pk, state=ItemState.PLANNED).order_by("place").first()
        if item is None:
            return None
        if batch.state != Batch.State.RUNNING:
            return PAUSED
        now = timezone.now()
        BatchItem.objects.filter(pk=item.pk, state=ItemState.PLANNED).update(state=ItemState.SENDING, sent_at=now)
        BatchChunk.objects.filter(pk=chunk.pk, sent_at=None).update(sent_at=now)
        item.state, item.sent_at = ItemState.SENDING, now
    return item


def _call(chunk: BatchChunk, kind: Kind, item: BatchItem, slice_: Slice) -> None:
    let_go()
    if not _remembered(chunk, kind, item, slice_):
        return
    let_go()
    try:
        _hand_over(chunk, kind, item, slice_)
    except (CarrierError, NoToken) as error:
        _failed(chunk, item, error)
        return
    if kind.is_proven_by_reply:
        _note(chunk, item, state=ItemState.DONE, reported=SUCCESS, seen_at=timezone.now())
    else:
        _note(chunk, item, state=ItemState.ACCEPTED, reported=SUCCESS)


def _hand_over(chunk: BatchChunk, kind: Kind, item: BatchItem, slice_: Slice) -> None:
    wanted = item.wanted or chunk.batch.wanted
    if kind.send is not None:
        parcel = Parcel(item.pk, item.giccid, chunk.batch.requested_by_id)
        kind.send(slice_.client, parcel, wanted)
    elif kind.call is not None:
        kind.call(slice_.client, item.giccid, wanted)


def _remembered(chunk: BatchChunk, kind: Kind, item: BatchItem, slice_: Slice) -> bool:
    """What an undo will need is asked for first; where that fails nothing has been sent."""
    if kind.remember is None:
        return True
    try:
        item.before = (item.before or {}) | kind.remember(slice_.client, item.giccid)
    except NotFound as error:
        _note(chunk, item, state=ItemState.FAILED, code="missing", message=words_of(error))
        return False
    except (CarrierError, NoToken) as error:
        _put_back(item)
        raise CannotAsk(error) from None
    BatchItem.objects.filter(pk=item.pk).update(before=item.before)
    return True


def _put_back(item: BatchItem) -> None:
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=item.batch_id)
        BatchItem.objects.filter(pk=item.pk, state=ItemState.SENDING).update(**unsent(batch), sent_at=None)
        if batch.state == Batch.State.CANCELLED:
            let_go_of_items([item.pk], batch_uuid=batch.uuid)


def _failed(chunk: BatchChunk, item: BatchItem, error: CarrierError | NoToken) -> None:
    log.warning("batch_call", batch=chunk.batch_id, error=type(error).__name__)
    if was_never_sent(error) or is_for_a_person(error):
        _put_back(item)
        raise CannotAsk(error)
    if isinstance(error, CarrierError) and error.is_outcome_unknown:
        _note(chunk, item, state=ItemState.UNKNOWN, message=LOST)
        return
    _note(chunk, item, state=ItemState.FAILED, code=code_of(error), message=words_of(error))


def _note(chunk: BatchChunk, item: BatchItem, **values: Any) -> None:
    """What the call has come to, once; a state that ends or is in doubt is told."""
    with transaction.atomic():
        mine = BatchItem.objects.filter(pk=item.pk, state__in=(ItemState.SENDING, ItemState.UNKNOWN))
        if not mine.update(**values):
            return
        for name, value in values.items():
            setattr(item, name, value)
        if item.state != ItemState.ACCEPTED:
            settle.let_go(chunk.batch, [item])
            tell.tell_items(chunk.batch, [item])
        ring(*chunk.batch.topics)


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
    orphans = BatchItem.objects.filter(batch=batch, state=ItemState.SENDING).filter(Q(chunk__state=State.SENDING))
    for item in orphans.select_related("chunk__batch"):
        assert item.chunk is not None
        _note(item.chunk, item, state=ItemState.UNKNOWN, message=LEFT_BEHIND)
