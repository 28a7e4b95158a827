"""Celery's side of the estate: leaves that take ids and call the domain."""

from __future__ import annotations

from datetime import date

from celery import shared_task

from estate import rollups
from toolkit.queueing import soon


@shared_task
def roll_up_day(ordinal: int) -> None:
    """Roll up one day, named by its ordinal."""
    rollups.roll_up(date.fromordinal(ordinal))


@shared_task
def tend_roll_ups() -> None:
    """Roll up the days that were read anew, the newest at once and of the others one at a time (beat)."""
    for day in rollups.due_days()[:2]:
        soon(roll_up_day, day.toordinal())
