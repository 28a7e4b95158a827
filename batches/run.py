"""What a person does with a batch: start it now or later, pause, resume, cancel what is not sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from batches import limits
from batches.kinds import kind_of
from batches.models import Batch, BatchChunk, BatchItem
from batches.wake import work_soon
from sims.changes.locks import let_go_of_items
from toolkit.figures import count as as_count
from toolkit.live import ring
from users import audit
from users.models import User

State = Batch.State
LATEST = timedelta(days=366)
SOON = timedelta(minutes=1)
CANARY_PERCENT = 5.0
STARTED = (State.RUNNING, State.PAUSED)


class CannotStart(Exception):
    """Why not, in words for the person who asked. Nothing was sent."""


def start(
    batch: Batch,
    user: User,
    count: int | None = None,
    at: datetime | None = None,
    canary: int | None = None,
    abort: float | None = None,
    *,
    canary_percent: float | None = None,
) -> None:
    """Confirm exactly this plan: its SIMs are sent from now on, or from `at`.

    `count` must be given, and be right, where the change is final. The first `canary` SIMs go alone, and the batch
    pauses when more than `canary_percent` of them fail; it pauses as well when more than `abort` percent of all that
    was sent failed. Raises CannotStart.
    """
    planned = batch.items.filter(state=BatchItem.State.PLANNED).count()
    _check(batch, user, planned, count, at)
    starts_later = at is not None and at > timezone.now()
    values: dict[str, Any] = {
        "state": State.SCHEDULED if starts_later else State.RUNNING,
        "due_at": at if starts_later else None,
        "started_at": None if starts_later else Now(),
        "started_by": user.username,
        "next_step_at": at if starts_later else Now(),
        "job_size": settings.BATCH_JOB_SIZE,
        "canary_size": canary if canary and canary < planned else None,
        "canary_percent": CANARY_PERCENT if canary_percent is None else canary_percent,
        "abort_percent": abort,
        "note": "",
    }
    detail = {"sims": planned, "at": at and at.isoformat(), "canary": canary, "abort": abort}
    if not _move(batch, user, "start", (State.PLANNED, State.SCHEDULED), values, detail):
        raise CannotStart("It was started or cancelled a moment ago.")


def _check(batch: Batch, user: User, planned: int, count: int | None, at: datetime | None) -> None:
    if batch.state == State.PLANNING:
        raise CannotStart("Its dry run is not done yet.")
    if batch.state not in (State.PLANNED, State.SCHEDULED):
        raise CannotStart(f"It is {batch.get_state_display().lower()}, so it cannot be started.")
    if not planned:
        raise CannotStart("No SIM would change, so there is nothing to start.")
    kind = kind_of(batch.kind)
    if kind.is_final and count != planned:
        raise CannotStart(f"Type the number of SIMs to confirm: {as_count(planned)}. Nothing was sent.")
    sender = batch.requested_by or user
    if kind.too_many and (why := kind.too_many(sender, planned + _waiting(batch, sender))):
        raise CannotStart(why)
    now = timezone.now()
    if at and not now - SOON <= at <= now + LATEST:
        raise CannotStart("The start has to lie ahead, within a year.")


def _waiting(batch: Batch, sender: User) -> int:
    """What this person's other batches of the kind have still to send."""
    others = Batch.objects.filter(kind=batch.kind, requested_by=sender, state__in=(State.SCHEDULED, *STARTED))
    items = BatchItem.objects.filter(batch__in=others.exclude(pk=batch.pk), state=BatchItem.State.PLANNED)
    return items.count()


def pause(batch: Batch, user: User) -> bool:
    """Send nothing more for now; what is at the carrier goes on there and is followed. False where it does not run."""
    return _move(batch, user, "pause", (State.RUNNING,), {"state": State.PAUSED, "next_step_at": Now(), "note": ""})


def resume(batch: Batch, user: User) -> bool:
    """Go on; a limit that made it pause does not count any more. False where it is not paused."""
    values = {"state": State.RUNNING, "next_step_at": Now(), "note": "", "attempts": 0}
    return _move(batch, user, "resume", (State.PAUSED,), {**values, **limits.lifted(batch)})


def cancel(batch: Batch, user: User) -> bool:
    """Skip all that was not sent; what was is followed to its end. False where it has ended already."""
    with transaction.atomic():
        locked = Batch.objects.select_for_update().get(pk=batch.pk)
        if not locked.is_open:
            return False
        _skip_the_rest(locked, user)
        open_states = set(locked.chunks.filter(state__in=BatchChunk.OPEN).values_list("state", flat=True))
        under_way = open_states.intersection(BatchChunk.UNDER_WAY)
        values = {
            "state": State.CANCELLED,
            "next_step_at": Now() if open_states else None,
            "finished_at": None if under_way else Now(),
            "note": "",
        }
        return _move(batch, user, "cancel", Batch.OPEN, values)


def _skip_the_rest(batch: Batch, user: User) -> None:
    rest = batch.items.filter(state=BatchItem.State.PLANNED)
    held = list(rest.filter(chunk__isnull=False).values_list("pk", flat=True))
    rest.update(state=BatchItem.State.SKIPPED, message=f"Cancelled by {user.display_name} before it was sent.")
    let_go_of_items(held, batch_uuid=batch.uuid)


def _move(
    batch: Batch,
    user: User,
    verb: str,
    from_: tuple[str, ...],
    values: dict[str, Any],
    detail: dict[str, Any] | None = None,
) -> bool:
    """One conditional UPDATE with its audit row, bell and worker; False where the batch was in none of these states."""
    with transaction.atomic():
        if not Batch.objects.filter(pk=batch.pk, state__in=from_).update(**values):
            return False
        audit.record(user, f"batch.{verb}", str(batch.uuid), **(detail or {}))
        ring(*batch.topics)
        work_soon(batch.pk)
    batch.refresh_from_db()
    return True
