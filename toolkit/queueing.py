"""Handing the next slice of long work to a worker."""

from __future__ import annotations

from contextlib import suppress

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError


def soon(task: Task, row_id: int) -> None:
    """Queue `task` for this row once the row is there for the worker to find.

    Where the queue is away nothing is lost: beat finds the row within seconds of its return.
    """

    def queue() -> None:
        with suppress(OperationalError):
            task.delay(row_id)

    transaction.on_commit(queue)
