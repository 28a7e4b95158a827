from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from estate.home import home
from estate.sheets import csv_file
from sims.freshness import freshness_of
from toolkit.htmx import render_part, wants
from users.models import User


@require_safe
def home_page(request: HttpRequest) -> HttpResponse:
    """`/`: what needs attention, then the fleet; asked for again by itself when something of it changed."""
    assert isinstance(request.user, User)
    now = timezone.now()
    found = home(freshness_of(request), request.user, now=now)
    if request.GET.get("csv") == "today" and found.today:
        return csv_file("usage-today", ["by", "today_mb", "usual_mb"], found.today.rows)
    context = {
        "home": found,
        "now": now,
        "oob": wants(request, "home"),
    }
    return render_part(request, "estate/home.html", context, part="home")
