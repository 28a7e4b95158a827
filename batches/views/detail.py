"""`/batches/<uuid>/`: the dry run before, the progress while, the result after."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from batches import csv_file
from batches.chunk_rows import page_of_chunks
from batches.forms import CloseForm, StartForm
from batches.item_form import ItemsForm
from batches.item_rows import rows_for
from batches.models import Batch
from batches.report import Report
from batches.scope import visible_to
from sims.notes import person
from toolkit.figures import count
from toolkit.htmx import render_part
from toolkit.keyset import page_of
from toolkit.streams import streamed

SHOWN = 50


@require_safe
def batch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return show(request, found_batch(request, uuid))


def found_batch(request: HttpRequest, uuid: UUID) -> Batch:
    visible = visible_to(person(request.user))
    return get_object_or_404(visible.select_related("parent", "requested_by"), uuid=uuid)


def show(
    request: HttpRequest,
    batch: Batch,
    *,
    start: StartForm | None = None,
    close: CloseForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of a batch, whatever state it is in; with what was wrong in the form that was sent."""
    form = ItemsForm(request.GET)
    report = Report(batch, form.value("verdict"), form.value("state"))
    context = {
        "batch": batch,
        "report": report,
        "start": start or StartForm(initial={"reason": batch.reason}),
        "close": close,
        "refusal": refusal,
        "children": list(batch.children.order_by("pk")),
        "errors": form.messages,
        "live_url": request.get_full_path() if request.method == "GET" else report.url,
        **_items(form, batch, report),
        **_chunks(request, batch, report),
    }
    return render_part(request, "batches/batch.html", context, part="batch", status=status)


def _items(form: ItemsForm, batch: Batch, report: Report) -> dict[str, Any]:
    after, before = form.cursor("after"), form.cursor("before")
    rows = form.items(batch).select_related("sim__account", "chunk")
    page = page_of(rows, key="place", size=SHOWN, after=after, before=before)
    wishes = {name: form.value(name) for name in ("verdict", "state", "q") if form.value(name)}
    total = _total(form, report)
    return {
        "rows": rows_for(batch, page.rows),
        "q": form.value("q"),
        "wishes": wishes,
        "total": total if total is not None else form.items(batch).count(),
        "csv_query": urlencode(wishes),
        "before_url": f"{report.url}?{urlencode({**wishes, 'before': page.before})}#items" if page.before else "",
        "after_url": f"{report.url}?{urlencode({**wishes, 'after': page.after})}#items" if page.after else "",
    }


def _total(form: ItemsForm, report: Report) -> int | None:
    """From the kept counts; None where something is searched for."""
    verdict, state = form.value("verdict"), form.value("state")
    if form.value("q") or (verdict and state):
        return None
    if verdict:
        return report.stale if verdict == "stale" else report.number(verdict=verdict)
    if state == "accepted":
        return report.at_carrier
    return report.planned_number(state) if state else report.total


def _chunks(request: HttpRequest, batch: Batch, report: Report) -> dict[str, Any]:
    if not report.has_started:
        return {}
    after, before = (_number(request.GET.get(name, "")) for name in ("chunks_after", "chunks_before"))
    rows, page = page_of_chunks(batch, after, before)
    return {
        "chunks": rows,
        "newer_chunks": f"{report.url}?chunks_before={page.before}#chunks" if page.before else "",
        "older_chunks": f"{report.url}?chunks_after={page.after}#chunks" if page.after else "",
        "job_size": count(report.job_size),
    }


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() and len(text) < 10 else ""


@require_safe
def items_csv(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Every item under the filters of the address, as a file."""
    batch = found_batch(request, uuid)
    parts = csv_file.parts_of(batch, ItemsForm(request.GET).items(batch))
    name = f"batch-{batch.pk}-{'plan' if batch.started_at is None else 'result'}.csv"
    return streamed(request, parts, content_type="text/csv; charset=utf-8", file_name=name)
