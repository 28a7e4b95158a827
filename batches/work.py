"""A slice of a batch: claim its lease, do what its rows say is next, hand it back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db.models import Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from batches import aged, calls, limits, pace, plan, poll, send, settle, stale
from batches.models import Batch, BatchChunk, BatchItem
from batches.pick import pick
from batches.step import LeaseLost, Slice
from batches.trouble import CannotAsk, is_for_a_person
from smarthub import Client
from smarthub.errors import CarrierError
from toolkit import lease
from toolkit.carrier_words import words_for
from toolkit.database import let_go
from toolkit.governor import NoToken
from toolkit.live import ring
from toolkit.stopping import wait_for_stop

log = structlog.get_logger(__name__)

SLICE_S = 20.0
# A wait as short as this is waited out; for a longer one the slice ends.
NAP_S = 3.0
# For a step that is further ahead nobody queues anything: beat finds it.
SOONEST_BY_BEAT_S = 60.0
State, ChunkState = Batch.State, BatchChunk.State


def work_slice(
    batch_id: int, client: Client, *, slice_s: float = SLICE_S, on_step: Callable[[str], None] = lambda name: None
) -> float | None:
    """Work on the batch for about `slice_s` seconds; in how many seconds it needs somebody again, None for never.

    Several calls for one batch are harmless: the lease lets one of them work, and only when a step is due. `on_step`
    is called between the steps.
    """
    row = Batch.objects.filter(pk=batch_id)
    owner = lease.claim(row.filter(next_step_at__lte=Now()))
    if owner is None:
        return None
    try:
        with lease.kept(row, owner):
            return _work(Slice(batch_id, client, owner, time.monotonic() + slice_s, on_step))
    except LeaseLost:
        log.warning("batch_lease_lost", batch=batch_id)
        return None
    finally:
        lease.release(row, owner)


def _work(slice_: Slice) -> float | None:
    batch = Batch.objects.get(pk=slice_.batch_id)
    send.left_behind(batch)
    calls.left_behind(batch)
    while True:
        wait_s = _kept_due(slice_, _step(slice_))
        if wait_s is None or slice_.is_over or wait_s > NAP_S:
            return wait_s
        if wait_s:
            let_go()
            wait_for_stop(wait_s)


def _kept_due(slice_: Slice, wait_s: float | None) -> float | None:
    """Note when the next step is due, for whoever comes; a person who has asked for one meanwhile is not overruled."""
    due = None if wait_s is None else timezone.now() + timedelta(seconds=wait_s)
    mine = Batch.objects.filter(pk=slice_.batch_id, lease_owner=slice_.owner)
    if mine.filter(next_step_at=slice_.seen_due).update(next_step_at=due):
        return wait_s
    slice_.renew()
    return 0.0


def _step(slice_: Slice) -> float | None:
    """Do the one thing that is next; the seconds until there is another one, None when there is none."""
    batch = Batch.objects.select_related("requested_by").get(pk=slice_.batch_id)
    slice_.seen_due = batch.next_step_at
    try:
        if batch.state == State.PLANNING:
            return _plan(batch, slice_)
        return _run(batch, slice_)
    except CannotAsk as trouble:
        return _wait_out(batch, trouble.error)
    except (CarrierError, NoToken) as error:
        return _wait_out(batch, error)


def _plan(batch: Batch, slice_: Slice) -> float | None:
    plan.make_items(batch)
    return None if stale.read_some(batch, slice_) else 0.0


def _run(batch: Batch, slice_: Slice) -> float | None:
    now = timezone.now()
    if batch.state == State.SCHEDULED and not _begin(batch, now):
        return (batch.due_at - now).total_seconds() if batch.due_at else None
    if _ends(batch):
        return 0.0
    if batch.state == State.RUNNING and _may_send(batch, now) and (limits.stops(batch) or _send(slice_)):
        return 0.0
    if (chunk := _due(batch, now)) is not None:
        _advance(chunk, slice_)
        return 0.0
    return 0.0 if _ends(batch) else _until_next(batch, timezone.now())


def _begin(batch: Batch, now: datetime) -> bool:
    if batch.due_at and batch.due_at > now:
        return False
    values = {"state": State.RUNNING, "started_at": now}
    Batch.objects.filter(pk=batch.pk, state=State.SCHEDULED).update(**values)
    batch.refresh_from_db()
    ring(*batch.topics)
    return True


def _due(batch: Batch, now: datetime) -> BatchChunk | None:
    """The open chunk that has waited longest for its next step; what the next SIMs wait for comes first."""
    chunks = batch.chunks.select_related("batch").filter(state__in=BatchChunk.OPEN)
    calling = chunks.filter(state=ChunkState.SENDING).first()
    if calling is not None and batch.state in (State.RUNNING, State.CANCELLED):
        return calling
    due = chunks.filter(next_step_at__lte=now).order_by("next_step_at")
    return due.filter(state__in=BatchChunk.UNDER_WAY).first() or due.first()


def _advance(chunk: BatchChunk, slice_: Slice) -> None:
    if chunk.state == ChunkState.SENDING:
        calls.call_some(chunk, slice_)
    elif chunk.state == ChunkState.ACCEPTED:
        poll.ask(chunk, slice_)
    elif settle.read_some(chunk, slice_):
        settle.end_of_pass(chunk)
    if chunk.batch.attempts or chunk.batch.note:
        _untroubled(chunk.batch)


def _untroubled(batch: Batch) -> None:
    """The carrier answers again."""
    Batch.objects.filter(pk=batch.pk, state__in=(State.RUNNING, State.FINISHED, State.CANCELLED)).update(
        attempts=0, note=""
    )


def _may_send(batch: Batch, now: datetime) -> bool:
    """Whether there is more to send; one job at a time, and what is in doubt is given a while before."""
    if not batch.items.filter(state=BatchItem.State.PLANNED).exists():
        return False
    in_doubt = Q(state=ChunkState.UNKNOWN, sent_at__gt=now - pace.DOUBT_PATIENCE)
    return not batch.chunks.filter(Q(state__in=BatchChunk.UNDER_WAY) | in_doubt).exists()


def _send(slice_: Slice) -> bool:
    """Send the next SIMs; False where there are none left."""
    picked = pick(slice_)
    if picked is None:
        return False
    if picked.aged:
        aged.read_again(picked.aged, slice_)
    elif picked.chunk is not None:
        slice_.on_step("picked")
        if picked.kind.job:
            send.send_job(picked, slice_)
    return True


def _ends(batch: Batch) -> bool:
    """Finish what has nothing left to send and nothing under way; True where that is news."""
    if batch.chunks.filter(state__in=BatchChunk.UNDER_WAY).exists():
        return False
    if batch.state == State.CANCELLED:
        return bool(Batch.objects.filter(pk=batch.pk, finished_at=None).update(finished_at=Now()))
    if batch.state != State.RUNNING or batch.items.filter(state=BatchItem.State.PLANNED).exists():
        return False
    ended = Batch.objects.filter(pk=batch.pk, state=State.RUNNING)
    is_news = bool(ended.update(state=State.FINISHED, finished_at=Now(), attempts=0, note=""))
    ring(*batch.topics)
    return is_news


def _until_next(batch: Batch, now: datetime) -> float | None:
    open_chunks = batch.chunks.filter(state__in=BatchChunk.OPEN, next_step_at__isnull=False)
    due = open_chunks.aggregate(due=Min("next_step_at"))["due"]
    return None if due is None else max(0.0, (due - now).total_seconds())


def _wait_out(batch: Batch, error: Exception) -> float | None:
    """Nothing could be asked or sent: say so, and try later, or leave it to a person."""
    log.warning("batch_waits", batch=batch.pk, error=type(error).__name__)
    values = {"attempts": min(batch.attempts + 1, 1000), "note": words_for(error)}
    if is_for_a_person(error) and batch.state == State.RUNNING:
        Batch.objects.filter(pk=batch.pk, state=State.RUNNING).update(**values, state=State.PAUSED)
        ring(*batch.topics)
        return 0.0
    Batch.objects.filter(pk=batch.pk).update(**values)
    ring(*batch.topics)
    return pace.growing_s(batch.attempts)


def hold_off(batch_id: int, words: str) -> None:
    """Nobody can be asked as things are set up: say so, and look again in a while."""
    due = timezone.now() + timedelta(seconds=pace.LONGEST_S)
    Batch.objects.filter(pk=batch_id, next_step_at__lte=Now()).update(note=words, next_step_at=due)


def unattended() -> list[int]:
    """Batches that are due and that no worker holds."""
    due = Batch.objects.filter(lease.free(), next_step_at__lte=Now())
    return list(due.order_by("next_step_at").values_list("pk", flat=True)[:100])
