from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sims.scope import accounts_of
from sims.suggest import suggest


@never_cache
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`/sims/search/?q=`: a fragment with the options that stand under the search box while one types."""
    found = suggest(request.GET.get("q", ""), accounts_of(request.user))
    return render(request, "sims/parts/search_hits.html", {"found": found})
