"""Waking the workers that send and settle; tasks stand above this and are called by name."""

from __future__ import annotations

from contextlib import suppress

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis import RedisError

from toolkit.carrier import server

SEND, SETTLE = "sims.tasks.work_operation", "sims.tasks.settle_operations"
SETTLING = "changes:settling"
# One waiting pass settles all that is due by then.
FIRST_READ_S = 1.0


def send_soon(operation_id: int) -> None:
    """Queue the operation once its row is committed; where the queue is away, beat finds it."""
    transaction.on_commit(lambda: _queue(SEND, [operation_id]))


def settle_soon(in_s: float = FIRST_READ_S) -> None:
    """Have the operations that are due by then read, once the transaction is committed."""

    def wake() -> None:
        with suppress(RedisError):
            if server().set(f"{SETTLING}:{in_s:g}", 1, nx=True, px=max(1, int(in_s * 1000))):
                _queue(SETTLE, [], countdown=in_s)

    transaction.on_commit(wake)


def _queue(name: str, arguments: list[int], *, countdown: float = 0) -> None:
    with suppress(OperationalError):
        current_app.send_task(name, args=arguments, countdown=countdown or None)
