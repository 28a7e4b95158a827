"""Sync runs as rows: asked for, due, finished, failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from enterprise.models import Account
from sims.models import SyncPage, SyncPart, SyncRun
from smarthub.operations import MAX_GICCIDS_PER_QUERY
from toolkit.lease import free
from toolkit.live import ring
from users.models import User

FIRST_RETRY = timedelta(seconds=30)
RUNS_WITH_PAGES = 2
# Of pages that no run has any more. Should one be taken up just now, the engine refuses to delete it.
FORGET_SIMS = "DELETE FROM sims_pagesims g WHERE NOT EXISTS (SELECT FROM sims_syncpage p WHERE p.shown_id = g.id)"


def request_full(*, trigger: SyncRun.Trigger, user: User | None = None) -> SyncRun:
    """A run over the whole fleet: a new one, or the one that is open already (two never overlap)."""
    try:
        with transaction.atomic():
            return SyncRun.objects.create(kind=SyncRun.Kind.FULL, trigger=trigger, requested_by=user)
    except IntegrityError:
        return open_full_run() or request_full(trigger=trigger, user=user)


def request_account(account: Account, *, trigger: SyncRun.Trigger, user: User | None = None) -> SyncRun:
    """A run over the SIMs of one account; it calls nothing missing."""
    return SyncRun.objects.create(kind=SyncRun.Kind.ACCOUNT, account=account, trigger=trigger, requested_by=user)


def request_named(giccids: list[str], *, trigger: SyncRun.Trigger, user: User | None = None) -> SyncRun:
    """A run over some SIMs by ICCID, 100 a request."""
    unique = sorted(set(giccids))
    return SyncRun.objects.create(
        kind=SyncRun.Kind.NAMED,
        trigger=trigger,
        requested_by=user,
        phase=SyncRun.Phase.LISTING,
        giccids=unique,
        sims_expected=len(unique),
        pages_expected=ceil(len(unique) / MAX_GICCIDS_PER_QUERY),
    )


def open_full_run() -> SyncRun | None:
    return SyncRun.objects.filter(kind=SyncRun.Kind.FULL, state__in=SyncRun.OPEN).first()


def last_complete() -> SyncRun | None:
    """The newest run that read the whole fleet to its end."""
    return SyncRun.objects.filter(kind=SyncRun.Kind.FULL, state=SyncRun.State.FINISHED).order_by("-id").first()


def next_due_at() -> datetime:
    """When the next full run should start: after the interval, sooner but ever more slowly after one that failed, or
    that did not see all that it was told of. Never later than that from now, should the clock have gone back."""
    interval = timedelta(minutes=settings.SYNC_INTERVAL_MINUTES)
    short = SyncPart.objects.filter(run=OuterRef("pk")).exclude(note="")
    full = SyncRun.objects.filter(kind=SyncRun.Kind.FULL).annotate(is_short=Exists(short))
    latest = list(full.order_by("-id")[:8])
    if not latest:
        return timezone.now()
    was_whole = [run.state != SyncRun.State.FAILED and not run.is_short for run in latest]
    failures = was_whole.index(True) if True in was_whole else len(latest)
    started = latest[0].started_at or latest[0].created_at
    wait = min(interval, FIRST_RETRY * 2 ** (failures - 1)) if failures else interval
    since = (latest[0].finished_at or started) if failures else started
    return min(since, timezone.now()) + wait


def start_due() -> SyncRun | None:
    """The run by plan when one is due and none is open."""
    if open_full_run() or next_due_at() > timezone.now():
        return None
    return request_full(trigger=SyncRun.Trigger.PLAN)


def unattended() -> list[int]:
    """Open runs that no worker holds: just asked for, or left behind by a process that is gone."""
    return list(SyncRun.objects.filter(free(), state__in=SyncRun.OPEN).order_by("id").values_list("id", flat=True))


def begin(run_id: int) -> SyncRun:
    """Mark the run as running, once, and read it."""
    row = SyncRun.objects.filter(pk=run_id, state=SyncRun.State.QUEUED)
    if row.update(state=SyncRun.State.RUNNING, started_at=Now()):
        ring("home")
    return SyncRun.objects.get(pk=run_id)


def fail(run_id: int, reason: str) -> None:
    """End the run by name of what failed; what was read stays, nothing is called missing."""
    run = SyncRun.objects.get(pk=run_id)
    run.errors.append(reason)
    SyncRun.objects.filter(pk=run_id, state__in=SyncRun.OPEN).update(
        state=SyncRun.State.FAILED, finished_at=Now(), errors=run.errors, note=reason
    )
    ring("home")
    forget_old_pages()


def finish(run_id: int, *, missing: int | None, note: str = "", seen: int | None = None) -> None:
    """End the run as complete; `seen` is how many SIMs its pages showed, where these were all."""
    SyncRun.objects.filter(pk=run_id, state__in=SyncRun.OPEN).update(
        state=SyncRun.State.FINISHED, phase=SyncRun.Phase.DONE, finished_at=Now(), missing=missing, note=note, seen=seen
    )
    ring("home")


def add_error(run_id: int, reason: str) -> None:
    """Something that did not stop the run but must not be forgotten."""
    run = SyncRun.objects.only("errors").get(pk=run_id)
    SyncRun.objects.filter(pk=run_id).update(errors=[*run.errors, reason])


def count_requests(run_id: int, attempts: list[int]) -> None:
    if not attempts:
        return
    SyncRun.objects.filter(pk=run_id).update(
        requests=F("requests") + sum(attempts), repeats=F("repeats") + sum(attempts) - len(attempts)
    )


def forget_old_pages() -> None:
    """Drop the page rows of all but the open runs and the last two complete ones."""
    full = SyncRun.objects.filter(kind=SyncRun.Kind.FULL, state=SyncRun.State.FINISHED).order_by("-id")
    kept = list(full.values_list("id", flat=True)[:RUNS_WITH_PAGES])
    if len(kept) == RUNS_WITH_PAGES:
        SyncPage.objects.filter(run_id__lt=kept[-1]).exclude(run__state__in=SyncRun.OPEN).delete()
        with connection.cursor() as cursor:
            cursor.execute(FORGET_SIMS)
