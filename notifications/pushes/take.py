"""Taking deliveries apart: each event a row, known again by its key, a repeat counted and ignored."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import transaction

from notifications.models import Push
from notifications.pushes.kinds import COMMON, KINDS
from notifications.pushes.payload import CannotRead, Event, event_of, events_in, key_of, unpacked, value_of
from smarthub.identifiers import is_giccid
from toolkit.database import set_cursor

# Without an id the same body is the same event for as long as a sender may send it again (contract 9.3).
SAME_BODY_FOR = timedelta(minutes=30)
GROUP = 300
MOST_AT_ONCE = 3_000
GROUP_BYTES = 8 << 20
State = Push.State

WAITING = """
SELECT u.received_at, u.id, octet_length(d.body) FROM (
    SELECT received_at, id FROM notifications_untaken ORDER BY received_at, id LIMIT %s FOR UPDATE SKIP LOCKED
) AS u JOIN notifications_delivery d USING (received_at, id)
ORDER BY u.received_at, u.id
"""
DONE = """
DELETE FROM notifications_untaken u USING unnest(%s::timestamptz[], %s::bigint[]) AS t (received_at, id)
WHERE (u.received_at, u.id) = (t.received_at, t.id)
"""
READ = """
SELECT d.id, d.received_at, d.slug, d.headers, d.body FROM notifications_delivery d
JOIN unnest(%s::timestamptz[], %s::bigint[]) AS t (received_at, id) USING (received_at, id)
ORDER BY d.received_at, d.id
"""
# One that is known is counted; a digest seen long ago is a new event that looks the same.
KEY = """
INSERT INTO notifications_pushkey AS k (slug, key, received_at, delivery_id, place)
SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::bigint[], %s::smallint[])
ON CONFLICT (slug, key) DO UPDATE SET times = CASE WHEN {again} THEN 1 ELSE k.times + 1 END,
    received_at = CASE WHEN {again} THEN EXCLUDED.received_at ELSE k.received_at END,
    delivery_id = CASE WHEN {again} THEN EXCLUDED.delivery_id ELSE k.delivery_id END,
    place = CASE WHEN {again} THEN EXCLUDED.place ELSE k.place END
RETURNING slug, key, delivery_id, place, times
""".format(again="k.key LIKE 'sha256:%%' AND k.received_at < EXCLUDED.received_at - interval '30 minutes'")
WRITE = """
INSERT INTO notifications_push (received_at, delivery_id, place, slug, event_key, event_at, giccid, state, needs_read,
    note, traceback, first_id, number, handled_at)
SELECT received_at, delivery_id, place, slug, event_key, event_at, giccid, state, needs_read, note, traceback, first_id,
    number, CASE WHEN state <> 'received' THEN clock_timestamp() END
FROM unnest(%s::timestamptz[], %s::bigint[], %s::smallint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[],
    %s::text[], %s::boolean[], %s::text[], %s::text[], %s::bigint[], %s::int[]) AS p (received_at, delivery_id, place,
    slug, event_key, event_at, giccid, state, needs_read, note, traceback, first_id, number)
ON CONFLICT DO NOTHING
"""
COUNT = """
INSERT INTO notifications_pushday AS p (slug, day, count, last_at)
SELECT * FROM unnest(%s::text[], %s::date[], %s::bigint[], %s::timestamptz[])
ON CONFLICT (slug, day) DO UPDATE SET count = p.count + EXCLUDED.count, last_at = GREATEST(p.last_at, EXCLUDED.last_at)
"""


@dataclass(slots=True)
class Taken:
    """One event on its way into its row."""

    received_at: datetime
    delivery_id: int
    place: int
    slug: str
    key: str
    has_id: bool
    event_at: datetime | None = None
    giccid: str = ""
    state: str = State.RECEIVED
    needs_read: bool = False
    note: str = ""
    traceback: str = ""
    first_id: int | None = None
    number: int = 1


@dataclass(slots=True)
class TakenApart:
    deliveries: int = 0
    events: list[Taken] = field(default_factory=list)


def take_apart() -> TakenApart:
    """The oldest deliveries that wait, in one transaction; several callers share them out."""
    with transaction.atomic(), set_cursor() as cursor:
        taken = TakenApart()
        keys: list[tuple[datetime, int]] = []
        for delivery in _waiting(cursor):
            taken.events += events_of(*delivery)
            keys.append((delivery[1], delivery[0]))
            if len(taken.events) >= MOST_AT_ONCE:
                break
        taken.deliveries = len(keys)
        if keys:
            enter(cursor, taken.events)
            _count(cursor, taken.events)
            cursor.execute(DONE, [list(column) for column in zip(*keys, strict=True)])
    return taken


def _waiting(cursor: psycopg.Cursor[Any]) -> list[tuple[Any, ...]]:
    """The oldest of them, and no more than can be held in memory."""
    size = 0
    keys: list[tuple[datetime, int]] = []
    for received_at, delivery_id, length in cursor.execute(WAITING, [GROUP]).fetchall():
        size += length
        if keys and size > GROUP_BYTES:
            break
        keys.append((received_at, delivery_id))
    if not keys:
        return []
    return cursor.execute(READ, [list(column) for column in zip(*keys, strict=True)]).fetchall()


def enter(cursor: psycopg.Cursor[Any], events: list[Taken]) -> None:
    """Write their rows, repeats marked; in the caller's transaction."""
    if events:
        _recognise(cursor, events)
        _write(cursor, events)


def events_of(delivery_id: int, received_at: datetime, slug: str, headers: bytes, body: bytes) -> list[Taken]:
    """What a delivery holds, by the tables of today; a body that cannot be read is one failed event."""
    try:
        raws = events_in(unpacked(headers, body))
    except CannotRead as error:
        taken = Taken(received_at, delivery_id, 0, slug, *key_of(None, body))
        return [_failed(taken, error)]
    return [_event(Taken(received_at, delivery_id, place, slug, "", False), raw) for place, raw in enumerate(raws)]


def _event(taken: Taken, raw: bytes) -> Taken:
    event: Event | None = None
    try:
        event = event_of(raw)
        _fill_in(taken, event)
    except CannotRead as error:
        _failed(taken, error)
    taken.key, taken.has_id = key_of(event, raw)
    return taken


def _fill_in(taken: Taken, event: Event) -> None:
    kind = KINDS.get(taken.slug)
    giccid = value_of(event, COMMON["giccid"]) or ""
    if giccid and is_giccid(giccid):
        taken.giccid = giccid
    if kind is None:
        raise CannotRead(
            f"No kind of push is called {taken.slug}. Check the address that is registered at the carrier."
        )
    taken.needs_read = kind.needs_read
    taken.event_at = value_of(event, COMMON["event_at"])


def _failed(taken: Taken, error: CannotRead) -> Taken:
    taken.state, taken.note = State.FAILED, str(error)
    taken.traceback = "".join(traceback.format_exception(error))
    return taken


def _recognise(cursor: psycopg.Cursor[Any], events: list[Taken]) -> None:
    """Mark the repeats, of what came before and of each other; a repeat without an id still has its SIM read."""
    firsts = {(event.slug, event.key): event for event in reversed(events)}
    arrivals = Counter((event.slug, event.key) for event in events)
    in_order = [firsts[key] for key in sorted(firsts)]
    known = {
        (slug, key): (delivery_id, place, times)
        for slug, key, delivery_id, place, times in cursor.execute(KEY, _key_columns(in_order)).fetchall()
    }
    seen: Counter[tuple[str, str]] = Counter()
    for event in events:
        key = (event.slug, event.key)
        delivery_id, place, times = known[key]
        seen[key] += 1
        event.number = times - 1 + seen[key]
        if (delivery_id, place) != (event.delivery_id, event.place):
            _repeat(event, delivery_id)
    _count_further(cursor, {key: number - 1 for key, number in arrivals.items() if number > 1})


def _repeat(event: Taken, first_id: int) -> None:
    event.first_id = first_id
    if event.state == State.FAILED:
        return
    event.note = "The same event came before."
    event.needs_read = event.needs_read and not event.has_id
    if not event.needs_read:
        event.state = State.IGNORED


def _count_further(cursor: psycopg.Cursor[Any], further: dict[tuple[str, str], int]) -> None:
    if further:
        columns = [[slug for slug, _ in further], [key for _, key in further], list(further.values())]
        cursor.execute(
            "UPDATE notifications_pushkey k SET times = k.times + f.more "
            "FROM unnest(%s::text[], %s::text[], %s::int[]) AS f (slug, key, more) "
            "WHERE k.slug = f.slug AND k.key = f.key",
            columns,
        )


def _key_columns(events: list[Taken]) -> list[list[Any]]:
    names = ("slug", "key", "received_at", "delivery_id", "place")
    return [[getattr(event, name) for event in events] for name in names]


def _write(cursor: psycopg.Cursor[Any], events: list[Taken]) -> None:
    names = (
        "received_at", "delivery_id", "place", "slug", "key", "event_at", "giccid", "state", "needs_read", "note",
        "traceback", "first_id", "number",
    )  # fmt: skip
    cursor.execute(WRITE, [[getattr(event, name) for event in events] for name in names])


def _count(cursor: psycopg.Cursor[Any], events: Iterable[Taken]) -> None:
    counts: Counter[tuple[str, Any]] = Counter()
    last: dict[tuple[str, Any], datetime] = {}
    for event in events:
        key = (event.slug, event.received_at.date())
        counts[key] += 1
        last[key] = max(last.get(key, event.received_at), event.received_at)
    keys = sorted(counts)
    rows = [
        [slug for slug, _ in keys],
        [day for _, day in keys],
        [counts[key] for key in keys],
        [last[k] for k in keys],
    ]
    cursor.execute(COUNT, rows)
