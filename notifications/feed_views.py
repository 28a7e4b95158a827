"""`/events/`: the journal for people, and one event with what it stands on."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from enterprise.models import Account
from enterprise.scope import accounts_for
from journal.feed import Scope, may_see, rows_of
from journal.feed_page import COUNTED, count_of_feed, latest_of, newest_id, page_of_feed
from journal.models import Event
from notifications.feed_form import MOST_SIMS, FeedForm, chips_of, link, picks_of
from notifications.feed_raw import laid_out, raw_of
from toolkit.figures import count
from toolkit.htmx import render_part, wants

BIGGEST = 2**63 - 1


class Action(NamedTuple):
    """A button of an empty page."""

    label: str
    url: str


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """`/events/`: all that happened, newest first, under the filters of the address."""
    scope = accounts_for(request.user)
    form = FeedForm(request.GET, accounts=_accounts(scope))
    context = _context(form, scope) | {"is_fragment": wants(request, "feed")}
    return render_part(request, "notifications/events.html", context, part="feed")


@require_safe
def latest(request: HttpRequest) -> HttpResponse:
    """The newest events as home shows them."""
    return render(request, "components/latest_events.html", {"latest": latest_of(accounts_for(request.user))})


@require_safe
def event(request: HttpRequest, event_id: int) -> HttpResponse:
    """`/events/<id>/`: one event opened to its raw push and its data; a part of its row for htmx."""
    found = Event.objects.filter(id=event_id).first() if event_id <= BIGGEST else None
    if found is None or not may_see(accounts_for(request.user), found.account_id):
        raise Http404("No such event.")
    [row] = rows_of([found])
    context = {"event": found, "row": row, "raw": raw_of(found), "data": laid_out(msgspec.json.encode(found.data))}
    part = "#opened" if wants(request, f"event-{event_id}") else ""
    return render(request, f"notifications/event.html{part}", context)


@require_safe
def stream(request: HttpRequest) -> HttpResponse:
    """Where Django is asked, there is no stream: it is answered beside it."""
    return HttpResponse("Server-sent events are answered by the web server alone.", status=501)


def _accounts(scope: Scope) -> dict[int, str]:
    found = dict(Account.objects.order_by("name").values_list("pk", "name"))
    return found if scope is None else {pk: name for pk, name in found.items() if pk in scope}


def _empty_words(form: FeedForm) -> str:
    if form.hits and not form.hits.sim_ids:
        return f"No SIM has a number like “{form.cleaned_data['q'][:60]}”."
    if form.hits and form.hits.is_capped:
        return f"More than {MOST_SIMS} SIMs have such a number; only some of them were looked at."
    return "Drop one of them above to see more."


def _context(form: FeedForm, scope: Scope) -> dict[str, Any]:
    address = reverse("notifications:events")
    newest, wanted = newest_id(), form.asked
    page = page_of_feed(wanted, scope, after=form.older_than, before=form.newer_than)
    total = count_of_feed(wanted, scope)
    return {
        "form": form,
        "picks": picks_of(form),
        "chips": chips_of(form, address),
        "rows": page.rows,
        "newest_id": newest,
        "total": min(total, COUNTED),
        "total_words": count(total) if total <= COUNTED else f"{count(COUNTED)}+",
        "newer_url": link(form, address, before=page.newer) if page.newer else "",
        "older_url": link(form, address, after=page.older) if page.older else "",
        "first_url": link(form, address),
        "plain_url": address,
        "clear_action": [Action("Clear all filters", address)],
        "empty_words": _empty_words(form),
    }
