"""A push as the inbox shows it: prepared here, printed by the template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.urls import reverse
from django.utils import timezone

from notifications.feed_raw import LONGEST, laid_out
from notifications.inbox import arrivals
from notifications.models import Delivery, Push
from notifications.pushes.kinds import label_of
from notifications.pushes.payload import CannotRead, events_in, unpacked
from toolkit.figures import plural


@dataclass(frozen=True, slots=True)
class InboxRow:
    """`times` is how often the same event came, 0 where it is not known yet."""

    push: Push
    times: int
    now: datetime

    @property
    def kind_label(self) -> str:
        return label_of(self.push.slug)

    @property
    def took(self) -> str:
        """How long it took to handle, or waits."""
        handled = self.push.handled_at
        seconds = ((handled or self.now) - self.push.asked_at).total_seconds()
        words = f"{max(0.0, seconds):,.1f} s" if seconds < 3600 else f"{seconds / 3600:,.0f} h"
        return words if handled else f"{words} so far"

    @property
    def repeat(self) -> str:
        return f"{self.push.number} of {max(self.times, self.push.number)}" if self.times > 1 else ""

    @property
    def led_to(self) -> str:
        if self.push.state == Push.State.RECEIVED and self.push.needs_read:
            return self.push.note or "Waits for the SIM to be read"
        return self.push.note or "Waits for its turn"

    @property
    def event_ids(self) -> list[int]:
        told = [self.push.told_id] if self.push.told_id else []
        return [*told, *self.push.journal_ids]

    @property
    def led_to_url(self) -> str:
        if self.event_ids:
            return reverse("notifications:event", args=[self.event_ids[0]])
        if self.push.slug == "mo-sms" and self.push.giccid and self.push.state == Push.State.HANDLED:
            return f"/sms/{self.push.giccid}/"
        return ""

    @property
    def led_to_link(self) -> str:
        if self.event_ids:
            return plural(len(self.event_ids), "journal entry", "journal entries")
        return "conversation" if self.led_to_url else ""

    @property
    def sim_url(self) -> str:
        known = self.push.giccid and self.push.sim_id
        return reverse("sims:detail", args=[self.push.giccid]) if known else ""


@dataclass(frozen=True, slots=True)
class RawPush:
    """What came, as it came."""

    text: str
    is_cut: bool
    size: int
    source: str
    headers: list[tuple[str, str]]


def rows_of(pushes: list[Push]) -> list[InboxRow]:
    """One query for how often each came."""
    times, now = arrivals(pushes), timezone.now()
    return [InboxRow(push, times.get((push.slug, push.event_key), 0), now) for push in pushes]


def raw_push(push: Push) -> RawPush | None:
    """Its event, its delivery's headers and source; None where that is no longer kept."""
    held = Delivery.objects.filter(received_at=push.received_at, id=push.delivery_id).first()
    if held is None:
        return None
    headers, body = bytes(held.headers), bytes(held.body)
    try:
        part = events_in(unpacked(headers, body))[push.place]
    except (CannotRead, IndexError):
        part = body
    text = laid_out(part)
    named = msgspec.json.decode(headers, type=list[tuple[str, str]])
    return RawPush(text[:LONGEST], len(text) > LONGEST, len(part), held.source, named)
