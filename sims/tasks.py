"""Celery's side of the SIMs: leaves that take ids and call the domain."""

from __future__ import annotations

from celery import shared_task

from sims import counts
from sims.sync import runs, work
from toolkit.carrier import carrier
from toolkit.governor import Lane


@shared_task(queue="sync")
def work_sync(run_id: int) -> None:
    """One slice of a run, then the next."""
    if work.work_slice(run_id, carrier(Lane.SYNC)):
        work_sync.delay(run_id)


@shared_task(queue="sync")
def tend_syncs() -> None:
    """Start the run that is due, and pick up runs that nobody works on (beat, every few seconds)."""
    runs.start_due()
    for run_id in runs.unattended():
        work_sync.delay(run_id)


@shared_task(queue="sync")
def fold_counts() -> None:
    counts.fold_counts()
