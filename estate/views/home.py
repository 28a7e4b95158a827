from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from enterprise.scope import accounts_for
from estate.home import home
from sims.freshness import freshness_of


@require_safe
def home_page(request: HttpRequest) -> HttpResponse:
    """`/`: what needs attention, then the fleet."""
    return render(
        request,
        "estate/home.html",
        {"home": home(freshness_of(request), accounts_for(request.user)), "now": timezone.now()},
    )
