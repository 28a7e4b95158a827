from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from sims.forms import SimPageForm
from sims.models import Sim
from sims.portrait import portrait
from sims.reading import ReadAgain, read_again
from sims.standing import Note
from toolkit.htmx import render_part, wants
from users.models import User

TEMPLATE = "sims/detail.html"


@require_safe
def sim_detail(request: HttpRequest, giccid: str) -> HttpResponse:
    """`/sims/<giccid>/`: everything the carrier says of one SIM, and its story."""
    sim = _sim(giccid)
    if sim is None:
        return _unknown(request, giccid)
    form = SimPageForm(request.GET)
    context = {"page": portrait(sim, older_than=form.cursor), "sim": sim, "errors": form.messages}
    if wants(request, "journal-rest"):
        return render(request, f"{TEMPLATE}#journal-rest", context)
    return render_part(request, TEMPLATE, context, part="sim")


@require_POST
def refresh(request: HttpRequest, giccid: str) -> HttpResponse:
    """Read the SIM again now; the answer says what came of it, in place for htmx."""
    assert isinstance(request.user, User)
    result = read_again(giccid=giccid, user=request.user)
    note = _note(result)
    sim = _sim(giccid)
    if sim is None:
        return _unknown(request, giccid, note)
    if wants(request, "sim"):
        context: dict[str, Any] = {"page": portrait(sim), "sim": sim, "answer": note}
        return render(request, f"{TEMPLATE}#sim", context)
    say = messages.success if result.found else messages.error
    say(request, f"{note.title} {note.words}".strip())
    return redirect("sims:detail", giccid=giccid)


def _sim(giccid: str) -> Sim | None:
    return Sim.objects.select_related("account").filter(giccid=giccid).first()


def _note(result: ReadAgain) -> Note:
    if not result.found:
        return Note("bad", "triangle", "It could not be read now.", result.error, is_alert=True)
    words = "What has changed stands in the journal." if result.changed else "The carrier shows what stood here before."
    return Note("ok", "tick", "Read just now.", words, is_alert=True)


def _unknown(request: HttpRequest, giccid: str, note: Note | None = None) -> HttpResponse:
    status = 200 if wants(request, "sim-unknown") else 404
    part = "sim-unknown"
    return render_part(request, "sims/unknown.html", {"giccid": giccid, "answer": note}, part=part, status=status)
