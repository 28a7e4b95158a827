import pytest

from tests.page import text
from tests.sims.fleet import make_sim

PATH = "/sims/search/"


def test_options_lead_to_their_sims(client):
    make_sim("8986011805021004471")
    response = client.get(PATH, {"q": "898 601"})
    html = response.content.decode()
    assert response.status_code == 200
    assert 'role="option"' in html
    assert 'data-href="/sims/8986011805021004471/"' in html
    assert "<mark>898601</mark>" in html
    assert "<html" not in html
    assert "no-store" in response["Cache-Control"]


def test_nothing_found_says_what_enter_does(client):
    assert "Enter looks inside numbers" in text(client.get(PATH, {"q": "777"}))


@pytest.mark.parametrize("query", [{}, {"q": "89"}, {"q": "\x00"}, {"q": "9" * 9000}, {"q": ["a", "%"]}])
def test_what_asks_for_nothing_gets_nothing(client, query):
    response = client.get(PATH, query)
    assert (response.status_code, response.content.strip()) == (200, b"")


def test_only_reading_is_allowed(client):
    assert client.post(PATH, {"q": "898"}).status_code == 405


def test_it_is_behind_login(anonymous, db):
    assert anonymous.get(PATH, {"q": "898"})["Location"].startswith("/login/")
