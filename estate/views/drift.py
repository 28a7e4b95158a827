"""Our copy beside the carrier's answer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from estate import drift_ask
from estate.drift_ask import DriftForm
from estate.models import DriftCheck, DriftFinding
from estate.sheets import csv_file
from estate.tasks import work_drift_soon
from sims.forms import RunListForm
from sims.scope import accounts_of
from toolkit.htmx import render_part
from toolkit.keyset import page_of
from users.models import User

CHECKS, FINDINGS = 20, 50
CSV_MOST = 100_000


@require_http_methods(["GET", "HEAD", "POST"])
def drifts(request: HttpRequest) -> HttpResponse:
    """`/sync/drift/`: the comparisons so far; POST asks for one (`scope` sample or all, `size`)."""
    assert isinstance(request.user, User)
    form = DriftForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        check = drift_ask.ask(request.user, sample=form.sample)
        work_drift_soon(check.pk)
        return redirect("estate:drift", pk=check.pk)
    asked = RunListForm(request.GET)
    page = page_of(
        DriftCheck.objects.defer("sim_ids"), key="pk", size=CHECKS, newest_first=True,
        after=asked.cursor("after"), before=asked.cursor("before"),
    )  # fmt: skip
    context = {"page": page, "form": form, "errors": asked.messages, "total": DriftCheck.objects.count()}
    status = 422 if form.is_bound else 200
    return render_part(request, "estate/drifts.html", context, part="drifts", status=status)


@require_safe
def drift(request: HttpRequest, pk: int) -> HttpResponse:
    """`/sync/drift/<id>/`: one comparison as it goes, what differed, since when, and the likely cause."""
    check = get_object_or_404(DriftCheck.objects.defer("sim_ids"), pk=pk)
    found = check.findings.select_related("sim").order_by("pk")
    scope = accounts_of(request.user)
    if scope is not None:
        found = found.filter(sim__account__in=scope)
    causes = dict(found.order_by().values_list("cause").annotate(n=Count("pk")))
    cause = request.GET.get("cause", "")
    if cause in DriftFinding.Cause.values:
        found = found.filter(cause=cause)
    if request.GET.get("csv"):
        return _csv(check, found[:CSV_MOST])
    asked = RunListForm(request.GET)
    page = page_of(found, key="pk", size=FINDINGS, after=asked.cursor("after"), before=asked.cursor("before"))
    context = {
        "check": check, "page": page, "cause": cause, "errors": asked.messages, "now": timezone.now(),
        "causes": [(each, causes[each.value]) for each in DriftFinding.Cause if each.value in causes],
        "total": sum(causes.values()),
    }  # fmt: skip
    return render_part(request, "estate/drift.html", context, part="drift")


def _csv(check: DriftCheck, found: Any) -> HttpResponse:
    heads = ["iccid", "field", "here", "at_the_carrier", "cause", "right_until", "seen_different"]
    rows = (
        (
            each.sim.giccid, each.field, each.ours, each.theirs, each.cause,
            each.ours_at.isoformat(timespec="seconds"), each.seen_at.isoformat(timespec="seconds"),
        )
        for each in found
    )  # fmt: skip
    return csv_file(f"comparison-{check.pk}", heads, rows)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """End a comparison where it stands."""
    assert isinstance(request.user, User)
    check = get_object_or_404(DriftCheck, pk=pk)
    if drift_ask.cancel(check, request.user):
        messages.success(request, f"Comparison {pk} ended where it stood; what was compared is kept.")
    else:
        messages.warning(request, f"Comparison {pk} had ended already.")
    return redirect("estate:drift", pk=pk)
