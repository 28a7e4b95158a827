"""The carrier's change history of one SIM (S3): read when somebody looks, kept, and matched with our journal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from journal.models import Event
from sims.models import ChangeLogRow, HistoryRead, Sim
from smarthub import models as carrier_models
from smarthub.errors import CarrierError, NotFound
from toolkit.carrier import carrier
from toolkit.carrier_words import BY_HAND, words_for
from toolkit.database import let_go
from toolkit.governor import Lane, NoToken

# The carrier answers for at most 180 days (S3); its clock may be ahead of ours.
AHEAD = timedelta(days=1)
SPAN = timedelta(days=180) - AHEAD
STALE = timedelta(days=1)
MOST_ROWS = 500
# How far two clocks may disagree about one change.
CLOCKS = timedelta(minutes=5)
# What a kind of the carrier's is called in our journal.
EVENT_KINDS = {
    ChangeLogRow.STATUS: "sim.status",
    ChangeLogRow.PACKAGE: "sim.package",
    ChangeLogRow.IMEI: "sim.imei",
}
MOST_EVENTS = 1000
MOST_SHOWN = 5000
SECOND = timedelta(seconds=1)
Changes = carrier_models.Answer[tuple[carrier_models.SimChange, ...]]


class ReadHistory(NamedTuple):
    """What became of it: how many rows were new, or why nothing was read, in words."""

    is_read: bool
    error: str = ""
    new: int = 0


class Span(NamedTuple):
    start: datetime
    end: datetime


class Found(NamedTuple):
    """The rows of an answer that are of this SIM and have a time, the number of others, and how far back it reaches."""

    rows: list[ChangeLogRow]
    left_out: int
    since: datetime


def history_of(sim: Sim) -> HistoryRead | None:
    """How far it has been read; no query where the SIM came with it."""
    return getattr(sim, "history", None)


def newest_rows(sim: Sim) -> list[ChangeLogRow]:
    """What is kept of the carrier's history, newest first: few rows but for a SIM that never rests. One query."""
    return list(ChangeLogRow.objects.filter(sim=sim).order_by("-changed_at", "-pk")[:MOST_SHOWN])


def is_due(sim: Sim, now: datetime) -> bool:
    """Never read, more than a day ago, or before a change that it may explain."""
    history = history_of(sim)
    return history is None or now - history.read_at > STALE or history.read_at < sim.changed_at


def read_history(sim: Sim, *, is_further: bool = False) -> ReadHistory:
    """Ask the carrier for the SIM's changes (S3), of half a year at most, and keep them; no connection held meanwhile.

    `is_further` asks for what was before all that has been read. Changes nothing at the carrier.
    """
    asked_at = timezone.now()
    span = _span(history_of(sim), is_further, asked_at)
    let_go()
    try:
        answer, is_cut = _ask(sim, span)
    except NotFound:
        return ReadHistory(False, "The carrier does not know this SIM.")
    except (CarrierError, NoToken) as error:
        return ReadHistory(False, words_for(error, later=BY_HAND))
    found = _found(sim, span, answer, asked_at, is_cut)
    return ReadHistory(True, new=_keep(sim, found, asked_at, is_further))


def _ask(sim: Sim, span: Span) -> tuple[Changes, bool]:
    """The newest changes of the span, and whether there may be older ones.

    Where so many fall into one second that the next reading would begin with it again, all of the span are read.
    """
    client = carrier(Lane.CLICK)
    answer = client.sim_change_logs([sim.giccid], start_at=span.start, end_at=span.end, most=MOST_ROWS)
    if len(answer.value) + len(answer.refused) < MOST_ROWS:
        return answer, False
    if _reaches_back_to(answer) < span.end:
        return answer, True
    return client.sim_change_logs([sim.giccid], start_at=span.start, end_at=span.end), False


def _reaches_back_to(answer: Changes) -> datetime:
    """The end of the second that may not be whole; the newest come first."""
    times = [change.changed_at for change in answer.value if change.changed_at]
    return min(times) + SECOND if times else datetime.max.replace(tzinfo=UTC)


def _span(history: HistoryRead | None, is_further: bool, now: datetime) -> Span:
    if history and is_further:
        return Span(history.since - SPAN, history.since)
    return Span(now - SPAN, now + AHEAD)


def _found(sim: Sim, span: Span, answer: Changes, read_at: datetime, is_cut: bool) -> Found:
    ours = [change for change in answer.value if change.giccid == sim.giccid]
    rows = [_row(sim, change, change.changed_at, read_at) for change in ours if change.changed_at]
    left_out = len(answer.value) + len(answer.refused) - len(rows)
    return Found(rows, left_out, max(_reaches_back_to(answer), span.start) if is_cut else span.start)


def _row(sim: Sim, change: carrier_models.SimChange, changed_at: datetime, read_at: datetime) -> ChangeLogRow:
    return ChangeLogRow(
        sim=sim,
        kind=change.kind,
        old_value=change.old_value,
        new_value=change.new_value,
        changed_at=changed_at,
        operator=change.operator or "",
        read_at=read_at,
    )


def _keep(sim: Sim, found: Found, asked_at: datetime, is_further: bool) -> int:
    rows = ChangeLogRow.objects.filter(sim=sim)
    with transaction.atomic():
        Sim.objects.select_for_update(no_key=True).get(pk=sim.pk)
        before = rows.count()
        ChangeLogRow.objects.bulk_create(found.rows, ignore_conflicts=True)
        _note_reading(sim, found, asked_at, is_further)
        attach(sim)
        return rows.count() - before


def _note_reading(sim: Sim, found: Found, asked_at: datetime, is_further: bool) -> None:
    history = HistoryRead.objects.filter(sim=sim).first()
    if history and is_further:
        history.since = min(history.since, found.since)
        history.left_out += found.left_out
    elif history and history.read_at >= found.since:
        history.read_at, history.left_out = asked_at, found.left_out
    else:
        history = HistoryRead(sim=sim, read_at=asked_at, since=found.since, left_out=found.left_out)
    history.save()
    sim.history = history


def attach(sim: Sim) -> None:
    """Make rows evidence of the journal's entries they explain; a row that explains none stays an entry of its own.

    A change is found at the read after it: of the rows with the entry's new value since the entry before it of that
    kind, the last one is its cause.
    """
    for kind, event_kind in EVENT_KINDS.items():
        rows = ChangeLogRow.objects.filter(sim=sim, kind=kind)
        free = list(rows.filter(event_id=None).order_by("changed_at", "id"))
        explained = set(rows.exclude(event_id=None).values_list("event_id", flat=True))
        if free:
            ChangeLogRow.objects.bulk_update(list(_matched(sim, event_kind, free, explained)), ["event_id"])


def _matched(sim: Sim, kind: str, free: list[ChangeLogRow], explained: set[int | None]) -> Iterable[ChangeLogRow]:
    newest = Event.objects.filter(sim_id=sim.pk, kind=kind).order_by("-happened_at", "-id")[:MOST_EVENTS]
    before, at = sim.first_seen_at, sim.first_seen_at
    for event in reversed(newest):
        if event.happened_at > at:
            before, at = at, event.happened_at
        if event.id in explained or not isinstance(event.data, dict):
            continue
        causes = [row for row in free if row.event_id is None and _explains(row, event, before)]
        if causes:
            causes[-1].event_id = event.id
            yield causes[-1]


def _explains(row: ChangeLogRow, event: Event, before: datetime) -> bool:
    return row.new_value == event.data.get("new") and before - CLOCKS < row.changed_at <= event.happened_at + CLOCKS
