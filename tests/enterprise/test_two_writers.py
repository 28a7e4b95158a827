"""Two runs that read about the same accounts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from enterprise.catalogue import read_enterprise, write_accounts, write_packages
from enterprise.models import Account, ServicePackage
from smarthub import Answer, Reply
from smarthub import models as carrier_models
from tests.beside import WAIT_S, Beside, connections_of_their_own, wait_for_waiting

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2025, 8, 13, 6, tzinfo=UTC)
NAMES = ("first", "middle", "last")


@pytest.fixture
def beside() -> Iterator[Beside]:
    with connections_of_their_own(2) as beside:
        yield beside


@pytest.fixture
def accounts() -> list[Account]:
    return [Account.objects.create(name=name, read_at=NOW) for name in NAMES]


def answer(value: Any) -> Answer[Any]:
    return Answer(value, Reply(NOW, None, 1, 0.1))


def figures(account: Account) -> Answer[Any]:
    return answer(carrier_models.Account(name=account.name, status="READ"))


def packages(*names: str) -> Answer[Any]:
    return answer(tuple(carrier_models.ServicePackage(name=name) for name in names))


def enterprise(accounts: list[Account]) -> Any:
    named = tuple(carrier_models.AccountSummary(name=account.name, status="NAMED") for account in accounts)
    return SimpleNamespace(enterprise=lambda: answer(carrier_models.Enterprise(name="E", accounts=named)))


def both_wait_for_the_middle(rows: Any, beside: Beside, *works: Callable[[], Any]) -> None:
    """Each comes to the row in the middle from its side, and neither keeps the other from the end."""
    with transaction.atomic():
        rows.select_for_update().get(name="middle")
        others = []
        for number, work in enumerate(works, 1):
            others.append(beside(work))
            wait_for_waiting(number)
    for other in others:
        other.result(WAIT_S)


def test_accounts_are_named_and_read_in_any_order(beside: Beside, accounts: list[Account]) -> None:
    both_wait_for_the_middle(
        Account.objects,
        beside,
        lambda: read_enterprise(enterprise(accounts[::-1])),
        lambda: write_accounts([(account, figures(account)) for account in accounts]),
    )
    assert set(Account.objects.values_list("status", flat=True)) <= {"READ", "NAMED"}


def test_packages_are_listed_in_any_order(beside: Beside, accounts: list[Account]) -> None:
    first = accounts[0]
    for name in NAMES:
        ServicePackage.objects.create(account=first, name=name)
    both_wait_for_the_middle(
        ServicePackage.objects,
        beside,
        lambda: write_packages([(first, packages(*NAMES))]),
        lambda: write_packages([(first, packages(*NAMES[::-1]))]),
    )
    assert ServicePackage.objects.filter(gone_at=None).count() == 3


def test_each_of_two_lists_of_packages_may_lack_what_the_other_has(beside: Beside, accounts: list[Account]) -> None:
    first = accounts[0]
    for name in NAMES:
        ServicePackage.objects.create(account=first, name=name)
    both_wait_for_the_middle(
        ServicePackage.objects,
        beside,
        lambda: write_packages([(first, packages("first", "middle"))]),
        lambda: write_packages([(first, packages("last", "middle"))]),
    )
    assert ServicePackage.objects.get(name="middle").gone_at is None
