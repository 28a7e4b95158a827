"""Service packages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from enterprise.models import ServicePackage, Source
from estate.ages import troubles
from estate.forms import NamesForm
from estate.packages import PackageRow, in_order, is_without_sims, package_rows
from estate.ranges import DaysForm
from estate.sheets import csv_file
from estate.usage import last_rolled, usage_chart
from sims.scope import accounts_of
from toolkit.htmx import render_part
from toolkit.keyset import page_of

SHOWN = 50


def _packages(request: HttpRequest) -> QuerySet[ServicePackage]:
    scope = accounts_of(request.user)
    found = ServicePackage.objects.select_related("account")
    return found if scope is None else found.filter(account_id__in=scope)


@require_safe
def packages(request: HttpRequest) -> HttpResponse:
    """`/enterprise/packages/`: the catalogue of each account, who is on it, what is unused."""
    form = NamesForm(request.GET)
    found = _packages(request)
    if form.query:
        found = found.filter(Q(name__icontains=form.query) | Q(account__name__icontains=form.query))
    account = request.GET.get("account", "")
    if account.isdecimal() and len(account) < 19:
        found = found.filter(account_id=int(account))
    is_unused = request.GET.get("unused") == "1"
    if is_unused:
        found = found.filter(is_without_sims())
    found = in_order(found)
    if request.GET.get("csv"):
        return _csv(package_rows(list(found)))
    page = page_of(found, key="place", size=SHOWN, after=form.cursor("after"), before=form.cursor("before"))
    context = {
        "rows": package_rows(page.rows), "page": page, "form": form, "total": found.count(),
        "is_unused": is_unused, "account": account, "rolled": last_rolled(),
        "keep": urlencode({name: request.GET[name] for name in ("unused", "account") if request.GET.get(name)}),
        "troubles": troubles(Source.Call.PACKAGES, accounts=accounts_of(request.user)),
    }  # fmt: skip
    return render_part(request, "estate/packages.html", context, part="packages")


def _csv(rows: list[PackageRow]) -> HttpResponse:
    heads = ["account", "package", "type", "data_mb", "validity", "price", "currency", "sims", "under_10", "over_100"]
    return csv_file("packages", heads, (_cells(row) for row in rows))


def _cells(row: PackageRow) -> tuple[Any, ...]:
    package, use = row.package, row.use
    return (
        package.account.name, package.name, package.type, package.data_volume_mb, row.validity, package.price,
        package.currency, row.sims, use and use.under_10, use and use.over_100,
    )  # fmt: skip


@require_safe
def package(request: HttpRequest, pk: int) -> HttpResponse:
    """`/enterprise/packages/<id>/`: one package, how its SIMs stand against it, what they used by day."""
    found = get_object_or_404(_packages(request), pk=pk)
    form = DaysForm(request.GET)
    usage = usage_chart(form.range, accounts=frozenset([found.account_id]), package=found.name)
    if request.GET.get("csv"):
        return usage.csv(f"usage-package-{found.pk}")
    (row,) = package_rows([found])
    context = {
        "row": row, "package": found, "usage": usage, "form": form, "rolled": last_rolled(),
        "troubles": troubles(Source.Call.PACKAGES, accounts=frozenset([found.account_id])),
    }  # fmt: skip
    return render(request, "estate/package.html", context)
