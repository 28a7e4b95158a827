"""What one reading makes of an operation that waits for it: a pure function, and the times it goes by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sims.models import Operation, Verb

State = Operation.State
S, MIN, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# Accepted for longer is slow; for longer than `GIVEN_UP` a person has to say.
SLOW = 15 * MIN
GIVEN_UP = DAY
LONGEST_WAIT, LONGEST_WAIT_FOR_PLAN = 15 * MIN, HOUR
# From when on a read that does not show the change disproves it. A request whose reply was lost may still arrive and a
# carrier may take its time, so it depends on what a mistake would cost: asking a second time for what has happened is
# refused by the carrier where the status or the text would be the same; of a plan a second period could be paid. None:
# no read ever disproves it.
HORIZON: dict[str, timedelta | None] = {
    Verb.ACTIVATE: 5 * MIN,
    Verb.SUSPEND: 5 * MIN,
    Verb.RETIRE: 5 * MIN,
    Verb.APN: 5 * MIN,
    Verb.CUSTOM_FIELDS: 5 * MIN,
    Verb.CHANGE_PLAN: 30 * MIN,
    Verb.ADD_PACKAGE: None,
}

DISPROVED = "Its reply was lost, and {minutes} minutes later the carrier still does not show it. Nothing was changed."
NOT_SHOWN = (
    "The carrier took it a day ago and still does not show it. Ask the carrier, then say here what became of it."
)
NOT_HELD = "The carrier took it for {day:%Y-%m-%d}, and a day later still shows another plan."
NOT_KNOWN_THERE = (
    "The carrier does not know this SIM any more, so no read can tell. Ask the carrier, then say here what became "
    "of it."
)
PLAN_UNTOLD = (
    "Its reply was lost, and until the next cycle no read can tell whether it is scheduled. Ask the carrier, then say "
    "here what became of it."
)
BOUGHT_UNTOLD = (
    "Its reply was lost, and the carrier’s history shows no such purchase so far. Ask the carrier, then say here what "
    "became of it."
)
NOT_SO = "The carrier says that the SIM has this plan already, but shows another one. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reading showed: asked for at `asked_at` (our clock); `is_proven` that it has happened, None where the
    carrier does not know the SIM. `is_asked` False: nothing could be read this time."""

    asked_at: datetime
    is_proven: bool | None = False
    is_asked: bool = True


class Verdict(NamedTuple):
    """The state the operation comes to, or stays in, with the note, the next read, and whether a person is asked."""

    state: str
    note: str = ""
    next_read_at: datetime | None = None
    needs_person: bool = False


def judge(operation: Operation, seen: Seen) -> Verdict:
    """What to make of it. Only a read asked for after the request left says anything."""
    next_read_at = _next_read(operation, seen.asked_at)
    stay = Verdict(operation.state, operation.note, next_read_at, operation.needs_person)
    if not seen.is_asked or operation.sent_at is None or seen.asked_at <= operation.sent_at:
        return stay
    if seen.is_proven:
        return Verdict(State.DONE, next_read_at=None)
    elapsed = seen.asked_at - operation.sent_at
    if operation.state == State.SCHEDULED:
        return _scheduled(operation, seen, stay)
    if operation.state == State.ACCEPTED:
        return _accepted(operation, elapsed, stay)
    return _unknown(operation, seen, elapsed, stay)


def wait_after(reads: int, state: str) -> timedelta:
    """How long until the next read: 1 s, 2 s, 4 s and so on."""
    longest = LONGEST_WAIT_FOR_PLAN if state == State.SCHEDULED else LONGEST_WAIT
    return min(longest, S * 2 ** min(max(reads - 1, 0), 20))


def decided_at(operation: Operation) -> datetime | None:
    """When a read that still does not show an unknown operation disproves it; None where no read ever does."""
    if operation.state != State.UNKNOWN or operation.sent_at is None or not _can_be_disproved(operation):
        return None
    horizon = HORIZON[operation.verb]
    return None if horizon is None else operation.sent_at + horizon


def _can_be_disproved(operation: Operation) -> bool:
    """Not what was accepted once, nor a plan of the next cycle, which no read shows before."""
    is_later = operation.verb == Verb.CHANGE_PLAN and operation.wanted.get("effective") == "next-cycle"
    return operation.answered_at is None and not operation.needs_person and not is_later


def _next_read(operation: Operation, asked_at: datetime) -> datetime:
    """Later each time, but right after the moment at which a read decides."""
    usual = asked_at + wait_after(operation.reads + 1, operation.state)
    decided = decided_at(operation)
    return min(usual, decided + S) if decided and decided + S > asked_at else usual


def is_slow(operation: Operation, now: datetime) -> bool:
    """Accepted, and the carrier has not shown it for a quarter of an hour."""
    since = operation.answered_at or operation.sent_at
    return operation.state == State.ACCEPTED and since is not None and now - since > SLOW


def _scheduled(operation: Operation, seen: Seen, stay: Verdict) -> Verdict:
    due = operation.effective_at or operation.created_at
    here = due - timedelta(seconds=operation.clock_ahead_s or 0)
    if seen.asked_at < here:
        return stay._replace(next_read_at=here)
    if seen.asked_at - max(here, operation.created_at) > GIVEN_UP:
        return Verdict(State.FAILED, NOT_HELD.format(day=due))
    return stay


def _accepted(operation: Operation, elapsed: timedelta, stay: Verdict) -> Verdict:
    if operation.reply.get("error") == "ValidationFailed":
        return Verdict(State.REFUSED, NOT_SO)
    if elapsed > GIVEN_UP:
        return stay._replace(state=State.UNKNOWN, note=NOT_SHOWN, needs_person=True)
    return stay


def _unknown(operation: Operation, seen: Seen, elapsed: timedelta, stay: Verdict) -> Verdict:
    if operation.answered_at is not None:  # it was accepted once
        return stay._replace(needs_person=True)
    if seen.is_proven is None:
        return stay._replace(note=NOT_KNOWN_THERE, needs_person=True)
    if operation.verb == Verb.ADD_PACKAGE:
        return stay._replace(note=BOUGHT_UNTOLD, needs_person=True)
    if operation.verb == Verb.CHANGE_PLAN and operation.wanted.get("effective") == "next-cycle":
        return stay._replace(note=PLAN_UNTOLD, needs_person=True)
    horizon = HORIZON[operation.verb]
    if horizon is not None and elapsed > horizon:
        return Verdict(State.FAILED, DISPROVED.format(minutes=round(elapsed / MIN)))
    return stay
