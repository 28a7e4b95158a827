"""Share pools."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from enterprise.models import SharePool, Source
from enterprise.pool_words import KINDS
from enterprise.pools import set_levels
from estate.ages import troubles
from estate.forms import LevelsForm, NamesForm
from estate.pools import history_of, pace_words, pool_rows
from estate.sheets import csv_file
from journal.feed import rows_of
from journal.models import Event
from sims.scope import accounts_of
from toolkit.htmx import render_part
from toolkit.keyset import page_of_list
from users import audit
from users.models import User

SHOWN = 50
EVENTS = 10


def _pools(request: HttpRequest) -> QuerySet[SharePool]:
    scope = accounts_of(request.user)
    found = SharePool.objects.select_related("account")
    return found if scope is None else found.filter(account__in=scope)


@require_safe
def pools(request: HttpRequest) -> HttpResponse:
    """`/enterprise/share-pools/`: each pool, how full, how long it lasts."""
    form = NamesForm(request.GET)
    found = _pools(request)
    if form.query:
        found = found.filter(Q(name__icontains=form.query) | Q(account_name__icontains=form.query))
    if request.GET.get("csv"):
        return _csv(found)
    # Urgency is told by the forecasts, so all are ordered here: a contract has tens of pools, not thousands.
    rows = {str(row.pool.pk): row for row in pool_rows(list(found))}
    page = page_of_list(list(rows), size=SHOWN, after=form.cursor("after"), before=form.cursor("before"))
    context = {
        "rows": [rows[key] for key in page.rows], "page": page, "form": form, "total": len(rows),
        "troubles": troubles(Source.Call.POOLS),
        "read_at": max((row.pool.read_at for row in rows.values()), default=None),
    }  # fmt: skip
    return render_part(request, "estate/pools.html", context, part="pools")


def _csv(found: QuerySet[SharePool]) -> HttpResponse:
    heads = ["pool", "account", "package", "total_mb", "used_mb", "left_mb", "sims", "cycle_start", "cycle_end", "read"]
    rows = (
        (
            pool.name, pool.account_name, pool.package_name, pool.data_total_mb, pool.data_usage_mb, pool.left_mb,
            pool.sim_count, pool.cycle_starts_at, pool.cycle_ends_at, pool.read_at.isoformat(timespec="seconds"),
        )
        for pool in found
    )  # fmt: skip
    return csv_file("share-pools", heads, rows)


@require_http_methods(["GET", "HEAD", "POST"])
def pool(request: HttpRequest, pk: int) -> HttpResponse:
    """`/enterprise/share-pools/<id>/`: one pool; POST sets the steps at which it is told."""
    found = get_object_or_404(_pools(request), pk=pk)
    form = LevelsForm(request.POST if request.method == "POST" else None, instance=SharePool.objects.get(pk=pk))
    if request.method == "POST" and form.is_valid():
        _set_levels(request, found, form)
        return redirect("estate:pool", pk=pk)
    (row,) = pool_rows([found])
    history = history_of(found, row.forecast, timezone.now())
    if request.GET.get("csv"):
        return _history_csv(found)
    context = {
        "pool": found, "row": row, "history": history, "form": form,
        "pace": pace_words(row.forecast),
        "troubles": troubles(Source.Call.POOLS),
        "events": rows_of(_events(found)),
        "now": timezone.now(),
    }  # fmt: skip
    return render(request, "estate/pool.html", context, status=422 if form.errors else 200)


def _set_levels(request: HttpRequest, found: SharePool, form: LevelsForm) -> None:
    assert isinstance(request.user, User)
    levels = form.cleaned_data
    with transaction.atomic():
        audit.record(
            request.user, "pool.levels", found.name, **levels, was=[found.warn_percent, found.critical_percent]
        )
        set_levels(found, **levels)
    messages.success(
        request, f"{found.name} is told at {found.warn_percent} % and as critical at {found.critical_percent} %."
    )


def _events(found: SharePool) -> QuerySet[Event]:
    of_pool = Event.objects.filter(kind__in=KINDS, subject_key=found.name, data__pool_id=found.pk)
    return of_pool.order_by("-recorded_at", "-id")[:EVENTS]


def _history_csv(found: SharePool) -> HttpResponse:
    rows = found.readings.order_by("read_at").values_list("read_at", "data_usage_mb", "data_total_mb", "sim_count")
    return csv_file(
        f"pool-{found.pk}", ["read", "used_mb", "total_mb", "sims"],
        ((at.isoformat(timespec="seconds"), *rest) for at, *rest in rows),
    )  # fmt: skip
