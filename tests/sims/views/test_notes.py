from datetime import timedelta

import pytest
from django.utils import timezone

from sims import notes
from sims.models import Note, Place
from tests.page import alerts, errors, text
from tests.sims.fleet import make_sim

URL, PLACE, DETAIL = "/sims/1001/notes/", "/sims/1001/place/", "/sims/1001/"


@pytest.fixture
def sim(db):
    return make_sim("1001")


@pytest.fixture
def mara(django_user_model):
    return django_user_model.objects.create_user("mara")


def test_support_writes_a_note_and_reads_it_in_the_journal(client, sim):
    answer = client.post(URL, {"text": "Antenna <i>replaced</i>"}, follow=True)
    assert answer.redirect_chain == [(DETAIL, 302)]
    assert alerts(answer)[0] == "The note stands in the journal. For a day you can change it."
    assert "Jonas Berg wrote a note Antenna <i>replaced</i>" in text(answer)
    assert "<i>replaced" not in answer.content.decode()


def test_a_note_without_words_is_asked_for_again(client, sim):
    answer = client.post(URL, {"text": "  "})
    assert (answer.status_code, errors(answer)) == (422, ["A note needs words."])
    assert client.post(URL, {"text": "x" * 5000}).status_code == 422
    assert not Note.objects.exists()


def test_its_author_changes_and_deletes_it(client, user, sim):
    note = notes.add_note(sim=sim, author=user, text="Antena")
    assert "Antena" in text(client.get(f"{URL}{note.pk}/"))
    assert f'href="{URL}{note.pk}/"' in client.get(DETAIL).content.decode()
    client.post(f"{URL}{note.pk}/", {"text": "Antenna"})
    assert "Antenna" in text(client.get(DETAIL))
    answer = client.post(f"{URL}{note.pk}/delete/", follow=True)
    assert "wrote a note, and deleted it" in text(answer)
    assert "Antenna" not in text(answer)


def test_nobody_else_does(client, sim, mara):
    note = notes.add_note(sim=sim, author=mara, text="Antenna")
    assert client.get(f"{URL}{note.pk}/").status_code == 403
    assert client.post(f"{URL}{note.pk}/", {"text": "x"}).status_code == 403
    assert client.post(f"{URL}{note.pk}/delete/").status_code == 403
    assert f'href="{URL}{note.pk}/"' not in client.get(DETAIL).content.decode()


def test_not_even_the_author_after_a_day(client, user, sim):
    note = notes.add_note(sim=sim, author=user, text="Antenna")
    Note.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert client.post(f"{URL}{note.pk}/", {"text": "x"}).status_code == 403
    assert client.post(f"{URL}{note.pk}/delete/").status_code == 403
    assert Note.objects.get().text == "Antenna"


def test_a_note_belongs_to_its_sim(client, user, sim):
    make_sim("1002")
    note = notes.add_note(sim=sim, author=user, text="Antenna")
    assert client.get(f"/sims/1002/notes/{note.pk}/").status_code == 404
    assert client.post("/sims/999/notes/", {"text": "x"}).status_code == 404


def test_a_place_with_an_address_is_a_link_that_leaks_nothing(client, sim):
    client.post(PLACE, {"label": "B-HX <4471>", "url": "https://fleet.example/v?a=1&b=2"})
    page = client.get(DETAIL).content.decode()
    assert 'href="https://fleet.example/v?a=1&amp;b=2" rel="noopener noreferrer"' in page
    assert "B-HX &lt;4471&gt;</a>" in page


def test_a_place_without_one_is_plain_text(client, sim):
    client.post(PLACE, {"label": "Depot 3"})
    page = client.get(DETAIL).content.decode()
    assert "Depot 3</span>" in page
    assert 'rel="noopener' not in page


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x.example", "https://a:b@x.example"])
def test_another_kind_of_address_is_refused(client, sim, url):
    answer = client.post(PLACE, {"label": "B-HX 4471", "url": url})
    assert answer.status_code == 422
    assert errors(answer)[0].startswith("An address")
    assert not Place.objects.exists()


def test_a_place_is_shown_to_change_and_emptied_to_go(client, user, sim):
    notes.set_place(sim=sim, user=user, label="Depot 3")
    assert 'value="Depot 3"' in client.get(PLACE).content.decode()
    client.post(PLACE, {})
    assert not Place.objects.exists()
    assert client.post(PLACE, {"label": "x" * 300}).status_code == 422


@pytest.mark.parametrize("path", [URL, PLACE, "/sims/1001/notes/1/", "/sims/1001/notes/1/delete/"])
def test_behind_login(db, anonymous, path):
    assert anonymous.post(path)["Location"].startswith("/login/")


def test_methods(client, user, sim):
    note = notes.add_note(sim=sim, author=user, text="Antenna")
    assert client.get(f"{URL}{note.pk}/delete/").status_code == 405
    assert client.put(URL).status_code == 405
    assert client.put(PLACE).status_code == 405
    assert client.get(URL).status_code == 200
