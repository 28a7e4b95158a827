"""Events for tests of the feed, written as the portal writes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from enterprise.models import Account
from journal.models import Event
from journal.record import Cause, NewEvent, record

GICCID = "8986011805021000004"


def account(name: str) -> Account:
    return Account.objects.create(name=name, read_at=timezone.now())


def write(number: int = 1, *, cause: Cause | None = None, **fields: Any) -> list[int]:
    """`number` alike events in one statement; their ids."""
    held: dict[str, Any] = {
        "kind": "sim.status",
        "subject_kind": "sim",
        "subject_key": GICCID,
        "happened_at": timezone.now(),
        "sim_id": 1,
        "data": {"old": "ACTIVATED", "new": "INVENTORY"},
    }
    events = [NewEvent(**held | fields) for _ in range(number)]
    return record(events, cause=cause or Cause(Event.Cause.READ))


def backdate(ids: list[int], **ago: float) -> None:
    """As if they had been recorded earlier, each a second before the next."""
    at = timezone.now() - timedelta(**ago)
    for place, event_id in enumerate(ids):
        Event.objects.filter(id=event_id).update(recorded_at=at + timedelta(seconds=place))
