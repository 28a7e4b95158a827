"""Celery's side of the SIMs: leaves that take ids and call the domain."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from sims import counts
from sims.sync import runs, work
from toolkit.carrier import NoCarrier, carrier
from toolkit.carrier_words import words_for
from toolkit.governor import Lane
from toolkit.partitions import ensure_months
from toolkit.queueing import soon


@shared_task
def work_sync(run_id: int) -> None:
    """One slice of a run, then the next; where no carrier is set up the run ends and says so."""
    try:
        client = carrier(Lane.SYNC)
    except NoCarrier as error:
        runs.fail(run_id, words_for(error))
        return
    if work.work_slice(run_id, client):
        work_soon(run_id)


def work_soon(run_id: int) -> None:
    soon(work_sync, run_id)


@shared_task
def tend_syncs() -> None:
    """Start the run that is due, and pick up runs that nobody works on (beat, every few seconds)."""
    runs.start_due()
    for run_id in runs.unattended():
        work_soon(run_id)


@shared_task
def fold_counts() -> None:
    """Keep the totals quick to read."""
    counts.fold_counts()


@shared_task
def keep_months() -> None:
    """Make the months of the partitioned tables ahead of time."""
    today = timezone.now().date()
    for table in ("journal_event", "sims_usageday"):
        ensure_months(table, today=today)
