"""What has become of one item, from all that is known of it: a pure function, so that it can be tried on anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from batches import pace
from batches.models import BatchItem

State = BatchItem.State
SUCCESS, FAILED = "SUCCESS", "FAILED"

GONE = "The carrier does not show this SIM any more."
BROKEN_OFF = "The carrier’s job broke off before it came to this SIM."
UNNAMED = "The carrier’s job ended without naming this SIM, and reading shows it as it was."
NO_SIGN = "There was no sign of it at the carrier in all the time that a job may take. It was not carried out."
REFUSED = "The carrier refused it."


@dataclass(frozen=True, slots=True)
class Facts:
    """`is_shown`: the read of this moment shows what was wanted. `is_absent`: it did not show the SIM at all.

    `ended_at` is when the carrier's job had ended (or the single call was answered), None where that is not known.
    `counts_from` is when a change of the next cycle can be seen; None for one that counts at once. `never` says why it
    certainly was not carried out; where it cannot be read at all (`can_be_read`) time alone proves nothing.
    """

    state: str
    reported: str
    code: str
    message: str
    is_shown: bool
    is_absent: bool
    sent_at: datetime
    ended_at: datetime | None
    counts_from: datetime | None = None
    has_no_failures: bool = False
    never: str = ""
    can_be_read: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    state: str
    code: str = ""
    message: str = ""


def outcome_of(facts: Facts, now: datetime) -> Outcome | None:
    """The item's new state, None while one has to look again."""
    if facts.is_shown:
        return Outcome(State.DONE)
    if facts.never and now - facts.sent_at > pace.SEEN_WITHIN:
        return Outcome(State.FAILED, facts.code, facts.never)
    if facts.reported == FAILED:
        return Outcome(State.FAILED, facts.code, facts.message or REFUSED)
    if facts.is_absent and now - (facts.ended_at or facts.sent_at) > pace.UNNAMED_WITHIN:
        return Outcome(State.FAILED, facts.code or "missing", GONE)
    if facts.state == State.ACCEPTED and facts.ended_at:
        return _after_the_job(facts, facts.ended_at, now)
    return _in_doubt(facts, now)


def _after_the_job(facts: Facts, ended_at: datetime, now: datetime) -> Outcome | None:
    if facts.counts_from and (facts.reported == SUCCESS or (not facts.reported and facts.has_no_failures)):
        return Outcome(State.SCHEDULED)
    if facts.reported == SUCCESS:
        return Outcome(State.UNKNOWN) if now - ended_at > pace.SEEN_WITHIN else None
    if now - ended_at <= pace.UNNAMED_WITHIN:
        return None
    if facts.counts_from and not facts.reported:
        return Outcome(State.UNKNOWN)
    return Outcome(State.FAILED, facts.code, BROKEN_OFF if facts.reported else UNNAMED)


def _in_doubt(facts: Facts, now: datetime) -> Outcome | None:
    if not facts.can_be_read:
        return None
    since = max(facts.sent_at, facts.counts_from) if facts.counts_from else facts.sent_at
    return Outcome(State.FAILED, facts.code, NO_SIGN) if now - since > pace.horizon() else None
