import re

import pytest
from django.test import Client

from enterprise.models import AccountAccess
from journal.models import Event
from tests.notifications.feed import GICCID, account, backdate, write
from tests.page import errors, text, total
from tests.sims.fleet import make_sim
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/events/"


@pytest.fixture(autouse=True)
def _empty_journal(db) -> None:
    Event.objects.all().delete()


@pytest.fixture
def user() -> User:
    return User.objects.create_user("mara", password="a-password-of-tests")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(answer) -> list[int]:
    return [int(number) for number in re.findall(r'<li[^>]*data-event="(\d+)"', answer.content.decode())]


def attribute(answer, name: str) -> str:
    return re.search(rf'{name}="([^"]*)"', answer.content.decode())[1].replace("&amp;", "&")


def test_newest_first_each_in_words(client):
    first = write()
    second = write(kind="sim.imei", data={"old": "356938035643809", "new": "490154203237518"})
    answer = client.get(URL)
    assert shown(answer) == [*second, *first]
    assert total(answer) == "2"
    assert "Reading it again found a different IMEI. Another device? 356938035643809 490154203237518" in text(answer)
    assert attribute(answer, "data-after") == str(second[0])


def test_nothing_yet_says_what_will_stand_here(client):
    assert "Nothing has happened yet" in text(client.get(URL))


def test_only_reads(client):
    assert [client.post(path).status_code for path in (URL, "/events/latest/", "/events/1/")] == [405] * 3


def test_nobody_reads_it_without_signing_in():
    for path in (URL, "/events/latest/", "/events/1/", "/events/stream/"):
        assert Client().get(path)["Location"].startswith("/login/")


def test_the_fragment_is_the_part_alone(client):
    [event] = write()
    answer = client.get(URL, headers={"HX-Request": "true", "HX-Target": "feed"})
    assert shown(answer) == [event]
    assert "<html" not in answer.content.decode()
    assert 'id="pick-kind" hx-swap-oob="true"' in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=sim.imei", [1]),
        ("kind=sim.imei&kind=sim.apn", [2, 1]),
        ("severity=warning", [1]),
        ("severity=info&severity=warning", [2, 1, 0]),
        ("kind=never.heard.of", []),
        ("kind=", [2, 1, 0]),
        ("when=hour", [2, 1, 0]),
        ("until=2000-01-01", []),
        ("since=2000-01-01", [2, 1, 0]),
        ("after=nonsense&before=9", [2, 1, 0]),
    ],
)
def test_filters(client, query, found):
    ids = [*write(), *write(kind="sim.imei", data={"old": "1", "new": "2"}), *write(kind="sim.apn")]
    assert shown(client.get(f"{URL}?{query}")) == [ids[place] for place in found]


def test_by_account_and_by_its_name(client):
    lab, dach = account("lab"), account("dach & co")
    ours, theirs, nobodys = write(account_id=lab.pk), write(account_id=dach.pk), write()
    assert shown(client.get(URL, {"account": lab.pk})) == ours
    assert shown(client.get(URL, {"account": "dach & co"})) == theirs
    assert shown(client.get(URL, {"account": [lab.pk, dach.pk]})) == [*theirs, *ours]
    assert shown(client.get(URL)) == [*nobodys, *theirs, *ours]


def test_by_any_number_of_a_sim(client):
    sim = make_sim(GICCID)
    ours = write(sim_id=sim.pk)
    write(sim_id=sim.pk + 1, subject_key="8986011805021000005")
    answer = client.get(URL, {"q": GICCID[-6:]})
    assert shown(answer) == ours
    assert attribute(answer, "data-feed") == f"sim={sim.pk}"
    none = client.get(URL, {"q": "123456789"})
    assert "No SIM has a number like “123456789”." in text(none)
    assert attribute(none, "data-feed") == "sim=0"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("severity=loud", "There is no severity “loud”."),
        ("account=nobody", "There is no account “nobody”."),
        ("when=ever", "“ever” is no span of time."),
        ("since=yesterday", "A day is written as 2026-11-22."),
        ("since=2026-02-02&until=2026-01-01", "The last day is before the first."),
        ("q=" + "9" * 300, "Ensure this value has at most 200 characters (it has 300)."),
    ],
)
def test_what_cannot_be_read_is_said_and_matches_nothing(client, query, words):
    write()
    answer = client.get(f"{URL}?{query}")
    assert errors(answer) == [words]
    assert shown(answer) == []
    assert answer.status_code == 200


@pytest.mark.parametrize("query", ["q=%00", "kind=%00", "after=99999999999999999-1", "before=0-999999999999999999"])
def test_strange_values_are_no_server_error(client, query):
    write()
    assert client.get(f"{URL}?{query}").status_code == 200


def test_pages_by_key_there_and_back(client):
    ids = write(120)
    backdate(ids, hours=1)
    newest = list(reversed(ids))
    first = client.get(URL)
    assert shown(first) == newest[:50]
    second = client.get(link(first, "next"))
    assert shown(second) == newest[50:100]
    third = client.get(link(second, "next"))
    assert shown(third) == newest[100:]
    assert 'rel="next"' not in third.content.decode()
    back = client.get(link(second, "prev"))
    assert shown(back) == newest[:50]
    assert "data-counts-only" in second.content.decode()
    assert "data-counts-only" not in first.content.decode()


def test_pages_keep_the_filters(client):
    ids = write(60, kind="sim.imei", data={"old": "1", "new": "2"})
    write(60)
    second = client.get(link(client.get(URL, {"kind": "sim.imei", "severity": "warning"}), "next"))
    assert shown(second) == list(reversed(ids))[50:]


def link(answer, rel: str) -> str:
    return re.search(rf'href="([^"]*)" rel="{rel}"', answer.content.decode())[1].replace("&amp;", "&")


def test_one_and_three_rows_are_the_same_number_of_queries(client, django_assert_num_queries):
    write()
    client.get(URL)
    with django_assert_num_queries(9):
        client.get(URL)
    write(2)
    with django_assert_num_queries(9):
        assert len(shown(client.get(URL))) == 3


def test_who_is_limited_sees_their_accounts_only(client, user):
    lab, dach = account("lab"), account("dach")
    ours, theirs, nobodys = write(account_id=lab.pk), write(account_id=dach.pk), write()
    AccountAccess.objects.create(user=user, account=lab)
    answer = client.get(URL)
    assert shown(answer) == ours
    assert total(answer) == "1"
    assert "dach" not in text(answer)
    assert shown(client.get("/events/latest/")) == ours
    assert errors(client.get(URL, {"account": dach.pk})) == [f"There is no account “{dach.pk}”."]
    assert client.get(f"/events/{ours[0]}/").status_code == 200
    assert client.get(f"/events/{theirs[0]}/").status_code == 404
    assert client.get(f"/events/{nobodys[0]}/").status_code == 404


def test_several_accounts_are_walked_together(client, user):
    accounts = [account(name) for name in ("a", "b", "c")]
    ids = [write(account_id=each.pk)[0] for each in accounts * 2]
    for each in accounts[:2]:
        AccountAccess.objects.create(user=user, account=each)
    assert shown(client.get(URL)) == [ids[place] for place in (4, 3, 1, 0)]
    assert shown(client.get(URL, {"kind": "sim.status"})) == [ids[place] for place in (4, 3, 1, 0)]


def test_an_event_opens_to_its_data(client):
    [event] = write(data={"old": "ACTIVATED", "new": "<b>"})
    page, part = (
        client.get(f"/events/{event}/"),
        client.get(f"/events/{event}/", headers={"HX-Request": "true", "HX-Target": f"event-{event}"}),
    )
    assert "<html" in page.content.decode() and "<html" not in part.content.decode()
    for answer in (page, part):
        assert '{ "new": "<b>", "old": "ACTIVATED" }' in text(answer)
        assert "&quot;&lt;b&gt;&quot;" in answer.content.decode()


def test_an_event_that_is_not_there(client):
    assert client.get("/events/99/").status_code == 404
    assert client.get(f"/events/{2**64}/").status_code == 404


def test_latest_is_ten_rows_with_where_to_go_on(client):
    ids = [write(data={"old": str(n), "new": str(n + 1)})[0] for n in range(12)]
    answer = client.get("/events/latest/")
    assert shown(answer) == list(reversed(ids))[:10]
    assert attribute(answer, "data-after") == str(Event.objects.order_by("-id").first().id)


def test_alike_events_are_one_row_of_the_latest(client):
    ids = write(3)
    answer = client.get("/events/latest/")
    assert shown(answer) == [ids[2]]
    assert attribute(answer, "data-others") == f"{ids[1]} {ids[0]}"
    assert "and 2 more" in text(answer)
