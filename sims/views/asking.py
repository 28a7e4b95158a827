"""What a SIM's page asks the carrier for on demand: its change history and its custom fields."""

from __future__ import annotations

import csv

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from sims.custom_fields import custom_fields_of, read_custom_fields
from sims.history import ReadHistory, read_history
from sims.portrait import portrait
from sims.usage import usage_of
from sims.views.detail import find_sim, page_context, unknown_sim
from toolkit import figures
from toolkit.htmx import wants


@require_POST
def read_sim_history(request: HttpRequest, giccid: str) -> HttpResponse:
    """Read the carrier's change history of the SIM, or with `further` what was before it; the journal for htmx."""
    sim = find_sim(giccid, request.user)
    if sim is None:
        return unknown_sim(request, giccid)
    result = read_history(sim, is_further="further" in request.POST)
    if wants(request, "journal"):
        context = page_context(sim, page=portrait(sim, failed=result.error), is_history_answer=True)
        return render(request, "sims/parts/history_answer.html", context)
    if result.is_read:
        messages.success(request, _words(result))
    else:
        messages.error(request, f"The carrier’s history could not be read. {result.error}")
    return redirect("sims:detail", giccid=giccid)


@require_POST
def read_sim_custom_fields(request: HttpRequest, giccid: str) -> HttpResponse:
    """Read the carrier's five free texts of the SIM; their card for htmx."""
    sim = find_sim(giccid, request.user)
    if sim is None:
        return unknown_sim(request, giccid)
    result = read_custom_fields(sim)
    if wants(request, "custom-fields"):
        fields = result.fields or custom_fields_of(sim)
        context = {"sim": sim, "fields": fields, "custom_fields_error": result.error}
        return render(request, "sims/parts/custom_fields.html", context)
    if result.fields:
        messages.success(request, "The custom fields were read just now.")
    else:
        messages.error(request, f"The custom fields could not be read. {result.error}")
    return redirect("sims:detail", giccid=giccid)


@require_safe
def usage_csv(request: HttpRequest, giccid: str) -> HttpResponse:
    """The billing days of this cycle as CSV; what is not known is left empty."""
    sim = find_sim(giccid, request.user)
    if sim is None:
        return unknown_sim(request, giccid)
    usage = usage_of(sim, timezone.now())
    name = f"usage-{giccid}-{usage.cycle.first:%Y-%m}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    table = csv.writer(response)
    table.writerow(["day", "used_mb", "total_of_cycle_mb"])
    table.writerows([day.day, day.used_mb, day.total_mb] for day in usage.days)
    return response


def _words(result: ReadHistory) -> str:
    new = figures.plural(result.new, "entry is new", "entries are new") if result.new else "nothing is new"
    return f"The carrier’s history was read: {new}."
