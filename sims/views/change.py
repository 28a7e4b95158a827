"""The seven changes of one SIM: a page that says what will happen, and the POST that asks for it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from sims.ages import read_times
from sims.before_change import Obstacle, ReadFirst, obstacle_to, read_first, told_before
from sims.change_card import link_to
from sims.change_forms import FORMS, ChangeForm
from sims.change_words import WORDS, name_of
from sims.changes.operations import Refused, request_change
from sims.kept import Kept
from sims.models import Operation, Sim, Verb
from sims.notes import person
from sims.repeats import is_behind, is_repeat, newest_operation, overtaken_by
from sims.standing import Note
from sims.views.detail import TEMPLATE as SIM_TEMPLATE
from sims.views.detail import find_sim, page_context, unknown_sim
from toolkit.htmx import render_part, sent

METHODS = ["GET", "HEAD", "POST"]
TEMPLATE = "sims/change.html"
REFUSED = 409


@require_http_methods(METHODS)
def change(request: HttpRequest, giccid: str, verb: Verb) -> HttpResponse:
    """`/sims/<giccid>/<verb>/`: what the change means, read from a copy that is not old; POST asks for it."""
    sim = find_sim(giccid, request.user)
    if sim is None:
        return unknown_sim(request, giccid)
    read = read_first(sim, verb, person(request.user))
    sim = find_sim(giccid, request.user) if read.has_read else sim
    assert sim is not None
    return confirm(request, FORMS[verb](sent(request), sim=sim, initial=_chosen(verb, request.GET)), read)


def confirm(request: HttpRequest, form: ChangeForm, read: ReadFirst) -> HttpResponse:
    """The page that says what will happen; POST asks for it."""
    if request.method == "POST":
        return _asked(request, form, read)
    return _page(request, form, read, obstacle_to(form.sim, form.verb))


def _chosen(verb: Verb, query: QueryDict) -> dict[str, Any]:
    """What an address chooses beforehand; it is only shown, never sent."""
    names = FORMS[verb].base_fields.keys() - {"seen", "confirm"}
    return {name: query[name] for name in names if name in query}


def _asked(request: HttpRequest, form: ChangeForm, read: ReadFirst) -> HttpResponse:
    newest = newest_operation(form.sim) if form.is_valid() else None
    if newest and is_repeat(form, newest, person(request.user)):
        return _to_sim(request, form.sim, _repeated(newest))
    obstacle = obstacle_to(form.sim, form.verb)
    if newest and not obstacle and is_behind(form, newest):
        obstacle = overtaken_by(newest)
    if obstacle or not form.is_valid():
        return _page(request, form, read, obstacle, status=REFUSED if obstacle else 422)
    try:
        return _to_sim(request, form.sim, _queued(_request(form, request, seen=newest.pk if newest else 0)))
    except Refused as refused:
        return _refused(request, form, read, refused)


def _request(form: ChangeForm, request: HttpRequest, *, seen: int) -> Operation:
    return request_change(
        sim=form.sim,
        verb=form.verb,
        wanted=form.wanted,
        user=person(request.user),
        reason=form.cleaned_data["reason"],
        undo_of=form.undo_of,
        seen=seen,
    )


def _refused(request: HttpRequest, form: ChangeForm, read: ReadFirst, refused: Refused) -> HttpResponse:
    """Somebody was quicker; it may be the same person's first click."""
    newest = newest_operation(form.sim)
    if newest and is_repeat(form, newest, person(request.user)):
        return _to_sim(request, form.sim, _repeated(newest))
    obstacle = Obstacle(refused.why, link_to(refused.holder) if refused.holder else None)
    return _page(request, form, read, obstacle, status=REFUSED)


def _told(operation: Operation) -> str:
    return f"“{name_of(operation)}”, operation {operation.pk}"


def _queued(operation: Operation) -> Note:
    return Note("info", "ring-info", f"Asked for: {_told(operation)}.", "It is done when the carrier shows it.")


def _repeated(operation: Operation) -> Note:
    words = "The page was sent a second time; nothing more was sent to the carrier."
    if operation.verb == Verb.ADD_PACKAGE:
        words += " To buy another, begin again from the page of the SIM."
    return Note("info", "ring-info", f"That was asked for already: {_told(operation)}.", words)


def _to_sim(request: HttpRequest, sim: Sim, note: Note) -> HttpResponse:
    """The SIM's page, which tells on by itself; in place for htmx."""
    if request.htmx:  # type: ignore[attr-defined]
        found = find_sim(sim.giccid, request.user) or sim
        context = page_context(found, answer=note, kept=Kept(found, person(request.user)))
        return render(request, f"{SIM_TEMPLATE}#sim", context)
    messages.info(request, f"{note.title} {note.words}".strip())
    return redirect("sims:detail", giccid=sim.giccid)


def _page(
    request: HttpRequest, form: ChangeForm, read: ReadFirst, obstacle: Obstacle | None, *, status: int = 200
) -> HttpResponse:
    sim, newest = form.sim, newest_operation(form.sim)
    context = {
        "sim": sim,
        "words": WORDS[form.verb],
        "form": form,
        "seen": newest.pk if newest else 0,
        "told": told_before(sim, form.verb, _wanted(form, request.GET)),
        "read_at": read_times([sim])[sim.pk],
        "read_error": read.error,
        "obstacle": obstacle,
        "is_refused": status == REFUSED,
    }
    part = "change" if request.method == "POST" else "told"
    return render_part(request, TEMPLATE, context, part=part, status=status)


def _wanted(form: ChangeForm, query: QueryDict) -> dict[str, Any]:
    """What has been chosen so far, by POST or in the address."""
    if form.undo_of:
        return form.wanted
    if not form.is_bound:
        form = type(form)(query, sim=form.sim)
    return form.wanted if form.is_valid() else {}
