from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone

from enterprise.models import AccountDay, Enterprise, ServicePackage
from estate.models import PackageUse
from tests.estate.rows import HOSTILE, make_account, make_roll, today
from tests.page import field, text, total
from tests.sims.fleet import make_package, make_sim, make_sims


def sheet(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def make_day(account, *, ago: int, balance: str | None) -> None:
    AccountDay.objects.create(
        account=account, day=today() - timedelta(days=ago), balance=balance and Decimal(balance), currency="USD",
        current_cycle_charge=Decimal(3), read_at=timezone.now(),
    )  # fmt: skip


def test_the_enterprise_says_who_it_is_and_what_it_costs(client):
    Enterprise.objects.create(name=HOSTILE[1], contact_name="A. Example", read_at=timezone.now())
    first = make_account("a", current_cycle_charge=Decimal("1.50"), currency="USD", carrier_sim_count=5)
    make_sims(3, account=first)
    make_account("b", current_cycle_charge=Decimal("2"), currency="USD")
    make_account("c", current_cycle_charge=Decimal("9"), currency="EUR")
    make_account("gone", gone_at=timezone.now())
    words = text(client.get("/enterprise/"))
    assert words.startswith(HOSTILE[1])
    assert "3.50 USD" in words
    assert "9.00 EUR" in words
    assert "1 no longer named" in words
    assert "a Normal 3 5 −2 The carrier counted" in words


def test_our_sims_stand_beside_the_carriers(client):
    account = make_account(carrier_sim_count=5, balance=Decimal("-3.2"), currency="USD")
    make_sims(3, account=account)
    words = text(client.get("/enterprise/accounts/"))
    assert "3 5 −2 The carrier counted" in words
    assert "−3.20 USD" in words


def test_a_difference_by_missing_sims_is_explained_by_them(client):
    account = make_account(carrier_sim_count=1, carrier_status_counts={"ACTIVATED": 1})
    make_sims(2, account=account)
    make_sim("gone", account=account, missing_since=timezone.now())
    make_sim("gone2", account=account, missing_since=timezone.now())
    words = text(client.get(f"/enterprise/accounts/{account.pk}/"))
    assert "Active 4 1 +3 The carrier counted" in words
    assert "2 of ours are missing at the carrier." in words
    account.carrier_status_counts = {"ACTIVATED": 2}
    account.save()
    words = text(client.get(f"/enterprise/accounts/{account.pk}/"))
    assert "Active 4 2 +2 2 are missing at the carrier: it lists them no more, we keep them." in words


def test_counts_that_agree_say_so_and_unknown_statuses_are_shown(client):
    account = make_account(carrier_status_counts={"ACTIVATED": 1, "ODD<": 2})
    make_sim("1", account=account)
    response = client.get(f"/enterprise/accounts/{account.pk}/")
    assert "Active 1 1 equal" in text(response)
    assert "ODD< 0 2 −2" in text(response)


def test_an_account_without_figures_says_they_are_not_read(client):
    account = make_account()
    response = client.get(f"/enterprise/accounts/{account.pk}/")
    assert field(response, "balance") == "not read yet"
    assert "The carrier lists no package for this account." in text(response)
    assert "No balance of these days is known." in text(response)


def test_what_a_read_account_leaves_out_is_not_told(client):
    account = make_account("深圳 IoT", currency="USD", billing_cycle="2026-11")
    make_sims(2, account=account)
    response = client.get(f"/enterprise/accounts/{account.pk}/")
    assert (field(response, "balance"), field(response, "charge")) == ("not told", "not told")
    assert "SIMs by status the carrier gave no count" in text(response)


def test_balance_and_charge_have_a_history_with_its_gaps(client):
    account = make_account(currency="USD")
    make_day(account, ago=5, balance="10")
    make_day(account, ago=4, balance="9")
    make_day(account, ago=1, balance="-8")
    response = client.get(f"/enterprise/accounts/{account.pk}/")
    html = response.content.decode()
    assert "3 days not read" in text(response)
    assert html.count('class="sp-line sp-line-1"') == 2  # one piece each: the single day is a dot
    assert "last −8.00 USD" in html
    rows = sheet(client.get(f"/enterprise/accounts/{account.pk}/?csv=history"))
    assert [row[1] for row in rows] == ["balance", "10.00", "9.00", "-8.00"]


def test_the_accounts_usage_has_its_file(client):
    account = make_account()
    make_roll("5.5", ago=1, account=account.pk)
    make_roll("7", ago=1, account=account.pk + 1)
    rows = sheet(client.get(f"/enterprise/accounts/{account.pk}/?csv=usage&days=3"))
    assert [row[1] for row in rows] == ["used_mb", "", "5.500", ""]


def test_accounts_are_found_by_name_and_paged(client):
    for number in range(60):
        make_account(f"account-{number:02}")
    response = client.get("/enterprise/accounts/")
    assert total(response) == "60"
    assert "account-50" not in text(response)
    assert "account-50" in text(client.get("/enterprise/accounts/?after=account-49"))
    assert total(client.get("/enterprise/accounts/?q=T-0")) == "10"
    assert "No account has this in its name" in text(client.get("/enterprise/accounts/?q=zzz"))


def test_a_formula_in_a_name_stays_text(client):
    make_account("=1+1")
    assert sheet(client.get("/enterprise/accounts/?csv=1"))[1][0] == "'=1+1"


@pytest.mark.parametrize("count", [1, 3])
def test_the_queries_of_a_list_do_not_grow(client, count, django_assert_num_queries):
    for number in range(count):
        account = make_account(f"a{number}")
        make_package(account, name=f"p{number}")
    # session, user, scope, accounts, counts, missing, total, troubles; then the frame
    with django_assert_num_queries(10):
        client.get("/enterprise/accounts/")
    with django_assert_num_queries(11):
        client.get("/enterprise/packages/")


def test_packages_say_who_is_on_them_and_how_they_use_them(client):
    account = make_account()
    package = make_package(account, name="Basic & more", mb="100")
    ServicePackage.objects.update(price=None, validity_period=1, validity_unit="MONTH")
    make_package(account, name="Unused", mb=None)
    make_sims(3, account=account, package="Basic & more")
    PackageUse.objects.create(
        account_id=account.pk, package="Basic & more", sims=3, used_mb=5, nothing=0, under_10=2, over_80=0, over_100=1
    )
    response = client.get("/enterprise/packages/")
    assert "100.00 MB 1 month not told 3 2 1" in text(response)
    assert "no limit not told not told unused" in text(response)
    assert f"/sims/?package=Basic+%26+more&amp;account={account.pk}&amp;usage=under-10" in response.content.decode()
    alone = text(client.get("/enterprise/packages/?unused=1"))
    assert "Unused" in alone
    assert "Basic & more" not in alone
    page = client.get(f"/enterprise/packages/{package.pk}/")
    assert (field(page, "price"), field(page, "under_10"), field(page, "over_100")) == ("not told", "2", "1")


def test_of_supplementary_packages_it_is_not_told_who_has_them(client):
    account = make_account()
    ServicePackage.objects.filter(pk=make_package(account, name="Addon").pk).update(
        type="SUPPLEMENTARY", payment_type="PREPAID"
    )
    ServicePackage.objects.filter(pk=make_package(account, name="Odd").pk).update(type="ODD<")
    words = text(client.get("/enterprise/packages/"))
    assert "Supplementary 100.00 MB not told not told not told" in words
    assert "ODD< 100.00 MB not told not told unused" in words
    assert "Addon" not in text(client.get("/enterprise/packages/?unused=1"))


def test_unused_packages_are_paged_counted_and_filed_as_such(client):
    account = make_account()
    for number in range(60):
        make_package(account, name=f"free-{number:02}")
    make_package(account, name="used")
    make_sims(2, account=account, package="used")
    response = client.get(f"/enterprise/packages/?unused=1&account={account.pk}")
    assert total(response) == "60"
    after = response.content.decode().split('rel="next"')[0].split('href="')[-1].split('"')[0].replace("&amp;", "&")
    rest = client.get(f"/enterprise/packages/{after}")
    assert total(rest) == "60"
    assert [f"free-{number:02}" in text(rest) for number in (49, 50, 59)] == [False, True, True]
    rows = sheet(client.get(f"/enterprise/packages/?unused=1&account={account.pk}&csv=1"))
    assert (len(rows), {row[7] for row in rows[1:]}) == (61, {"0"})


def test_packages_stand_as_people_look_for_them(client):
    """By account whatever its case, what is offered before what is not, basic ones first, from small to large."""
    late, early = make_account("zeta"), make_account("Alpha")
    made = (
        (late, "A-first", "10", "BASIC", None),
        (early, "Big", "1024", "BASIC", None),
        (early, "Small", "10", "BASIC", None),
        (early, "Endless", None, "BASIC", None),
        (early, "Addon", "5", "SUPPLEMENTARY", None),
        (early, "Gone", "1", "BASIC", timezone.now()),
        (early, "small", "10", "BASIC", None),
    )
    for account, name, mb, kind, gone_at in made:
        package = make_package(account, name=name, mb=mb)
        ServicePackage.objects.filter(pk=package.pk).update(type=kind, gone_at=gone_at)
    wanted = ["Small", "small", "Big", "Endless", "Addon", "Gone", "A-first"]
    assert [row[1] for row in sheet(client.get("/enterprise/packages/?csv=1"))[1:]] == wanted
    html = client.get("/enterprise/packages/").content.decode()
    assert re.findall(r'class="sp-row-link" [^>]*>([^<]+)<', html) == wanted


def test_the_pages_of_packages_go_on_where_they_ended(client):
    for number in range(8):
        account = make_account(f"{HOSTILE[number % 2]} {number}")
        for mb in range(1, 11):
            make_package(account, name=f"{number} of {mb} MB", mb=str(mb))
    seen: list[str] = []
    path = "/enterprise/packages/"
    while path:
        html = client.get(path).content.decode()
        seen += re.findall(r'class="sp-row-link" [^>]*>([^<]+)<', html)
        found = re.search(r'href="([^"]+)" rel="next"', html)
        path = f"/enterprise/packages/{unescape(found[1])}" if found else ""
    assert seen == [row[1] for row in sheet(client.get("/enterprise/packages/?csv=1"))[1:]]
    assert len(set(seen)) == 80
    first = re.search(r'href="([^"]+)" rel="prev"', html)
    assert total(client.get(f"/enterprise/packages/{unescape(first[1])}")) == "80"
    assert seen[0] in text(client.get(f"/enterprise/packages/{unescape(first[1])}"))


def test_a_package_leads_to_its_sims_on_the_list(client):
    account = make_account()
    make_package(account, name="Basic & more")
    make_sims(2, account=account, package="Basic & more")
    make_sim("other", account=account, package="x")
    assert total(client.get("/sims/", {"package": "Basic & more", "account": account.pk})) == "2"
