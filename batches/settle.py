"""What became of the SIMs of a chunk: read at the carrier, held against what was wanted, written down item by item."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from batches import pace, tell
from batches.cycle import next_cycle_at
from batches.kinds import Kind, kind_of
from batches.models import Batch, BatchChunk, BatchItem
from batches.outcome import Facts, Outcome, outcome_of
from batches.proof import Seen, read
from batches.step import Slice
from sims.changes.locks import let_go_of_items
from sims.models import OpenChange, ScheduledPlan
from toolkit.live import ring

State, ItemState = BatchChunk.State, BatchItem.State
# Read a hundred at a time, and written down together: that costs much the same for one as for all.
AT_ONCE = 500
NOT_SEEN = "The carrier says that it is done, but reading has not shown it yet."

WRITE = """
UPDATE batches_batchitem i SET state = v.state, code = v.code, message = v.message, after = v.after::jsonb,
    seen_at = coalesce(v.seen_at, i.seen_at), effective_at = v.effective_at
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    AS v (id, state, code, message, after, seen_at, effective_at)
WHERE i.id = v.id AND i.state = ANY(%s)
"""


def read_some(chunk: BatchChunk, slice_: Slice) -> bool:
    """Read the next SIMs of the chunk that are not settled, and settle what can be; True when it was gone through.

    Raises what the carrier's client raises. How far it came is kept, so whoever goes on goes on there.
    """
    states = (ItemState.SCHEDULED,) if chunk.state == State.SCHEDULED else BatchItem.UNSETTLED
    left = BatchItem.objects.filter(chunk=chunk.pk, state__in=states, place__gt=chunk.read_up_to)
    items = list(left.order_by("place")[:AT_ONCE])
    if not items:
        return True
    slice_.renew()
    kind = kind_of(chunk.batch.kind)
    with read(slice_.client, kind, items, chunk.batch) as seen:
        slice_.on_step("read")
        _settle(chunk, kind, items, seen)
        chunk.read_up_to = items[-1].place
        BatchChunk.objects.filter(pk=chunk.pk).update(read_up_to=chunk.read_up_to)
    slice_.on_step("settled")
    return False


def _settle(chunk: BatchChunk, kind: Kind, items: list[BatchItem], seen: Seen) -> None:
    """In the transaction that wrote the copy: the items that have come to an end, their holds and their events."""
    now = timezone.now()
    found = [
        (item, outcome)
        for item in items
        if item.giccid not in seen.unreadable and (outcome := outcome_of(_facts(chunk, kind, item, seen), now))
    ]
    changed = [(item, outcome) for item, outcome in found if outcome.state != item.state]
    if changed:
        _write(chunk, changed, seen)
    settled = {item.pk for item, _ in changed}
    _note_seen([item for item in items if item.pk not in settled], seen)


def _facts(chunk: BatchChunk, kind: Kind, item: BatchItem, seen: Seen) -> Facts:
    assert item.sent_at is not None
    wanted = item.wanted or chunk.batch.wanted
    waits = wanted.get("effective") == "next-cycle"
    return Facts(
        state=item.state,
        reported=item.reported,
        code=item.code,
        message=item.message,
        is_shown=item.pk in seen.shows,
        is_absent=item.giccid in seen.absent,
        sent_at=item.sent_at,
        ended_at=chunk.ended_at,
        counts_from=(item.effective_at or next_cycle_at(item.sent_at)) if waits else None,
        has_no_failures=not chunk.job_failed and chunk.job_status != "FAILED",
        never=seen.never.get(item.pk, ""),
        can_be_read=kind.fates is None,
    )


def _write(chunk: BatchChunk, changed: list[tuple[BatchItem, Outcome]], seen: Seen) -> None:
    rows = []
    for item, outcome in changed:
        waits = outcome.state == ItemState.SCHEDULED
        effective = next_cycle_at(item.sent_at) if waits and item.sent_at else item.effective_at
        message = outcome.message or (NOT_SEEN if outcome.state == ItemState.UNKNOWN else "")
        after = seen.after.get(item.pk)
        after_text = None if after is None else msgspec.json.encode(after).decode()
        item.state, item.code, item.message = outcome.state, outcome.code, message
        item.seen_at, item.effective_at = seen.at.get(item.giccid, item.seen_at), effective
        rows.append((item.pk, item.state, item.code, item.message, after_text, item.seen_at, effective))
    with connection.cursor() as cursor:
        columns = [list(column) for column in zip(*rows, strict=True)]
        cursor.execute(WRITE, [*columns, [*BatchItem.UNSETTLED, ItemState.SCHEDULED]])
    items = [item for item, _ in changed]
    let_go(chunk.batch, items)
    tell.tell_items(chunk.batch, items)


def let_go(batch: Batch, items: Iterable[BatchItem]) -> None:
    """Those that came to an end hold their SIM no more; those of the next cycle hold its plan."""
    if kind_of(batch.kind).verb is None:
        return
    ended = [item for item in items if item.state not in BatchItem.UNSETTLED]
    scheduled = [item for item in ended if item.state == ItemState.SCHEDULED and item.sim_id]
    let_go_of_items([item.pk for item in ended], batch_uuid=batch.uuid)
    over = [item.pk for item in ended if item.state != ItemState.SCHEDULED]
    ScheduledPlan.objects.filter(batch_uuid=batch.uuid, batch_item_id__in=over).delete()
    ScheduledPlan.objects.bulk_create(
        [
            ScheduledPlan(
                sim_id=item.sim_id or 0,
                batch_item_id=item.pk,
                batch_uuid=batch.uuid,
                package=(item.wanted or batch.wanted).get("package", ""),
                effective_at=item.effective_at,
            )
            for item in scheduled
        ],
        ignore_conflicts=True,
    )


def _note_seen(items: list[BatchItem], seen: Seen) -> None:
    """When an item that is still open was looked at last."""
    for at in {seen.at[item.giccid] for item in items if item.giccid in seen.at}:
        ids = [item.pk for item in items if seen.at.get(item.giccid) == at]
        BatchItem.objects.filter(pk__in=ids).update(seen_at=at)


def end_of_pass(chunk: BatchChunk) -> None:
    """All of it was read once: it is done, or is read again later."""
    now = timezone.now()
    with transaction.atomic():
        states = set(BatchItem.objects.filter(chunk=chunk.pk).values_list("state", flat=True).distinct())
        values = _after_pass(chunk, states, now) | {"read_up_to": 0, "reads": chunk.reads + 1}
        BatchChunk.objects.filter(pk=chunk.pk, state=chunk.state).update(**values)
        ring(*chunk.batch.topics)


def _after_pass(chunk: BatchChunk, states: set[str], now: datetime) -> dict[str, Any]:
    sent_at = chunk.sent_at or chunk.created_at
    if ItemState.ACCEPTED in states and chunk.ended_at:
        return {"state": State.SETTLING, "next_step_at": now + timedelta(seconds=pace.growing_s(chunk.reads))}
    if states & {ItemState.UNKNOWN, ItemState.ACCEPTED, ItemState.SENDING}:
        again = pace.doubt_s(sent_at, chunk.reads, now)
        return {"state": State.UNKNOWN, "next_step_at": now + timedelta(seconds=again)}
    if ItemState.SCHEDULED in states:
        due = max(next_cycle_at(sent_at), now + timedelta(seconds=pace.CYCLE_READS_S))
        return {"state": State.SCHEDULED, "next_step_at": due}
    return {"state": State.DONE, "next_step_at": None, "finished_at": now}


def nudge(sim_ids: Iterable[int]) -> None:
    """Something was heard of these SIMs: what waits to read them does so now."""
    ids = list(sim_ids)
    items = OpenChange.objects.filter(sim_id__in=ids, batch_item_id__isnull=False).values("batch_item_id")
    chunks = BatchChunk.objects.filter(items__in=items, state__in=(State.UNKNOWN, State.SETTLING)).values("pk")
    now = timezone.now()
    with transaction.atomic():
        woken = BatchChunk.objects.filter(pk__in=chunks, next_step_at__gt=now)
        batches = list(woken.values_list("batch", flat=True))
        woken.update(next_step_at=now)
        Batch.objects.filter(pk__in=batches, next_step_at__gt=now).update(next_step_at=now)


def close(batch: Batch, *, outcome: str, reason: str, user: Any, chunk: BatchChunk | None = None) -> int:
    """A person says what became of all unknown items, of the batch or of one chunk; how many there were."""
    from users import audit

    if outcome not in (ItemState.DONE, ItemState.FAILED):
        raise ValueError("outcome is done or failed")
    with transaction.atomic():
        Batch.objects.select_for_update().get(pk=batch.pk)
        unknown = batch.items.filter(state=ItemState.UNKNOWN)
        items = list(unknown.filter(chunk=chunk) if chunk else unknown)
        message = f"Closed by {user.display_name}" + (f": {reason.strip()}" if reason.strip() else ".")
        for item in items:
            item.state, item.message = outcome, message
        ids = [item.pk for item in items]
        BatchItem.objects.filter(pk__in=ids, state=ItemState.UNKNOWN).update(state=outcome, message=message)
        let_go(batch, items)
        tell.tell_items(batch, items)
        chunks = batch.chunks.filter(pk__in={item.chunk_id for item in items})
        chunks.update(closed_by=user, closed_reason=reason.strip(), next_step_at=timezone.now())
        Batch.objects.filter(pk=batch.pk).update(next_step_at=timezone.now())
        audit.record(user, "batch.close", str(batch.uuid), outcome=outcome, sims=len(items), reason=reason.strip())
        ring(*batch.topics)
    return len(items)
