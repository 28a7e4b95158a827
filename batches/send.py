"""Handing a chunk to the carrier as one job: the chunk is committed, then its one request leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from batches import pace, tell
from batches.kinds import kind_of
from batches.models import Batch, BatchChunk, BatchItem, BatchItemQuerySet
from batches.pick import Picked, put_back
from batches.step import Slice
from batches.trouble import CannotAsk, is_for_a_person, was_never_sent
from sims.changes.locks import let_go_of_items
from smarthub.errors import CarrierError
from toolkit.carrier_words import words_for
from toolkit.database import let_go
from toolkit.governor import NoToken
from toolkit.live import ring

log = structlog.get_logger(__name__)

State, ItemState = BatchChunk.State, BatchItem.State
UNDER_WAY = (ItemState.SENDING, ItemState.ACCEPTED)
LOST = "The reply was lost after sending. It is not sent again; its SIMs are read instead."
LEFT_BEHIND = "The worker ended while it was being sent. It is not sent again; its SIMs are read instead."


def send_job(picked: Picked, slice_: Slice) -> None:
    """The one request of a chunk, which is `sending` already. Raises CannotAsk where it certainly did not get there."""
    chunk, job = picked.chunk, picked.kind.job
    assert chunk is not None and job is not None
    slice_.renew()
    let_go()
    try:
        answer = job(slice_.client, picked.giccids, picked.wanted)
    except (CarrierError, NoToken) as error:
        _failed(chunk, error)
        return
    slice_.on_step("answered")
    note_accepted(chunk, answer.value.job_id, timezone.now())


def note_accepted(chunk: BatchChunk, job_id: str, now: datetime) -> None:
    """The carrier has a job of it. A reply that comes after all, when the chunk is in doubt, is as good."""
    with transaction.atomic():
        values = {"state": State.ACCEPTED, "job_id": job_id, "answered_at": now, "note": ""}
        due = {"next_step_at": now + timedelta(seconds=pace.growing_s(0)), "polls": 0, "reads": 0, "read_up_to": 0}
        mine = BatchChunk.objects.filter(pk=chunk.pk, job_id="", state__in=(State.SENDING, State.UNKNOWN))
        if mine.update(**values, **due):
            _items(chunk, ItemState.SENDING, ItemState.UNKNOWN).update(state=ItemState.ACCEPTED)
            ring(*chunk.batch.topics)


def _failed(chunk: BatchChunk, error: CarrierError | NoToken) -> None:
    log.warning("batch_chunk", batch=chunk.batch_id, chunk=chunk.number, error=type(error).__name__)
    if was_never_sent(error) or is_for_a_person(error):
        put_back(chunk)
        raise CannotAsk(error)
    if isinstance(error, CarrierError) and error.is_outcome_unknown:
        note_lost(chunk, LOST)
        return
    _refused(chunk, error)


def note_lost(chunk: BatchChunk, words: str) -> None:
    """Nobody knows whether the carrier has it: from here on its SIMs are read, and it is never sent again."""
    with transaction.atomic():
        values = {"state": State.UNKNOWN, "note": words, "next_step_at": timezone.now(), "reads": 0, "read_up_to": 0}
        if BatchChunk.objects.filter(pk=chunk.pk, state__in=BatchChunk.UNDER_WAY).update(**values):
            _items(chunk, *UNDER_WAY).update(state=ItemState.UNKNOWN, message=words)
            tell.tell_items(chunk.batch, _items(chunk, ItemState.UNKNOWN))
            ring(*chunk.batch.topics)


def _refused(chunk: BatchChunk, error: CarrierError | NoToken) -> None:
    """The carrier answered, and took none of it: each item fails with that reason."""
    code, words = code_of(error), words_of(error)
    with transaction.atomic():
        now = timezone.now()
        values = {"state": State.DONE, "note": words, "answered_at": now, "finished_at": now, "next_step_at": None}
        if not BatchChunk.objects.filter(pk=chunk.pk, state=State.SENDING).update(**values):
            return
        items = _items(chunk, ItemState.SENDING)
        ids = list(items.values_list("pk", flat=True))
        items.update(state=ItemState.FAILED, code=code, message=words)
        let_go_of_items(ids, batch_uuid=chunk.batch.uuid)
        tell.tell_items(chunk.batch, BatchItem.objects.filter(pk__in=ids))
        ring(*chunk.batch.topics)


def code_of(error: Exception) -> str:
    errors = getattr(error, "errors", ())
    return next((item.code for item in errors if item.code), "") or str(getattr(error, "status", "") or "")


def words_of(error: Exception) -> str:
    """The carrier's own message where it has one, after ours."""
    messages = [item.message for item in getattr(error, "errors", ()) if item.message]
    fields = [f"{item.field}: {item.code}" for item in getattr(error, "errors", ()) if item.field or item.code]
    told = "; ".join(dict.fromkeys(messages or fields))
    return f"{words_for(error)} {told}".strip()[:500]


def left_behind(batch: Batch) -> None:
    """A job that a worker which is gone was just asking for is in doubt. For whoever has the lease now."""
    if kind_of(batch.kind).job:
        for chunk in batch.chunks.filter(state=State.SENDING).select_related("batch"):
            note_lost(chunk, LEFT_BEHIND)


def _items(chunk: BatchChunk, *states: str) -> BatchItemQuerySet:
    return BatchItem.objects.filter(chunk=chunk.pk, state__in=states)
