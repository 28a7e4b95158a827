"""Pages of the feed, newest first by when we recorded it: what is shown, how many there are, where a stream goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db.models import Q, QuerySet

from journal.feed import FeedFilter, FeedRow, Scope, rows_of
from journal.models import Event

ROWS = 50
LATEST = 10
COUNTED = 10_000
# One index gives the rows of one account (kind, severity) in order; of several, each gives its first rows.
MOST_BRANCHES = 40
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = re.compile(r"(\d{1,17})-(\d{1,18})")

Events = QuerySet[Event]


class Cursor(NamedTuple):
    """The event at the edge of a page."""

    recorded_at: datetime
    id: int

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """`1790000000000000-88412`: microseconds, id. None for anything else."""
        found = CURSOR.fullmatch(text)
        try:
            return cls(EPOCH + timedelta(microseconds=int(found[1])), int(found[2])) if found else None
        except OverflowError:
            return None

    def __str__(self) -> str:
        return f"{(self.recorded_at - EPOCH) // timedelta(microseconds=1)}-{self.id}"


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Some rows, and the cursors of the pages beside them, empty where there is none."""

    rows: list[FeedRow]
    older: str = ""
    newer: str = ""


def page_of_feed(
    wanted: FeedFilter, scope: Scope, *, after: Cursor | None = None, before: Cursor | None = None, size: int = ROWS
) -> FeedPage:
    """The `size` newest events, those older than `after`, or those newer than `before`. One query, and their words."""
    is_backward = before is not None and after is None
    order = ("recorded_at", "id") if is_backward else ("-recorded_at", "-id")
    found = list(_found(wanted, scope, _edge(after, before), order, size + 1))
    has_more, shown = len(found) > size, found[:size]
    if is_backward:
        shown.reverse()
    has_older, has_newer = has_more or is_backward, has_more if is_backward else after is not None
    return FeedPage(
        rows=rows_of(shown),
        older=_cursor(shown[-1]) if shown and has_older else "",
        newer=_cursor(shown[0]) if shown and has_newer else "",
    )


def count_of_feed(wanted: FeedFilter, scope: Scope) -> int:
    """How many events there are, counted up to COUNTED + 1."""
    return Event.objects.filter(_condition(wanted, scope)).order_by()[: COUNTED + 1].count()


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest rows for templates/components/latest_events.html."""

    rows: list[FeedRow]
    newest_id: int


def latest_of(scope: Scope, *, size: int = LATEST) -> Latest:
    """The newest events that somebody may see, alike ones as one. Two queries, and their words."""
    newest = newest_id()
    return Latest(folded(page_of_feed(FeedFilter(), scope, size=ROWS).rows)[:size], newest)


def folded(rows: list[FeedRow]) -> list[FeedRow]:
    """Alike rows that follow one another within a minute as one that names the others."""
    lines: list[FeedRow] = []
    for row in rows:
        last = lines[-1] if lines else None
        if last and _are_alike(last, row):
            lines[-1] = replace(last, others=(*last.others, row.id))
        else:
            lines.append(row)
    return lines


def _are_alike(one: FeedRow, other: FeedRow) -> bool:
    is_near = abs(one.recorded_at - other.recorded_at) < timedelta(minutes=1)
    words = [(row.entry.kind, row.entry.sentence, row.entry.more) for row in (one, other)]
    return is_near and words[0] == words[1]


def newest_id() -> int:
    """Where a stream goes on from; to be asked for before the rows are read."""
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _cursor(event: Event) -> str:
    return str(Cursor(event.recorded_at, event.id))


def _edge(after: Cursor | None, before: Cursor | None) -> Q:
    # The first half is what the index starts from, and leaves out whole months.
    if after:
        at, number = after
        return Q(recorded_at__lte=at) & (Q(recorded_at__lt=at) | Q(id__lt=number))
    if before:
        at, number = before
        return Q(recorded_at__gte=at) & (Q(recorded_at__gt=at) | Q(id__gt=number))
    return Q()


def _condition(wanted: FeedFilter, scope: Scope) -> Q:
    """All that narrows the feed. A scope is never widened by what is asked for."""
    accounts = wanted.accounts if scope is None else scope & wanted.accounts if wanted.accounts else scope
    condition = Q()
    if accounts or scope is not None:
        condition &= Q(account_id__in=accounts)
    if wanted.kinds:
        condition &= Q(kind__in=wanted.kinds)
    if wanted.severities:
        condition &= Q(severity__in=wanted.severities)
    if wanted.sims is not None:
        condition &= Q(sim_id__in=wanted.sims)
    if wanted.since:
        condition &= Q(recorded_at__gte=wanted.since)
    if wanted.until:
        condition &= Q(recorded_at__lt=wanted.until)
    return condition


def _found(wanted: FeedFilter, scope: Scope, edge: Q, order: tuple[str, str], size: int) -> Events:
    events = Event.objects.filter(_condition(wanted, scope) & edge).order_by(*order)
    branches = [] if wanted.sims is not None else _branches(wanted, scope)
    if not 1 < len(branches) <= MOST_BRANCHES:
        return events[:size]
    first, *others = (events.filter(branch)[:size] for branch in branches)
    return first.union(*others, all=True).order_by(*order)[:size]


def _branches(wanted: FeedFilter, scope: Scope) -> list[Q]:
    """One condition for each value of the column whose index is walked."""
    accounts = wanted.accounts or scope or frozenset()
    columns: tuple[tuple[str, frozenset[int] | frozenset[str]], ...] = (
        ("account_id", accounts if scope is None else accounts & scope),
        ("kind", wanted.kinds),
        ("severity", wanted.severities),
    )
    name, values = next(((name, values) for name, values in columns if values), ("", frozenset()))
    return [Q(**{name: value}) for value in sorted(values, key=str)]
