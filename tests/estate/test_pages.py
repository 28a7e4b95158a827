"""What every page of the estate answers: people, methods, nothing there yet, strange names, strange addresses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from enterprise.models import Source
from enterprise.scope import limit_to
from enterprise.sources import note_failure, note_read
from tests.estate.rows import HOSTILE, make_account, make_pool
from tests.page import alerts, htmx, text
from tests.sims.fleet import make_package

PAGES = (
    "/enterprise/",
    "/enterprise/accounts/",
    "/enterprise/packages/",
    "/enterprise/share-pools/",
    "/enterprise/statistics/",
    "/enterprise/usage/",
    "/enterprise/usage/silent/",
    "/enterprise/calendar/",
)
PARTS = {
    "/enterprise/accounts/": "accounts",
    "/enterprise/packages/": "packages",
    "/enterprise/share-pools/": "pools",
    "/enterprise/statistics/": "countries",
    "/enterprise/usage/": "usage",
    "/enterprise/usage/silent/": "silent",
}
STRANGE = "?q=%00&days=-1&from=yesterday&to=2026-13-01&after=%00&before=x&sort=%F0%9F%90%88&by=x&account=abc&csv="


@pytest.mark.parametrize("path", PAGES)
def test_there_is_a_page_when_nothing_was_read(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert "<h1" in response.content.decode()


@pytest.mark.parametrize("path", PAGES)
def test_it_is_read_by_who_is_signed_in(client, path):
    assert client.post(path).status_code == 405
    assert Client().get(path)["Location"] == f"/login/?next={path}"


@pytest.mark.parametrize("path", PAGES)
def test_a_strange_address_is_answered_with_words(client, path):
    assert client.get(f"{path}{STRANGE}").status_code == 200


@pytest.mark.parametrize(("path", "part"), PARTS.items())
def test_a_part_comes_alone(client, path, part):
    html = client.get(path, headers=htmx(part)).content.decode()
    assert f'id="{part}"' in html
    assert "<html" not in html


@pytest.mark.parametrize("name", HOSTILE)
def test_strange_names_are_printed_as_they_are(client, name):
    account = make_account(name)
    package = make_package(account, name=name)
    pool = make_pool(name, account=account, account_name=name)
    ours = (
        f"/enterprise/accounts/{account.pk}/",
        f"/enterprise/packages/{package.pk}/",
        f"/enterprise/share-pools/{pool.pk}/",
    )
    for path in (*PAGES[:4], *ours):
        response = client.get(path)
        assert "<b>Sons</b>" not in response.content.decode()
        if path != PAGES[0]:
            assert name in text(response), path


@pytest.mark.parametrize("kind", ["accounts", "packages", "share-pools"])
def test_what_is_not_there_is_not_found(client, kind):
    assert client.get(f"/enterprise/{kind}/999/").status_code == 404


CALLS = {
    Source.Call.ACCOUNT: "/enterprise/accounts/",
    Source.Call.PACKAGES: "/enterprise/packages/",
    Source.Call.POOLS: "/enterprise/share-pools/",
    Source.Call.COUNTRIES: "/enterprise/statistics/",
    Source.Call.ENTERPRISE: "/enterprise/",
}


@pytest.mark.parametrize(("call", "path"), CALLS.items())
def test_a_call_that_failed_is_told_with_the_age_of_what_stands(client, call, path):
    account = make_account() if call in (Source.Call.ACCOUNT, Source.Call.PACKAGES) else None
    note_read(call, account, timezone.now() - timedelta(hours=3))
    note_failure(call, account, "The carrier has trouble of its own (503).")
    words = text(client.get(path))
    assert "could not be read The carrier has trouble of its own (503)." in words
    assert "read 3 h ago" in words
    # Accounts are named by the enterprise, so its failure is told there as well.
    others = [each for each in CALLS.values() if each not in (path, "/enterprise/", "/enterprise/accounts/")]
    assert all("could not be read" not in text(client.get(each)) for each in others)


def test_who_may_see_some_accounts_sees_those(client, user, django_user_model):
    mine, other = make_account("mine"), make_account("other")
    make_package(other, name="Theirs")
    make_pool("Hidden", account=other, account_name="other")
    limit_to(user, [mine], by=django_user_model.objects.create_user("admin"))
    assert "other" not in text(client.get("/enterprise/accounts/"))
    assert "Theirs" not in text(client.get("/enterprise/packages/"))
    assert "Hidden" not in text(client.get("/enterprise/share-pools/"))
    assert client.get(f"/enterprise/accounts/{other.pk}/").status_code == 404
    assert "whole enterprise only" in text(client.get("/enterprise/statistics/"))


def test_days_that_cannot_be_read_are_told(client):
    response = client.get("/enterprise/usage/?from=2026-02-01&to=2026-01-01")
    assert "The last day is before the first." in " ".join(alerts(response))
    response = client.get("/enterprise/statistics/?from=2020-01-01")
    assert "At most 400 days at once." in " ".join(alerts(response))
