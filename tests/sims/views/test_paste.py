import re

import pytest
from django.test import Client

from sims.models import WorkingSet, WorkingSetItem
from tests.page import alerts, text
from tests.sims.fleet import make_account, make_sim
from users.models import User

PATH = "/sims/paste/"
ICCID, OTHER = "8986011805021004471", "8986011805029904471"
DAMAGED = f"Hello,\n{ICCID}\n4471\n8.98601E+18\n8986011805021O04471\n8986011805029999999\n{ICCID}"
Verdict = WorkingSetItem.Verdict
NOBODYS = "0b0e7a4e-5d0c-4b57-9d0b-3f3b8f2f6a11"
REPORT_QUERIES = 17


@pytest.fixture
def sims(db):
    return [make_sim(ICCID, account=make_account()), make_sim(OTHER, status="DEACTIVATED")]


def pasted(client, words) -> str:
    response = client.post(PATH, {"text": words})
    assert response.status_code == 302, alerts(response)
    return response["Location"]


def test_a_list_gets_an_address_with_its_report(client, sims):
    url = pasted(client, DAMAGED)
    assert re.fullmatch(r"/sims/sets/[0-9a-f-]{36}/", url)
    page = client.get(url)
    words = text(page)
    assert "1 SIM from 6 entries" in words
    assert "7 lines pasted" in words
    assert "4 entries need you, 1 was a repeat; 1 other word was left alone" in words
    assert "A spreadsheet rounded it. Only 6 of 19 digits are left" in words
    assert "Letter O at place 14. With a zero it is" in words
    assert "Last digits of 2 SIMs. Which one?" in words
    assert "Counted once: line 7 (as line 2)" in words
    assert f'data-giccid="{ICCID}" data-status="ACTIVATED"' in page.content.decode()
    assert f'href="/sims/?set={url.split("/")[3]}"' in page.content.decode()


@pytest.mark.parametrize("verdict", Verdict.values)
def test_a_tile_shows_the_entries_with_its_verdict(client, sims, verdict):
    page = client.get(pasted(client, DAMAGED), {"verdict": verdict})
    rows = re.findall(r'<tr data-line="\d+" data-verdict="(\w+)"', page.content.decode())
    assert set(rows) == {verdict}


@pytest.mark.parametrize(
    "query",
    ["?verdict=%00", "?verdict=x&after=y", "?after=99999999999999999999", "?line=-1", "?line=2147483647", "?after=9"],
)
def test_rubbish_in_the_address_of_a_report_is_no_harm(client, sims, query):
    assert "1 SIM from 6 entries" in text(client.get(f"{pasted(client, DAMAGED)}{query}"))


def test_the_form_names_its_limit(client):
    assert "Up to 10,000 identifiers" in text(client.get(PATH))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Nothing was pasted."),
        ("Good morning", "None of the 2 words is an identifier."),
        ("PK\x00\x01", "This is not text but the inside of a file."),
        ("9" * 2_000_001, "This text has 2,000,001 characters"),
        ("\n".join(f"89860{n:014}" for n in range(10_001)), "10,001 identifiers stand in it"),
    ],
)
def test_what_cannot_be_checked_is_answered_in_words(client, words, said):
    response = client.post(PATH, {"text": words})
    assert response.status_code == 422
    assert alerts(response)[0].startswith(said)
    assert not WorkingSet.objects.exists()


def test_a_body_beyond_the_limit_is_answered_in_words(client):
    response = client.post(PATH, {"text": "9" * 6_000_000})
    assert response.status_code == 413
    assert "More than 5 MB were sent in one form" in text(response)


def test_what_was_pasted_stands_in_the_form_again(client):
    assert "Good morning &amp; bye" in client.post(PATH, {"text": "Good morning & bye"}).content.decode()


def test_a_list_is_edited_and_checked_again(client, sims):
    url = pasted(client, f"{ICCID} <b>")
    page = client.get(PATH, {"set": url.split("/")[3]}).content.decode()
    assert f"{ICCID} &lt;b&gt;</textarea>" in page
    assert "<textarea" in client.get(PATH, {"set": "x"}).content.decode()


def test_a_candidate_is_taken(client, sims):
    url = pasted(client, "4471")
    page = client.post(f"{url}take/", {"place": 1, "sim": sims[1].pk}, follow=True)
    assert "Line 1 is …904471 now." in text(page)
    assert "1 SIM from 1 entry" in text(page)


@pytest.mark.parametrize("data", [{}, {"place": "x", "sim": "1"}, {"place": 1, "sim": 999999}, {"place": 9, "sim": 1}])
def test_what_is_no_candidate_is_not_taken(client, sims, data):
    url = pasted(client, "4471")
    assert "Nothing was taken" in text(client.post(f"{url}take/", data, follow=True))
    assert WorkingSetItem.objects.get().verdict == Verdict.AMBIGUOUS


@pytest.fixture
def colleague(db):
    client = Client()
    client.force_login(User.objects.create_user("ida"))
    return client


def test_a_list_is_its_makers_until_it_is_shared(client, colleague, sims):
    url = pasted(client, ICCID)
    assert colleague.get(url).status_code == 404
    assert colleague.get(f"{url}report.csv").status_code == 404
    assert colleague.get(PATH, {"set": url.split("/")[3]}).content.decode().count(ICCID) == 0
    client.post(f"{url}share/")
    assert colleague.get(url).status_code == 200
    assert colleague.post(f"{url}share/").status_code == 404
    assert colleague.post(f"{url}forget/").status_code == 404
    client.post(f"{url}share/")
    assert colleague.get(url).status_code == 404


def test_an_admin_sees_every_list(client, sims):
    url = pasted(client, ICCID)
    admin = Client()
    admin.force_login(User.objects.create_user("root", role=User.Role.ADMIN))
    assert admin.get(url).status_code == 200


def test_a_list_is_forgotten(client, sims):
    url = pasted(client, ICCID)
    assert "The pasted list is gone." in text(client.post(f"{url}forget/", follow=True))
    assert client.get(url).status_code == 404
    assert not WorkingSetItem.objects.exists()


def test_the_report_as_csv(client, sims):
    response = client.get(pasted(client, f"{ICCID}\n+86 145 0000 9999") + "report.csv")
    lines = response.content.decode("utf-8-sig").splitlines()
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert lines[1:] == [f"1,{ICCID},Found,{ICCID},,", "2,'+86 145 0000 9999,Not found,,,"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_report_takes_a_fixed_number_of_queries(client, sims, count, django_assert_num_queries):
    wrong = "\n".join(f"8986011805029999{number:03}" for number in range(count))
    right = "\n".join(make_sim(f"89860118050288{number:05}").giccid for number in range(count))
    url = pasted(client, f"{wrong}\n{right}\n4471\n{right}")
    client.get(url)
    with django_assert_num_queries(REPORT_QUERIES):
        client.get(url)


@pytest.mark.parametrize("path", ["", "take/", "share/", "forget/", "report.csv"])
def test_wrong_methods_and_lists_that_are_not_there(client, path):
    url = f"/sims/sets/{NOBODYS}/{path}"
    is_read = path in ("", "report.csv")
    assert (client.post(url) if is_read else client.get(url)).status_code == 405
    assert (client.get(url) if is_read else client.post(url)).status_code == 404


@pytest.mark.parametrize("path", [PATH, f"/sims/sets/{NOBODYS}/", f"/sims/sets/{NOBODYS}/report.csv"])
def test_it_is_behind_login(anonymous, db, path):
    assert anonymous.get(path)["Location"].startswith("/login/")
    assert anonymous.post(PATH, {"text": ICCID})["Location"].startswith("/login/")


def test_pasted_text_reaches_no_log(client, sims, caplog):
    number = "447700904999"
    pasted(client, f"{ICCID}\n+{number}")
    client.post(PATH, {"text": "Good morning"})
    assert number not in caplog.text
