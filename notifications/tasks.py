"""Celery's side of the pushes: leaves that call the domain."""

from __future__ import annotations

from contextlib import suppress

import psycopg
from celery import shared_task
from kombu.exceptions import OperationalError

from notifications import retention, silence
from notifications.intake.drain import drain
from notifications.pushes import work


@shared_task
def take_pushes() -> None:
    """One slice of taking apart, then the next; what has to be read is for another worker's thread."""
    has_more = work.take_slice()
    with suppress(OperationalError):
        if has_more:
            take_pushes.delay()
        if work.has_to_read():
            read_pushed_sims.delay()


@shared_task
def read_pushed_sims() -> None:
    """One slice of reading SIMs, then the next."""
    if work.read_slice():
        with suppress(OperationalError):
            read_pushed_sims.delay()


@shared_task
def tend_pushes() -> None:
    """Bring in what was spooled, and pick up what nobody works on (beat, every few seconds)."""
    with suppress(psycopg.Error):
        drain()
    take_pushes.delay()


@shared_task
def watch_pushes() -> None:
    """Look for silence and for what waits (beat); by another worker than the one that may be why."""
    silence.note_warnings()


@shared_task
def keep_push_months() -> None:
    """Make the months of the inbox ahead of time, and drop those past their retention (beat)."""
    retention.keep_months()


def take_soon() -> None:
    """Wake the worker; where the queue is away, beat does within seconds of its return."""
    with suppress(OperationalError):
        take_pushes.delay()
