"""What the carrier's reply makes of an operation: accepted, scheduled, done, refused, failed, unknown, or queued again.

By the table of the client's errors (contract 11): what is certain is said, all else is unknown.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from journal.models import Event
from journal.record import Cause
from sims.changes.legality import why_not
from sims.changes.reading import read_sims
from sims.changes.refusals import illegal_words, later_words, no_call_words, reply_of_error, unread_words, words_of
from sims.changes.requests import reply_of
from sims.changes.states import AWAITING, State, announce, pass_on
from sims.changes.wake import FIRST_READ_S, send_soon, settle_soon
from sims.models import Operation, Verb
from smarthub import errors
from smarthub.models import Answer
from smarthub.operations import EFFECTIVE_TYPES, MAX_RETRY_AFTER_S
from toolkit.carrier import NoCarrier
from toolkit.governor import Lane, NoToken

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 5
NO_TURN_S = 3.0
# How long an outcome waits for a database that is away; less than the sweeper waits.
WRITING_S = 45.0
ALREADY_EXISTS = "already_exists"
# An answer of this status comes from somebody between us and the carrier, who may have passed the request on.
UNCLEAR_STATUSES = (408,)
NEXT_CYCLE = EFFECTIVE_TYPES["next-cycle"]
# No answer of the carrier to this request: nothing was refused, nothing was done.
NOT_ASKED = (errors.TransportError, errors.ServerError, errors.ProtocolError, NoCarrier)
BUSY = (errors.RateLimited, NoToken)
# Refusals after which our copy is worth another look.
COPY_IS_OLD = (errors.IllegalStatus, errors.NotFound)


def conclude_answer(operation: Operation, answer: Answer[Any]) -> None:
    """The carrier said yes: accepted, until a read shows it."""
    reply = answer.reply
    ahead = (reply.carrier_at - reply.asked_at).total_seconds() if reply.carrier_at else None
    facts: dict[str, Any] = {"reply": reply_of(answer), "sent_at": reply.asked_at, "clock_ahead_s": ahead}
    effective_at = scheduled_for(operation, answer)
    if effective_at is None:
        _yes(operation, **facts)
        return
    read_at = effective_at - timedelta(seconds=ahead or 0)
    _conclude(operation, State.SCHEDULED, effective_at=effective_at, next_read_at=read_at, **facts)


def conclude_error(operation: Operation, error: Exception) -> None:
    """The call ended otherwise: said no, could not be sent, or nobody knows."""
    if _is_yes(operation, error):
        _yes_unread(operation, error)
    elif is_unknown(error):
        note = words_of(error, operation)
        _conclude(operation, State.UNKNOWN, note=note, reply=reply_of_error(error), **_first_read())
        settle_soon()
    else:
        _conclude_no(operation, error, words_of(error, operation))


def conclude_unread(operation: Operation, error: Exception) -> None:
    """What had to be read first could not be: nothing was sent."""
    attempts = operation.attempts + 1
    _conclude_no(operation, error, unread_words(error, operation), from_=(State.QUEUED,), attempts=attempts)


def scheduled_for(operation: Operation, answer: Answer[Any]) -> datetime | None:
    """When a plan change of the next cycle takes place; None where the plan changes now.

    The carrier's time is held against the carrier's own clock. Where the reply says neither, the wish counts.
    """
    if operation.verb != Verb.CHANGE_PLAN:
        return None
    effective, effective_at = answer.value.effective, answer.value.effective_at
    if effective is None and effective_at is None:
        is_later = operation.wanted.get("effective") == "next-cycle"
    elif effective is None:
        is_later = effective_at > (answer.reply.carrier_at or answer.reply.asked_at) + timedelta(minutes=1)
    else:
        is_later = effective == NEXT_CYCLE
    return (effective_at or next_cycle(timezone.now())) if is_later else None


def next_cycle(now: datetime) -> datetime:
    """The beginning of the next billing cycle, a calendar month."""
    local = now.astimezone(ZoneInfo(settings.BILLING_TIME_ZONE))
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def _is_yes(operation: Operation, error: Exception) -> bool:
    """A 2xx whose body cannot be used is a yes; so is a plan that the SIM has already, once a read shows it."""
    if isinstance(error, errors.ProtocolError):
        return error.status is not None and 200 <= error.status < 300
    return operation.verb == Verb.CHANGE_PLAN and _has_code(error, ALREADY_EXISTS)


def is_unknown(error: Exception) -> bool:
    """Whether the carrier may have carried it out although it did not say so."""
    if not isinstance(error, errors.CarrierError):
        return False
    return error.is_outcome_unknown or error.status in UNCLEAR_STATUSES


def _has_code(error: Exception, code: str) -> bool:
    return isinstance(error, errors.CarrierError) and any(item.code == code for item in error.errors)


def _yes_unread(operation: Operation, error: Exception) -> None:
    """A yes that says nothing more: of a plan of the next cycle the wish counts."""
    reply = reply_of_error(error)
    is_wish = operation.verb == Verb.CHANGE_PLAN and operation.wanted.get("effective") == "next-cycle"
    if is_wish and isinstance(error, errors.ProtocolError):
        effective_at = next_cycle(timezone.now())
        _conclude(operation, State.SCHEDULED, effective_at=effective_at, next_read_at=effective_at, reply=reply)
    else:
        _yes(operation, reply=reply)


def _yes(operation: Operation, **facts: Any) -> None:
    if operation.verb == Verb.ADD_PACKAGE:
        # The 200 itself is the proof (contract 4).
        _conclude(operation, State.DONE, after=facts["reply"].get("values", {}), **facts)
        return
    _conclude(operation, State.ACCEPTED, **_first_read(), **facts)
    settle_soon()


def _first_read() -> dict[str, Any]:
    return {"next_read_at": timezone.now() + timedelta(seconds=FIRST_READ_S), "reads": 0}


def _conclude_no(operation: Operation, error: Exception, note: str, **options: Any) -> None:
    attempts = options.get("attempts", operation.attempts)
    if isinstance(error, BUSY) and attempts < MOST_ATTEMPTS:
        _again_later(operation, error, **options)
        return
    state = State.FAILED if isinstance(error, (*NOT_ASKED, *BUSY)) else State.REFUSED
    _conclude(operation, state, note=note, reply=reply_of_error(error), **options)
    if isinstance(error, COPY_IS_OLD):
        _look_again(operation, error)


def _again_later(operation: Operation, error: Exception, **options: Any) -> None:
    """Nothing was done, and a repeat is safe: back into the queue, for as long as the carrier wants peace."""
    asked_s = error.retry_after_s if isinstance(error, errors.RateLimited) else NO_TURN_S
    wait_s = min(max(asked_s, 1.0), MAX_RETRY_AFTER_S)
    values: dict[str, Any] = {"note": later_words(wait_s), "next_read_at": timezone.now() + timedelta(seconds=wait_s)}
    if _conclude(operation, State.QUEUED, sent_at=None, **values, **options):
        send_soon(operation.pk, in_s=wait_s)


def _look_again(operation: Operation, error: Exception) -> None:
    """Read the SIM that was refused at once, and say what it really is."""
    cause = Cause(Event.Cause.READ)
    read = read_sims([operation.sim.giccid], lane=Lane.CLICK, cause_for=cause)
    operation.sim.refresh_from_db()
    if read.shown and (note := _as_read(operation, error)):
        Operation.objects.filter(pk=operation.pk, state=State.REFUSED).update(note=note)
    announce(operation)


def _as_read(operation: Operation, error: Exception) -> str:
    """What the refusal means for a SIM that the carrier still shows; "" where its own words stand."""
    if isinstance(error, errors.IllegalStatus):
        return illegal_words(operation.sim, why_not(operation.sim.status, Verb(operation.verb)))
    return "" if _has_errors(error) else no_call_words()


def _has_errors(error: Exception) -> bool:
    return isinstance(error, errors.CarrierError) and bool(error.errors)


def _conclude(operation: Operation, state: State, *, from_: tuple[str, ...] = AWAITING, **values: Any) -> bool:
    """Write the outcome of this attempt, waiting for a database that is away; False where it came too late."""
    values.setdefault("answered_at", None if state in (State.UNKNOWN, State.QUEUED) else timezone.now())
    attempt, until = operation.attempts, time.monotonic() + WRITING_S
    while True:
        try:
            is_written = pass_on(operation, from_=from_, to=state, attempt=attempt, **values)
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
        else:
            log.info("operation", operation=operation.pk, state=str(state), is_written=is_written)
            return is_written
