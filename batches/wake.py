"""Waking a worker for a batch; tasks stand above this and are called by name."""

from __future__ import annotations

from contextlib import suppress

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

WORK = "batches.tasks.work_batch"


def work_soon(batch_id: int, *, in_s: float = 0) -> None:
    """Queue the next slice once the row is committed; where the queue is away, beat finds it."""

    def queue() -> None:
        with suppress(OperationalError):
            current_app.send_task(WORK, args=[batch_id], countdown=in_s or None)

    transaction.on_commit(queue)
