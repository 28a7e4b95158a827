"""Countries, usage and what ends when: figures of the whole fleet over days."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from enterprise.models import CountryDay, Source
from estate.ages import troubles
from estate.calendar import WEEK, billing_guard, calendar_of
from estate.countries import ORDERS, Countries, countries_over
from estate.models import UsageTop
from estate.ranges import Days, DaysForm
from estate.sheets import csv_file
from estate.silent import SilentForm, silent_page, silent_total
from estate.usage import Leader, Share, last_rolled, leaders, shares_of, silent_counts, usage_chart
from estate.world import world_of
from sims.counts import Filter, facets
from sims.scope import accounts_of
from toolkit.htmx import render_part

SHOWN = 50
# Why a card of leaders is empty: of the fleet, and of some accounts of it.
NOTHING_YET = {"used": "No use of a day is known yet.", "grew": "No SIM used more than it usually does."}
NOT_MINE = dict.fromkeys(NOTHING_YET, "None of the first 20 of the fleet is in the accounts that you see.")


@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """`/enterprise/statistics/`: traffic and SIMs by country, as a map and as a table."""
    form = DaysForm(request.GET)
    by = "sims" if request.GET.get("by") == "sims" else "traffic"
    order = request.GET.get("sort", "")
    is_whole = accounts_of(request.user) is None
    found = countries_over(form.range, by=by, order=order) if is_whole else None
    if found and request.GET.get("csv") == "days":
        return _days_csv(form.range)
    if found and request.GET.get("csv"):
        return _countries_csv(found, form.range)
    keep = _kept(request.GET)
    context = {
        "found": found, "form": form, "days": form.range, "by": by, "is_whole": is_whole,
        "world": world_of(found.rows) if found else None,
        "order": order if order in ORDERS else "traffic", "heads": HEADS,
        "keep": keep, "days_csv": f"?{keep['csv']}&csv=days",
        "keep_fields": [(name, request.GET[name]) for name in LOOKS if name in request.GET],
        "troubles": troubles(Source.Call.COUNTRIES),
    }  # fmt: skip
    return render_part(request, "estate/statistics.html", context, part="countries")


LOOKS, DAYS = ("by", "sort"), ("from", "to", "days")
# What the table can be sorted by: its head, and which way that goes.
HEADS = (
    {"name": "name", "label": "Country", "sort": "ascending"},
    {"name": "", "label": "Code"},
    {"name": "traffic", "label": "Traffic", "sort": "descending", "is_number": True},
    {"name": "", "label": "Share", "is_number": True},
    {"name": "sims", "label": "SIMs", "sort": "descending", "is_number": True},
    {"name": "", "label": "Trend", "is_number": True},
)


def _kept(query: QueryDict) -> dict[str, str]:
    """What a link keeps of the address when it changes something else: the order, the colours, the days, nothing."""
    names = {"sort": (*DAYS, "by"), "by": (*DAYS, "sort"), "days": LOOKS, "csv": (*DAYS, *LOOKS)}
    return {name: urlencode({each: query[each] for each in kept if each in query}) for name, kept in names.items()}


def _countries_csv(found: Countries, days: Days) -> HttpResponse:
    heads = ["code", "country", "data_mb", "sims_most_on_a_day", "share_percent", "from", "to"]
    rows = (
        (row.code, row.name if row.is_country else "", row.used_mb, row.sims, row.percent, days.first, days.last)
        for row in found.rows
    )
    return csv_file("countries", heads, rows)


def _days_csv(days: Days) -> HttpResponse:
    rows = CountryDay.objects.filter(day__range=(days.first, days.last)).order_by("day", "code")
    cells = rows.values_list("day", "code", "data_usage_mb", "sim_count")
    return csv_file("countries-by-day", ["day", "code", "data_mb", "sims"], cells)


@require_safe
def usage(request: HttpRequest) -> HttpResponse:
    """`/enterprise/usage/`: what the fleet uses by day, who uses it, who grew, who is silent."""
    form, scope = DaysForm(request.GET), accounts_of(request.user)
    days = form.range
    fleet = usage_chart(days, accounts=scope)
    accounts, packages = shares_of(days, scope)
    rolled = last_rolled()
    used = leaders(rolled.day, UsageTop.Kind.USED, scope) if rolled else []
    grew = leaders(rolled.day, UsageTop.Kind.GREW, scope) if rolled else []
    wanted = request.GET.get("csv", "")
    if wanted == "days":
        return fleet.csv("usage-by-day")
    if wanted in (shares := {"accounts": accounts, "packages": packages}):
        return _shares_csv(wanted, shares[wanted])
    if wanted in (led := {"used": used, "grew": grew}):
        return _leaders_csv(wanted, led[wanted])
    context = {
        "form": form, "days": days, "fleet": fleet, "accounts": accounts, "packages": packages, "rolled": rolled,
        "csv": {name: f"?csv={name}&from={days.first}&to={days.last}" for name in ("days", "accounts", "packages")},
        "used": used, "grew": grew, "nothing": NOTHING_YET if scope is None else NOT_MINE,
        "silent": silent_counts(scope),
    }  # fmt: skip
    return render_part(request, "estate/usage.html", context, part="usage")


def _shares_csv(name: str, shares: list[Share]) -> HttpResponse:
    rows = ((share.name, share.used_mb, share.percent, share.before_mb) for share in shares)
    return csv_file(f"usage-by-{name}", [name[:-1], "used_mb", "share_percent", "range_before_mb"], rows)


def _leaders_csv(name: str, leaders: list[Leader]) -> HttpResponse:
    cells = ((each.sim.giccid, each.sim.account, each.sim.package, each.used_mb, each.usual_mb) for each in leaders)
    return csv_file(f"sims-{name}-most", ["iccid", "account", "package", "used_mb", "usual_mb_a_day"], cells)


@require_safe
def silent(request: HttpRequest) -> HttpResponse:
    """`/enterprise/usage/silent/?days=30`: active SIMs that used nothing for so long, the longest first."""
    form, scope = SilentForm(request.GET), accounts_of(request.user)
    page = silent_page(form.wanted, scope, after=form.cursor, size=SHOWN)
    total, is_capped = silent_total(form.wanted, scope)
    context = {"form": form, "page": page, "total": total, "is_capped": is_capped}
    return render_part(request, "estate/silent.html", context, part="silent")


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """`/enterprise/calendar/`: which packages end on which of the next 60 days, and what would start billing."""
    scope = accounts_of(request.user)
    found = calendar_of(scope)
    if wanted := request.GET.get("csv"):
        rows = ((day.day, day.n, day.unfollowed) for day in found.days[: WEEK if wanted == "week" else None])
        return csv_file("packages-ending", ["day", "packages_ending", "nothing_follows"], rows)
    statuses = facets(Filter(accounts=sorted(scope or ()))).statuses
    context = {"calendar": found, "guard": billing_guard(statuses), "rolled": last_rolled()}
    return render(request, "estate/calendar.html", context)
