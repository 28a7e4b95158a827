from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from sims import columns as chooser
from sims.around import around_list
from sims.bar_verbs import bar_verbs
from sims.cells import body_of
from sims.columns import Column
from sims.filters import Action, Filters
from sims.forms import ROWS, SimListForm
from sims.freshness import freshness_of, interval_words
from sims.heads import heads_of, printed
from sims.listing import Listing, list_sims
from sims.lookup import find_sims
from sims.models import ListPreference, SavedView, Sim
from sims.notes import person
from sims.order import ORDERS
from sims.saved_views import opening_address
from sims.shares import share_counts
from sims.tabs import beside_list, opened
from toolkit.figures import count
from toolkit.htmx import render_part, wants

SHARES_PART = "share-counts"


@require_safe
def sim_list(request: HttpRequest) -> HttpResponse:
    """`/sims/`: the fleet under the filters of its address; `go=1` opens the one SIM that a search has found."""
    user = person(request.user)
    around = around_list(user)
    preference, views = around.preference, around.views
    form = SimListForm(request.GET, accounts=around.accounts, user=user, usual_rows=preference.rows)
    if wants(request, SHARES_PART):
        return _share_counts(request, form)
    if address := opening_address(views, request):
        return redirect(address)
    listing = list_sims(form)
    if form.cleaned_data.get("go") and (giccid := _only_hit(listing)):
        return redirect("sims:detail", giccid=giccid)
    context = _context(request, form, listing, _columns(preference, opened(views, request.GET)))
    context |= beside_list(request, around, context["address_query"])
    response = render_part(request, "sims/list.html", context, part="sim-table")
    if context["is_fragment"] and not form.cursor("after") and not form.cursor("before"):
        # The page's own form sends all its fields, the empty ones too; the address has what is asked for.
        response["HX-Push-Url"] = context["first_url"]
    return response


def _share_counts(request: HttpRequest, form: SimListForm) -> HttpResponse:
    """The group of shares again, with its counts."""
    filters = Filters(form, Listing.empty(), request.path)
    hits = find_sims(form.search, accounts=form.scope).sim_ids if form.search else None
    counted = None if form.is_impossible else share_counts(form.criteria(hits))
    return render(request, "sims/shares.html", {"group": filters.shares(counted), "filters": filters})


def _only_hit(listing: Listing) -> str:
    if listing.hits is None or len(listing.hits.sim_ids) != 1:
        return ""
    return Sim.objects.values_list("giccid", flat=True).get(pk=listing.hits.sim_ids[0])


def _columns(preference: ListPreference, view: SavedView | None) -> list[Column]:
    """A view's own come before one's own."""
    return chooser.chosen((view.columns if view else []) or preference.columns)


def _context(request: HttpRequest, form: SimListForm, listing: Listing, shown: Sequence[Column]) -> dict[str, Any]:
    filters = Filters(form, listing, request.path)
    context = {
        "form": form,
        "filters": filters,
        "messages_of_form": [*form.messages, *listing.strange],
        "verbs": bar_verbs(listing.facets, form.asked.statuses),
        "fleet": freshness_of(request),
        "interval_words": interval_words(),
        "back_actions": [Action("Back to the first page", filters.url())],
        "sync_actions": [Action("Open sync", reverse("sims:sync"))],
        "is_fragment": wants(request, "sim-table"),
        "is_plain": not filters.chips() and not listing.strange and not form.messages,
    }
    return (
        context | _of_table(listing, filters, shown) | _of_filters(listing, filters) | _of_pages(form, listing, filters)
    )


def _of_table(listing: Listing, filters: Filters, shown: Sequence[Column]) -> dict[str, Any]:
    """The rows under their heads, and the columns to choose from."""
    return {
        "rows": listing.page.rows,
        "body": body_of(listing.page.rows, shown),
        "heads": printed(heads_of(shown, listing, filters)),
        "columns": chooser.all_in_order(shown),
        "shown_columns": shown,
        "column_count": len(chooser.COLUMNS),
        "is_usual": tuple(column.name for column in shown) == chooser.USUAL,
        "order": listing.order.words,
        "only_iccid": listing.total > 1 and len(listing.sorts) < len(ORDERS),
        "sort_words": " and ".join(dict.fromkeys(ORDERS[name].title for name in ORDERS if name in listing.sorts)),
    }


def _of_filters(listing: Listing, filters: Filters) -> dict[str, Any]:
    """What is asked for, and how many answer it."""
    return {
        "groups": filters.groups(),
        "shares": filters.shares(),
        "chips": filters.chips(),
        "query": urlencode(filters.selection()),
        "address_query": urlencode(filters.selection(with_manners=True)),
        "total": listing.total,
        "fleet_total": listing.fleet,
        "total_words": f"{count(listing.total)}{'+' if listing.is_capped else ''}",
        "is_capped": listing.is_capped,
        "nothing": filters.nothing() if not listing.total else None,
    }


def _of_pages(form: SimListForm, listing: Listing, filters: Filters) -> dict[str, Any]:
    """The ways to the other pages, and how long one may be."""
    page = listing.page
    return {
        "before_url": filters.url(before=page.before) if page.before else "",
        "after_url": filters.url(after=page.after) if page.after else "",
        "first_url": filters.url(),
        "row_choices": [
            {"rows": rows, "url": filters.url(rows=rows), "is_current": rows == form.page_size} for rows in ROWS
        ],
    }


@require_POST
def keep_columns(request: HttpRequest) -> HttpResponse:
    """`/sims/columns/`: one's own columns, in the order sent; `usual` goes back, `up` moves one a place further up."""
    user, sent = person(request.user), request.POST
    names = [] if "usual" in sent else sent.getlist("column")[: chooser.MAX_NAMES]
    if up := sent.get("up"):
        names = chooser.moved_up([column.name for column in chooser.chosen(names)], up)
    rows = sent.get("rows", "")
    chooser.keep(user, names, int(rows) if rows in map(str, ROWS) else None)
    back = QueryDict(sent.get("query", "")[:4000], mutable=True)
    for passing in ("after", "before", "rows", "view"):
        back.pop(passing, None)
    address = reverse("sims:list")
    return redirect(f"{address}?{back.urlencode()}" if back else address)
