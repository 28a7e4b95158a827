from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from sims.chosen import Chosen
from sims.models import SyncRun
from sims.tasks import work_soon
from sims.verify import CannotVerify, verify, words_for
from toolkit.htmx import wants
from users.models import User

PART = "sims/parts/verify_progress.html"


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Read the chosen SIMs again now: `sim` (several), or `everything` under `query`."""
    assert isinstance(request.user, User)
    chosen = Chosen.from_post(request.POST, request.user)
    try:
        run = _run(chosen, request.user)
    except CannotVerify as reason:
        return _refused(request, str(reason))
    work_soon(run.pk)
    if wants(request, "verify"):
        return _progress(request, run)
    return redirect("sims:sync-run", run_id=run.pk)


def _run(chosen: Chosen, user: User) -> SyncRun:
    if chosen.errors:
        raise CannotVerify(chosen.errors[0])
    return verify(chosen.selection.queryset() if chosen.is_everything else chosen.sims, user)


@require_safe
def progress(request: HttpRequest, run_id: int) -> HttpResponse:
    """How far it is, for the page that asked; others are sent to the run."""
    run = get_object_or_404(SyncRun, pk=run_id, kind=SyncRun.Kind.NAMED)
    if wants(request, "verify"):
        return _progress(request, run)
    return redirect("sims:sync-run", run_id=run.pk)


def _progress(request: HttpRequest, run: SyncRun) -> HttpResponse:
    here = request.htmx.current_url_abs_path or ""  # type: ignore[attr-defined]
    is_list = urlsplit(here).path == reverse("sims:list")
    context = {"run": run, "words": words_for(run), "list_url": here if is_list else ""}
    return render(request, PART, context)


def _refused(request: HttpRequest, reason: str) -> HttpResponse:
    if wants(request, "verify"):
        return render(request, PART, {"refused": reason}, status=422)
    messages.error(request, reason)
    return redirect("sims:list")
