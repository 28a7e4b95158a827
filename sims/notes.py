"""What people write about a SIM: notes, which stand in its journal, and the thing it sits in."""

from __future__ import annotations

from typing import cast

from django.db import transaction
from django.utils import timezone
from django.utils.html import format_html

from journal.models import Event
from journal.record import Cause, NewEvent, record
from journal.story import Told
from sims.models import Note, Place, Sim
from toolkit.templatetags.look import when
from users import audit
from users.models import User

KIND = "sim.note"


def add_note(*, sim: Sim, author: User, text: str) -> Note:
    """Write the note and its event in the SIM's journal, in one transaction."""
    with transaction.atomic():
        note = Note.objects.create(sim=sim, author=author, text=text)
        event = NewEvent(
            kind=KIND,
            subject_kind="sim",
            subject_key=sim.giccid,
            happened_at=timezone.now(),
            sim_id=sim.pk,
            account_id=sim.account_id,
            data={"note": note.pk},
        )
        record([event], cause=Cause(Event.Cause.PERSON, author.pk))
    return note


def change_note(*, note: Note, author: User, text: str) -> bool:
    """Other words for a note; False when it is no longer, or never was, this person's to change."""
    return _while_changeable(note, author, text=text, edited_at=timezone.now())


def delete_note(*, note: Note, author: User) -> bool:
    """Take the words away; that there was a note stays. False when it is not this person's to delete."""
    with transaction.atomic():
        is_gone = _while_changeable(note, author, text="", deleted_at=timezone.now())
        if is_gone:
            audit.record(author, "sim.note.delete", note.sim.giccid, note=note.pk)
    return is_gone


def _while_changeable(note: Note, author: User, **values: object) -> bool:
    since = timezone.now() - Note.CHANGEABLE
    mine = Note.objects.filter(pk=note.pk, author=author, deleted_at__isnull=True, created_at__gt=since)
    return bool(mine.update(**values))


def changeable_notes(sim: Sim, user: User) -> list[Note]:
    """What this person wrote here within a day, newest first."""
    since = timezone.now() - Note.CHANGEABLE
    mine = Note.objects.filter(sim=sim, author=user, deleted_at__isnull=True, created_at__gt=since)
    return list(mine.order_by("-id")[:10])


def tell_notes(events: list[Event]) -> dict[int, Told]:
    """The events `sim.note` in words; one query."""
    notes = Note.objects.in_bulk([_note_of(event) for event in events])
    return {event.id: _told(notes.get(_note_of(event))) for event in events}


def _note_of(event: Event) -> int:
    data = event.data if isinstance(event.data, dict) else {}
    number = data.get("note")
    return number if isinstance(number, int) else 0


def _told(note: Note | None) -> Told:
    if note is None or note.deleted_at:
        return "wrote a note, and deleted it", ""
    edited = format_html(" · edited {}", when(note.edited_at)) if note.edited_at else ""
    return "wrote a note", format_html('<span class="sp-note-text">{}</span>{}', note.text, edited)


def place_of(sim: Sim) -> Place | None:
    return Place.objects.filter(pk=sim.pk).first()


def set_place(*, sim: Sim, user: User, label: str, url: str = "") -> None:
    """Say what the SIM sits in; an empty label takes it away. Audited."""
    with transaction.atomic():
        before = place_of(sim)
        if before and not label:
            before.delete()
        elif label:
            Place.objects.update_or_create(
                sim=sim, defaults={"label": label, "url": url, "set_by": user, "set_at": timezone.now()}
            )
        if (before.label, before.url) != (label, url) if before else label:
            audit.record(user, "sim.place", sim.giccid, old=before.label if before else "", new=label, url=url)


def person(user: object) -> User:
    """Behind login, `request.user` is one of ours."""
    return cast(User, user)
