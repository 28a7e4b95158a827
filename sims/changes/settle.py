"""Settling operations by reading: what was accepted, scheduled or lost is believed when the carrier shows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from sims.changes.evidence import seen_in_copy, seen_of
from sims.changes.proof import SHOWN_BY_SIM
from sims.changes.refusals import unknown_words
from sims.changes.snapshot import snapshot_of
from sims.changes.states import State, announce, pass_on, tell
from sims.changes.verdict import Seen, Verdict, judge
from sims.changes.wake import send_soon, settle_soon
from sims.models import Operation
from toolkit.carrier import CHANGE_LIMIT_S, CHANGE_PATIENCE_S

MOST_AT_ONCE = 500
# A pass that died hands its operations on after this.
PASS = timedelta(seconds=60)
# Queued for longer than this without being sent: its task is lost, or the queue is long.
UNSENT = timedelta(seconds=10)
REQUEUE = timedelta(seconds=60)
# Longer than a change, its retries and the writing of its outcome can take.
SENDING_LIMIT = timedelta(seconds=CHANGE_PATIENCE_S * 3 + CHANGE_LIMIT_S + 50)
SOON = timedelta(seconds=60)
SOONEST = timedelta(seconds=1)


def settle_due() -> int:
    """Settle what our copy shows already, then read what is due; how many operations were read.

    Several passes at once are harmless: each takes its own.
    """
    settle_by_copy()
    ids = _take_due()
    operations = Operation.objects.select_related("sim").filter(pk__in=ids, state__in=Operation.READABLE)
    waiting = {each.pk: each for each in operations}
    for pk, seen in seen_of(waiting.values()).items():
        _apply(waiting[pk], seen)
    _wake_for_next()
    return len(waiting)


def settle_by_copy(sim_ids: Iterable[int] | None = None) -> None:
    """Settle operations by reads that others asked for: a push, a sync run, somebody who looked. Asks the carrier
    nothing."""
    newer = Q(sim__read_at__gt=Coalesce("last_read_at", "sent_at"))
    waiting = Operation.objects.filter(newer, state__in=Operation.READABLE, verb__in=list(SHOWN_BY_SIM))
    if sim_ids is not None:
        waiting = waiting.filter(sim_id__in=sim_ids)
    for operation in waiting.select_related("sim").order_by("pk")[:MOST_AT_ONCE]:
        seen = seen_in_copy(operation)
        if judge(operation, seen).state == State.DONE:
            _apply(operation, seen)
        else:
            Operation.objects.filter(pk=operation.pk, state=operation.state).update(last_read_at=seen.asked_at)


def _take_due() -> list[int]:
    with transaction.atomic():
        due = Operation.objects.filter(state__in=Operation.READABLE, next_read_at__lte=timezone.now())
        rows = due.order_by("next_read_at").select_for_update(skip_locked=True)
        ids = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
        Operation.objects.filter(pk__in=ids).update(next_read_at=timezone.now() + PASS)
    return ids


def _wake_for_next() -> None:
    """Have the next pass come when it is due, if that is soon; beat sees to the rest."""
    waiting = Operation.objects.filter(state__in=Operation.READABLE, next_read_at__isnull=False)
    due = waiting.order_by("next_read_at").values_list("next_read_at", flat=True).first()
    if due is not None and due - timezone.now() < SOON:
        settle_soon(max(0.2, (due - timezone.now()).total_seconds()))


def _apply(operation: Operation, seen: Seen) -> None:
    verdict = judge(operation, seen)
    # The reading itself may have taken longer than the next one was to wait.
    soonest = timezone.now() + SOONEST
    values: dict[str, Any] = {
        "next_read_at": verdict.next_read_at and max(verdict.next_read_at, soonest),
        "needs_person": verdict.needs_person,
        "note": verdict.note,
        "reads": operation.reads + 1,
    }
    if seen.is_asked:
        values["last_read_at"] = seen.asked_at
    if verdict.state == State.DONE:
        values["after"] = operation.after or snapshot_of(operation.sim)
    if verdict.state == operation.state:
        _stay(operation, verdict, values)
    else:
        _turn(operation, verdict, values)


def _turn(operation: Operation, verdict: Verdict, values: dict[str, Any]) -> None:
    attempt = operation.attempts
    pass_on(operation, from_=[operation.state], to=verdict.state, attempt=attempt, **values)


def _stay(operation: Operation, verdict: Verdict, values: dict[str, Any]) -> None:
    row = Operation.objects.filter(pk=operation.pk, state=operation.state, attempts=operation.attempts)
    is_news = (verdict.note, verdict.needs_person) != (operation.note, operation.needs_person)
    with transaction.atomic():
        if not row.update(**values) or not is_news:
            return
        if verdict.needs_person and not operation.needs_person:
            operation.note = verdict.note
            tell(operation, needs_person=True)
        announce(operation)


def nudge(sim_ids: Iterable[int]) -> int:
    """Something was heard of these SIMs: settle what the copy shows already, and have the rest read now.

    Returns how many operations waited.
    """
    ids = list(sim_ids)
    waited = Operation.objects.filter(sim_id__in=ids, state__in=Operation.READABLE).count()
    if waited:
        settle_by_copy(ids)
    rest = Operation.objects.filter(sim_id__in=ids, state__in=(State.ACCEPTED, State.UNKNOWN))
    if waited and rest.update(next_read_at=timezone.now()):
        settle_soon(0.2)
    return waited


def sweep() -> int:
    """Find what a dead queue or a dead worker left: queued and not begun is queued again, sending and stuck is unknown.

    What was sending is never sent again. Returns how many were found.
    """
    return _requeue() + _give_up()


def _requeue() -> int:
    now = timezone.now()
    lost = Q(next_read_at__isnull=True, created_at__lt=now - UNSENT) | Q(next_read_at__lt=now)
    with transaction.atomic():
        rows = Operation.objects.filter(lost, state=State.QUEUED).order_by("created_at")
        ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:MOST_AT_ONCE])
        Operation.objects.filter(pk__in=ids).update(next_read_at=now + REQUEUE)
        for pk in ids:
            send_soon(pk)
    return len(ids)


def _give_up() -> int:
    now = timezone.now()
    stuck = Operation.objects.select_related("sim").filter(state=State.SENDING, sent_at__lt=now - SENDING_LIMIT)
    found = list(stuck.order_by("created_at")[:MOST_AT_ONCE])
    for operation in found:
        values: dict[str, Any] = {"note": unknown_words(None, operation), "next_read_at": now, "reads": 0}
        pass_on(operation, from_=[State.SENDING], to=State.UNKNOWN, attempt=operation.attempts, **values)
    if found:
        settle_soon(0.2)
    return len(found)
