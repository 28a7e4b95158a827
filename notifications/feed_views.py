"""`/events/`: the journal for people, and one event with what it stands on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def stream(request: HttpRequest) -> HttpResponse:
    """Where Django is asked, there is no stream: it is answered beside it."""
    return HttpResponse("Server-sent events are answered by the web server alone.", status=501)
