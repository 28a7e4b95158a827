"""All operations, one of them, and what a person can do about one: cancel, undo, answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from sims.before_change import read_first
from sims.change_forms import UndoForm
from sims.changes import operations as domain
from sims.kept import Kept
from sims.models import Operation
from sims.notes import person
from sims.operation_forms import OperationListForm, ResolveForm
from sims.operation_list import operations_page
from sims.operation_rows import row_of
from sims.operation_story import with_people
from sims.scope import not_found_if_refused, operations_of
from sims.standing import Note
from sims.views.change import METHODS, confirm
from sims.views.detail import TEMPLATE as SIM_TEMPLATE
from sims.views.detail import find_sim, page_context
from toolkit.htmx import render_part, sent, wants

REFUSED = 409


@require_safe
def operation_list(request: HttpRequest) -> HttpResponse:
    """`/operations/`: every change somebody asked for; the stuck and the unknown first."""
    form = OperationListForm(request.GET)
    page = operations_page(form, timezone.now(), request.user)
    return render_part(request, "sims/operations.html", {"form": form, "page": page}, part="operations")


@require_safe
def operation(request: HttpRequest, operation_id: int) -> HttpResponse:
    """`/operations/<id>/`: one of them, with everything that is known of it."""
    return _page(request, _find(request, operation_id))


@require_http_methods(METHODS)
def cancel(request: HttpRequest, operation_id: int) -> HttpResponse:
    """Take back what has not left yet; a GET shows what it is."""
    found = _find(request, operation_id)
    if request.method != "POST":
        return _page(request, found)
    with not_found_if_refused():
        is_cancelled = domain.cancel(found, person(request.user))
    if is_cancelled:
        return _done(request, found, Note("ok", "tick", "Cancelled.", "It never left the portal: nothing was changed."))
    found = _find(request, operation_id)
    return _not_possible(request, found, "It can no longer be cancelled.", _stands(found))


@require_http_methods(METHODS)
def undo(request: HttpRequest, operation_id: int) -> HttpResponse:
    """The change that takes this one back: confirmed, checked and sent like any other."""
    found = _find(request, operation_id)
    inverse = None if getattr(found, "is_undone", False) else domain.undo_wanted(found)
    if inverse is None:
        return _not_possible(request, found, "It cannot be undone.", _why_not_undone(found))
    sim = find_sim(found.sim.giccid, request.user)
    assert sim is not None
    read = read_first(sim, inverse[0], person(request.user))
    sim = find_sim(sim.giccid, request.user) or sim
    return confirm(request, UndoForm(sent(request), sim=sim, inverse=inverse, undo_of=found), read)


@require_http_methods(METHODS)
def resolve(request: HttpRequest, operation_id: int) -> HttpResponse:
    """A person says what became of an operation that reading could not settle."""
    found = _find(request, operation_id)
    form = ResolveForm(sent(request))
    if found.state != Operation.State.UNKNOWN:
        return _not_possible(request, found, "There is nothing to answer.", _stands(found))
    if request.method != "POST" or not form.is_valid():
        return _page(request, found, form=form, status=422 if form.errors else 200)
    with not_found_if_refused():
        is_resolved = domain.resolve(found, user=person(request.user), **form.cleaned_data)
    words = "The SIM can be changed again." if is_resolved else "Somebody, or a reading, was quicker."
    title = "Your answer is kept." if is_resolved else "It was settled already."
    return _done(request, found, Note("ok" if is_resolved else "info", "tick", title, words))


def _find(request: HttpRequest, operation_id: int) -> Operation:
    """One that this person may see."""
    rows = with_people(operations_of(Operation.objects.all(), request.user)).select_related("sim__account", "undo_of")
    return get_object_or_404(rows, pk=operation_id)


def _not_possible(request: HttpRequest, operation: Operation, title: str, words: str) -> HttpResponse:
    """Refused where it was asked for, said where it was only looked at."""
    if request.method == "POST":
        return _page(request, operation, note=Note("bad", "ring-slash", title, words), status=REFUSED)
    return _page(request, operation, note=Note("info", "ring-info", title, words))


def _stands(operation: Operation) -> str:
    return f"It is {operation.get_state_display().lower()}."


def _why_not_undone(operation: Operation) -> str:
    if getattr(operation, "is_undone", False):
        return "Somebody has done so already."
    if operation.state != Operation.State.DONE:
        return f"Only what is done can be undone; it is {operation.get_state_display().lower()}."
    return "The carrier has no way back from this change."


def _done(request: HttpRequest, operation: Operation, note: Note) -> HttpResponse:
    """Back to where it was asked: the SIM's page in place, or the page of the operation."""
    if wants(request, "sim"):
        sim = find_sim(operation.sim.giccid, request.user) or operation.sim
        context = page_context(sim, answer=note, kept=Kept(sim, person(request.user)))
        return render(request, f"{SIM_TEMPLATE}#sim", context)
    say = messages.success if note.tone == "ok" else messages.info
    say(request, f"{note.title} {note.words}".strip())
    if "sim" in request.POST:
        return redirect("sims:detail", giccid=operation.sim.giccid)
    return redirect("sims:operation", operation_id=operation.pk)


def _page(
    request: HttpRequest,
    operation: Operation,
    *,
    form: ResolveForm | None = None,
    note: Note | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "row": row_of(operation, timezone.now()),
        "sim": operation.sim,
        "form": form or (ResolveForm() if operation.state == Operation.State.UNKNOWN else None),
        "answer": note,
    }
    return render_part(request, "sims/operation.html", context, part="operation", status=status)
