"""How a SIM stands, as one would say it aloud: since when, why as far as anybody has told, and what that means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from journal.models import Event
from journal.story import tell
from sims.history import CLOCKS, history_of
from sims.history_words import reason
from sims.models import ChangeLogRow, Sim
from sims.story import BY_US
from toolkit.states import state_of
from toolkit.templatetags.look import age, when

Status = Sim.Status

# What a status means (contract 4); the rules of the carrier, not of this SIM.
MEANING = {
    Status.DEACTIVATED: "A suspended SIM moves no data and gets no SMS.",
    Status.RETIRED: "That is final: the carrier activates no SIM again that is retired.",
    Status.INVENTORY: "No traffic is possible until it is activated.",
    Status.ACTIVATE_READY: "It becomes active by itself with its first data.",
    Status.TEST_READY: "It can be tried out; when the test volume or the test time ends, it waits to be activated.",
}
# The states in which a SIM moves no data after it did.
OFF = (Status.DEACTIVATED, Status.RETIRED)
MOST_CHANGES = 100
# A moment of another year needs its year.
YEAR = timedelta(days=300)


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know first. `offers_history`: the carrier's history may tell more, and can be read from here."""

    tone: str
    glyph: str
    title: SafeString | str
    words: SafeString | str
    is_alert: bool = False
    offers_history: bool = False


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One change of status, from our journal, the carrier's history, or both."""

    at: datetime
    old: str
    new: str
    event: Event | None = None
    row: ChangeLogRow | None = None


@dataclass(frozen=True, slots=True)
class OffSpan:
    start: datetime
    end: datetime
    label: str


def status_changes(sim: Sim, history: Sequence[ChangeLogRow]) -> list[StatusChange]:
    """What is known of the SIM's changes of status, newest first, up to what its row shows; one query.

    `history` is the carrier's, newest first.
    """
    events = list(Event.objects.filter(sim_id=sim.pk, kind="sim.status").order_by("-happened_at", "-id")[:MOST_CHANGES])
    rows = [row for row in history if row.kind == ChangeLogRow.STATUS][:MOST_CHANGES]
    proofs = {row.event_id: row for row in rows if row.event_id}
    found = [_of_event(event, proofs.get(event.id)) for event in events if isinstance(event.data, dict)]
    found += [_of_row(row) for row in rows if not row.event_id]
    return sorted(found, key=lambda change: change.at, reverse=True)


def _of_event(event: Event, row: ChangeLogRow | None) -> StatusChange:
    at = row.changed_at if row else event.happened_at
    return StatusChange(at, str(event.data.get("old") or ""), str(event.data.get("new") or ""), event, row)


def _of_row(row: ChangeLogRow) -> StatusChange:
    return StatusChange(row.changed_at, row.old_value or "", row.new_value or "", row=row)


def off_spans(sim: Sim, changes: list[StatusChange], *, now: datetime) -> list[OffSpan]:
    """When the SIM was off, oldest first; before the first change known it was what that change found."""
    return list(_off_spans(sim, changes, now))[::-1]


def _off_spans(sim: Sim, changes: list[StatusChange], now: datetime) -> Iterator[OffSpan]:
    status, end = sim.status, now
    for change in changes:
        if change.at > now:
            continue
        if status in OFF:
            yield OffSpan(change.at, end, state_of("sim", status).label)
        status, end = change.old, change.at
    if status in OFF and sim.first_seen_at < end:
        yield OffSpan(sim.first_seen_at, end, state_of("sim", status).label)


def last_change(sim: Sim, changes: list[StatusChange]) -> StatusChange | None:
    """The change that made it what it is; None when nobody has told of it."""
    until = max(sim.read_at, sim.changed_at) + CLOCKS
    newest = next((change for change in changes if change.at <= until), None)
    return newest if newest and newest.new == sim.status else None


def notes_on(sim: Sim, changes: list[StatusChange]) -> list[Note]:
    """What has to be known before anything else is read; nothing for a SIM that is simply active."""
    notes = [_missing(sim)] if sim.is_missing else []
    if sim.status == Status.ACTIVATED:
        return notes
    state = state_of("sim", sim.status)
    if state.is_verbatim:
        title = format_html("The carrier says {}, a status this version does not know.", sim.status)
        return [*notes, Note("unknown", "diamond", title, "What it allows cannot be told, so it is shown as it came.")]
    return [*notes, _standing(sim, changes, state.tone, state.glyph, state.label)]


def _missing(sim: Sim) -> Note:
    title = format_html("Missing since {}: the carrier does not show it any more.", when(sim.missing_since))
    return Note(
        "warn", "broken-ring", title, "It was left out of two complete runs. What stands here is what was read last."
    )


def _standing(sim: Sim, changes: list[StatusChange], tone: str, glyph: str, label: str) -> Note:
    word = "Off" if sim.status == Status.DEACTIVATED else label
    meaning = format_html("{}{}", MEANING.get(Status(sim.status), ""), _plan(sim))
    change = last_change(sim, changes)
    if change is None:
        title = format_html("{} since before {}, when the portal first saw it.", word, when(sim.first_seen_at, "date"))
        words = format_html("{} {}", _unknown(sim), meaning)
        return Note(tone, glyph, title, words, offers_history=True)
    if change.event and change.event.cause_kind in BY_US:
        return _ours(change, change.event, tone, glyph, word, meaning)
    if change.row is None:
        title = format_html("{} at the latest since {}.", word, _moment(change.at))
        words = format_html("{} {} {}", _seen(change), _unknown(sim), meaning)
        return Note(tone, glyph, title, words, offers_history=True)
    title = format_html("{} since {}{}.", word, _moment(change.at), _because(sim, change, change.row))
    return Note(tone, glyph, title, format_html("{} {}", _proof(change, change.row), meaning))


def _ours(change: StatusChange, event: Event, tone: str, glyph: str, word: str, meaning: SafeString) -> Note:
    """Somebody did it here, so it is known who, and why."""
    told = tell([event])[0]
    title = format_html("{} since {}, because {}.", word, _moment(change.at), told.sentence)
    reason = format_html("“{}” ", told.reason) if told.reason else ""
    return Note(tone, glyph, title, format_html("{}{}. {}", reason, told.more, meaning))


def _because(sim: Sim, change: StatusChange, row: ChangeLogRow) -> SafeString | str:
    ended = sim.package_ends_at
    if row.operator.lower() == "system" and ended and abs(ended - change.at) <= CLOCKS:
        return format_html(", because its plan {} ended and none followed", sim.package)
    why = reason(row.operator)
    return format_html(", because {}", why) if why else ""


def _proof(change: StatusChange, row: ChangeLogRow) -> SafeString:
    by = format_html("by “{}”", row.operator) if row.operator else "which does not say by whom"
    source = format_html("From the carrier’s history, {}", by)
    return format_html("{}; {}.", source, _first_seen(change.event)) if change.event else format_html("{}.", source)


def _first_seen(event: Event) -> SafeString:
    return format_html("the portal saw it at {}", when(event.happened_at, "stamp"))


def _seen(change: StatusChange) -> SafeString:
    assert change.event is not None
    told = tell([change.event])[0]
    return format_html("{}{}.", told.sentence, format_html(" ({})", told.more) if told.more else "")


def _unknown(sim: Sim) -> SafeString | str:
    """That nobody has said who and why, and where it was looked for."""
    history = history_of(sim)
    if history is None:
        return "Who did it, and why, is not known: the carrier’s history has not been read."
    looked = format_html("read {} back to {}", age(history.read_at, "ago"), when(history.since, "date"))
    return format_html("Who did it, and why, is not known: the carrier’s history, {}, does not say.", looked)


def _moment(at: datetime) -> SafeString | str:
    return when(at, "moment" if abs(timezone.now() - at) < YEAR else "full")


def _plan(sim: Sim) -> SafeString | str:
    if sim.status != Status.DEACTIVATED or not sim.package_ends_at or sim.package_ends_at < timezone.now():
        return ""
    return format_html(" Its plan runs on until {}.", when(sim.package_ends_at, "date"))
