from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from sims.forms import RunListForm
from sims.freshness import Freshness, freshness, freshness_of, interval_words
from sims.models import SetAside, SyncRun
from sims.reading import read_again
from sims.sync import runs
from sims.sync.report import report_on, row_for, set_aside_by
from sims.tasks import work_soon
from smarthub.identifiers import is_giccid
from toolkit.figures import plural
from toolkit.htmx import render_part, wants
from toolkit.keyset import page_of
from users.models import User

TEMPLATE = "sims/sync.html"
RUNS_SHOWN = 10


@require_safe
def sync(request: HttpRequest) -> HttpResponse:
    """`/sync/`: the run under way or the last one, what it kept aside, and the runs before it."""
    fleet = freshness_of(request)
    return render_part(request, TEMPLATE, _context(request, fleet, fleet.under_way or fleet.ended), part="sync")


@require_safe
def sync_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run by its number."""
    run = get_object_or_404(SyncRun.objects.select_related("requested_by", "account"), pk=run_id)
    return render_part(
        request, TEMPLATE, {**_context(request, freshness_of(request), run), "is_one": True}, part="sync"
    )


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Read the whole fleet now, not to wait for beat; a run that is open already goes on instead."""
    assert isinstance(request.user, User)
    run = runs.request_full(trigger=SyncRun.Trigger.PERSON, user=request.user)
    work_soon(run.pk)
    if wants(request, "sync"):
        return render(request, f"{TEMPLATE}#sync", _context(request, freshness(), run))
    return redirect("sims:sync")


@require_POST
def read_set_aside(request: HttpRequest, aside_id: int) -> HttpResponse:
    """Ask again for the SIM of a record that was kept aside."""
    assert isinstance(request.user, User)
    aside = get_object_or_404(SetAside, pk=aside_id)
    if not is_giccid(aside.giccid):
        messages.error(request, "This record names no SIM that could be asked for.")
        return redirect("sims:sync")
    result = read_again(giccid=aside.giccid, user=request.user)
    if not result.found:
        messages.error(request, f"{aside.giccid} could not be read now. {result.error}")
        return redirect("sims:sync")
    messages.success(request, "Read just now; this time the carrier’s answer could be read.")
    return redirect("sims:detail", giccid=aside.giccid)


def _context(request: HttpRequest, fleet: Freshness, run: SyncRun | None) -> dict[str, Any]:
    form = RunListForm(request.GET if request.method == "GET" else {})
    page = page_of(
        SyncRun.objects.select_related("requested_by", "account"),
        key="pk",
        size=RUNS_SHOWN,
        after=form.cursor("after"),
        before=form.cursor("before"),
        newest_first=True,
    )
    interest = _runs_of_interest(fleet, run)
    asides, older_asides = set_aside_by([each.pk for each in interest], older_than=form.cleaned_data.get("aside"))
    kept_aside = max(len(asides), sum(each.kept_aside for each in interest))
    return {
        "fleet": fleet,
        "interval_words": interval_words(),
        "report": report_on(run) if run else None,
        "asides": asides,
        "aside_words": _share_words(len(asides), kept_aside),
        "older_asides": older_asides,
        "rows": [row_for(each) for each in page.rows],
        "newer": page.before,
        "older": page.after,
        "errors": form.messages,
        "is_live": run is None or run.is_open,
        "live_url": request.get_full_path() if request.method == "GET" else reverse("sims:sync"),
    }


def _share_words(shown: int, kept: int) -> str:
    return plural(kept, "record", "records") if shown == kept else f"{shown} of {plural(kept, 'record', 'records')}"


def _runs_of_interest(fleet: Freshness, run: SyncRun | None) -> list[SyncRun]:
    """This run, for what it has kept aside; while it reads also the one before it."""
    shown = [run] if run else []
    if run and run.is_open and fleet.ended:
        shown.append(fleet.ended)
    return shown
