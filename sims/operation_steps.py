"""An operation as steps: sent 04:04:03 → accepted after 0.4 s → confirmed by reading after 9 s."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html

from journal.story import Step
from sims.changes.verdict import is_slow
from sims.models import Operation
from toolkit.figures import age
from toolkit.templatetags.look import when

State = Operation.State
# Queued or sending for longer than this, something is wrong with our own workers.
STUCK = timedelta(minutes=1)


def is_stuck(operation: Operation, now: datetime) -> bool:
    since = operation.sent_at or operation.created_at
    return operation.state in (State.QUEUED, State.SENDING) and now - since > STUCK


def steps_of(operation: Operation, now: datetime | None = None, *, state: str = "") -> tuple[Step, ...]:
    """What has happened so far and what it waits for; with `state`, up to when it came to that one."""
    return tuple(_steps(operation, state or operation.state, now or timezone.now()))


def lasted(start: datetime | None, end: datetime | None) -> str:
    """30 ms, 0.4 s, 12 s, 2 min; empty where one end is not known."""
    if start is None or end is None:
        return ""
    seconds = max(0.0, (end - start).total_seconds())
    if seconds < 0.095:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return age(start, end)


def _steps(operation: Operation, state: str, now: datetime) -> Iterator[Step]:
    if operation.sent_at is None:
        yield _passed(format_html("queued {}", when(operation.created_at, "clock")))
    else:
        yield _passed(format_html("sent {}", when(operation.sent_at, "clock")))
    if operation.answered_at and state in (State.ACCEPTED, State.SCHEDULED, State.DONE):
        yield _passed(f"accepted after {lasted(operation.sent_at, operation.answered_at)}")
    if last := _last(operation, state, now):
        yield last


def _passed(words: str) -> Step:
    return Step("tick", "ok", words)


def _last(operation: Operation, state: str, now: datetime) -> Step | None:
    if state == State.DONE:
        return _passed(_outcome(operation, f"confirmed by {_proof(operation)}{_after(operation)}", "done"))
    if state == State.REFUSED:
        return Step("ring-slash", "bad", f"refused{_after(operation)}")
    if state == State.FAILED:
        return Step("triangle", "bad", _outcome(operation, f"failed{_after(operation)}", "failed"))
    if state == State.CANCELLED:
        return Step("ring-cross", "idle", "cancelled before it was sent")
    return _open(operation, state, now)


def _open(operation: Operation, state: str, now: datetime) -> Step | None:
    if state == State.UNKNOWN:
        return Step("diamond", "unknown", "no clear reply, outcome unknown")
    if state == State.SCHEDULED:
        at = format_html(" for {}", when(operation.effective_at)) if operation.effective_at else ""
        return Step("clock", "idle", format_html("scheduled{}", at))
    if state == State.SENDING:
        return Step("arc", "info", "waits for the reply")
    if state == State.ACCEPTED:
        if is_slow(operation, now):
            return Step("clock", "warn", f"not shown yet after {age(operation.answered_at, now)}")
        return Step("arc", "info", "waits until a read shows it")
    return Step("arc", "info", "waits for a worker") if is_stuck(operation, now) else None


def _proof(operation: Operation) -> str:
    """Where nothing was read, the answer itself was the proof."""
    return "reading" if operation.reads else "its answer"


def _after(operation: Operation) -> str:
    took = lasted(operation.sent_at, operation.finished_at)
    return f" after {took}" if took else ""


def _outcome(operation: Operation, by_reading: str, outcome: str) -> str:
    """A person's answer stands where reading could not tell."""
    if operation.resolved_by_id is None and not operation.resolved_reason:
        return by_reading
    who = operation.resolved_by.display_name if operation.resolved_by else "somebody"
    return f"closed as {outcome} by {who}"
