"""`/batches/`: who changed which SIMs, when and why."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from batches.history import COUNTED_UP_TO, HistoryForm, rows_for
from sims.notes import person
from toolkit.figures import count
from toolkit.htmx import render_part
from toolkit.keyset import page_of

SHOWN = 50


@require_safe
def history(request: HttpRequest) -> HttpResponse:
    form = HistoryForm(request.GET, person(request.user))
    found = form.batches()
    after, before = form.cursor("after"), form.cursor("before")
    page = page_of(found.select_related("parent"), key="pk", size=SHOWN, after=after, before=before, newest_first=True)
    total = found.values("pk")[: COUNTED_UP_TO + 1].count()
    wishes = form.wishes
    context = {
        "form": form,
        "rows": rows_for(page.rows),
        "total": total,
        "total_words": f"{count(COUNTED_UP_TO)}+" if total > COUNTED_UP_TO else count(total),
        "people": form.people(),
        "months": form.months(),
        "wishes": wishes,
        "before_url": f"?{urlencode({**wishes, 'before': page.before})}" if page.before else "",
        "after_url": f"?{urlencode({**wishes, 'after': page.after})}" if page.after else "",
        "errors": form.messages,
        "live_url": request.get_full_path(),
    }
    return render_part(request, "batches/history.html", context, part="history")
