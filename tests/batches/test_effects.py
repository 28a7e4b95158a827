"""What a plan will bring about, in words."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from batches.estimate import estimate_words
from batches.plan import SelectionSpec, create_batch
from tests.sims.fleet import make_account, make_package, make_sim


def plan(user, sims, kind, **wanted):
    chosen = SelectionSpec(giccids=[sim.giccid for sim in sims])
    return create_batch(kind=kind, selection=chosen, wanted=wanted, reason="", user=user)


@pytest.fixture
def account(db):
    account = make_account()
    for name, price, pool in (("Prepaid-Basic-100M", "1.20", ""), ("Prepaid-Basic-500M", "3.00", "EU-Pool-50G")):
        package = make_package(account, name)
        package.price, package.currency, package.share_pool_name = Decimal(price), "USD", pool
        package.save()
    return account


def sims(account, count, **fields):
    now = timezone.now()
    values = {"read_at": now, "account": account, "package_ends_at": now + timedelta(days=9), **fields}
    return [make_sim(f"89860118050210000{number:02}", **values) for number in range(count)]


def test_retiring_ends_plans_closes_apns_and_leaves_pools(user, account):
    apns = [{"name": "iot.public", "status": "OPEN"}, {"name": "iot.private", "status": "CLOSED"}]
    found = sims(account, 3, status="DEACTIVATED", package="Prepaid-Basic-500M", apns=apns)

    titles = [effect["title"] for effect in plan(user, found, "retire").effects]

    assert titles == ["Final.", "3 plans end now.", "3 open APNs close.", "Share pools lose 3 members."]


def test_a_first_activation_starts_billing(user, account):
    found = sims(account, 2, status="INVENTORY")
    (effect,) = plan(user, found, "activate").effects
    assert effect["title"] == "2 SIMs are activated for the first time." and "billing" in effect["text"]


def test_another_plan_ends_the_old_one_and_costs(user, account):
    found = sims(account, 2)
    titles = [effect["title"] for effect in plan(user, found, "change-plan", package="Prepaid-Basic-500M").effects]
    assert titles == ["A new period starts at once.", "2 plans end early.", "USD 6.00 by list price."]


@pytest.mark.parametrize(
    ("kind", "wanted", "status", "also"),
    [
        ("retire", {}, "DEACTIVATED", ["Plan ends, 9 days unused · Closes iot.public · Leaves EU-Pool-50G",
                                       "Closes 2 APNs", "Nothing else"]),
        ("activate", {}, "DEACTIVATED", ["Plan goes on", "Plan has ended, starts anew",
                                         "First activation: billing starts"]),
        ("suspend", {}, "ACTIVATED", ["Plan goes on, 9 days left", "Nothing else", "Nothing else"]),
        ("change-plan", {"package": "Prepaid-Basic-100M"}, "ACTIVATED",
         ["New period starts · Plan ends, 9 days unused", "New period starts", "New period starts"]),
        ("change-plan", {"package": "Prepaid-Basic-100M", "effective": "next-cycle"}, "ACTIVATED",
         ["Keeps its plan until then"] * 3),
        ("add-package", {"package": "Addon-50M"}, "ACTIVATED", ["Costs 0.5 USD"] * 3),
    ],
)  # fmt: skip
def test_each_row_says_what_else_follows(user, account, kind, wanted, status, also):
    addon = make_package(account, "Addon-50M")
    type(addon).objects.filter(pk=addon.pk).update(price=Decimal("0.50"), currency="USD", type="SUPPLEMENTARY")
    both = [{"name": "iot.public", "status": "OPEN"}, {"name": "iot.private", "status": "OPEN"}]
    now = timezone.now()
    rows = [
        {"package": "Prepaid-Basic-500M", "apns": both[:1], "activated_at": now,
         "package_ends_at": now + timedelta(days=9, hours=1)},
        {"package": "", "apns": both, "activated_at": now, "package_ends_at": now - timedelta(days=1)},
        {"package": "", "package_ends_at": None},
    ]  # fmt: skip
    found = [make_sim(f"89860118050210000{n:02}", read_at=now, account=account, status=status, **row)
             for n, row in enumerate(rows)]  # fmt: skip

    batch = plan(user, found, kind, **wanted)

    assert list(batch.items.order_by("place").values_list("why", flat=True)) == also


def test_how_long_it_takes_at_least(user, account, settings):
    settings.SMARTHUB_RATE_PER_MINUTE, settings.BATCH_JOB_SIZE = 60, 1000
    assert estimate_words("suspend", 0) == "nothing to send"
    # 3 jobs of 2 s and 5 requests each, 30 reads
    assert estimate_words("suspend", 3000).startswith("at least 51 s, by the rate limit")
    assert estimate_words("add-package", 120).startswith("at least 2 min 2 s")


def test_where_nothing_changes_nothing_follows(user, account):
    assert plan(user, sims(account, 1, status="RETIRED"), "activate").effects == []
