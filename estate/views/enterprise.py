"""The enterprise and its accounts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from enterprise.models import Account, Enterprise, ServicePackage, SharePool, Source
from enterprise.sources import sources_of
from estate.accounts import account_rows, amount, beside_carrier, charges, history_of
from estate.ages import troubles, troubles_of
from estate.forms import NamesForm
from estate.pools import pool_rows
from estate.ranges import DaysForm
from estate.sheets import csv_file
from estate.usage import usage_chart
from sims.counts import Filter, facets
from sims.scope import accounts_of
from toolkit.htmx import render_part
from toolkit.keyset import page_of

SHOWN = 50
# The overview shows so many; the list has all.
FIRST = 12


def _accounts(request: HttpRequest) -> QuerySet[Account]:
    scope = accounts_of(request.user)
    return Account.objects.all() if scope is None else Account.objects.filter(pk__in=scope)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """`/enterprise/`: who we are to the carrier, what it costs, and how its answers stand."""
    scope = accounts_of(request.user)
    accounts = list(Account.objects.all() if scope is None else Account.objects.filter(pk__in=scope))
    named = [account for account in accounts if account.gone_at is None]
    pools = SharePool.objects.filter(gone_at=None)
    sources = list(sources_of(scope))
    context = {
        "enterprise": Enterprise.objects.first(),
        "accounts": named,
        "rows": _rows(named[:FIRST]),
        "gone": len(accounts) - len(named),
        "charges": charges(named),
        "packages": ServicePackage.objects.filter(gone_at=None, account__in=accounts).count(),
        "pools": (pools if scope is None else pools.filter(account__in=scope)).count(),
        "sims": facets(Filter(accounts=sorted(scope or ()))).total,
        "troubles": troubles_of([source for source in sources if source.is_failing]),
        "sources": _by_call(sources),
    }
    return render(request, "estate/enterprise.html", context)


def _by_call(found: list[Source]) -> list[dict[str, Any]]:
    """The five reads, each with its oldest answer."""
    rows = []
    for call in Source.Call:
        mine = [row for row in found if row.call == call]
        read = [row.read_at for row in mine if row.read_at]
        rows.append(
            {
                "label": call.label,
                "read_at": min(read, default=None),
                "failing": sum(row.is_failing for row in mine),
                "asked": len(mine),
            }
        )
    return rows


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """`/enterprise/accounts/`: each account with its charges, and our SIMs beside the carrier's count."""
    form = NamesForm(request.GET)
    found = _accounts(request)
    if form.query:
        found = found.filter(name__icontains=form.query)
    if request.GET.get("csv"):
        return _accounts_csv(found)
    page = page_of(found, key="name", size=SHOWN, after=form.cursor("after"), before=form.cursor("before"))
    context = {
        "rows": _rows(page.rows),
        "page": page,
        "form": form,
        "total": found.count(),
        "troubles": troubles(Source.Call.ENTERPRISE, Source.Call.ACCOUNT, accounts=accounts_of(request.user)),
    }
    return render_part(request, "estate/accounts.html", context, part="accounts")


def _rows(found: list[Account]) -> list[Any]:
    ours, missing = facets(Filter()).accounts, facets(Filter(missing=True)).accounts
    return account_rows(found, ours=ours, missing=missing)


def _accounts_csv(found: QuerySet[Account]) -> HttpResponse:
    heads = [
        "account",
        "customer",
        "status",
        "sims",
        "carrier_sims",
        "data_mb",
        "charge",
        "balance",
        "currency",
        "read",
    ]
    rows = (
        (
            row.account.name, row.account.customer_name, row.account.status, row.sims.ours, row.sims.theirs,
            row.account.data_usage_mb, row.account.current_cycle_charge, row.account.balance, row.account.currency,
            row.account.read_at.isoformat(timespec="seconds"),
        )
        for row in _rows(list(found))
    )  # fmt: skip
    return csv_file("accounts", heads, rows)


@require_safe
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """`/enterprise/accounts/<id>/`: one account, its SIMs by status beside the carrier's, its history."""
    found = get_object_or_404(_accounts(request), pk=pk)
    form = DaysForm(request.GET)
    history = history_of(found, form.range)
    if request.GET.get("csv") == "history":
        return _history_csv(found, history.rows)
    usage = usage_chart(form.range, accounts=frozenset([found.pk]))
    if request.GET.get("csv") == "usage":
        return usage.csv(f"usage-account-{found.pk}")
    beside = beside_carrier(found)
    context = {
        "account": found,
        "balance": amount(found, found.balance),
        "charge": amount(found, found.current_cycle_charge),
        "beside": beside,
        "ours": sum(row.ours for row in beside),
        "differs": any(row.difference for row in beside),
        "is_told": any(row.theirs is not None for row in beside),
        "history": history,
        "usage": usage,
        "form": form,
        "packages": found.packages.filter(gone_at=None).count(),
        "pools": pool_rows(list(found.pools.filter(gone_at=None))),
        "troubles": troubles(Source.Call.ACCOUNT, accounts=frozenset([found.pk])),
        "now": timezone.now(),
    }
    return render(request, "estate/account.html", context)


def _history_csv(found: Account, rows: list[Any]) -> HttpResponse:
    heads = ["day", "balance", "charge", "currency", "cycle", "data_mb", "sims", "read"]
    cells = (
        (
            row.day.isoformat(), row.balance, row.current_cycle_charge, row.currency, row.billing_cycle,
            row.data_usage_mb, row.carrier_sim_count, row.read_at.isoformat(timespec="seconds"),
        )
        for row in reversed(rows)
    )  # fmt: skip
    return csv_file(f"account-{found.pk}", heads, cells)
