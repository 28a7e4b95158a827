"""Waking the workers that send and settle; tasks stand above this and are called by name."""

from __future__ import annotations

import math
import time
from contextlib import suppress

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

from toolkit.carrier import server

SEND, SETTLE = "sims.tasks.work_operation", "sims.tasks.settle_operations"
FIRST_READ_S = 1.0
# Those that want a pass at about the same time share one.
SHARED_S = 0.25


def send_soon(operation_id: int, *, in_s: float = 0) -> None:
    """Queue the operation once its row is committed; where the queue is away, beat finds it."""
    transaction.on_commit(lambda: _queue(SEND, [operation_id], countdown=in_s))


def settle_soon(in_s: float = FIRST_READ_S) -> None:
    """Have the operations that are due by then read, once the transaction is committed."""

    def wake() -> None:
        number = math.ceil((time.time() + in_s) / SHARED_S)
        with suppress(RedisError):
            if server().set(f"changes:pass:{number}", 1, nx=True, ex=int(in_s) + 5):
                _queue(SETTLE, [], countdown=max(0.0, number * SHARED_S - time.time()))

    transaction.on_commit(wake)


def _queue(name: str, arguments: list[int], *, countdown: float = 0) -> None:
    with suppress(OperationalError):
        current_app.send_task(name, args=arguments, countdown=countdown or None)
