from __future__ import annotations

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sims.notes import person
from sms import csv_file, listing
from sms.filter_form import CAP
from sms.models import Message
from sms.scope import within
from sms.side import UNREAD, Side, side
from toolkit.figures import count
from toolkit.htmx import render_part, wants
from toolkit.streams import streamed

TEMPLATE = "sms/list.html"
# As the side bar counts them: nobody counts beyond.
MOST_UNREAD = 1000


@require_safe
def message_list(request: HttpRequest) -> HttpResponse:
    """`/sms/`: all messages, newest first."""
    user = person(request.user)
    form = listing.form_for(request.GET, user)
    rows = listing.matching(form, user)
    page, total = listing.page(form, rows), listing.total(rows)
    context = {
        "form": form,
        "errors": form.messages,
        "rows": [listing.row(message) for message in page.rows],
        "total": min(total, CAP),
        "total_words": f"{count(CAP)}+" if total > CAP else count(total),
        "chips": listing.chips(form, request.GET),
        "groups": listing.groups(form),
        "before_url": listing.url_of(request.GET, before=page.before) if page.before else "",
        "after_url": listing.url_of(request.GET, after=page.after) if page.after else "",
        "list_url": reverse("sms:list"),
        "here_url": request.get_full_path(),
        "csv_url": f"{reverse('sms:csv')}?{request.GET.urlencode()}",
        "is_first_page": not (page.before or request.GET.get("after")),
        "is_fragment": wants(request, "message-table"),
    }
    return render_part(request, TEMPLATE, context, part="message-table")


@require_safe
def newest(request: HttpRequest) -> HttpResponse:
    """`/sms/conversations/`: the conversation that wants to be read first."""
    user = person(request.user)
    return redirect(_newest_of(side(user, tab=UNREAD)) or _newest_of(side(user)) or "sms:list")


def _newest_of(beside: Side) -> str:
    return next((row.url for row in beside.rows if row.url), "")


@require_safe
def unread(request: HttpRequest) -> HttpResponse:
    """`/sms/unread/`: the count beside SMS in the side bar, when a message came or was read."""
    number = within(Message.objects.unread(), person(request.user))[:MOST_UNREAD].count()
    context = {"n": number, "tone": "info", "live": "unread", "url": reverse("sms:unread")}
    return render(request, "components/nav_count.html", context)


@require_safe
def message_csv(request: HttpRequest) -> HttpResponseBase:
    """The messages under the list's filters as CSV."""
    user = person(request.user)
    form = listing.form_for(request.GET, user)
    if form.errors:
        return HttpResponse(" ".join(form.messages), status=400, content_type="text/plain; charset=utf-8")
    name = f"sms-{timezone.now():%Y%m%d-%H%M}.csv"
    parts = csv_file.parts(listing.matching(form, user))
    answer: StreamingHttpResponse = streamed(request, parts, content_type="text/csv; charset=utf-8", file_name=name)
    return answer
