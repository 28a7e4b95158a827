"""Which SIMs go next: held against the copy as it is now, and held for the batch, before anything leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from batches import tell
from batches.judge import judged_sql, judged_values
from batches.kinds import Kind, kind_of
from batches.models import Batch, BatchChunk, BatchItem
from batches.step import Slice
from sims.changes.locks import let_go_of_items, take_for_items
from toolkit.live import ring
from toolkit.states import state_of

State = BatchItem.State
# Calls SIM by SIM are made in bundles of this size: what is held meanwhile, and what is read back together.
CALLS_AT_ONCE = 100

# The next in their order; of a batch whose items have wishes of their own, those with one and the same.
NEXT = """
SELECT i.id AS key, i.sim_id, i.wanted, '' AS given, '' AS given_why, 1 AS nth, 1 AS first_line
FROM batches_batchitem i
WHERE i.batch_id = %(batch)s AND i.state = 'planned' AND i.chunk_id IS NULL AND i.wanted IS NOT DISTINCT FROM (
    SELECT f.wanted FROM batches_batchitem f
    WHERE f.batch_id = %(batch)s AND f.state = 'planned' AND f.chunk_id IS NULL ORDER BY f.place LIMIT 1)
ORDER BY i.place LIMIT %(most)s
"""
CHECKED = """
SELECT i.id, i.sim_id, i.giccid, i.wanted, j.verdict, j.why, i.before, j.before AS now, i.before = j.before AS is_same,
    j.is_stale
FROM ({judged}) AS j JOIN batches_batchitem i ON i.id = j.key ORDER BY i.place
"""
SKIP = """
UPDATE batches_batchitem i SET state = 'skipped', code = v.code, message = v.message
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS v (id, code, message) WHERE i.id = v.id AND i.state = 'planned'
RETURNING i.id
"""


@dataclass(frozen=True, slots=True)
class Picked:
    """A chunk committed as `sending`, its items with their SIMs; empty where all that was looked at is skipped.

    With `aged` (ICCID → item) nothing was made yet: our copy of these SIMs has to be read again first.
    """

    chunk: BatchChunk | None
    giccids: list[str]
    wanted: dict[str, Any]
    kind: Kind
    aged: Mapping[str, int] = field(default_factory=dict)


def pick(slice_: Slice) -> Picked | None:
    """Make the next chunk, in one transaction; None where there is nothing left to send, or nothing may be sent.

    SIMs that are not as they were in the dry run, or that another change holds, are skipped, and say so. Where our
    copy has grown old since, it says nothing of how they are now: then they are only named.
    """
    with transaction.atomic():
        batch = slice_.locked()
        if batch.state != Batch.State.RUNNING:
            return None
        kind = kind_of(batch.kind)
        rows = _checked(batch, kind)
        if not rows:
            return None
        if aged := {row.giccid: row.id for row in rows if row.is_stale}:
            return Picked(None, [], {}, kind, aged)
        fit = _skip_what_changed(batch, rows)
        held = _hold(batch, kind, fit)
        skip(batch, [(row, "busy", BUSY) for row in fit if row.sim_id not in held])
        picked = _chunk(batch, kind, [row for row in fit if row.sim_id in held])
        ring(*batch.topics)
    return picked


@dataclass(slots=True)
class _Row:
    id: int
    sim_id: int
    giccid: str
    wanted: dict[str, Any] | None
    verdict: str
    why: str
    before: dict[str, Any]
    now: dict[str, Any]
    is_same: bool
    is_stale: bool


def _hold(batch: Batch, kind: Kind, rows: list[_Row]) -> set[int]:
    """The SIMs that are held for the batch now; what changes no SIM holds none and is in nobody's way."""
    if kind.verb is None:
        return {row.sim_id for row in rows}
    return take_for_items({row.sim_id: row.id for row in rows}, batch_uuid=batch.uuid, verb=kind.verb)


BUSY = "Another change of this SIM was open when its turn came."


def _checked(batch: Batch, kind: Kind) -> list[_Row]:
    most = _size(batch, kind)
    values = judged_values(kind, batch.wanted, None, is_ours=True)
    with connection.cursor() as cursor:
        sql = CHECKED.format(judged=judged_sql(kind, NEXT, size=most))
        cursor.execute(sql, {**values, "batch": batch.pk, "most": most})
        return [_row(*row) for row in cursor.fetchall()]


def _row(id_: int, sim_id: int, giccid: str, wanted: Any, *rest: Any) -> _Row:
    verdict, why, before, now, is_same, is_stale = rest
    known = _json(before) or {}, _json(now) or {}
    return _Row(id_, sim_id, giccid, _json(wanted), verdict, why, *known, bool(is_same), bool(is_stale))


def _json(value: Any) -> Any:
    """A raw cursor hands jsonb over as text."""
    return msgspec.json.decode(value) if isinstance(value, str) else value


def _size(batch: Batch, kind: Kind) -> int:
    size = batch.job_size if kind.job else min(CALLS_AT_ONCE, batch.job_size)
    if batch.canary_size and not batch.is_canary_passed:
        return min(size, max(1, batch.canary_size - _sent(batch)))
    return size


def _sent(batch: Batch) -> int:
    return sum(batch.chunks.values_list("size", flat=True))


def _skip_what_changed(batch: Batch, rows: list[_Row]) -> list[_Row]:
    skipped = {row.id: words for row in rows if (words := _changed(row))}
    skip(batch, [(row, "changed", skipped[row.id]) for row in rows if row.id in skipped])
    return [row for row in rows if row.id not in skipped]


def _changed(row: _Row) -> str:
    """In words, what is another than in the dry run; "" where nothing is."""
    if row.verdict == BatchItem.Verdict.NOT_FOUND:
        return f"It has changed since the dry run. {row.why}"
    if row.before.get("status") != row.now.get("status"):
        old, new = (state_of("sim", str(each.get("status"))).label for each in (row.before, row.now))
        return f"It has changed since the dry run: {new}, no longer {old}."
    if row.before.get("package") != row.now.get("package"):
        return f"It has changed since the dry run: its plan is {row.now.get('package') or 'none'} now."
    if row.verdict != BatchItem.Verdict.WILL_CHANGE:
        return f"It has changed since the dry run. {row.why}".strip()
    return "" if row.is_same else "It has changed since the dry run."


def skip(batch: Batch, rows: Sequence[tuple[_Row | BatchItem, str, str]]) -> None:
    """Leave these out at their turn, each with its code and why, in the caller's transaction; their SIMs tell of it."""
    if not rows:
        return
    with connection.cursor() as cursor:
        columns = zip(*((row.id, code, message) for row, code, message in rows), strict=True)
        cursor.execute(SKIP, [list(column) for column in columns])
        skipped = {row[0] for row in cursor.fetchall()}
    tell.tell_items(
        batch,
        [
            BatchItem(id=row.id, sim_id=row.sim_id, giccid=row.giccid, wanted=row.wanted, state=State.SKIPPED,
                      code=code, message=message)
            for row, code, message in rows
            if row.id in skipped
        ],
    )  # fmt: skip


def _chunk(batch: Batch, kind: Kind, rows: list[_Row]) -> Picked:
    if not rows:
        return Picked(None, [], {}, kind)
    now = timezone.now()
    number = batch.chunks.count() + 1
    is_canary = bool(batch.canary_size) and not batch.is_canary_passed
    sent_at = now if kind.job else None
    chunk = BatchChunk.objects.create(batch=batch, number=number, size=len(rows), is_canary=is_canary, sent_at=sent_at)
    _assign(chunk, kind, [row.id for row in rows], now)
    return Picked(chunk, [row.giccid for row in rows], rows[0].wanted or batch.wanted, kind)


def _assign(chunk: BatchChunk, kind: Kind, ids: list[int], now: datetime) -> None:
    """Sent together they are `sending` together; one by one each says so itself, right before its call."""
    values: dict[str, Any] = {"chunk": chunk}
    if kind.job:
        values |= {"state": State.SENDING, "sent_at": now}
    BatchItem.objects.filter(pk__in=ids, state=State.PLANNED).update(**values)


CANCELLED = "Cancelled before it was sent."


def unsent(batch: Batch) -> dict[str, Any]:
    """What an item becomes that was not sent after all: planned again, unless nobody wants it sent any more."""
    if batch.state == Batch.State.CANCELLED:
        return {"state": State.SKIPPED, "message": CANCELLED}
    return {"state": State.PLANNED}


def put_back(chunk: BatchChunk) -> None:
    """Its request certainly never reached the carrier: its SIMs are planned again, the chunk never was."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=chunk.batch_id)
        if not BatchChunk.objects.filter(pk=chunk.pk, state=BatchChunk.State.SENDING).delete()[0]:
            return
        items = BatchItem.objects.filter(chunk=chunk.pk)
        ids = list(items.values_list("pk", flat=True))
        items.update(**unsent(batch), chunk=None, sent_at=None)
        let_go_of_items(ids, batch_uuid=batch.uuid)
