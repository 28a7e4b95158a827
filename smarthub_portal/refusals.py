"""What a request that cannot be read is answered, where Django's own answer would not say why."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import bad_request as plain_bad_request


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 as ever, but 413 and the limit in words for a body that is too large; its bytes are not kept."""
    if not isinstance(exception, RequestDataTooBig):
        return plain_bad_request(request, exception)
    limit = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) // 2**20
    return render(request, "413.html", {"limit_mb": limit}, status=413)
