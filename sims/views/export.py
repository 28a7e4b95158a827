from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from sims.chosen import Chosen
from sims.export import at_once, jobs, store
from sims.export.columns import columns_for
from sims.export.files import CONTENT_TYPES
from sims.export.form import ExportForm, ExportListForm
from sims.export.report import report_on
from sims.export.wanted import Wanted
from sims.models import Export
from sims.scope import exports_of
from sims.tasks import work_export_soon
from toolkit.htmx import render_part
from toolkit.keyset import page_of
from toolkit.streams import Blocks, streamed
from users.models import User

SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponseBase:
    """`/sims/export/?<list query>&format=csv`: the file, when it can be sent at once; else the page that asks.

    POST takes the selection bar's fields too (`sim`, or `everything` with `query`), and makes a big file in the
    background.
    """
    assert isinstance(request.user, User)
    form = ExportForm(request.POST if request.method == "POST" else request.GET)
    wanted, errors = _wanted(request, request.user)
    errors = [*form.messages, *errors]
    if form.kind and not errors and not wanted.is_too_big(form.kind):
        if wanted.is_at_once(form.kind):
            return at_once.send(request, wanted, form.kind)
        if request.method == "POST":
            return redirect("sims:export-job", uuid=_queue(wanted, form.kind).uuid)
    return _ask(request, wanted, form.kind, errors)


def _wanted(request: HttpRequest, user: User) -> tuple[Wanted, list[str]]:
    if request.method != "POST":
        wanted = Wanted.of(user, request.GET, columns=columns_for(user, request.GET), giccids=[])
        return wanted, wanted.errors
    chosen = Chosen.from_post(request.POST, user)
    ticked = [] if chosen.is_everything else chosen.giccids
    columns = columns_for(user, request.POST if "column" in request.POST else QueryDict(chosen.query))
    wanted = Wanted.of(user, QueryDict(chosen.query), columns=columns, giccids=ticked)
    return wanted, chosen.errors


def _ask(request: HttpRequest, wanted: Wanted, kind: str, errors: list[str]) -> HttpResponse:
    """What the file will hold, and a button for each kind."""
    kinds = [
        {
            "value": each.value,
            "label": each.label,
            "is_at_once": wanted.is_at_once(each),
            "why_not": wanted.why_not(each),
        }
        for each in (Export.Format.XLSX, Export.Format.CSV)
    ]
    if kind and wanted.is_too_big(kind):
        errors = [*errors, wanted.why_not(kind)]
    context: dict[str, Any] = {"wanted": wanted, "kinds": kinds, "errors": errors, "kind": kind}
    return render(request, "sims/export_new.html", context, status=422 if errors and request.method == "POST" else 200)


def _queue(wanted: Wanted, kind: str) -> Export:
    made = jobs.request(wanted, kind)
    work_export_soon(made.pk)
    return made


@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """`/sims/exports/`: the files made in the background, one's own or, for an admin, everybody's."""
    assert isinstance(request.user, User)
    form = ExportListForm(request.GET)
    mine = exports_of(request.user)
    after, before = form.cursor("after"), form.cursor("before")
    page = page_of(mine.select_related("user"), key="pk", size=SHOWN, after=after, before=before, newest_first=True)
    context = {
        "rows": [report_on(each) for each in page.rows],
        "total": mine.count(),
        "newer": page.before,
        "older": page.after,
        "errors": form.messages,
        "is_live": any(each.is_open for each in page.rows),
        "live_url": request.get_full_path(),
        "is_admin": request.user.role == User.Role.ADMIN,
    }
    return render_part(request, "sims/exports.html", context, part="exports")


@require_safe
def export_job(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`/sims/exports/<uuid>/`: how far one file is, and the file when it is ready."""
    found = _readable(request, uuid)
    context = {"report": report_on(found), "again_url": f"{reverse('sims:export')}?{found.query}"}
    return render_part(request, "sims/export.html", context, part="export")


@require_safe
def export_file(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """The file itself; a page that says why where there is none to give."""
    found = _readable(request, uuid)
    path = store.path_of(found.file_name)
    if found.state != Export.State.FINISHED or not path.is_file():
        context = {
            "report": report_on(found),
            "is_gone": True,
            "again_url": f"{reverse('sims:export')}?{found.query}",
        }
        return render(request, "sims/export.html", context, status=410)
    file = path.open("rb")
    return streamed(
        request,
        Blocks(file),
        content_type=CONTENT_TYPES[found.format],
        file_name=found.download_name,
        length=path.stat().st_size,
    )


def _readable(request: HttpRequest, uuid: UUID) -> Export:
    """For who made it and for admins; others do not learn that it is there."""
    assert isinstance(request.user, User)
    return get_object_or_404(exports_of(request.user).select_related("user"), uuid=uuid)
