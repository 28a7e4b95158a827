"""A SIM's story: our journal, and what only the carrier's history knows, as one sequence, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import NamedTuple

from django.db.models import Q, QuerySet
from django.utils.html import format_html

from journal.models import Event
from journal.story import Day, Entry, by_days, tell
from sims.history_words import entry_of, evidence
from sims.models import ChangeLogRow, Sim

ROWS = 50


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds that a person would ask for together."""

    value: str
    label: str
    events: tuple[str, ...]
    history: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()


BY_US = (Event.Cause.OPERATION.value, Event.Cause.BATCH_ITEM.value)
GROUPS = (
    Group("change", "Changes", ("sim.operation", "sim.batch", "sim.protection"), causes=BY_US),
    Group("status", "Status", ("sim.status", "sim.missing", "sim.returned", "sim.activated"), (ChangeLogRow.STATUS,)),
    Group("plan", "Plan, account", ("sim.package", "sim.period", "sim.account", "sim.sold"), (ChangeLogRow.PACKAGE,)),
    Group("device", "Device, numbers", ("sim.imei", "sim.imsi", "sim.msisdn"), (ChangeLogRow.IMEI,)),
    Group("apn", "APNs", ("sim.apn",)),
    Group("note", "Notes", ("sim.note",)),
)


class Cursor(NamedTuple):
    """The entry behind which to go on; `is_history` tells the two sources apart."""

    is_history: bool
    id: int

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """88412 is an event, h412 a row of the history."""
        return cls(text.startswith("h"), int(text.removeprefix("h")))


class Moment(NamedTuple):
    """A place in the order of the story: by time, at the same time events before the history."""

    at: datetime
    is_event: bool
    id: int


@dataclass(frozen=True, slots=True)
class Story:
    days: list[Day]
    older: str = ""


def story_of(
    sim: Sim, history: Sequence[ChangeLogRow], *, older: Cursor | None = None, group: Group | None = None
) -> Story:
    """A page of the story behind `older`; what is none of its entries has nothing behind it. Two queries at most.

    `history` is the carrier's, newest first.
    """
    edge = _edge(sim, older, history) if older else None
    if older and edge is None:
        return Story([])
    events = Event.objects.filter(sim_id=sim.pk)
    if group:
        events = events.filter(Q(kind__in=group.events) | Q(cause_kind__in=group.causes))
    rows = (row for row in history if row.event_id is None and (group is None or row.kind in group.history))
    found = list(islice(_merged(_events_before(events, edge), _rows_before(rows, edge)), ROWS + 1))
    shown = found[:ROWS]
    return Story(by_days(_told(shown, history)), _name(shown[-1]) if len(found) > ROWS else "")


def _merged(events: Iterable[Event], rows: Iterable[ChangeLogRow]) -> Iterable[Event | ChangeLogRow]:
    return merge(events, rows, key=_moment, reverse=True)


def _moment(entry: Event | ChangeLogRow) -> Moment:
    if isinstance(entry, Event):
        return Moment(entry.happened_at, True, entry.id)
    return Moment(entry.changed_at, False, entry.pk)


def _edge(sim: Sim, older: Cursor, history: Sequence[ChangeLogRow]) -> Moment | None:
    if older.is_history:
        row = next((row for row in history if row.pk == older.id), None)
        return _moment(row) if row else None
    event = Event.objects.filter(sim_id=sim.pk, id=older.id).first()
    return _moment(event) if event else None


def _events_before(events: QuerySet[Event], edge: Moment | None) -> QuerySet[Event]:
    if edge:
        same = Q(happened_at=edge.at, id__lt=edge.id) if edge.is_event else Q(pk__in=[])
        events = events.filter(Q(happened_at__lt=edge.at) | same)
    return events.order_by("-happened_at", "-id")[: ROWS + 1]


def _rows_before(rows: Iterable[ChangeLogRow], edge: Moment | None) -> Iterable[ChangeLogRow]:
    return rows if edge is None else (row for row in rows if _moment(row) < edge)


def _name(entry: Event | ChangeLogRow) -> str:
    return str(entry.id) if isinstance(entry, Event) else f"h{entry.pk}"


def _told(found: list[Event | ChangeLogRow], history: Sequence[ChangeLogRow]) -> list[Entry]:
    events = [entry for entry in found if isinstance(entry, Event)]
    proofs: dict[int | None, ChangeLogRow] = {row.event_id: row for row in history if row.event_id}
    told = iter(_with_evidence(tell(events), proofs))
    return [next(told) if isinstance(entry, Event) else entry_of(entry) for entry in found]


def _with_evidence(entries: list[Entry], proofs: dict[int | None, ChangeLogRow]) -> Iterable[Entry]:
    for entry in entries:
        row = proofs.get(entry.id)
        yield replace(entry, more=format_html("{} · {}", entry.more, evidence(row))) if row else entry
