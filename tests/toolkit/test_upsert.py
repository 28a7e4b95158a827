from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from enterprise.models import Account, AccountDay, CountryDayRead
from toolkit.upsert import rewrite, upsert

NOW = datetime(2026, 1, 5, 12, 30, 0, 123456, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def account(name: str, **figures: object) -> Account:
    return Account(name=name, read_at=NOW, **figures)


def test_rows_come_back_as_they_were_put_in():
    odd = account('O\'Neill \\ "x" %s 北', balance=Decimal("-0.10"), sms_usage=2**40, carrier_status_counts={"A": 1})
    upsert([odd, account("plain")], unique=["name"], update=[])
    kept, plain = Account.objects.order_by("id")
    assert (kept.name, kept.balance, kept.sms_usage) == (odd.name, Decimal("-0.10"), 2**40)
    assert (kept.carrier_status_counts, kept.read_at, kept.gone_at) == ({"A": 1}, NOW, None)
    assert (plain.balance, plain.customer_name) == (None, "")


def test_of_a_row_that_is_there_only_what_is_named_is_set():
    upsert([account("a", status="old", currency="EUR")], unique=["name"], update=["status"])
    upsert([account("a", status="new", currency="CHF")], unique=["name"], update=["status"])
    upsert([account("a", status="none")], unique=["name"], update=[])
    assert list(Account.objects.values_list("status", "currency")) == [("new", "EUR")]


def test_rows_are_told_by_several_fields_one_of_them_of_another_table():
    owner = Account.objects.create(name="a", read_at=NOW)
    for usage in (1, 2):
        day = AccountDay(account=owner, day=date(2026, 1, 5), data_usage_mb=usage, read_at=NOW)
        upsert([day], unique=["account", "day"], update=["data_usage_mb"])
    assert [day.data_usage_mb for day in AccountDay.objects.all()] == [2]


def test_a_key_that_is_no_number_is_put_in_too():
    for is_final in (False, True):
        upsert([CountryDayRead(day=NOW.date(), read_at=NOW, is_final=is_final)], unique=["day"], update=["is_final"])
    assert list(CountryDayRead.objects.values_list("day", "is_final")) == [(NOW.date(), True)]


def test_rows_are_rewritten_by_their_id(django_assert_num_queries):
    kept = [Account.objects.create(name=name, read_at=NOW) for name in "ab"]
    for row in kept:
        row.balance, row.status = Decimal(7), "not written"
    with django_assert_num_queries(1):
        rewrite(kept, ["balance"])
    assert list(Account.objects.values_list("name", "balance", "status")) == [("a", 7, ""), ("b", 7, "")]


def test_nothing_is_asked_for_no_rows(django_assert_num_queries):
    with django_assert_num_queries(0):
        upsert([], unique=["name"], update=[])
