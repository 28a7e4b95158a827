from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from notifications.intake.tokens import read_known
from notifications.models import Delivery, Push, PushDay, PushKey, Untaken, WebhookToken
from notifications.retention import keep_months
from notifications.silence import warnings, watch
from notifications.tasks import watch_pushes
from notifications.tokens import ensure_tokens
from tests.notifications.requests import address, ask, push, run
from tests.page import text, text_of
from users.models import AuditEntry, User

pytestmark = pytest.mark.usefixtures("committed")
SETUP = "/events/setup/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_user("ada", role=User.Role.ADMIN))
    return client


def answered(token: str) -> int:
    return run(lambda intake: ask(intake, path=address(token=token))).status


def test_the_nine_addresses_and_when_each_was_last_used(admin: Client, settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://portal.example"
    PushDay.objects.create(slug="mo-sms", day=datetime.now(UTC).date(), count=1, last_at=datetime.now(UTC))

    page = admin.get(SETUP)

    found = re.findall(r"data-address>([^<]*)<", page.content.decode())
    assert len(found) == 9
    assert found[0] == f"https://portal.example{address('mo-sms')}"
    assert text(page).count("not yet") == 8


@pytest.mark.parametrize("path", ["", "tokens/", "tokens/1/revoke/", "test/"])
def test_for_admins_only(client: Client, path: str) -> None:
    client.force_login(User.objects.create_user("max", role=User.Role.MANAGER))
    ask_for = client.post if path else client.get

    assert ask_for(f"{SETUP}{path}").status_code == 403
    assert (client.get if path else client.post)(f"{SETUP}{path}").status_code == 405


def test_a_token_is_replaced_without_a_gap(admin: Client, settings: LazySettings) -> None:
    ensure_tokens()
    first = WebhookToken.objects.get()
    assert "only token" in admin.post(f"{SETUP}tokens/{first.pk}/revoke/", follow=True).content.decode()

    admin.post(f"{SETUP}tokens/")
    second = WebhookToken.objects.exclude(pk=first.pk).get()
    assert [answered(first.value), answered(second.value)] == [200, 200]

    admin.post(f"{SETUP}tokens/{first.pk}/revoke/")
    assert [answered(first.value), answered(second.value)] == [404, 200]
    assert (settings.PORTAL_DATA_DIR / "webhook_token").read_text() == second.value
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "webhook-token.add",
        "webhook-token.revoke",
    ]
    assert "revoked already" in admin.post(f"{SETUP}tokens/{first.pk}/revoke/", follow=True).content.decode()
    assert admin.post(f"{SETUP}tokens/999999/revoke/").status_code == 404


def test_a_token_of_the_settings_is_theirs_to_end(admin: Client, settings: LazySettings) -> None:
    settings.WEBHOOK_TOKEN_IS_SET, settings.SMARTHUB_WEBHOOK_TOKEN = True, "from-the-settings"
    ensure_tokens()
    admin.post(f"{SETUP}tokens/")
    token = WebhookToken.objects.get(origin="setting")
    answer = admin.post(f"{SETUP}tokens/{token.pk}/revoke/", follow=True)
    assert "SMARTHUB_WEBHOOK_TOKEN" in answer.content.decode()

    settings.SMARTHUB_WEBHOOK_TOKEN = "another"
    ensure_tokens()
    ensure_tokens()
    assert WebhookToken.objects.get(pk=token.pk).revoked_at is not None
    assert len(read_known().valid) == 2


def test_a_test_push_that_nobody_takes_says_so(admin: Client, settings: LazySettings) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:9"

    answer = admin.post(f"{SETUP}test/", {"slug": "no-session"}, follow=True)

    assert "was not taken" in answer.content.decode()
    assert admin.post(f"{SETUP}test/", {"slug": "odd"}).status_code == 422
    assert admin.post(f"{SETUP}test/", {"slug": "no-session", "giccid": "89/86"}).status_code == 422


def days_of(slug: str, *ago: float) -> None:
    now = datetime.now(UTC)
    for days in ago:
        at = now - timedelta(days=days)
        PushDay.objects.create(slug=slug, day=at.date(), count=1, last_at=at)


def whole(response: HttpResponse) -> str:
    """The words of the page with its frame."""
    return text_of(response.content.decode())


@pytest.fixture
def _nothing_noted() -> Iterator[None]:
    yield
    cache.clear()


@pytest.mark.usefixtures("_nothing_noted")
def test_a_kind_that_used_to_come_daily_and_is_silent_is_told_of(admin: Client) -> None:
    days_of("no-session", 1.3, 2.3, 3.3, 4.3, 5.3, 6.3)
    days_of("mo-sms", 0.01, 1.01, 2.01, 3.01, 4.01)
    days_of("imei-change", 3, 9)

    found = watch()

    assert [kind.slug for kind in found.silent] == ["no-session"]
    assert warnings(found) == ["No no-session push for 31 h."]
    watch_pushes()
    for page in ("/account/", "/sims/"):
        assert "Pushes. No no-session push for 31 h. Open the push inbox" in whole(admin.get(page))
    assert admin.get("/health/ready").json()["pushes"]["warnings"] == warnings(found)
    assert "They usually come daily" in text(admin.get("/events/inbox/"))


@pytest.mark.parametrize(("hours", "is_silent"), [(3.9, False), (4.1, True)])
def test_silence_begins_where_the_settings_say(settings: LazySettings, hours: float, is_silent: bool) -> None:
    settings.PUSH_SILENCE_HOURS = 4
    days_of("mo-sms", hours / 24, 1 + hours / 24, 2 + hours / 24, 3 + hours / 24, 4 + hours / 24)

    assert [kind.slug for kind in watch().silent] == ["mo-sms"] * is_silent


@pytest.mark.usefixtures("_nothing_noted")
def test_a_backlog_is_told_of(admin: Client) -> None:
    waits = Untaken.objects.create(received_at=datetime.now(UTC) - timedelta(seconds=50), id=1, slug="mo-sms")
    assert warnings(watch()) == []
    waits.delete()
    Untaken.objects.create(received_at=datetime.now(UTC) - timedelta(minutes=3), id=1, slug="mo-sms")

    assert warnings(watch()) == ["The oldest push waits since 3 min."]
    watch_pushes()
    assert "Pushes. The oldest push waits since 3 min." in whole(admin.get("/account/"))
    assert admin.get("/health/ready").json()["pushes"]["warnings"] == warnings(watch())


def test_what_waits_for_the_carrier_is_told_of_as_that(admin: Client) -> None:
    old = datetime.now(UTC) - timedelta(minutes=3)
    push = Push(received_at=old, delivery_id=1, place=0, slug="sim-status", event_key="1", state="received")
    push.needs_read, push.due_at = True, datetime.now(UTC) + timedelta(minutes=1)
    push.save(force_insert=True)

    words = "The carrier does not answer: the oldest push waits since 3 min for its SIM to be read."
    assert warnings(watch()) == [words]
    assert words in text(admin.get("/events/inbox/"))
    assert "the oldest waits for the carrier since 3 min" in text(admin.get("/"))


def exists(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        return bool(cursor.fetchone()[0])


def test_months_past_their_retention_are_dropped_whole(settings: LazySettings) -> None:
    settings.PUSH_RETENTION_DAYS = 40
    push(b"{}")
    PushKey.objects.create(slug="x", key="old", received_at=datetime(2020, 1, 1, tzinfo=UTC), delivery_id=1, place=0)
    PushKey.objects.create(slug="x", key="new", received_at=datetime.now(UTC), delivery_id=1, place=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE notifications_delivery_2020_01 PARTITION OF notifications_delivery "
            "FOR VALUES FROM ('2020-01-01') TO ('2020-02-01')"
        )
    for year in (2019, 2020):
        Delivery.objects.create(
            received_at=datetime(year, 1, 9, tzinfo=UTC), id=year, slug="x", headers=b"[]", body=b"old"
        )

    keep_months()
    keep_months()

    assert [bytes(each.body) for each in Delivery.objects.all()] == [b"{}"]
    assert not exists("notifications_delivery_2020_01")
    assert exists(f"notifications_delivery_{datetime.now(UTC):%Y_%m}")
    assert [key.key for key in PushKey.objects.all()] == ["new"]
    assert Push.objects.count() == 0
