from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from msgspec import structs

from enterprise.catalogue import read_enterprise, write_accounts, write_packages
from enterprise.models import Account, AccountDay, Enterprise, ServicePackage, Source
from enterprise.sources import failing, note_failure
from smarthub import Answer, Client, RecordError
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(simulator: Simulated) -> Iterator[Client]:
    simulator.post("/_sim/reset", {"sims": 10, "now": "2025-08-13T06:00:00+0000"})
    client = Client(base_url=simulator.base_url, api_key=simulator.key)
    yield client
    client.close()


def test_enterprise_and_its_accounts_are_dated_copies(client: Client) -> None:
    accounts, answer = read_enterprise(client)
    assert answer.reply.attempts == 1
    assert {account.name for account in accounts} >= {"example_account", "lab account"}
    assert Enterprise.objects.get().read_at is not None
    read_enterprise(client)
    assert Enterprise.objects.count() == 1


def test_enterprise_that_names_no_account_makes_none_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    _, answer = read_enterprise(client)
    monkeypatch.setattr(client, "enterprise", lambda: Answer(structs.replace(answer.value, accounts=()), answer.reply))
    assert read_enterprise(client)[0] == []
    assert not Account.objects.exclude(gone_at=None).exists()


def test_no_account_is_gone_where_one_could_not_be_read(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    _, answer = read_enterprise(client)
    first = structs.replace(answer.value, accounts=answer.value.accounts[:1])
    unread = RecordError(None, "accountName", "Account name is missing.")
    monkeypatch.setattr(client, "enterprise", lambda: Answer(first, answer.reply, (unread,)))
    assert len(read_enterprise(client)[0]) == 1
    assert not Account.objects.exclude(gone_at=None).exists()


def test_account_has_its_figures(client: Client) -> None:
    read_enterprise(client)
    account = Account.objects.get(name="example_account")
    write_accounts([(account, client.account(account.name))])
    account.refresh_from_db()
    assert account.carrier_sim_count == sum(account.carrier_status_counts.values()) == 9
    assert account.currency and account.balance is not None


def test_packages_have_their_allowance_and_are_never_deleted(client: Client) -> None:
    read_enterprise(client)
    account = Account.objects.get(name="example_account")
    ServicePackage.objects.create(account=account, name="Sold no more")
    write_packages([(account, client.service_packages(account.name))])
    package = account.packages.get(name="Prepaid-Basic-100M")
    assert (package.data_volume_mb, package.type, package.gone_at) == (Decimal(100), "BASIC", None)
    assert account.packages.get(name="Sold no more").gone_at is not None
    account.refresh_from_db()
    assert account.packages_read_at is not None


def test_what_cannot_be_read_makes_nothing_gone(client: Client) -> None:
    read_enterprise(client)
    account = Account.objects.get(name="example_account")
    answer = client.service_packages(account.name)
    write_packages([(account, answer)])
    unreadable = RecordError(None, "dataVolume", "Data volume is an object, a number was expected.")
    write_packages([(account, Answer(answer.value[1:], answer.reply, (unreadable,)))])
    assert not account.packages.exclude(gone_at=None).exists()


def test_an_account_has_a_reading_a_day(client: Client) -> None:
    read_enterprise(client)
    account = Account.objects.get(name="example_account")
    write_accounts([(account, client.account(account.name))])
    write_accounts([(account, client.account(account.name))])
    day = AccountDay.objects.get()
    assert (day.balance, day.current_cycle_charge) == (account.balance, account.current_cycle_charge)
    assert day.read_at == account.read_at


def test_a_failure_is_noted_until_the_next_answer(client: Client) -> None:
    read_enterprise(client)
    account = Account.objects.get(name="example_account")
    note_failure(Source.Call.ACCOUNT, account, "No answer.")
    assert [(row.call, row.account, row.read_at) for row in failing()] == [("account", account, None)]
    write_accounts([(account, client.account(account.name))])
    assert failing() == []
    assert Source.objects.get(call="account").read_at is not None


def test_statements_do_not_grow_with_the_accounts(client: Client) -> None:
    accounts, _ = read_enterprise(client)
    figures = [(account, client.account(account.name)) for account in accounts]
    packages = [(account, client.service_packages(account.name)) for account in accounts]
    assert len(accounts) > 1
    assert _statements(write_accounts, figures[:1]) == _statements(write_accounts, figures) > 0
    assert _statements(write_packages, packages[:1]) == _statements(write_packages, packages) > 0
    assert not Account.objects.filter(packages_read_at=None).exists()


def _statements(write: Callable[[Any], None], read: list[Any]) -> int:
    with CaptureQueriesContext(connection) as caught:
        write(read)
    return len(caught)


def test_accounts_that_are_as_they_were_are_not_written(client: Client) -> None:
    read_enterprise(client)
    with CaptureQueriesContext(connection) as caught:
        read_enterprise(client)
    assert not [query for query in caught if query["sql"].startswith('INSERT INTO "enterprise_account"')]
    Account.objects.filter(name="lab account").update(status="CLOSED", gone_at=timezone.now())
    read_enterprise(client)
    again = Account.objects.get(name="lab account")
    assert (again.status != "CLOSED", again.gone_at) == (True, None)
