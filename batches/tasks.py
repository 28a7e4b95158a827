"""Celery's side of the batches: leaves that take ids and call the domain."""

from __future__ import annotations

from celery import shared_task

from batches import work
from batches.wake import work_soon
from toolkit.carrier import NoCarrier, carrier
from toolkit.carrier_words import words_for
from toolkit.governor import Lane


@shared_task
def work_batch(batch_id: int) -> None:
    """One slice of a batch, then the next when it is due."""
    try:
        client = carrier(Lane.BATCH)
    except NoCarrier as error:
        work.hold_off(batch_id, words_for(error))
        return
    wait_s = work.work_slice(batch_id, client)
    if wait_s is not None and wait_s <= work.SOONEST_BY_BEAT_S:
        work_soon(batch_id, in_s=wait_s)


@shared_task
def tend_batches() -> None:
    """Start what is due, and pick up batches that nobody works on (beat, every few seconds)."""
    for batch_id in work.unattended():
        work_soon(batch_id)
