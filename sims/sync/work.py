"""A slice of a sync run: claim its lease, go on where the rows say it stands, hand it back."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

import structlog
from django.db import transaction

from sims.models import SyncRun
from sims.sync import runs
from sims.sync.absent import settle_absent, unseen
from sims.sync.catalogue import read_catalogue
from sims.sync.listing import read_pages
from sims.sync.named import read_named
from sims.sync.one_list import read_one_list
from sims.sync.shared import shared_beside
from sims.sync.shortage import note_shortages
from sims.sync.slice import RunFailed, Slice
from smarthub import Client
from toolkit import lease

log = structlog.get_logger(__name__)

SLICE_S = 20
RENEW_EVERY_S = 5


class LeaseLost(Exception):
    """Another worker has the run; this one must stop."""


def work_slice(
    run_id: int, client: Client, *, slice_s: float = SLICE_S, on_step: Callable[[], None] = lambda: None
) -> bool:
    """Work on the run for about `slice_s` seconds; True when more is to do and nobody else does it.

    Several calls for one run are harmless: the lease lets one of them work. `on_step` is called after each merge.
    """
    row = SyncRun.objects.filter(pk=run_id)
    owner = lease.claim(row.filter(state__in=SyncRun.OPEN))
    if owner is None:
        return False
    try:
        with lease.kept(row, owner):
            ends_at = time.monotonic() + slice_s
            if not _work(runs.begin(run_id), Slice(client, ends_at, _renewer(run_id, owner, on_step))):
                return True
        runs.forget_old_pages()
        return False
    except RunFailed as failure:
        log.warning("sync_failed", run=run_id, reason=str(failure))
        runs.fail(run_id, str(failure))
        return False
    except LeaseLost:
        log.warning("sync_lease_lost", run=run_id)
        return False
    finally:
        lease.release(row, owner)


def _renewer(run_id: int, owner: UUID, on_step: Callable[[], None]) -> Callable[[], None]:
    renewed_at = time.monotonic()

    def renew() -> None:
        nonlocal renewed_at
        on_step()
        if time.monotonic() - renewed_at < RENEW_EVERY_S:
            return
        renewed_at = time.monotonic()
        if not lease.renew(SyncRun.objects.filter(pk=run_id), owner):
            raise LeaseLost

    return renew


def _work(run: SyncRun, slice_: Slice) -> bool:
    """Go through the phases; True when the run is finished, False when the slice is over."""
    if run.kind == SyncRun.Kind.NAMED:
        return _work_named(run, slice_)
    if run.phase == SyncRun.Phase.CATALOGUE:
        if not read_catalogue(run, slice_):
            return False
        _enter(run, SyncRun.Phase.LISTING)
    if run.phase == SyncRun.Phase.LISTING:
        if not _read_lists(run, slice_):
            return False
        with transaction.atomic():  # else a run taken up in between would say again what was short
            run.parts.update(is_done=True)  # also of lists whose end only another one's merge has shown
            note_shortages(run)
            _enter(run, SyncRun.Phase.ABSENT)
    if run.kind == SyncRun.Kind.ACCOUNT:
        runs.finish(run.pk, missing=None)
        return True
    return _ask_for_absent(run, slice_)


def _read_lists(run: SyncRun, slice_: Slice) -> bool:
    """The lists, and in a full run pools and countries beside them."""
    if run.kind != SyncRun.Kind.FULL:
        return read_pages(run, slice_)
    with shared_beside(run, slice_) as beside:
        return read_pages(run, beside) if run.parts.exists() else read_one_list(run, beside)


def _enter(run: SyncRun, phase: SyncRun.Phase) -> None:
    run.phase = phase
    SyncRun.objects.filter(pk=run.pk).update(phase=phase)


def _ask_for_absent(run: SyncRun, slice_: Slice) -> bool:
    not_listed = unseen(run)
    if not read_named(run, list(not_listed.values()), slice_):
        return False
    with transaction.atomic():  # else a run taken up in between would count the same absence twice
        absence = settle_absent(run, list(unseen(run)) if not_listed else [])
        runs.finish(run.pk, missing=absence.missing, note=absence.note, seen=run.seen)
    return True


def _work_named(run: SyncRun, slice_: Slice) -> bool:
    if not read_named(run, run.giccids, slice_):
        return False
    runs.finish(run.pk, missing=None)
    return True
