from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from sims.change_card import protection_of
from sims.change_forms import ProtectForm
from sims.changes import operations
from sims.models import Sim
from sims.notes import person
from sims.scope import not_found_if_refused
from sims.views.detail import find_sim, unknown_sim
from toolkit.htmx import sent

METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(METHODS)
def protect(request: HttpRequest, giccid: str) -> HttpResponse:
    """`/sims/<giccid>/protect/`: nobody suspends or retires the SIM until somebody lifts the protection."""
    sim = find_sim(giccid, request.user)
    if sim is None:
        return unknown_sim(request, giccid)
    form = ProtectForm(sent(request))
    if request.method != "POST" or not form.is_valid():
        return _page(request, sim, form)
    with not_found_if_refused():
        is_new = operations.protect(sim, person(request.user), form.cleaned_data["reason"])
    if is_new:
        messages.success(request, "Protected: nobody can suspend or retire this SIM until the protection is lifted.")
    else:
        messages.info(request, "This SIM was protected already.")
    return redirect("sims:detail", giccid=giccid)


@require_http_methods(METHODS)
def unprotect(request: HttpRequest, giccid: str) -> HttpResponse:
    """`/sims/<giccid>/unprotect/`: it can be suspended and retired again."""
    sim = find_sim(giccid, request.user)
    if sim is None:
        return unknown_sim(request, giccid)
    if request.method != "POST":
        return _page(request, sim, ProtectForm(None))
    with not_found_if_refused():
        is_lifted = operations.unprotect(sim, person(request.user))
    if is_lifted:
        messages.success(request, "The protection is lifted: this SIM can be suspended and retired again.")
    else:
        messages.info(request, "This SIM was not protected.")
    return redirect("sims:detail", giccid=giccid)


def _page(request: HttpRequest, sim: Sim, form: ProtectForm) -> HttpResponse:
    context = {"sim": sim, "form": form, "protection": protection_of(sim)}
    return render(request, "sims/protect.html", context, status=422 if form.errors else 200)
