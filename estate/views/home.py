from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from enterprise.scope import accounts_for
from estate.home import home
from sims.freshness import freshness_of
from toolkit.htmx import render_part, wants


@require_safe
def home_page(request: HttpRequest) -> HttpResponse:
    """`/`: what needs attention, then the fleet; asked for again by itself when something of it changed."""
    now = timezone.now()
    context = {
        "home": home(freshness_of(request), accounts_for(request.user), now=now),
        "now": now,
        "oob": wants(request, "home"),
    }
    return render_part(request, "estate/home.html", context, part="home")
