"""What an event stands on: the push that led to it, as it came, and its own data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from journal.models import Event
from notifications.evidence import pushes_about
from notifications.ids import received_at
from notifications.models import Delivery, Push
from notifications.pushes.payload import CannotRead, events_in, unpacked
from notifications.pushes.settle import EVIDENCE_KINDS

LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Raw:
    """One push: its text laid out, and what became of it."""

    push: Push
    text: str
    size: int
    is_cut: bool
    source: str

    @property
    def took_s(self) -> float | None:
        handled: datetime | None = self.push.handled_at
        return (handled - self.push.received_at).total_seconds() if handled else None


def raw_of(event: Event) -> Raw | None:
    """The push behind an event, or one that says the same; None where there is none, or it is past its retention."""
    push = _push(event)
    if push is None:
        return None
    held = Delivery.objects.filter(received_at=push.received_at, id=push.delivery_id).first()
    return _raw(push, held) if held else None


def _push(event: Event) -> Push | None:
    if event.cause_kind == Event.Cause.PUSH and event.cause_id:
        pushes = Push.objects.filter(received_at=received_at(event.cause_id), delivery_id=event.cause_id)
        pushes = pushes.order_by("place")
        named = pushes.filter(giccid=event.subject_key).first()
        return named or (pushes.first() if not event.subject_key else None)
    return pushes_about([event]).first() if event.kind in EVIDENCE_KINDS else None


def _raw(push: Push, held: Delivery) -> Raw:
    body = bytes(held.body)
    try:
        part = events_in(unpacked(bytes(held.headers), body))[push.place]
    except (CannotRead, IndexError):
        part = body
    text = laid_out(part)
    return Raw(push, text[:LONGEST], len(part), len(text) > LONGEST, held.source)


def laid_out(content: bytes) -> str:
    """JSON on lines of its own; anything else as it is."""
    try:
        return msgspec.json.format(content, indent=2).decode()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return content.decode("utf-8", "replace")
