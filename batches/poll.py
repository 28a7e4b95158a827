"""Asking about a carrier job until it has ended, has vanished, or has taken too long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone

from batches import pace
from batches.models import BatchChunk, BatchItem
from batches.outcome import FAILED, SUCCESS
from batches.send import note_lost
from batches.step import Slice
from smarthub.errors import CarrierError, NotFound
from smarthub.models import BatchJob
from toolkit.carrier_words import words_for
from toolkit.database import let_go
from toolkit.governor import NoToken
from toolkit.live import ring

log = structlog.get_logger(__name__)

State, ItemState = BatchChunk.State, BatchItem.State
VANISHED = "The carrier does not know its job any more. Nothing is sent again; its SIMs are read instead."
ENDLESS = "Its job has not ended after 30 minutes. Nothing is sent again; its SIMs are read instead."
LONGEST = 500

# What is said of SIMs that were never sent finds no item.
REPORT = """
UPDATE batches_batchitem i SET reported = v.status, code = v.code, message = v.message
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS v (giccid, status, code, message)
WHERE i.chunk_id = %s AND i.giccid = v.giccid AND i.state = 'accepted'
"""


def ask(chunk: BatchChunk, slice_: Slice) -> None:
    """One question about the job of an accepted chunk, and what follows from the answer."""
    let_go()
    try:
        job = slice_.client.batch_job(chunk.job_id).value
    except NotFound:
        note_lost(chunk, VANISHED)
        return
    except (CarrierError, NoToken) as error:
        log.warning("batch_poll", batch=chunk.batch_id, chunk=chunk.number, error=type(error).__name__)
        _ask_again(chunk, {"note": words_for(error)})
        return
    if job.is_finished:
        _ended(chunk, job, timezone.now())
    else:
        _ask_again(chunk, {**_counts(job), "note": ""})


def _counts(job: BatchJob) -> dict[str, Any]:
    return {
        "job_status": job.status or "",
        "job_done": _count(job.success_count),
        "job_failed": _count(job.failed_count),
    }


def _count(value: int | None) -> int | None:
    """Counts are the carrier's and need not make sense."""
    return value if value is not None and 0 <= value < 2**31 else None


def _ask_again(chunk: BatchChunk, values: dict[str, Any]) -> None:
    now = timezone.now()
    if now - (chunk.sent_at or chunk.created_at) > pace.JOB_PATIENCE:
        note_lost(chunk, ENDLESS)
        return
    due = now + timedelta(seconds=pace.growing_s(chunk.polls + 1))
    mine = BatchChunk.objects.filter(pk=chunk.pk, state=State.ACCEPTED)
    mine.update(**values, polls=chunk.polls + 1, next_step_at=due)
    ring(*chunk.batch.topics)


def _ended(chunk: BatchChunk, job: BatchJob, now: datetime) -> None:
    """Keep what the job says of each SIM as evidence; from here on the SIMs are read."""
    with transaction.atomic():
        values = {**_counts(job), "state": State.SETTLING, "ended_at": now, "next_step_at": now, "note": ""}
        mine = BatchChunk.objects.filter(pk=chunk.pk, state=State.ACCEPTED)
        if mine.update(**values, reads=0, read_up_to=0):
            _report(chunk, job)
            ring(*chunk.batch.topics)


def _report(chunk: BatchChunk, job: BatchJob) -> None:
    said = {item.giccid: item for item in job.items or ()}
    if not said:
        return
    rows = [(giccid, _status(item.status), (item.code or "")[:LONGEST], (item.message or "")[:LONGEST])
            for giccid, item in said.items()]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(REPORT, [*(list(column) for column in zip(*rows, strict=True)), chunk.pk])


def _status(status: str | None) -> str:
    """SUCCESS and FAILED are known; anything else says nothing."""
    word = (status or "").upper()
    return word if word in (SUCCESS, FAILED) else "PENDING"
