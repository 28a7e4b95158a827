"""What a confirmation says will happen: in words, with cost, beginning and end where they are known."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from enterprise.models import ServicePackage
from sims.changes.consequences import consequences
from sims.models import Verb
from tests.sims.fleet import NOW, make_account, make_package, make_sim

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    account = make_account()
    package = make_package(account, "Prepaid-Basic-500M")
    ServicePackage.objects.filter(pk=package.pk).update(
        price="1.20", currency="USD", validity_period=1, validity_unit="MONTH"
    )
    make_package(account, "Addon-50M")
    return account


def said(sim, verb: str, **wanted: str) -> str:
    return " ".join(consequences(sim, Verb(verb), wanted))


def test_the_first_activation_starts_plan_and_billing(account):
    words = said(make_sim(account=account, status="INVENTORY", package="Prepaid-Basic-500M"), "activate")
    assert "activated for the first time" in words
    assert "Prepaid-Basic-500M and its billing start now for 1.20 USD for 1 month." in words


def test_a_later_activation_goes_on_with_its_plan(account):
    words = said(make_sim(account=account, status="DEACTIVATED", activated_at=NOW), "activate")
    assert "for the first time" not in words and "Billing of the plan Prepaid-Basic-100M goes on" in words


def test_without_a_plan_nothing_is_promised(account):
    assert "It has no plan" in said(make_sim(account=account, status="INVENTORY", package=""), "activate")


def test_a_suspended_sim_is_silent_and_may_cost_on():
    words = said(make_sim(), "suspend")
    assert "moves no data and gets no SMS" in words and "so may what they cost" in words


def test_retiring_is_final():
    words = said(make_sim(), "retire")
    assert "This is final" in words and "Prepaid-Basic-100M ends at once" in words


def test_retiring_says_what_is_given_up(account):
    sim = make_sim(
        account=account,
        package="Addon-50M",
        data_usage_mb=Decimal("21.2"),
        package_ends_at=timezone.now() + timedelta(days=9, hours=1),
        apns=[{"name": name, "status": status} for name, status in (("a", "OPEN"), ("b", "CLOSED"), ("c", "OPEN"))],
    )
    assert said(sim, "retire").endswith(
        "The plan Addon-50M ends at once, with 9 days and 78.80 MB unused. 2 APNs close."
    )


def test_a_plan_now_starts_a_period_and_ends_one(account):
    words = said(make_sim(account=account), "change-plan", package="Prepaid-Basic-500M", effective="now")
    assert "A new period of Prepaid-Basic-500M starts now for 1.20 USD for 1 month." in words
    assert "Prepaid-Basic-100M ends at once" in words


def test_a_plan_of_the_next_cycle_keeps_the_present_one(account):
    words = said(make_sim(account=account), "change-plan", package="Prepaid-Basic-500M", effective="next-cycle")
    assert "until then it stays Prepaid-Basic-100M" in words and "no other plan change" in words


def test_a_package_is_bought_for_good(account):
    words = said(make_sim(account=account), "add-package", package="Addon-50M")
    assert words == "The package Addon-50M is bought now. It cannot be given back."


def test_an_apn_that_closes_cuts_devices_off():
    sim = make_sim(apns=[{"name": "iot.public", "status": "OPEN"}])
    assert "lose their connection" in said(sim, "apn", apn="iot.public", apn_status="CLOSED")
    assert "may connect" in said(sim, "apn", apn="iot.public", apn_status="OPEN")


@pytest.mark.parametrize(("names", "words"), [(["custom1"], "One text"), (["custom1", "custom2"], "2 texts")])
def test_texts_cost_nothing(names, words):
    text = said(make_sim(), "custom-fields", **dict.fromkeys(names, "x"))
    assert text.startswith(words) and text.endswith("It costs nothing.")


@pytest.mark.parametrize("verb", Verb)
def test_each_verb_has_words_for_a_sim_of_which_little_is_known(verb):
    sim = make_sim(package="", status="INVENTORY")
    assert consequences(sim, verb, {})
