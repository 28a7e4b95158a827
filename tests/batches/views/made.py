"""Batches as a page may meet them; what makes and runs them has tests of its own."""

from datetime import timedelta

from django.utils import timezone

from batches.models import Batch, BatchChunk, BatchItem
from batches.plan import create_batch
from batches.selection import SelectionSpec

FIRST = 8986011805021000001


def iccid(number: int) -> str:
    return str(FIRST - 1 + number)


def plan(user, numbers=(1, 2, 3), kind="suspend", wanted=None, reason="", **fields) -> Batch:
    text = "\n".join(iccid(number) for number in numbers)
    batch = create_batch(
        kind=kind, selection=SelectionSpec(identifiers=text), wanted=wanted or {}, reason=reason, user=user
    )
    return change(batch, **fields)


def change(row, **fields):
    if fields:
        type(row).objects.filter(pk=row.pk).update(**fields)
        row.refresh_from_db()
    return row


def started(user, *states: str, state: str = Batch.State.RUNNING, chunk: str = "settling", **fields) -> Batch:
    """A batch whose items, one for each of `states`, went to the carrier in one chunk."""
    now = timezone.now()
    batch = plan(user, range(1, len(states) + 1), **fields)
    change(batch, state=state, started_at=now - timedelta(minutes=5), started_by=user.username, job_size=1000)
    if state == Batch.State.FINISHED:
        change(batch, finished_at=now, next_step_at=None)
    row = BatchChunk.objects.create(
        batch=batch, number=1, state=chunk, size=len(states), sent_at=now - timedelta(minutes=4), job_id="20261122-1"
    )
    for place, item_state in enumerate(states, 1):
        sent = {"chunk": row, "sent_at": row.sent_at} if item_state != "planned" else {}
        seen = {"seen_at": now, "after": {"status": "DEACTIVATED"}} if item_state == "done" else {}
        told = {"code": "E42", "message": "The carrier refused it."} if item_state == "failed" else {}
        BatchItem.objects.filter(batch=batch, place=place).update(state=item_state, **sent, **seen, **told)
    return batch


def url_of(batch: Batch, part: str = "") -> str:
    return f"/batches/{batch.uuid}/{part}"
