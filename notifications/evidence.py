"""Which pushes say the same as an event of the journal that something else is the cause of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import QuerySet

from journal.models import Event
from notifications.models import Push

# A change is read when its push was received, or before it; a carrier that was away may make that late.
LATEST = timedelta(days=3)


def pushes_about(events: Iterable[Event]) -> QuerySet[Push]:
    """The pushes that are evidence for some of these events about SIMs, in order of receipt."""
    events = list(events)
    if not events:
        return Push.objects.none()
    since = min(event.recorded_at for event in events) - LATEST
    pushes = Push.objects.filter(giccid__in={event.subject_key for event in events}, received_at__gte=since)
    about = pushes.filter(journal_ids__overlap=[event.id for event in events])
    return about.order_by("received_at", "delivery_id", "place")
