"""Handling pushes anew, after a field table or a handler was mended: what was told before is not told again."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import psycopg
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from notifications.models import Delivery, Push
from notifications.pushes.take import Taken, enter, events_of
from toolkit.database import set_cursor
from users import audit
from users.models import User

MOST = 100_000
AT_ONCE = 300
NAMES = ("received_at", "delivery_id", "place", "event_at", "giccid", "state", "needs_read", "note", "traceback")
REFRESH = """
UPDATE notifications_push p SET event_at = r.event_at, giccid = r.giccid, state = r.state, needs_read = r.needs_read,
    note = r.note, traceback = r.traceback, is_to_retake = false, due_at = NULL, tries = 0,
    handled_at = CASE WHEN r.state <> 'received' THEN clock_timestamp() END
FROM unnest(%s::timestamptz[], %s::bigint[], %s::smallint[], %s::timestamptz[], %s::text[], %s::text[], %s::boolean[],
    %s::text[], %s::text[])
    AS r (received_at, delivery_id, place, event_at, giccid, state, needs_read, note, traceback)
WHERE (p.received_at, p.delivery_id, p.place) = (r.received_at, r.delivery_id, r.place) AND p.is_to_retake
"""


def replay(pushes: QuerySet[Push], user: User) -> int:
    """Have these handled anew, as far as they do not wait in any case; at most `MOST`, the oldest first. How many."""
    settled = pushes.exclude(state=Push.State.RECEIVED).order_by("received_at", "delivery_id", "place")
    chosen = settled.values("received_at", "delivery_id", "place")[:MOST]
    with transaction.atomic():
        number = Push.objects.filter(pk__in=chosen).update(
            state=Push.State.RECEIVED, is_to_retake=True, replayed_at=Now(), replays=F("replays") + 1, handled_at=None
        )
        if number:
            audit.record(user, "push.replay", f"{number} pushes")
    return number


def to_retake() -> QuerySet[Push]:
    return Push.objects.filter(state=Push.State.RECEIVED, is_to_retake=True)


def take_again() -> list[Taken]:
    """Some of those to be handled anew, taken out of their deliveries by the tables of today."""
    with transaction.atomic(), set_cursor() as cursor:
        waiting = to_retake().order_by("received_at", "delivery_id", "place").select_for_update(skip_locked=True)
        pushes = list(waiting[:AT_ONCE])
        if not pushes:
            return []
        fresh = [
            event
            for delivery_id, group in groupby(pushes, key=lambda push: push.delivery_id)
            for event in _again(delivery_id, list(group))
        ]
        old = {(push.delivery_id, push.place) for push in pushes}
        _refresh(cursor, [event for event in fresh if (event.delivery_id, event.place) in old])
        # A body that was one unreadable event may hold many now.
        enter(cursor, [event for event in fresh if (event.delivery_id, event.place) not in old])
    return fresh


def _again(delivery_id: int, pushes: list[Push]) -> list[Taken]:
    first = pushes[0]
    held = Delivery.objects.filter(received_at=first.received_at, id=delivery_id).first()
    if held is None:
        gone = "Its raw body is no longer kept."
        return [_taken(push, state=Push.State.FAILED, note=gone) for push in pushes]
    events = events_of(held.id, held.received_at, held.slug, bytes(held.headers), bytes(held.body))
    places = {push.place for push in pushes}
    known = set(
        Push.objects.filter(received_at=first.received_at, delivery_id=delivery_id).values_list("place", flat=True)
    )
    return [event for event in events if event.place in places or event.place not in known]


def _taken(push: Push, **changed: Any) -> Taken:
    return Taken(push.received_at, push.delivery_id, push.place, push.slug, push.event_key, True, **changed)


def _refresh(cursor: psycopg.Cursor[Any], events: list[Taken]) -> None:
    if events:
        cursor.execute(REFRESH, [[getattr(event, name) for event in events] for name in NAMES])
