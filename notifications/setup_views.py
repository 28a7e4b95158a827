"""Setting up: the addresses to register at the carrier, the tokens in them, and a push to try the way in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from notifications.models import WebhookToken
from notifications.pushes.kinds import KINDS
from notifications.samples import NotTaken, send_test
from notifications.setup_form import TestPushForm
from notifications.silence import watch
from notifications.simulated import aim_at
from notifications.tokens import CannotRevoke, add_token, addresses, ensure_tokens, revoke_token, valid_tokens
from users.models import User

TEMPLATE = "notifications/setup.html"
View = Callable[..., HttpResponse]


def admins_only(view: View) -> View:
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if not isinstance(request.user, User) or request.user.role != User.Role.ADMIN:
            raise PermissionDenied
        return view(request, *args, **named)

    return checked


@require_safe
@admins_only
def setup(request: HttpRequest) -> HttpResponse:
    """The nine addresses, when each was last used, and the tokens."""
    return render(request, TEMPLATE, _context(TestPushForm()))


@require_POST
@admins_only
def add(request: HttpRequest) -> HttpResponse:
    """A new token beside those that are valid."""
    assert isinstance(request.user, User)
    add_token(request.user)
    messages.success(
        request,
        "There is a new token. Register the addresses below at the carrier; those with the old one work until you "
        "revoke it.",
    )
    return redirect("notifications:setup")


@require_POST
@admins_only
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End a token; pushes to its addresses are refused from here on."""
    assert isinstance(request.user, User)
    token = get_object_or_404(WebhookToken, pk=token_id)
    try:
        revoke_token(token, request.user)
    except CannotRevoke as error:
        messages.error(request, str(error))
        return redirect("notifications:setup")
    aim_at(valid_tokens()[0])
    messages.success(request, "The token is revoked: pushes to its addresses are answered 404 from now on.")
    return redirect("notifications:setup")


@require_POST
@admins_only
def send(request: HttpRequest) -> HttpResponse:
    """A push of the kind asked for, delivered to ourselves as the carrier would."""
    form = TestPushForm(request.POST)
    if not form.is_valid():
        return render(request, TEMPLATE, _context(form), status=422)
    try:
        event_id = send_test(form.cleaned_data["slug"], form.cleaned_data["giccid"], _tokens()[0])
    except NotTaken as error:
        messages.error(request, f"The test push was not taken. {error}")
        return redirect("notifications:setup")
    url = f"{reverse('notifications:inbox')}?q={event_id}"
    messages.success(request, format_html('The test push was taken. <a href="{}">See what became of it</a>', url))
    return redirect("notifications:setup")


def _tokens() -> list[WebhookToken]:
    """The valid ones; a portal that was started without its preparation gets its first here."""
    found = valid_tokens()
    if not found:
        ensure_tokens()
    return found or valid_tokens()


def _context(form: TestPushForm) -> dict[str, Any]:
    tokens, seen = _tokens(), watch()
    newest = addresses(tokens[0])
    return {
        "tokens": tokens,
        "watch": seen,
        "kinds": [{"seen": kind, "label": KINDS[kind.slug].label, "url": newest[kind.slug]} for kind in seen.kinds],
        "form": form,
        "is_signed": bool(settings.PUSH_SIGNATURE_SECRET),
        "listed": settings.PUSH_ADDRESSES,
        "is_reachable": not settings.PUBLIC_URL.startswith(("http://127.", "http://localhost", "http://[::1]")),
    }
