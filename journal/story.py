"""An event as a person would tell it: one sentence with the actor first, one line of detail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, TypeVar

import msgspec
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from journal.models import Event
from toolkit.states import state_of
from toolkit.templatetags.look import icon, when
from users.models import User

Cause = Event.Cause
ICONS: dict[str, str] = {
    Cause.RUN: "refresh",
    Cause.READ: "user",
    Cause.PERSON: "user",
    Cause.OPERATION: "bolt",
    Cause.BATCH_ITEM: "stack-2",
    Cause.PUSH: "webhook",
}
TONES: dict[str, str] = {Event.Severity.WARNING: "warn", Event.Severity.CRITICAL: "bad"}
LONGEST_RAW = 300
YEAR = timedelta(days=300)
BY_PEOPLE = (Cause.READ, Cause.PERSON)

Told = tuple[SafeString | str, SafeString | str]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of what somebody did: glyph, tone, and words (safe or plain)."""

    glyph: str
    tone: str
    words: SafeString | str


@dataclass(frozen=True, slots=True)
class Because:
    """Who is behind an event, and how it went.

    `sentence` stands for the whole line; where it is empty, `actor` stands before what was found.
    """

    actor: SafeString | str = ""
    sentence: SafeString | str = ""
    more: SafeString | str = ""
    reason: str = ""
    steps: tuple[Step, ...] = ()
    undo_url: str = ""
    icon: str = ""


# Kinds whose words stand in a table of an app above this one, which enters its teller when it is ready:
# it is given the events of its kind in one story, and answers sentence and detail by event id.
TELLERS: dict[str, Callable[[list[Event]], dict[int, Told]]] = {}
# Kinds whose teller gives the whole sentence, actor and all.
WHOLE: set[str] = set()
# The same for what is behind an event (operations, batches), by the kind of its cause.
BECAUSE: dict[str, Callable[[list[Event]], dict[int, Because]]] = {}
# What else says the same as an event of this sort of cause: a few words for the end of its line.
EVIDENCE: dict[str, Callable[[list[Event]], dict[int, SafeString]]] = {}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the story; the texts are safe HTML."""

    id: int
    kind: str
    at: datetime
    icon: str
    tone: str
    sentence: SafeString
    more: SafeString
    subject_key: str
    sim_id: int | None
    # "history": a row of the carrier's change history, which is no event of ours
    source: str = "journal"
    reason: str = ""
    steps: tuple[Step, ...] = ()
    undo_url: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    at: datetime
    entries: list[Entry]

    @property
    def style(self) -> str:
        """How its heading is written: a day of another year needs the year."""
        return "heading" if abs(timezone.now() - self.at) < YEAR else "long"


def tell(events: Iterable[Event]) -> list[Entry]:
    """The events in words; a query for their people, one for each kind whose words are elsewhere, and sort of cause."""
    events = list(events)
    people, elsewhere, behind = _people(events), _elsewhere(events), _by_cause(BECAUSE, events)
    proofs = _by_cause(EVIDENCE, events)
    return [
        _entry(event, people, elsewhere.get(event.id), behind.get(event.id), proofs.get(event.id, ""))
        for event in events
    ]


def by_days(entries: Iterable[Entry]) -> list[Day]:
    """Entries, newest first, under their days."""
    days = groupby(entries, key=lambda entry: entry.at.date())
    return [Day(at=found[0].at, entries=found) for found in (list(group) for _, group in days)]


def _people(events: list[Event]) -> dict[int, str]:
    ids = {event.cause_id for event in events if event.cause_kind in BY_PEOPLE and event.cause_id}
    return {user.pk: user.display_name for user in User.objects.filter(pk__in=ids)} if ids else {}


def _elsewhere(events: list[Event]) -> dict[int, Told]:
    told: dict[int, Told] = {}
    for kind, teller in TELLERS.items():
        if asked := [event for event in events if event.kind == kind]:
            told |= teller(asked)
    return told


def _by_cause(tellers: dict[str, Callable[[list[Event]], dict[int, Found]]], events: list[Event]) -> dict[int, Found]:
    found: dict[int, Found] = {}
    for cause, teller in tellers.items():
        if asked := [event for event in events if event.cause_kind == cause]:
            found |= teller(asked)
    return found


def _entry(
    event: Event, people: dict[int, str], told: Told | None, because: Because | None, proof: SafeString | str
) -> Entry:
    finding, detail = told or _found(event)
    behind = because or Because()
    actor = "" if event.kind in WHOLE else behind.actor or _actor(event, people)
    more = (behind.more, proof) if behind.sentence else (detail, behind.more, _source(event), proof)
    return Entry(
        id=event.id,
        kind=event.kind,
        at=event.happened_at,
        icon=behind.icon or ICONS.get(event.cause_kind, "info-circle"),
        tone=TONES.get(event.severity, ""),
        sentence=format_html("{}", behind.sentence) if behind.sentence else _joined(actor, finding),
        more=_join([part for part in more if part]),
        subject_key=event.subject_key,
        sim_id=event.sim_id,
        reason=behind.reason,
        steps=behind.steps,
        undo_url=behind.undo_url,
    )


def _joined(actor: SafeString | str, finding: SafeString | str) -> SafeString:
    return format_html("{} {}", actor, finding) if actor else format_html("{}", finding)


def _actor(event: Event, people: dict[int, str]) -> SafeString | str:
    if event.cause_kind == Cause.RUN:
        return "Sync found"
    if event.cause_kind == Cause.READ:
        who = people.get(event.cause_id or 0)
        return format_html("<b>{}</b> read it again and found", who) if who else "Reading it again found"
    if event.cause_kind == Cause.PERSON:
        return format_html("<b>{}</b>", people.get(event.cause_id or 0) or "Somebody who is gone")
    if event.cause_kind == Cause.PUSH:
        return "The carrier pushed, and reading found"
    return format_html("{} {} led to", *_cause_words(event))


def _cause_words(event: Event) -> tuple[str, str | int]:
    labels = dict(Cause.choices)
    return labels.get(event.cause_kind, event.cause_kind), event.cause_id or ""


def _source(event: Event) -> SafeString | str:
    if event.cause_kind == Cause.RUN and event.cause_id:
        return format_html(
            'found by <a href="{}">run {}</a>', reverse("sims:sync-run", args=[event.cause_id]), event.cause_id
        )
    return ""


def _found(event: Event) -> tuple[SafeString | str, SafeString | str]:
    """What was found and how it reads in detail; data of another shape than expected still gives a line."""
    tell_kind = KINDS.get(event.kind, _unknown)
    data = event.data if isinstance(event.data, dict) else {"data": event.data}
    try:
        return tell_kind(event.kind, data)
    except (KeyError, TypeError, ValueError):
        return _unknown(event.kind, data)


def _status(kind: str, data: dict[str, Any]) -> Told:
    old, new = (state_of("sim", data[name]).label for name in ("old", "new"))
    return format_html("it <b>{}</b>, no longer <b>{}</b>", new, old), ""


def _package(kind: str, data: dict[str, Any]) -> Told:
    old, new = data["old"], data["new"]
    if not new:
        return format_html("it without a plan; <b>{}</b> is gone", old), ""
    if not old:
        return format_html("the plan <b>{}</b>, where there was none", new), ""
    return format_html("another plan: <b>{}</b>", new), _change(old, new)


def _period(kind: str, data: dict[str, Any]) -> Told:
    return "new dates of the plan", _change(_span(*data["old"]), _span(*data["new"]))


def _account(kind: str, data: dict[str, Any]) -> Told:
    old, new = data["old"], data["new"]
    if not new:
        return format_html("it in no account, no longer in <b>{}</b>", old), ""
    if not old:
        return format_html("it in the account <b>{}</b>", new), ""
    return format_html("it in the account <b>{}</b>, no longer in <b>{}</b>", new, old), ""


NUMBERS = {
    "sim.imei": ("IMEI", "a different IMEI", "Another device?"),
    "sim.imsi": ("IMSI", "a different IMSI", ""),
    "sim.msisdn": ("phone number", "a different phone number", ""),
}


def _number(kind: str, data: dict[str, Any]) -> Told:
    name, different, question = NUMBERS[kind]
    old, new, place = data["old"], data["new"], int(data.get("position") or 0)
    where = f", profile {place + 1}" if place else ""
    if not new:
        return f"no {name} any more{where}", format_html("It was {}", _mono(old))
    if not old:
        return f"{'an' if name[0] == 'I' else 'a'} {name}, where there was none{where}", _mono(new)
    return f"{different}{where}. {question}".strip(), _change(_mono(old), _mono(new))


def _apn(kind: str, data: dict[str, Any]) -> Told:
    apn, old, new = _mono(data["apn"]), data["old"], data["new"]
    if not new:
        return format_html("the APN {} gone", apn), ""
    word = state_of("apn", new).label
    if not old:
        return format_html("a new APN, {}: <b>{}</b>", apn, word), ""
    return format_html("the APN {} <b>{}</b>, no longer {}", apn, word, state_of("apn", old).label), ""


def _activated(kind: str, data: dict[str, Any]) -> Told:
    if data["new"] and not data["old"]:
        return "it active for the first time", _moment(data["new"])
    return "another time of its first activation", _change(_moment(data["old"]), _moment(data["new"]))


def _sold(kind: str, data: dict[str, Any]) -> Told:
    return "another time of its sale", _change(_moment(data["old"]), _moment(data["new"]))


def _missing(kind: str, data: dict[str, Any]) -> Told:
    return format_html("it <b>{}</b>", "missing"), "The carrier left it out of two complete runs"


def _returned(kind: str, data: dict[str, Any]) -> Told:
    since = data.get("missing_since")
    return "it again", format_html("It was missing since {}", _moment(since)) if since else ""


def _unknown(kind: str, data: dict[str, Any]) -> Told:
    raw = msgspec.json.encode(data).decode() if data else ""
    shown = raw if len(raw) <= LONGEST_RAW else raw[: LONGEST_RAW - 1] + "…"
    return format_html("something this version has no words for: {}", _mono(kind)), _mono(shown) if shown else ""


KINDS: dict[str, Callable[[str, dict[str, Any]], Told]] = {
    "sim.status": _status,
    "sim.package": _package,
    "sim.period": _period,
    "sim.account": _account,
    "sim.imei": _number,
    "sim.imsi": _number,
    "sim.msisdn": _number,
    "sim.apn": _apn,
    "sim.activated": _activated,
    "sim.sold": _sold,
    "sim.missing": _missing,
    "sim.returned": _returned,
}


def _mono(value: object) -> SafeString:
    return format_html('<span class="sp-mono">{}</span>', value)


def _change(old: object, new: object) -> SafeString:
    return format_html("{} {} {}", old, icon("arrow-right", "s"), new)


def _moment(text: str | None, style: str = "full") -> SafeString | str:
    return when(datetime.fromisoformat(text), style) if text else "not reported"


def _span(start: str | None, end: str | None) -> SafeString:
    return format_html("{} to {}", _moment(start, "date"), _moment(end, "date") if end else "no end")


def _join(parts: list[SafeString | str]) -> SafeString:
    return format_html_join(" · ", "{}", ((part,) for part in parts))
