"""One view answers the full page and its fragment: the fragment's name is its DOM id and the HX-Target."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    htmx: HtmxDetails


def wants(request: HttpRequest, part: str) -> bool:
    """Whether htmx asks for this part of the page alone (going back in history asks for all of it)."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and htmx.target == part and not htmx.history_restore_request


def render_part(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, part: str, status: int = 200
) -> HttpResponse:
    """The page, or the partial named `part` in its template when that is what HX-Target names."""
    name = f"{template}#{part}" if wants(request, part) else template
    response = render(request, name, dict(context), status=status)
    patch_vary_headers(response, ("HX-Request", "HX-Target"))
    return response


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with; None when it is only asked for. An empty form that was sent is not None."""
    return request.POST if request.method == "POST" else None
