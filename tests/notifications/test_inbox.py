from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from journal.models import Event
from notifications.models import Delivery, Push
from notifications.pushes.kinds import KINDS, Field
from tests.notifications.requests import push
from tests.notifications.test_pushes import SEED, payload
from tests.page import errors, text, total
from tests.simulated import Simulated
from users.models import AuditEntry, User

pytestmark = pytest.mark.usefixtures("carrier")
Work = Callable[[], None]
INBOX = "/events/inbox/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_user("ada", role=User.Role.ADMIN))
    return client


@pytest.fixture
def support(client: Client) -> Client:
    client.force_login(User.objects.create_user("sam"))
    return client


def values(page: Any, tag: str, name: str, also: str = "data-push") -> list[str]:
    """The attribute of each of these elements that has `also`."""
    found = re.findall(rf"<{tag}\b[^>]*>", page.content.decode())
    return [unescape(re.search(rf'\b{name}="([^"]*)"', each)[1]) for each in found if also in each]


def label(slug: str) -> str:
    return Push.objects.get(slug=slug).label


def test_each_push_is_a_row_with_what_it_led_to(admin: Client, work: Work) -> None:
    push(payload("no-session", noSessionHours=72), "no-session")
    push(b"{", "sim-status")
    work()
    push(payload("imei-change"), "imei-change")

    page = admin.get(INBOX)

    assert page.status_code == 200
    assert values(page, "tr", "data-state") == ["received", "failed", "handled"]
    assert total(page) == "3"
    assert "No connection for 72 h" in text(page) and "1 journal entry" in text(page)
    assert "Not taken apart yet" in text(page) and "The body is no JSON." in text(page)


def test_the_page_and_its_fragment(admin: Client) -> None:
    assert "<html" in admin.get(INBOX).content.decode()
    part = admin.get(INBOX, headers={"HX-Request": "true", "HX-Target": "inbox"}).content.decode()
    assert "<html" not in part and 'id="inbox"' in part
    assert admin.post(INBOX).status_code == 405
    assert Client().get(INBOX)["Location"].startswith("/login/")


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("kind=no-session", ["no-session"]),
        ("state=failed", ["sim-status"]),
        ("state=received", []),
        ("state=handled&kind=mo-sms", ["mo-sms"]),
        ("q=evt-mo-sms", ["mo-sms"]),
        (f"q={SEED}", ["mo-sms", "no-session"]),
        ("q=21000004", ["mo-sms", "no-session"]),
        ("q=nothing-like-it", []),
        ("when=hour", ["sim-status", "mo-sms", "no-session"]),
        ("until=2020-01-01", []),
        ("since=2020-01-01", ["sim-status", "mo-sms", "no-session"]),
    ],
)
def test_filters(admin: Client, work: Work, query: str, slugs: list[str]) -> None:
    push(payload("no-session"), "no-session")
    push(payload("mo-sms", content="x"), "mo-sms")
    push(b"{", "sim-status")
    work()

    page = admin.get(f"{INBOX}?{query}")

    assert values(page, "tr", "data-kind") == slugs
    assert total(page) == str(len(slugs))


@pytest.mark.parametrize("query", ["state=odd", "when=odd", "since=odd", "q=%00", "since=2026-02-02&until=2026-01-01"])
def test_a_filter_that_cannot_be_read_says_so(admin: Client, query: str) -> None:
    page = admin.get(f"{INBOX}?{query}")

    assert page.status_code == 200
    assert errors(page)
    assert values(page, "tr", "data-state") == []


@pytest.mark.parametrize("cursor", ["odd", "9" * 19, "9" * 30, "1-99999", "-1"])
def test_a_strange_cursor_is_as_good_as_none_or_the_end(admin: Client, cursor: str) -> None:
    assert admin.get(f"{INBOX}?after={cursor}").status_code == 200
    assert admin.get(f"{INBOX}?before={cursor}").status_code == 200


def test_pages_walk_through_every_push_once(admin: Client, work: Work) -> None:
    push([payload("no-session", eventId=str(number)) for number in range(120)], "no-session")
    work()
    push(payload("mo-sms"), "mo-sms")
    seen: list[str] = []
    url = INBOX
    while url:
        page = admin.get(url)
        seen += values(page, "tr", "data-push")
        following = values(page, "a", "href", 'rel="next"')
        url = following[0] if following else ""
    back = admin.get(values(page, "a", "href", 'rel="prev"')[0])

    assert len(seen) == len(set(seen)) == 121
    assert values(back, "tr", "data-push") == seen[50:100]


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_do_not_grow_with_the_rows(
    admin: Client, work: Work, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    push([payload("no-session", eventId=str(number)) for number in range(rows)], "no-session")
    work()
    admin.get(INBOX)

    with django_assert_num_queries(15):
        admin.get(INBOX)


def test_an_opened_push_shows_what_came_and_to_admins_why_it_failed(admin: Client, work: Work) -> None:
    push(b'{"giccid": "8986011805021000004", "noSessionHours": "many"}', "no-session")
    work()
    url = f"{INBOX}{label('no-session')}/"

    words = text(admin.get(url))
    part = admin.get(url, headers={"HX-Request": "true", "HX-Target": f"push-{label('no-session')}"}).content.decode()
    assert "noSessionHours" in words and "Traceback" in words and "content-type" in words
    assert "<html" not in part and "Traceback" in part

    admin.force_login(User.objects.create_user("sam"))
    assert "Traceback" not in admin.get(url).content.decode()


def test_an_opened_push_that_waits_looks_again_by_itself(admin: Client, work: Work) -> None:
    push(payload("no-session"), "no-session")

    def opened() -> str:
        name = f"push-{Delivery.objects.get().id}"
        url, headers = f"{INBOX}{Delivery.objects.get().id}/", {"HX-Request": "true", "HX-Target": name}
        return admin.get(url, headers=headers).content.decode()

    assert 'data-live="inbox"' in opened()
    work()
    assert "data-live" not in opened()


@pytest.mark.parametrize("name", ["x", "1", "0-5", "9" * 40, "1-1"])
def test_a_push_that_is_not_there(admin: Client, name: str) -> None:
    assert admin.get(f"{INBOX}{name}/").status_code == 404


def test_a_push_just_received_can_be_opened(admin: Client) -> None:
    push(b"\xff\x00", "sim-status")

    assert admin.get(f"{INBOX}{Delivery.objects.get().id}/").status_code == 200


def test_replay_after_a_field_was_mended(admin: Client, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    push({"eventId": "1", "simCard": SEED, "noSessionHours": 72}, "no-session")
    push({"eventId": "1", "simCard": SEED, "noSessionHours": 72}, "no-session")
    push(payload("no-session", eventId="2"), "no-session")
    work()
    assert sorted(Push.objects.values_list("state", flat=True)) == ["failed", "handled", "ignored"]

    monkeypatch.setitem(
        __import__("notifications.pushes.kinds", fromlist=["COMMON"]).COMMON, "giccid", Field(("giccid", "simCard"))
    )
    answer = admin.post(f"{INBOX}replay/", {"everything": "1", "query": "kind=no-session"}, follow=True)
    work()

    assert "3 pushes are handled anew" in answer.content.decode()
    assert sorted(Push.objects.values_list("state", flat=True)) == ["handled", "handled", "ignored"]
    assert sorted(event.data.get("hours", "") for event in Event.objects.all()) == ["", "72"]
    assert AuditEntry.objects.get(action="push.replay").target == "3 pushes"


def test_a_replay_reads_the_sim_again_and_doubles_nothing(admin: Client, work: Work, carrier: Simulated) -> None:
    push(payload("imei-change", oldImei="1", newImei="490154203237518"), "imei-change")
    work()
    before = sum(carrier.get("/_sim/requests")["counts"].values())

    for _ in range(2):
        admin.post(f"{INBOX}replay/", {"push": label("imei-change")})
        work()

    assert sum(carrier.get("/_sim/requests")["counts"].values()) == before + 2
    assert [event.kind for event in Event.objects.all()] == ["push.imei"]
    assert (Push.objects.get().state, Push.objects.get().replays) == ("handled", 2)


def test_a_kind_that_is_known_now_is_handled_on_replay(
    admin: Client, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = [payload("no-session", eventId="1"), payload("no-session", eventId="2")]
    push(body, "of-tomorrow")
    work()
    known = {**KINDS, "of-tomorrow": KINDS["no-session"]}
    for module in ("take", "payload"):
        monkeypatch.setattr(f"notifications.pushes.{module}.KINDS", known)
    finders = __import__("notifications.pushes.findings", fromlist=["FINDERS"]).FINDERS
    monkeypatch.setattr("notifications.pushes.settle.FINDERS", {**finders, "of-tomorrow": finders["no-session"]})

    admin.post(f"{INBOX}replay/", {"everything": "1", "query": "state=failed"})
    work()

    assert list(Push.objects.values_list("state", flat=True)) == ["handled"] * 2


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "No push was chosen"),
        ({"push": "odd"}, "not pushes that could be chosen"),
        ({"push": "12345"}, "Nothing to replay"),
        ({"everything": "1", "query": "state=odd"}, "Nothing to replay"),
    ],
)
def test_a_replay_of_nothing_says_so(admin: Client, sent: dict[str, Any], words: str) -> None:
    assert words in admin.post(f"{INBOX}replay/", sent, follow=True).content.decode()
    assert admin.get(f"{INBOX}replay/").status_code == 405


def test_who_sees_some_accounts_sees_their_pushes_only(support: Client, work: Work) -> None:
    from enterprise.models import Account
    from enterprise.scope import limit_to

    push(payload("no-session"), "no-session")
    push(payload("mo-sms", giccid="8986011805021000010", content="x"), "mo-sms")
    work()
    push(payload("no-session", eventId="later"), "no-session")
    user = User.objects.get(username="sam")
    account = Account.objects.get_or_create(
        name="of somebody else", defaults={"read_at": Event.objects.first().recorded_at}
    )[0]
    limit_to(user, [account], by=user)

    page = support.get(INBOX)

    assert values(page, "tr", "data-push") == []
    assert support.get(f"{INBOX}{label('no-session')}/").status_code == 404
    support.post(f"{INBOX}replay/", {"push": label("mo-sms")})
    assert Push.objects.get(slug="mo-sms").replays == 0
