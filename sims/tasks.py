"""Celery's side of the SIMs: leaves that take ids and call the domain."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from sims import counts, tagging
from sims.changes import sending, settle
from sims.export import jobs as export_jobs
from sims.export import work as export_work
from sims.paste.check import drop_outlived
from sims.sync import runs, work
from sims.trigrams import ensure_index_when_filled
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


@shared_task
def work_export(export_id: int) -> None:
    """One slice of a file, then the next."""
    if export_work.work_slice(export_id):
        work_export_soon(export_id)


def work_export_soon(export_id: int) -> None:
    """Queue a slice of the file; where the queue is away, beat finds its row within seconds."""
    soon(work_export, export_id)


@shared_task
def tend_exports() -> None:
    """Pick up files that nobody writes on, delete those kept long enough (beat, every few seconds)."""
    for export_id in export_jobs.unattended():
        work_export_soon(export_id)
    export_jobs.expire()


@shared_task
def work_tagging(tagging_id: int) -> None:
    """One slice of a tagging, then the next."""
    if tagging.work_slice(tagging_id):
        work_tagging_soon(tagging_id)


def work_tagging_soon(tagging_id: int) -> None:
    soon(work_tagging, tagging_id)


@shared_task
def tend_taggings() -> None:
    """Pick up taggings that nobody works on (beat)."""
    for tagging_id in tagging.unattended():
        work_tagging_soon(tagging_id)


@shared_task
def work_operation(operation_id: int) -> None:
    """Bring one queued operation to the carrier."""
    sending.send(operation_id)


@shared_task
def settle_operations() -> None:
    """Read the SIMs whose operations wait for it."""
    settle.settle_due()


@shared_task
def tend_operations() -> None:
    """Find operations that a dead queue or worker left, and settle what is due (beat, every few seconds)."""
    settle.sweep()
    settle.settle_due()


@shared_task
def keep_trigrams() -> None:
    """Build the index for searching inside numbers after the first fill (beat)."""
    ensure_index_when_filled()


@shared_task
def drop_working_sets() -> None:
    """Forget pasted lists that were kept long enough (beat)."""
    drop_outlived()
