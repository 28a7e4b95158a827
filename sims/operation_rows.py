"""An operation as the list and its own page print it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from journal.story import Step
from sims.change_words import name_of
from sims.changes.verdict import is_slow
from sims.models import Operation
from sims.operation_steps import is_stuck, lasted, steps_of
from sims.operation_story import undo_url, who
from sims.operation_words import OperationNote, note_of

State = Operation.State


@dataclass(frozen=True, slots=True)
class OperationRow:
    """`facts` are what is known beside the sentence; request, reply, before and after are JSON as text."""

    operation: Operation
    name: str
    who: str
    steps: tuple[Step, ...]
    took: str
    note: OperationNote
    is_slow: bool
    is_stuck: bool
    undo_url: str
    raw: list[tuple[str, str]]

    @property
    def is_urgent(self) -> bool:
        return self.is_slow or self.is_stuck or self.operation.state == State.UNKNOWN

    @property
    def can_cancel(self) -> bool:
        return self.operation.state == State.QUEUED

    @property
    def can_resolve(self) -> bool:
        return self.operation.state == State.UNKNOWN

    @property
    def late_words(self) -> str:
        if self.is_stuck:
            return "stuck"
        return "slow" if self.is_slow else ""


def row_of(operation: Operation, now: datetime) -> OperationRow:
    ended = operation.finished_at or operation.answered_at
    return OperationRow(
        operation=operation,
        name=name_of(operation),
        who=who(operation),
        steps=steps_of(operation, now),
        took=lasted(operation.sent_at, ended),
        note=note_of(operation, now),
        is_slow=is_slow(operation, now),
        is_stuck=is_stuck(operation, now),
        undo_url=undo_url(operation),
        raw=list(_raw(operation)),
    )


def _raw(operation: Operation) -> Iterator[tuple[str, str]]:
    parts = {
        "Wanted": operation.wanted,
        "Before": operation.before,
        "After": operation.after,
        "Request": operation.request,
        "Reply": operation.reply,
    }
    for label, value in parts.items():
        if value:
            yield label, _pretty(value)


def _pretty(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
