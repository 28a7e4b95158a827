"""The worker's side: turns at taking apart what came, and at reading the SIMs it speaks of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from itertools import islice

import psycopg
from celery import current_app
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis import RedisError

from batches import settle as batch_items
from journal.models import Event
from journal.record import Cause
from notifications.intake.database import parameters
from notifications.models import Push, Untaken
from notifications.pushes.replay import take_again, to_retake
from notifications.pushes.settle import fail, settle
from notifications.pushes.take import take_apart
from sims.changes import settle as operations
from sims.changes.reading import SimsRead, read_sims
from sims.models import Sim
from smarthub.operations import MAX_GICCIDS_PER_QUERY
from toolkit.carrier import server
from toolkit.database import let_go
from toolkit.governor import Lane
from toolkit.live import ring
from toolkit.stopping import is_stopping, wait_for_stop

SLICE_S = 20
SETTLED_AT_ONCE = 500
# What reads of one request may answer: many pushes of the same SIMs.
ANSWERED_AT_ONCE = 2_000
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=1)
# Told at once where the carrier is asked about the SIM in any case: its change may be what an operation waits for.
SHOW_CHANGES = ("sim-status", "apn-status", "imei-change")

# A SIM is read when nothing more was pushed about it for a moment, or when the first of a burst has waited so long.
QUIET = timedelta(seconds=0.2)
LONGEST_BURST = timedelta(seconds=1.1)
NAP_S = 0.05
# Advisory locks of this class, one for each name: who takes apart, who reads.
TURNS, NAMES = 0x5055, ("take", "read")
READER = "notifications.tasks.read_pushed_sims"
WAKE_EVERY_S = 0.5

Step = Callable[[], bool]
Pushes = QuerySet[Push]


def waiting() -> Q:
    """Pushes that are not settled and may be worked on now."""
    return Q(state=Push.State.RECEIVED, is_to_retake=False) & (Q(due_at=None) | Q(due_at__lte=Now()))


def take_slice() -> bool:
    """Take deliveries apart and settle what needs no reading, for at most a slice; True when more waits."""
    return _in_turn("take", _take_step, _has_to_take)


def read_slice() -> bool:
    """Read the SIMs that pushes speak of and settle those, for at most a slice; True when more waits."""
    return _in_turn("read", _read_step, _to_read().exists)


def _has_to_take() -> bool:
    return Untaken.objects.exists() or to_retake().exists() or _unread().exists()


def has_to_read() -> bool:
    return _to_read().exists()


def _unread() -> Pushes:
    return Push.objects.filter(waiting(), needs_read=False)


def _to_read() -> Pushes:
    return Push.objects.filter(waiting(), needs_read=True)


def _in_turn(name: str, step: Step, has_more: Callable[[], bool]) -> bool:
    """One worker at a time; who comes while another works may go, for that one looks again before it ends."""
    ends_at = time.monotonic() + SLICE_S
    while not is_stopping() and time.monotonic() < ends_at:
        with _turn(name) as is_ours:
            if not is_ours:
                return False
            while step():
                if is_stopping() or time.monotonic() >= ends_at:
                    break
        if not has_more():
            return False
    return has_more()


@contextmanager
def _turn(name: str) -> Iterator[bool]:
    """Held by a connection of its own, so that it ends with its worker however that ends; a lease would outlive it.

    Should two work at once after all, the rows' locks still let each push be settled once.
    """
    with psycopg.connect(**parameters()) as holder:
        row = holder.execute("SELECT pg_try_advisory_lock(%s, %s)", [TURNS, NAMES.index(name)]).fetchone()
        yield bool(row and row[0])


def _take_step() -> bool:
    taken, retaken = take_apart(), take_again()
    if taken.deliveries:
        ring("inbox", "home")
    if any(event.needs_read for event in [*taken.events, *retaken]):
        _wake_reader()
    pushes = list(_in_order(_unread())[:SETTLED_AT_ONCE])
    _ask_about_strangers(pushes)
    settled = settle([push for push in pushes if not push.needs_read])
    return bool(taken.deliveries or retaken or settled)


def _wake_reader() -> None:
    """While much comes in the other turn must not wait for this one's end; that one looks again in any case."""
    with suppress(RedisError, OperationalError):
        if server().set("pushes:reader", 1, nx=True, px=int(WAKE_EVERY_S * 1000)):
            current_app.send_task(READER)


def _in_order(pushes: Pushes) -> Pushes:
    return pushes.order_by("received_at", "delivery_id", "place")


def _ask_about_strangers(pushes: list[Push]) -> None:
    """A push that needs no reading does need it where our copy does not know the SIM."""
    named = {push.giccid for push in pushes if push.slug == "no-session" and push.giccid}
    strangers = named - set(Sim.objects.filter(giccid__in=named).values_list("giccid", flat=True)) if named else set()
    for push in pushes:
        if push.slug == "no-session" and push.giccid in strangers:
            push.needs_read = True
            _row(push).update(needs_read=True)


def _row(push: Push) -> Pushes:
    return Push.objects.filter(received_at=push.received_at, delivery_id=push.delivery_id, place=push.place)


def _read_step() -> bool:
    pushes = list(_in_order(_to_read())[:ANSWERED_AT_ONCE])
    if not pushes:
        return False
    answered, asked = _split(pushes)
    if answered:
        settle(answered)
    due = _due(asked)
    for chunk in _requests(due):
        if is_stopping() or not _read(chunk):
            break
    if asked and len({push.giccid for push in due}) < MAX_GICCIDS_PER_QUERY:
        let_go()
        wait_for_stop(NAP_S)
    return True


def _split(pushes: list[Push]) -> tuple[list[Push], list[Push]]:
    """Those that a read asked for since has answered already (or that name no SIM), and the others."""
    named = {push.giccid for push in pushes if push.giccid}
    read_at = dict(Sim.objects.filter(giccid__in=named).values_list("giccid", "read_at"))
    answered: list[Push] = []
    asked: list[Push] = []
    for push in pushes:
        last = read_at.get(push.giccid)
        is_answered = not push.giccid or (last is not None and last >= push.asked_at)
        (answered if is_answered else asked).append(push)
    return answered, asked


def _due(pushes: list[Push]) -> list[Push]:
    """Those to be read about now: a SIM of which more is just coming in is left for a moment."""
    first: dict[str, datetime] = {}
    last: dict[str, datetime] = {}
    for push in pushes:
        first.setdefault(push.giccid, push.asked_at)
        last[push.giccid] = push.asked_at
    now = timezone.now()
    named = {name for name in first if now - last[name] >= QUIET or now - first[name] >= LONGEST_BURST}
    return [push for push in pushes if push.giccid in named]


def _requests(pushes: list[Push]) -> Iterator[list[Push]]:
    """The pushes about as many SIMs as one request reads, in their order."""
    by_sim: dict[str, list[Push]] = {}
    for push in pushes:
        by_sim.setdefault(push.giccid, []).append(push)
    left = iter(by_sim.values())
    while group := list(islice(left, MAX_GICCIDS_PER_QUERY)):
        yield [push for about in group for push in about]


def _read(pushes: list[Push]) -> bool:
    """One request for their SIMs, however many pushes speak of each; False when the carrier could not be asked."""
    causes = _causes(pushes)
    read = read_sims(causes, lane=Lane.BATCH, cause_for=causes.__getitem__)
    done = [push for push in pushes if push.giccid in read.shown or push.giccid in read.absent]
    if done:
        settle(done, shown=read.shown, absent=read.absent)
        _tell_who_waits(done)
    for giccid, reason in read.unreadable.items():
        spoilt = [push for push in pushes if push.giccid == giccid]
        fail(spoilt, f"The SIM was read, and its record cannot be understood. {reason}")
    if read.error:
        _put_off(pushes, read)
    return not read.error


def _tell_who_waits(pushes: list[Push]) -> None:
    """A change that was pushed may be what an operation or an item of a batch waits for."""
    named = {push.giccid for push in pushes if push.slug in SHOW_CHANGES}
    sim_ids = list(Sim.objects.filter(giccid__in=named).values_list("pk", flat=True)) if named else []
    if sim_ids:
        operations.nudge(sim_ids)
        batch_items.nudge(sim_ids)


def _causes(pushes: list[Push]) -> dict[str, Cause]:
    """By ICCID, the push that what is found is put down to: the first that speaks of a change, else the first."""
    ranked = sorted(pushes, key=lambda push: push.slug not in SHOW_CHANGES)
    causes: dict[str, Cause] = {}
    for push in ranked:
        causes.setdefault(push.giccid, Cause(Event.Cause.PUSH, push.delivery_id))
    return causes


def _put_off(pushes: list[Push], read: SimsRead) -> None:
    """The carrier could not be asked: they wait, longer each time."""
    for push in pushes:
        if push.giccid in read.shown or push.giccid in read.absent or push.giccid in read.unreadable:
            continue
        wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(push.tries, 8))
        rows = _row(push).filter(state=Push.State.RECEIVED)
        rows.update(tries=F("tries") + 1, due_at=timezone.now() + wait, note=read.error)
