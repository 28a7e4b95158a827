"""The newest rows of the journal in the memory of a web process, each rendered once, for all who watch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from journal.feed import FeedFilter, Scope, may_see, render_row, rows_of
from journal.models import Event

KEPT = 4000
RECENT = timedelta(minutes=1)
# A transaction is dated by its beginning, and what is announced now may have begun long ago.
LONGEST_TRANSACTION = timedelta(hours=6)
SWEPT = 2000
REPLAYED = 200
REPLAYED_AGAIN = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """One row as it goes to every page; `count` is how many events stand behind a line that names none of them."""

    id: int
    kind: str
    severity: str
    account_id: int | None
    sim_id: int | None
    subject: str = ""
    html: bytes = b""
    count: int = 0

    @property
    def topics(self) -> tuple[str, ...]:
        return ("events", f"sim:{self.subject}") if self.sim_id else ("events",)


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """What one viewer wants and may see."""

    rows: FeedFilter
    scope: Scope

    def sees(self, row: Shown) -> bool:
        # A count stands for many SIMs, so it is nothing to somebody who looks at a few.
        return may_see(self.scope, row.account_id) and self.rows.wants(row)


class RowLog:
    """Rows in the order they were shown; a viewer keeps the place up to which it has them."""

    def __init__(self) -> None:
        self.rows: list[Shown] = []
        self.first = 0
        self.newest_id = 0
        # The frames of what is behind a place, by who looks and from where, for as long as nothing is added.
        self.made: dict[tuple[Viewpoint | None, int], bytes] = {}
        self._ids: set[int] = set()
        self._order: deque[int] = deque()

    @property
    def end(self) -> int:
        return self.first + len(self.rows)

    def append(self, rows: Iterable[Shown]) -> list[Shown]:
        """Keep those that are new; they are returned."""
        new = [row for row in rows if row.count or self._note(row.id)]
        self.rows.extend(new)
        self.made.clear()
        self.newest_id = max([self.newest_id, *(row.id for row in new)])
        self._forget()
        return new

    def after(self, place: int) -> Sequence[Shown] | None:
        """The rows behind a place; None when some of them are gone."""
        return None if place < self.first else self.rows[place - self.first :]

    def has(self, event_id: int) -> bool:
        return event_id in self._ids

    def behind(self, event_id: int) -> list[Shown] | None:
        """The rows of later events; None when not all of them are still here."""
        if not self.rows or event_id not in self._ids:
            return None
        place = next((at for at, row in enumerate(self.rows) if row.id == event_id), None)
        return None if place is None else self.rows[place + 1 :]

    def _note(self, event_id: int) -> bool:
        if event_id in self._ids:
            return False
        self._ids.add(event_id)
        self._order.append(event_id)
        return True

    def _forget(self) -> None:
        if len(self.rows) > KEPT:
            cut = len(self.rows) - KEPT // 2
            del self.rows[:cut]
            self.first += cut
        while len(self._order) > 4 * KEPT:
            self._ids.discard(self._order.popleft())


class Journal:
    """What the stream reads of the journal, in the one thread of its reader, which keeps its connection for seconds."""

    def rest(self) -> None:
        """Give the connection back."""
        connection.close()

    def named(self, ids: Sequence[int]) -> list[Shown]:
        """The events of these ids that are there, rendered, in order."""
        since = timezone.now() - LONGEST_TRANSACTION
        return _rendered(Event.objects.filter(id__in=ids, recorded_at__gte=since).order_by("id"))

    def recent(self) -> list[int]:
        """Ids of the last minute, whether or not anybody announced them."""
        since = timezone.now() - RECENT
        found = Event.objects.filter(recorded_at__gte=since).order_by("-recorded_at", "-id")
        try:
            return list(found.values_list("id", flat=True)[:SWEPT])
        finally:
            connection.close()

    def between(self, first: int, last: int, subjects: Iterable[str]) -> list[Shown]:
        """Of many events, those of the SIMs that somebody looks at."""
        since = timezone.now() - LONGEST_TRANSACTION
        many = Event.objects.filter(id__gte=first, id__lte=last, recorded_at__gte=since)
        return _rendered(many.filter(subject_key__in=list(subjects)).order_by("id")[:REPLAYED])

    def after(self, event_id: int) -> list[Shown] | None:
        """The events behind this one; None when they are too many to send.

        Ids are given before the commit, so a lower one may have come later: the last of the same minute come again,
        and a page drops what it has.
        """
        later = list(Event.objects.filter(id__gt=event_id).order_by("id")[: REPLAYED + 1])
        if len(later) > REPLAYED:
            return None
        again = Q(id__lte=event_id, recorded_at__gte=timezone.now() - RECENT)
        before = list(Event.objects.filter(again).order_by("-id")[:REPLAYED_AGAIN])
        return _rendered([*reversed(before), *later])


def _rendered(found: Iterable[Event]) -> list[Shown]:
    events = list(found)
    return [
        Shown(
            event.id, event.kind, event.severity, event.account_id, event.sim_id, event.subject_key,
            render_row(row).encode(),
        )
        for event, row in zip(events, rows_of(events), strict=True)
    ]  # fmt: skip
