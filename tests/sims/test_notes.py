from datetime import timedelta

import pytest
from django.utils import timezone

from journal.models import Event
from journal.story import tell
from sims import notes
from sims.models import Note, Place
from sims.note_forms import NoteForm, PlaceForm
from tests.page import text_of
from tests.sims.fleet import make_sim
from users.models import AuditEntry, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara():
    return User.objects.create_user("mara", first_name="Mara", last_name="Lindqvist")


@pytest.fixture
def jonas():
    return User.objects.create_user("jonas", first_name="Jonas", last_name="Berg")


@pytest.fixture
def sim(db):
    return make_sim()


def story(sim):
    return [f"{entry.sentence} / {entry.more}" for entry in tell(Event.objects.filter(sim_id=sim.pk).order_by("-id"))]


def told(sim):
    return [text_of(entry) for entry in story(sim)]


def age(note, by):
    Note.objects.filter(pk=note.pk).update(created_at=timezone.now() - by)
    note.refresh_from_db()


def test_a_note_is_told_in_the_journal_with_its_author(sim, mara):
    note = notes.add_note(sim=sim, author=mara, text="Antenna replaced\non <b>site</b>")
    event = Event.objects.get(sim_id=sim.pk)
    assert (event.kind, event.data, event.cause_kind, event.cause_id) == (
        "sim.note",
        {"note": note.pk},
        "person",
        mara.pk,
    )
    assert told(sim) == ["Mara Lindqvist wrote a note / Antenna replaced on <b>site</b>"]
    assert "&lt;b&gt;site" in story(sim)[0]


def test_the_words_are_never_in_the_journal(sim, mara):
    notes.add_note(sim=sim, author=mara, text="secret words")
    assert "secret" not in str(Event.objects.get(sim_id=sim.pk).data)


def test_its_author_changes_a_note_within_a_day(sim, mara):
    note = notes.add_note(sim=sim, author=mara, text="Antena")
    assert notes.change_note(note=note, author=mara, text="Antenna")
    assert told(sim)[0].startswith("Mara Lindqvist wrote a note / Antenna · edited")


def test_another_person_changes_nothing(sim, mara, jonas):
    note = notes.add_note(sim=sim, author=mara, text="Antenna")
    assert not notes.change_note(note=note, author=jonas, text="Nonsense")
    assert not notes.delete_note(note=note, author=jonas)
    assert told(sim) == ["Mara Lindqvist wrote a note / Antenna"]


def test_after_a_day_a_note_stays_as_it_is(sim, mara):
    note = notes.add_note(sim=sim, author=mara, text="Antenna")
    age(note, timedelta(hours=23, minutes=59))
    assert note.may_change(mara, timezone.now())
    assert notes.changeable_notes(sim, mara) == [note]
    age(note, timedelta(days=1, seconds=1))
    assert not note.may_change(mara, timezone.now())
    assert notes.changeable_notes(sim, mara) == []
    assert not notes.change_note(note=note, author=mara, text="Nonsense")
    assert not notes.delete_note(note=note, author=mara)


def test_a_deleted_note_loses_its_words_and_is_still_told(sim, mara):
    note = notes.add_note(sim=sim, author=mara, text="Antenna")
    assert notes.delete_note(note=note, author=mara)
    assert told(sim) == ["Mara Lindqvist wrote a note, and deleted it /"]
    note.refresh_from_db()
    assert note.text == ""
    assert AuditEntry.objects.get().action == "sim.note.delete"
    assert not notes.delete_note(note=note, author=mara)


def test_an_event_of_an_odd_shape_is_still_told(sim, mara):
    notes.add_note(sim=sim, author=mara, text="Antenna")
    events = list(Event.objects.filter(sim_id=sim.pk))
    events[0].data = {"note": "text"}
    assert "deleted" in tell(events)[0].sentence


@pytest.mark.parametrize("count", [1, 3])
def test_a_story_reads_all_its_notes_at_once(sim, mara, count, django_assert_num_queries):
    for number in range(count):
        notes.add_note(sim=sim, author=mara, text=f"Note {number}")
    events = list(Event.objects.filter(sim_id=sim.pk))
    with django_assert_num_queries(2):
        assert len(tell(events)) == count


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "A note needs words."), ("x" * 4001, "A note has at most 4000 characters; these are 4001.")],
)
def test_a_note_without_words_or_with_too_many(text, message):
    assert NoteForm({"text": text}).errors["text"] == [message]


@pytest.mark.parametrize(
    "url",
    [
        "https://fleet.example/v/4471",
        "http://intranet/vehicles?id=7#top",
        "HTTPS://Fleet.example",
        "http://[::1]:8080/x",
    ],
)
def test_an_address_on_the_web_is_kept(url):
    form = PlaceForm({"label": "B-HX 4471", "url": url})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["url"] == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//fleet.example",
        "fleet.example",
        "ftp://fleet.example",
        "https://",
        "http://a b",
        'https://x/"onclick=1',
        "https://x\\@evil.example",
        "http://[bad",
        "http://host:99999/",
        "https://user:secret@fleet.example/",
        "https://fleet.example/" + "x" * 500,
    ],
)
def test_any_other_address_is_refused(url):
    assert "url" in PlaceForm({"label": "B-HX 4471", "url": url}).errors


def test_an_address_needs_words():
    assert PlaceForm({"label": "", "url": "https://fleet.example"}).errors["label"]


def test_a_place_is_set_changed_and_taken_away(sim, mara):
    notes.set_place(sim=sim, user=mara, label="B-HX 4471", url="https://fleet.example")
    notes.set_place(sim=sim, user=mara, label="B-HX 4471", url="https://fleet.example")
    notes.set_place(sim=sim, user=mara, label="Depot 3")
    assert notes.place_of(sim).label == "Depot 3"
    notes.set_place(sim=sim, user=mara, label="")
    assert not Place.objects.exists()
    entries = AuditEntry.objects.filter(action="sim.place").order_by("id")
    assert [(each.detail["old"], each.detail["new"]) for each in entries] == [
        ("", "B-HX 4471"),
        ("B-HX 4471", "Depot 3"),
        ("Depot 3", ""),
    ]
