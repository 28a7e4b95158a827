"""Settling pushes: what each one says, what the journal has of it already, and its row, in one transaction."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone

from journal.models import Event
from journal.record import Cause, NewEvent, record
from notifications.models import Delivery, Push
from notifications.pushes.findings import FINDERS, Finding, Proof
from notifications.pushes.messages import MESSAGES
from notifications.pushes.payload import CannotRead, event_of, events_in, unpacked, values_of
from sims.identifiers import normalise
from sims.models import Sim, SimIdentifier
from toolkit.database import set_cursor
from toolkit.live import ring

log = structlog.get_logger(__name__)

State = Push.State
# How far back a change that a push speaks of is looked for: retries and a carrier that was away, and some more.
EVIDENCE_FOR = timedelta(days=30)
EVIDENCE_KINDS = ("sim.status", "sim.apn", "sim.imei")
# Pages of as many SIMs are told of at once.
MOST_RUNG = 100

UPDATE = """
UPDATE notifications_push p SET state = o.state, note = o.note, traceback = o.traceback, sim_id = o.sim_id,
    told_id = o.told_id, journal_ids = o.journal_ids::bigint[], read_at = o.read_at, handled_at = clock_timestamp(),
    needs_read = false, due_at = NULL
FROM unnest(%s::timestamptz[], %s::bigint[], %s::smallint[], %s::text[], %s::text[], %s::text[], %s::bigint[],
    %s::bigint[], %s::text[], %s::timestamptz[])
    AS o (received_at, delivery_id, place, state, note, traceback, sim_id, told_id, journal_ids, read_at)
WHERE (p.received_at, p.delivery_id, p.place) = (o.received_at, o.delivery_id, o.place)
"""
LOCK = """
SELECT p.delivery_id, p.place FROM notifications_push p
JOIN unnest(%s::timestamptz[], %s::bigint[], %s::smallint[]) AS w (received_at, delivery_id, place)
    USING (received_at, delivery_id, place)
WHERE p.state = 'received' ORDER BY p.received_at, p.delivery_id, p.place FOR UPDATE OF p
"""
CAUSES = """
UPDATE journal_event e SET cause_id = c.cause_id FROM unnest(%s::bigint[], %s::bigint[]) AS c (id, cause_id)
WHERE e.id = c.id AND e.recorded_at = now()
"""


@dataclass(slots=True)
class Outcome:
    """What becomes of one push."""

    push: Push
    state: str = State.HANDLED
    note: str = ""
    traceback: str = ""
    sim: Sim | None = None
    tells: NewEvent | None = None
    told_id: int | None = None
    journal_ids: list[int] = field(default_factory=list)
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the settling of a group needs, read in few queries: bodies, SIMs, and the changes of late."""

    deliveries: dict[int, Delivery]
    sims: dict[str, Sim]
    changes: dict[int, list[Event]]


def settle(pushes: list[Push], *, shown: dict[str, datetime] | None = None, absent: Iterable[str] = ()) -> int:
    """Settle these pushes that wait; `shown` and `absent` are what reading their SIMs brought. How many were settled.

    One that raises is failed by itself, with its traceback, and takes no other with it.
    """
    known = _known(pushes)
    outcomes = [_outcome(push, known, shown or {}, frozenset(absent)) for push in pushes]
    try:
        return _write(outcomes)
    except DatabaseError:
        log.exception("pushes_settled_one_by_one", pushes=len(outcomes))
        return sum(_write_alone(outcome) for outcome in outcomes)


def fail(pushes: list[Push], note: str) -> None:
    """Settle them as failed, with a sentence for people."""
    _write([Outcome(push, State.FAILED, note) for push in pushes])


def _known(pushes: list[Push]) -> Known:
    # The time of receipt beside the id, so that one partition is looked into.
    times, ids = {push.received_at for push in pushes}, {push.delivery_id for push in pushes}
    deliveries = {each.id: each for each in Delivery.objects.filter(received_at__in=times) if each.id in ids}
    named = Sim.objects.filter(giccid__in={push.giccid for push in pushes if push.giccid})
    sims = {sim.giccid: sim for sim in named.only("giccid", "status", "account", "apns")}
    return Known(deliveries, sims, _changes([sim.pk for sim in sims.values()]))


def _changes(sim_ids: list[int]) -> dict[int, list[Event]]:
    since = timezone.now() - EVIDENCE_FOR
    events = Event.objects.filter(sim_id__in=sim_ids, recorded_at__gte=since, kind__in=EVIDENCE_KINDS)
    changes: dict[int, list[Event]] = {}
    for event in events.order_by("-recorded_at", "-id"):
        changes.setdefault(event.sim_id or 0, []).append(event)
    return changes


def _outcome(push: Push, known: Known, shown: dict[str, datetime], absent: frozenset[str]) -> Outcome:
    outcome = Outcome(push, sim=known.sims.get(push.giccid), read_at=shown.get(push.giccid))
    try:
        if push.first_id is not None:
            outcome.state, outcome.note = State.IGNORED, "The same event came before."
        else:
            _find(outcome, known, absent)
    except CannotRead as error:
        _failed(outcome, str(error), error)
    except Exception as error:
        log.exception("push_failed", push=push.label, slug=push.slug)
        _failed(outcome, f"Our own fault ({type(error).__name__}); nothing was changed by it.", error)
    return outcome


def _failed(outcome: Outcome, note: str, error: Exception) -> None:
    outcome.state, outcome.note, outcome.tells = State.FAILED, note, None
    outcome.traceback = "".join(traceback.format_exception(error)).replace("\x00", "")


def _find(outcome: Outcome, known: Known, absent: frozenset[str]) -> None:
    push = outcome.push
    values = values_of(event_of(_raw(push, known)), push.slug)
    if push.slug in MESSAGES:
        outcome.note = MESSAGES[push.slug](push, values)
        return
    if not push.giccid:
        raise CannotRead("It names no SIM: none of giccid, gIccid and iccid is there, or it is no ICCID.")
    if outcome.sim is None:
        is_absent = push.giccid in absent
        outcome.note = f"Not in our copy of the fleet{'. Read at the carrier: does not exist' if is_absent else ''}"
        return
    finding = FINDERS[push.slug](values, outcome.sim, push.received_at)
    outcome.note = finding.note
    _hold_against_journal(outcome, finding, known.changes.get(outcome.sim.pk, []))


def _raw(push: Push, known: Known) -> bytes:
    delivery = known.deliveries.get(push.delivery_id)
    if delivery is None:
        raise CannotRead("Its raw body is no longer kept.")
    return events_in(unpacked(bytes(delivery.headers), bytes(delivery.body)))[push.place]


def _hold_against_journal(outcome: Outcome, finding: Finding, changes: list[Event]) -> None:
    """A change that reading showed is told already, and the push is evidence for it; else it tells its own."""
    found = next((event for event in changes if finding.proof and _proves(event, finding.proof)), None)
    if found is not None:
        outcome.journal_ids = [found.id]
    elif finding.tells and outcome.push.told_id is None:
        outcome.tells = _event(outcome, finding)


def _proves(event: Event, proof: Proof) -> bool:
    if event.kind != proof.kind:
        return False
    shown = {name: str(event.data.get(name) or "") for name in proof.data}
    if proof.kind == "sim.imei":
        shown["new"] = normalise(SimIdentifier.Kind.IMEI, shown["new"])
    return shown == proof.data


def _event(outcome: Outcome, finding: Finding) -> NewEvent:
    push, sim = outcome.push, outcome.sim
    assert sim is not None
    return NewEvent(
        kind=finding.tells,
        subject_kind="sim",
        subject_key=sim.giccid,
        sim_id=sim.pk,
        account_id=sim.account_id,
        happened_at=min(push.event_at or push.received_at, push.received_at),
        data=finding.data,
    )


def _write_alone(outcome: Outcome) -> int:
    try:
        return _write([outcome])
    except DatabaseError as error:
        _failed(outcome, "What it says cannot be written down.", error)
        outcome.journal_ids = []
        return _write([outcome])


def _write(outcomes: list[Outcome]) -> int:
    """The journal's events and the rows together, for those that nobody else has settled meanwhile."""
    with transaction.atomic():
        waiting = _lock([outcome.push for outcome in outcomes])
        mine = [outcome for outcome in outcomes if (outcome.push.delivery_id, outcome.push.place) in waiting]
        _tell([outcome for outcome in mine if outcome.tells])
        _update(mine)
        if mine:
            ring("inbox", "home", *_pages(mine))
    return len(mine)


def _pages(outcomes: list[Outcome]) -> list[str]:
    """Those whose journal has a line that a push is evidence for now; a new line is told of by itself."""
    named = {outcome.push.giccid for outcome in outcomes if outcome.journal_ids}
    return [f"sim:{giccid}" for giccid in sorted(named)[:MOST_RUNG]]


def _lock(pushes: list[Push]) -> set[tuple[int, int]]:
    with set_cursor() as cursor:
        cursor.execute(LOCK, [[getattr(push, name) for push in pushes] for name in _KEY])
        return set(cursor.fetchall())


def _tell(outcomes: list[Outcome]) -> None:
    """All in one go, then each with its own push as the cause."""
    ids = record([outcome.tells for outcome in outcomes if outcome.tells], cause=Cause(Event.Cause.PUSH))
    if not ids:
        return
    for outcome, event_id in zip(outcomes, ids, strict=True):
        outcome.told_id = event_id
    with set_cursor() as cursor:
        cursor.execute(CAUSES, [ids, [outcome.push.delivery_id for outcome in outcomes]])


_KEY = ("received_at", "delivery_id", "place")


def _update(outcomes: list[Outcome]) -> None:
    columns: list[list[Any]] = [[getattr(outcome.push, name) for outcome in outcomes] for name in _KEY]
    columns += [[getattr(outcome, name) for outcome in outcomes] for name in ("state", "note", "traceback")]
    columns.append([outcome.sim.pk if outcome.sim else None for outcome in outcomes])
    columns.append([outcome.told_id or outcome.push.told_id for outcome in outcomes])
    columns.append([f"{{{','.join(map(str, outcome.journal_ids))}}}" for outcome in outcomes])
    columns.append([outcome.read_at or outcome.push.read_at for outcome in outcomes])
    with set_cursor() as cursor:
        cursor.execute(UPDATE, columns)
