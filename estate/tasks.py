"""Celery's side of the estate: leaves that take ids and call the domain."""

from __future__ import annotations

from datetime import date

from celery import shared_task

from estate import drift_work, health, rollups
from toolkit.carrier import NoCarrier, carrier
from toolkit.carrier_words import words_for
from toolkit.governor import Lane
from toolkit.live import ring
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


@shared_task
def watch_home() -> None:
    """Let open homes look again where something of their health changed that nobody announces (beat)."""
    if health.has_changed():
        ring("home")


@shared_task
def work_drift(check_id: int) -> None:
    """One slice of a comparison, then the next."""
    try:
        client = carrier(Lane.SYNC)
    except NoCarrier as error:
        drift_work.fail(check_id, words_for(error))
        return
    if drift_work.work_slice(check_id, client):
        work_drift_soon(check_id)


def work_drift_soon(check_id: int) -> None:
    soon(work_drift, check_id)


@shared_task
def tend_drifts() -> None:
    """Pick up comparisons that nobody works on (beat)."""
    for check_id in drift_work.unattended():
        work_drift_soon(check_id)
