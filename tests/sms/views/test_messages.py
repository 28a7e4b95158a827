from __future__ import annotations

import csv
import io
import re

import pytest
from django.utils import timezone

from enterprise.scope import limit_to
from sms.models import Message, Template
from tests.page import errors, htmx, text, total
from tests.sims.fleet import make_account, make_sim
from users.models import User

pytestmark = pytest.mark.django_db


def ids(response) -> list[int]:
    return [int(found) for found in re.findall(r'<tr data-message="(\d+)"', response.content.decode())]


def mo(sim, content="T=21.5", **fields):
    row = {"direction": "mo", "state": "received", "giccid": sim.giccid, "sim": sim, "account_id": sim.account_id}
    return Message.objects.create(**{**row, "content": content, **fields})


def test_all_messages_newest_first(browser, sim, mt):
    made = [mt(), mo(sim), mt(state="failed", reason="expired")]
    response = browser.get("/sms/")
    assert ids(response) == [message.pk for message in reversed(made)]
    assert total(response) == "3"


def test_filters(browser, sim, mt, user):
    template = Template.objects.create(name="Interval", content="x")
    sent = mt(user=user, template=template, content="CFG INTERVAL=15")
    heard = mo(sim)
    failed = mt(state="failed", account_id=make_account("other").pk)
    stranger = Message.objects.create(direction="mo", state="received", giccid="89860118050299", content="who")
    cases = {
        "direction=mo": [stranger, heard],
        "state=failed&state=received": [stranger, failed, heard],
        f"account={sim.account_id}": [heard, sent],
        f"template={template.pk}": [sent],
        f"sender={user.pk}": [sent],
        "sim=unknown": [stranger],
        "q=interval": [sent],
        f"giccid={sim.giccid}": [failed, heard, sent],
        f"q={sim.giccid}": [failed, heard, sent],
        f"since={timezone.now():%Y-%m-%d}": [stranger, failed, heard, sent],
        "until=2020-01-01": [],
    }
    for query, expected in cases.items():
        response = browser.get(f"/sms/?{query}")
        assert ids(response) == [message.pk for message in expected], query
        assert total(response) == str(len(expected))


def test_accounts_templates_and_senders_by_name_too(browser, sim, mt, user):
    template = Template.objects.create(name="Interval", content="x")
    sent = mt(user=user, template=template)
    nowhere = mt(account_id=None)
    name = sim.account.name
    for query in (f"account={name}", f"account={name}&account={sim.account_id}", "template=Interval", "sender=jonas"):
        response = browser.get(f"/sms/?{query}")
        assert ids(response) == [sent.pk], query
        assert browser.get(f"/sms/csv/?{query}").status_code == 200
    assert ids(browser.get("/sms/?account=-")) == [nowhere.pk]
    assert ids(browser.get(f"/sms/?account=0&account={name}")) == [nowhere.pk, sent.pk]


def test_a_filter_by_name_is_ticked_and_can_be_dropped(browser, sim, mt):
    mt()
    page = browser.get(f"/sms/?account={sim.account.name}").content.decode()
    assert f'name="account" value="{sim.account_id}" checked' in page
    assert re.search(rf'sp-chip.*?{re.escape(sim.account.name)}.*?href="/sms/"', page, re.DOTALL)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("state=gone", "There is no state “gone”."),
        ("direction=up", "There is no direction “up”."),
        ("account=99999", "There is no account “99999”."),
        ("account=x%00", "There is no account “x"),
        ("template=lost", "There is no template “lost”."),
        ("sender=nobody", "There is no sender “nobody”."),
        ("since=yesterday", "A day is written 2026-11-22."),
        (f"q={'x' * 201}", "A search has at most 200 characters."),
        ("sim=maybe", "There is no choice “maybe”: known or unknown."),
    ],
)
def test_a_filter_that_cannot_be_read_says_so_and_lists_nothing(browser, mt, query, words):
    mt()
    response = browser.get(f"/sms/?{query}")
    assert any(words in error for error in errors(response)), errors(response)
    assert not ids(response)
    assert browser.get(f"/sms/csv/?{query}").status_code == 400


def test_nothing_is_left_says_what_to_drop(browser, mt):
    mt()
    assert "No message is under these filters" in text(browser.get("/sms/?q=nowhere"))


def test_pages_by_key(browser, mt):
    made = [mt().pk for _ in range(120)]
    first = browser.get("/sms/")
    second = browser.get(re.search(r'href="(/sms/\?after=\d+)"', first.content.decode())[1])
    third = browser.get(re.search(r'href="(/sms/\?after=\d+)"', second.content.decode())[1])
    assert ids(first) + ids(second) + ids(third) == made[::-1]
    back = browser.get(re.search(r'href="(/sms/\?before=\d+)"', third.content.decode())[1])
    assert ids(back) == ids(second)


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow(browser, sim, mt, count, django_assert_num_queries):
    for _ in range(count):
        mt()
        mo(sim)
    with django_assert_num_queries(10):
        browser.get("/sms/")


def test_fragment_wrong_method_anonymous(browser, client, mt):
    message = mt()
    part = browser.get("/sms/", headers=htmx("message-table"))
    assert ids(part) == [message.pk] and "<html" not in part.content.decode()
    assert browser.post("/sms/").status_code == 405
    for path in ("/sms/", "/sms/csv/"):
        assert client.get(path)["Location"].startswith("/login/")


def test_only_the_accounts_one_may_see(browser, mt, user):
    mine = mt(account_id=make_account("mine").pk)
    mt()
    limit_to(user, [make_account("mine")], by=User.objects.get())
    assert ids(browser.get("/sms/")) == [mine.pk]


def test_csv_is_whole_and_harmless(browser, sim, mt):
    mt(content="=1+1")
    mo(sim, '+"quoted"\nline', at=timezone.now())
    content = b"".join(browser.get("/sms/csv/").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["text"] for row in rows] == ['\'+"quoted"\nline', "'=1+1"]
    assert rows[1]["iccid"] == sim.giccid


def test_search_takes_what_is_a_pattern_elsewhere_literally(browser, mt):
    message = mt(content="100 % done_")
    mt(content="100 x done!")
    assert ids(browser.get("/sms/", {"q": "% done_"})) == [message.pk]


def test_a_sim_of_no_account_is_there(browser, db):
    sim = make_sim("8986011805021000002", account=None)
    assert ids(browser.get("/sms/")) == [] and mo(sim).pk in ids(browser.get("/sms/"))
