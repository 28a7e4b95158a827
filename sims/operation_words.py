"""How an operation stands, as a note on its SIM's page says it, with what a person can do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from sims.change_words import done_words, name_of
from sims.changes.verdict import GIVEN_UP, decided_at, is_slow
from sims.models import Operation
from sims.operation_steps import is_stuck, lasted
from sims.operation_story import undo_url, who
from toolkit.figures import plural, span
from toolkit.states import state_of
from toolkit.templatetags.look import age, when

State = Operation.State
NOT_AGAIN = "No clear answer came. It will not be sent again; the SIM is read instead."
Words = SafeString | str


@dataclass(frozen=True, slots=True)
class OperationNote:
    """`next_words` says what the portal does by itself; the rest is what a person may do."""

    operation: Operation
    tone: str
    glyph: str
    title: Words
    words: Words
    next_words: Words = ""
    can_cancel: bool = False
    can_look: bool = False
    can_resolve: bool = False
    undo_url: str = ""

    @property
    def is_alert(self) -> bool:
        return self.tone in ("bad", "unknown")


def note_of(operation: Operation, now: datetime) -> OperationNote:
    return NOTES[State(operation.state)](operation, now)


def _note(operation: Operation, title: Words, words: Words, **more: object) -> OperationNote:
    state = state_of("operation", operation.state)
    values = {"tone": state.tone, "glyph": state.glyph, **more}
    return OperationNote(operation=operation, title=title, words=words, **values)  # type: ignore[arg-type]


def _queued(operation: Operation, now: datetime) -> OperationNote:
    words = format_html(
        "{} asked for it {}. Nothing has been sent yet.", who(operation), age(operation.created_at, "ago")
    )
    waits = "No worker has taken it yet; it is kept and goes out by itself." if is_stuck(operation, now) else ""
    return _note(operation, f"{name_of(operation)}: queued.", words, next_words=waits, can_cancel=True)


def _sending(operation: Operation, now: datetime) -> OperationNote:
    words = format_html("Sent {} for {}. The carrier has not answered yet.", _at(operation.sent_at), who(operation))
    return _note(operation, f"{name_of(operation)}: under way.", words)


def _accepted(operation: Operation, now: datetime) -> OperationNote:
    took = lasted(operation.sent_at, operation.answered_at)
    words = format_html(
        "Sent {} for {}, accepted after {}. It counts as done when a read shows it.",
        *(_at(operation.sent_at), who(operation), took or "a moment"),
    )
    if not is_slow(operation, now):
        return _note(operation, f"{name_of(operation)}: the carrier accepted it.", words, can_look=True)
    since = span(now - (operation.answered_at or now))
    title = f"{name_of(operation)}: accepted {since} ago, and still not shown."
    return _note(operation, title, words, tone="warn", glyph="clock", next_words=_next(operation, now), can_look=True)


def _scheduled(operation: Operation, now: datetime) -> OperationNote:
    at = format_html(" on {}", when(operation.effective_at)) if operation.effective_at else ""
    words = format_html("Asked for by {}, accepted by the carrier. Until then no other plan change.", who(operation))
    return _note(operation, format_html("{}: scheduled{}.", name_of(operation), at), words)


def _unknown(operation: Operation, now: datetime) -> OperationNote:
    words = format_html(
        "Sent {} for {}. {}{}",
        *(_at(operation.sent_at), who(operation), operation.note or NOT_AGAIN, _reads(operation)),
    )
    title = f"{name_of(operation)}: we do not know yet whether it happened."
    return _note(operation, title, words, next_words=_next(operation, now), can_look=True, can_resolve=True)


def _reads(operation: Operation) -> Words:
    if not operation.last_read_at:
        return ""
    times = plural(operation.reads, "time", "times")
    return format_html(" Read {}, last at {}.", times, when(operation.last_read_at, "clock"))


def _next(operation: Operation, now: datetime) -> Words:
    if operation.needs_person:
        return "Reading cannot tell. Somebody has to say what happened."
    if operation.next_read_at is None:
        return ""
    following, end = f"Next read in {span(operation.next_read_at - now)}.", _end(operation, now)
    return format_html("{} {}", following, end) if end else following


def _end(operation: Operation, now: datetime) -> Words:
    """When the reading comes to an end, and what then."""
    if decided := decided_at(operation):
        if decided > now:
            return format_html("If the carrier does not show it by {}, it counts as failed.", when(decided, "clock"))
        return "The first read that does not show it settles it as failed."
    since = operation.answered_at or operation.sent_at
    if operation.state != State.ACCEPTED or since is None:
        return ""
    return format_html("If the carrier does not show it by {}, a person has to say.", when(since + GIVEN_UP, "moment"))


def _done(operation: Operation, now: datetime) -> OperationNote:
    title = f"{who(operation)} {done_words(operation)}."
    return _note(operation, title, _answer(operation) or _confirmed(operation), undo_url=undo_url(operation))


def _confirmed(operation: Operation) -> Words:
    took = lasted(operation.sent_at, operation.finished_at)
    after = f" after {took}," if took else ""
    return format_html("Confirmed by the carrier{} at {}.", after, _at(operation.finished_at))


def _answer(operation: Operation) -> str:
    """What a person has said where reading could not tell."""
    if not operation.resolved_reason and operation.resolved_by is None:
        return ""
    by = operation.resolved_by.display_name if operation.resolved_by else "somebody"
    return f"Closed as {operation.state} by {by}: “{operation.resolved_reason}”"


def _refused(operation: Operation, now: datetime) -> OperationNote:
    return _note(operation, f"{name_of(operation)}: refused.", operation.note or "Nothing was changed.")


def _failed(operation: Operation, now: datetime) -> OperationNote:
    words = _answer(operation) or operation.note or "The carrier does not show the change."
    return _note(operation, f"{name_of(operation)}: failed.", words)


def _cancelled(operation: Operation, now: datetime) -> OperationNote:
    return _note(operation, f"{name_of(operation)}: cancelled.", "It never left the portal, so nothing was changed.")


def _at(moment: datetime | None) -> Words:
    return when(moment, "clock") if moment else "at an unknown time"


NOTES: dict[str, Callable[[Operation, datetime], OperationNote]] = {
    State.QUEUED: _queued,
    State.SENDING: _sending,
    State.ACCEPTED: _accepted,
    State.SCHEDULED: _scheduled,
    State.DONE: _done,
    State.REFUSED: _refused,
    State.FAILED: _failed,
    State.UNKNOWN: _unknown,
    State.CANCELLED: _cancelled,
}
