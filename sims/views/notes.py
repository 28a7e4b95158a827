from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from sims import notes
from sims.models import Note
from sims.note_forms import NoteForm, PlaceForm
from sims.notes import person
from sims.scope import sim_or_404
from toolkit.htmx import sent

METHODS = ["GET", "HEAD", "POST"]
KEPT = "Only its author can change a note, within a day. It stands in the journal as it was."


@require_http_methods(METHODS)
def sim_notes(request: HttpRequest, giccid: str) -> HttpResponse:
    """`/sims/<giccid>/notes/`: write a note, which stands in the SIM's journal."""
    sim = sim_or_404(giccid, request.user)
    form = NoteForm(sent(request))
    if request.method == "POST" and form.is_valid():
        notes.add_note(sim=sim, author=person(request.user), text=form.cleaned_data["text"])
        messages.success(request, "The note stands in the journal. For a day you can change it.")
        return redirect("sims:detail", giccid=giccid)
    return render(request, "sims/note.html", {"form": form, "sim": sim}, status=422 if form.errors else 200)


@require_http_methods(METHODS)
def note(request: HttpRequest, giccid: str, note_id: int) -> HttpResponse:
    """`/sims/<giccid>/notes/<id>/`: its author changes a note."""
    found = _changeable(request, giccid, note_id)
    form = NoteForm(sent(request), initial={"text": found.text})
    if request.method == "POST" and form.is_valid():
        if not notes.change_note(note=found, author=person(request.user), text=form.cleaned_data["text"]):
            raise PermissionDenied(KEPT)
        messages.success(request, "The note is changed.")
        return redirect("sims:detail", giccid=giccid)
    context = {"form": form, "sim": found.sim, "note": found}
    return render(request, "sims/note.html", context, status=422 if form.errors else 200)


@require_POST
def delete_note(request: HttpRequest, giccid: str, note_id: int) -> HttpResponse:
    found = _changeable(request, giccid, note_id)
    if not notes.delete_note(note=found, author=person(request.user)):
        raise PermissionDenied(KEPT)
    messages.success(request, "The note is deleted. The journal says that there was one.")
    return redirect("sims:detail", giccid=giccid)


def _changeable(request: HttpRequest, giccid: str, note_id: int) -> Note:
    sim = sim_or_404(giccid, request.user)
    found = get_object_or_404(Note.objects.select_related("sim"), pk=note_id, sim=sim)
    if not found.may_change(person(request.user), timezone.now()):
        raise PermissionDenied(KEPT)
    return found


@require_http_methods(METHODS)
def place(request: HttpRequest, giccid: str) -> HttpResponse:
    """`/sims/<giccid>/place/`: what the SIM sits in."""
    sim = sim_or_404(giccid, request.user)
    kept = notes.place_of(sim)
    form = PlaceForm(sent(request), initial={"label": kept.label, "url": kept.url} if kept else {})
    if request.method == "POST" and form.is_valid():
        notes.set_place(sim=sim, user=person(request.user), **form.cleaned_data)
        return redirect("sims:detail", giccid=giccid)
    context = {"form": form, "sim": sim, "place": kept}
    return render(request, "sims/place.html", context, status=422 if form.errors else 200)
