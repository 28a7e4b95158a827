from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from enterprise.models import Account
from sims.filters import Action, Filters
from sims.forms import ROWS, SimListForm
from sims.freshness import freshness_of, interval_words
from sims.listing import Listing, list_sims
from sims.models import Sim
from sims.rows import rows_for
from toolkit.figures import count
from toolkit.htmx import render_part, wants
from users.models import User


@require_safe
def sim_list(request: HttpRequest) -> HttpResponse:
    """`/sims/`: the fleet under the filters of its address; `go=1` opens the one SIM that a search has found."""
    accounts = dict(Account.objects.order_by("name").values_list("pk", "name"))
    form = SimListForm(request.GET, accounts=accounts, user=cast("User", request.user))
    listing = list_sims(form)
    if form.cleaned_data.get("go") and (giccid := _only_hit(listing)):
        return redirect("sims:detail", giccid=giccid)
    context = _context(request, form, listing)
    return render_part(request, "sims/list.html", context, part="sim-table")


def _only_hit(listing: Listing) -> str:
    if listing.hits is None or len(listing.hits.sim_ids) != 1:
        return ""
    return Sim.objects.values_list("giccid", flat=True).get(pk=listing.hits.sim_ids[0])


def _context(request: HttpRequest, form: SimListForm, listing: Listing) -> dict[str, Any]:
    filters, page = Filters(form, listing, request.path), listing.page
    fleet = freshness_of(request)
    return {
        "form": form,
        "messages_of_form": [*form.messages, *listing.strange],
        "rows": rows_for(page.rows),
        "total": listing.total,
        "total_words": f"{count(listing.total)}{'+' if listing.is_capped else ''}",
        "is_capped": listing.is_capped,
        "order": listing.order.words,
        "groups": filters.groups(),
        "chips": filters.chips(),
        "nothing": filters.nothing() if not listing.total else None,
        "before_url": filters.url(before=page.before) if page.before else "",
        "after_url": filters.url(after=page.after) if page.after else "",
        "first_url": filters.url(),
        "row_choices": [
            {"rows": rows, "url": filters.url(rows=rows), "is_current": rows == form.page_size} for rows in ROWS
        ],
        "fleet": fleet,
        "interval_words": interval_words(),
        "back_actions": [Action("Back to the first page", filters.url())],
        "sync_actions": [Action("Open sync", reverse("sims:sync"))],
        "is_fragment": wants(request, "sim-table"),
        "is_plain": not filters.chips() and not listing.strange and not form.messages,
    }
