"""`/events/inbox/`: the pushes as they came, what became of each, and handling them anew."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from enterprise.scope import accounts_for
from notifications.inbox import (
    COUNTED,
    InboxFilter,
    Place,
    count_of_inbox,
    count_of_state,
    find_push,
    page_of_inbox,
    pushes_of,
)
from notifications.inbox_form import InboxForm, ReplayForm
from notifications.inbox_rows import raw_push, rows_of
from notifications.models import Push
from notifications.pushes.replay import MOST, replay
from notifications.silence import watch
from notifications.tasks import take_soon
from toolkit.figures import count, plural
from toolkit.htmx import render_part, wants
from users.models import User

TEMPLATE = "notifications/inbox.html"


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The pushes under the filters of the address, newest first."""
    form = InboxForm(request.GET)
    context = _context(request, form) | {"is_fragment": wants(request, "inbox")}
    return render_part(request, TEMPLATE, context, part="inbox")


@require_safe
def push(request: HttpRequest, push: str) -> HttpResponse:
    """One push opened: its raw body, headers, and for admins the traceback; a part of its row for htmx."""
    place = Place.parse(push)
    found = find_push(place, accounts_for(request.user)) if place else None
    if found is None:
        raise Http404("No such push.")
    [row] = rows_of([found])
    is_part = wants(request, f"push-{found.label}")
    context = {"row": row, "raw": raw_push(found), "is_admin": _is_admin(request), "is_part": is_part}
    return render(request, f"notifications/push.html{'#opened' if is_part else ''}", context)


@require_POST
def replay_pushes(request: HttpRequest) -> HttpResponse:
    """Handle the chosen pushes anew; back to the list they were chosen from."""
    assert isinstance(request.user, User)
    form = ReplayForm(request.POST)
    back = InboxForm(QueryDict(form.data.get("query", "")[:2000]))
    if not form.is_valid():
        messages.error(request, form.message)
        return redirect(back.link(reverse("notifications:inbox")))
    clean, scope = form.cleaned_data, accounts_for(request.user)
    chosen = pushes_of(back.asked if clean["everything"] else InboxFilter(), scope)
    if not clean["everything"]:
        chosen = chosen.filter(pk__in=[place.key for place in clean["push"]])
    number = replay(chosen, request.user)
    take_soon()
    messages.success(request, _words(number))
    return redirect(back.link(reverse("notifications:inbox")))


def _words(number: int) -> str:
    if not number:
        return "Nothing to replay: what was chosen waits in any case, or is no longer kept."
    more = f" These are the oldest {count(MOST)}; replay again for the rest." if number >= MOST else ""
    return f"{plural(number, 'push is', 'pushes are')} handled anew; what was told before is not told again.{more}"


def _is_admin(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.role == User.Role.ADMIN


def _context(request: HttpRequest, form: InboxForm) -> dict[str, Any]:
    scope, address = accounts_for(request.user), reverse("notifications:inbox")
    page = page_of_inbox(form.asked, scope, after=form.older_than, before=form.newer_than)
    total = count_of_inbox(form.asked, scope)
    return {
        "form": form,
        "picks": form.picks(),
        "chips": form.chips(address),
        "rows": rows_of(page.pushes),
        "total": min(total, COUNTED),
        "total_words": count(total) if total <= COUNTED else f"{count(COUNTED)}+",
        "failed": count_of_state(Push.State.FAILED) if scope is None else 0,
        "waiting": count_of_state(Push.State.RECEIVED) if scope is None else 0,
        "watch": watch(),
        "newer_url": form.link(address, before=page.newer) if page.newer else "",
        "older_url": form.link(address, after=page.older) if page.older else "",
        "first_url": form.link(address),
        "failed_url": f"{address}?state=failed",
        "waiting_url": f"{address}?state=received",
        "plain_url": address,
        "live_url": request.get_full_path(),
        "query": form.query,
        "retention": settings.PUSH_RETENTION_DAYS,
        "silence_hours": settings.PUSH_SILENCE_HOURS,
        "is_admin": _is_admin(request),
        "clear_action": [{"label": "Clear all filters", "url": address}],
    }
